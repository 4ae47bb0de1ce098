"""Columns that may identify a record, and figures that rows of an order share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from toolkit.contract import Integer, Number
from toolkit.profile.keys import groups_to_try, shared_to_try, spill_sorted, words_of
from toolkit.profile.readings import Reading

TEXT, NUMBER = Reading(), Reading(Number(kind="number"))
INTEGER = Reading(Integer(kind="integer"))


def column(values: Sequence[object]) -> pa.DictionaryArray:
    return pa.array(list(map(str, values)), pa.string()).dictionary_encode()


def test_rows_with_an_empty_cell_have_no_word() -> None:
    one, other = column(["a", "", "a", "b"]), column(["x", "x", "x", ""])
    assert len(words_of([one])) == 3
    words = words_of([one, other])
    assert len(words) == 2
    assert words[0] == words[1]


def test_a_sliced_dictionary_has_the_words_of_its_values() -> None:
    values = pa.array(["", "a", "", "b"], pa.string())
    sliced = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int32()), values.slice(1))
    assert words_of([sliced]).tolist() == words_of([column(["a", "", "b"])]).tolist()


def test_columns_are_told_apart() -> None:
    one, other = column(["ab", "c"]), column(["a", "bc"])
    assert words_of([one, other])[0] != words_of([other, one])[0]


def test_the_same_words_give_the_same_file(tmp_path: Path) -> None:
    words = words_of([column(range(100))])
    spilled = spill_sorted(words, tmp_path / "one")
    again = spill_sorted(words[::-1], tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert spilled.ends == again.ends
    assert spilled.ends[-1] == 100


def test_a_tenth_of_a_column_may_repeat() -> None:
    near = {"code": column([*range(90), *range(10)]), "name": column([*range(89), *range(11)])}
    assert groups_to_try(near, dict.fromkeys(near, TEXT)) == ((), ("code",))


def test_four_columns_are_tried_alone_those_like_ids_first() -> None:
    table = {name: column(range(50)) for name in ("a", "b", "c", "d", "ref")}
    assert groups_to_try(table, dict.fromkeys(table, TEXT)) == (
        (), ("ref",), ("a",), ("b",), ("c",),
    )  # fmt: skip


def test_figures_are_no_keys_and_pairs_of_them_neither() -> None:
    table = {"price": column(range(50)), "a": column([n // 7 for n in range(49)] + [9]),
             "b": column([n % 7 for n in range(49)] + [9])}  # fmt: skip
    assert groups_to_try(table, dict.fromkeys(table, NUMBER)) == ((),)
    assert groups_to_try(table, {**dict.fromkeys(table, NUMBER), "a": INTEGER}) == (
        (), ("a", "b"),
    )  # fmt: skip


def shared(figures: list[object]) -> tuple[tuple[str, ...], ...]:
    table = {"order": column([n // 4 for n in range(len(figures))]), "total": column(figures)}
    return shared_to_try(table, ["order"], ["total"])


def test_a_figure_that_all_rows_of_an_order_have_is_the_order_s() -> None:
    assert shared([n // 4 for n in range(80)]) == (("order", "total"),)
    assert shared([*range(80)]) == ()


@pytest.mark.parametrize(("wrong", "found"), [(2, 1), (3, 0)])
def test_one_repeat_in_twenty_may_differ(wrong: int, found: int) -> None:
    figures: list[object] = [n // 4 for n in range(80)]
    # Each that differs is one pair more, and one repeat fewer: 2 of 58, and 3 of 57.
    for n in range(wrong):
        figures[4 * n] = f"other {n}"
    assert len(shared(figures)) == found


def test_orders_of_one_row_share_nothing() -> None:
    table = {"order": column(range(20)), "total": column(range(20))}
    assert shared_to_try(table, ["order"], ["total"]) == ()


def test_six_shared_figures_are_enough() -> None:
    table = {f"f{n}": column([k // 4 for k in range(40)]) for n in range(8)}
    table["order"] = column([k // 4 for k in range(40)])
    found = shared_to_try(table, ["order"], [name for name in table if name != "order"])
    assert found == tuple(("order", f"f{n}") for n in range(6))
