"""Formulas between columns: what holds, what differs, and what is chance."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.profile.formulas import Differing, Formula, Holds, check_formula, formulas_to_try

SUM = Formula("total", "a + b")


def numbers(**columns: list[float]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    return {name: np.array(values, np.float64) for name, values in columns.items()}


def test_a_formula_names_its_columns() -> None:
    assert SUM.columns == ("total", "a", "b")


def test_half_a_cent_is_rounding_and_a_cent_is_not() -> None:
    found = check_formula(SUM, numbers(a=[1, 1, 1], b=[1, 1, 1], total=[2.005, 2.007, 1.994]))
    assert (found.n_known, found.n_holding) == (3, 2)


def test_large_figures_may_differ_by_their_rounding() -> None:
    large = 3e9
    found = check_formula(SUM, numbers(a=[large] * 2, b=[0, 0], total=[large + 2.5, large + 3.5]))
    assert (found.n_known, found.n_holding) == (2, 1)


def test_unknown_figures_are_left_out() -> None:
    nan = float("nan")
    found = check_formula(SUM, numbers(a=[1, nan, 1], b=[1, 1, 1], total=[2, 2, nan]))
    assert (found.n_known, found.n_holding, found.share) == (1, 1, 1.0)
    assert Holds().share == 0.0


def test_gaps_are_summed_in_cents_and_the_first_rows_shown() -> None:
    columns = numbers(a=[1] * 5, b=[1] * 5, total=[3, 2, 1.5, 2.25, 12])
    found = check_formula(SUM, columns, np.array([10, 11, 12, 13, 14]))
    assert found.gap_in_cents == 100 - 50 + 25 + 1000
    assert found.differing == (
        Differing(10, 3.0, 2.0), Differing(12, 1.5, 2.0), Differing(13, 2.25, 2.0),
    )  # fmt: skip
    assert check_formula(SUM, columns).differing[0].place == 0


def test_partitions_add_up_to_the_first_rows_of_all() -> None:
    late = Holds(4, 2, 7, (Differing(8, 1, 2), Differing(9, 1, 2)))
    early = Holds(6, 3, -5, (Differing(1, 1, 2), Differing(2, 1, 2)))
    places = [one.place for one in (late + early).differing]
    assert places == [1, 2, 8]
    assert (late + early).n_known == 10
    assert ((late + early).n_holding, (late + early).gap_in_cents) == (5, 2)


def table(n: int, **more: list[float]) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    rng = np.random.default_rng(3)
    found = numbers(quantity=rng.integers(1, 9, n).tolist(), price=rng.random(n).tolist(), **more)
    return found | {"total": found["quantity"] * found["price"]}


@pytest.mark.parametrize(("n", "found"), [(9, 0), (40, 1)])
def test_ten_rows_are_the_least_that_prove_a_formula(n: int, found: int) -> None:
    assert len(formulas_to_try(table(n))) == found


@pytest.mark.parametrize(("wrong", "found"), [(3, 1), (4, 0)])
def test_one_row_in_ten_may_differ(wrong: int, found: int) -> None:
    known = table(40)
    known["total"][:wrong] += 1
    assert len(formulas_to_try(known)) == found


def test_a_formula_is_not_found_again_solved_for_another_column() -> None:
    known = table(40, fee=[n % 11 + 0.5 for n in range(40)])
    known["total"] = known["total"] - known["fee"]
    assert formulas_to_try(known) == (Formula("total", "quantity * price - fee"),)


def test_a_discount_in_percent_is_found() -> None:
    known = table(60)
    known = numbers(share=[n % 7 * 5.0 for n in range(60)]) | known
    known["total"] = known["total"] * (1 - known["share"] / 100)
    found = formulas_to_try(known)
    assert [one.formula for one in found] == ["quantity * price * (1 - share / 100)"]


def test_a_discount_that_is_nearly_always_zero_has_to_hold_where_it_is_not() -> None:
    known = table(60)
    tax = np.zeros(60)
    tax[:6] = [3, 1, 4, 1, 5, 9]
    # Right in nine rows of ten: in all but those that have a tax.
    found = formulas_to_try({"tax": tax, **known})
    assert [one.formula for one in found] == ["quantity * price"]
    assert all("tax" not in one.columns for one in found)


def test_eight_columns_are_tried() -> None:
    rng = np.random.default_rng(5)
    others = {f"c{n}": rng.random(40) for n in range(8)}
    assert formulas_to_try({**others, **table(40)}) == ()
    six = dict(list(others.items())[:5])
    assert [one.column for one in formulas_to_try({**six, **table(40)})] == ["total"]
