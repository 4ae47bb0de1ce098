"""Suites compare decimals as they are written: 0.1 is a tenth, and no float near to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.validate.in_parts import cut_at, ends_of_parts, in_this_thread, merged
from tests.validate.sample import cut_table, write_parts
from tests.validate.written import Written, expectation, write_suite
from toolkit.validate.columns import Domain
from toolkit.validate.figures import Sums
from toolkit.validate.formula_check import formula_holds
from toolkit.validate.run import Target, ValidationLimits, validate_dataset
from toolkit.validate.suites import load_suite

TENTH = Decimal("0.10")
ROWS = pa.table(
    {
        "price": pa.array(map(Decimal, ["0.10", "0.20", "0.30", "0.70"]), pa.decimal128(18, 2)),
        "paid": pa.array([TENTH, None, Decimal("0.90"), Decimal("0.70")], pa.decimal128(18, 2)),
        "n": [1, 2, 3, 1],
    }
)


def status(folder: Path, given: Written) -> tuple[str, int | None]:
    rows = write_parts(cut_table(ROWS, [0, 1, 4]), folder / "rows")
    suite = load_suite(write_suite(folder / "suite.json", given))
    target = Target("clean", rows, folder / "shown.parquet", suite, ("n",), {})
    with in_this_thread():
        limits = ValidationLimits(10, folder / "failing", 1 << 20)
        found = validate_dataset(target, "run", datetime(2026, 11, 23, tzinfo=UTC), limits)
    [checked] = found.checked
    return checked.status, checked.unexpected_count


PAID = {"column_list": ["paid", "price", "n"], "formula": "price * n"}
SUM = {"column_list": ["price", "paid"], "sum_total": 0.2}


@pytest.mark.parametrize(
    ("kind", "keys", "wanted"),
    [
        ("column_values_to_be_between", {"column": "price", "min_value": 0.1, "max_value": 0.7}, 0),
        (
            "column_values_to_be_between",
            {"column": "price", "min_value": 0.1, "strict_min": True},
            1,
        ),
        ("column_values_to_be_in_set", {"column": "price", "value_set": [0.1, 0.2, 0.3]}, 1),
        ("column_values_to_not_be_in_set", {"column": "paid", "value_set": [0.7]}, 1),
        ("column_values_to_not_be_null", {"column": "paid"}, 1),
        ("multicolumn_values_to_match_formula", PAID, 0),
        ("multicolumn_sum_to_equal", SUM, 2),
    ],
)
def test_rows_are_compared_as_written(
    kind: str, keys: dict[str, Any], wanted: int, tmp_path: Path
) -> None:
    if kind.startswith("multicolumn"):
        keys = {**keys, "ignore_row_if": "any_value_is_missing"}
    assert status(tmp_path, expectation(kind, **keys)) == ("failed" if wanted else "passed", wanted)


@pytest.mark.parametrize("column", ["price", "paid"])
@pytest.mark.parametrize("kind", ["min", "max", "mean", "sum"])
def test_figures_are_those_of_the_exact_ones(kind: str, column: str, tmp_path: Path) -> None:
    figures = {
        "price": {"min": 0.1, "max": 0.7, "mean": 0.325, "sum": 1.3},
        "paid": {"min": 0.1, "max": 0.9, "mean": 1.7 / 3, "sum": 1.7},
    }
    bound = figures[column][kind]
    given = expectation(
        f"column_{kind}_to_be_between", column=column, min_value=bound, max_value=bound
    )
    assert status(tmp_path, given)[0] == "passed"


@given(
    units=st.lists(st.none() | st.integers(1 - 10**18, 10**18 - 1), min_size=3, max_size=20),
    ends=ends_of_parts,
)
@example(units=[0, 0, 0, 0, 0, 0, 15_624_999_999_999_985], ends=[])
@example(units=[None, 1, -15_624_999_999_999_981], ends=[1])
@pytest.mark.slow
def test_moments_are_exact_in_any_parts(units: list[int | None], ends: Sequence[int]) -> None:
    values = [None if n is None else Decimal(n).scaleb(-2) for n in units]
    table = pa.table({"x": pa.array(values, pa.decimal128(18, 2))})
    found = merged(cut_at(table, ends), Sums(Domain(("x",), "any"), True, 100))
    known = [n for n in units if n is not None]
    assert found.n == len(known)
    assert found.sum() == sum(known) / 100
    if known:
        assert found.mean() == sum(known) / (100 * len(known))


def frame_of(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def test_a_formula_holds_to_the_last_digit() -> None:
    big = Decimal("1234567890123456.78")
    cent = Decimal("0.01")
    frame = frame_of(
        total=[big, big + cent, big + 2 * cent, None, Decimal("0.3")],
        price=[big, big, big, big, Decimal("0.1")],
        n=[1, 1, 1, 1, 3],
    )
    assert formula_holds(frame, "price * n").tolist() == [True, False, False, False, True]
    held = formula_holds(frame, "price * n", tolerance=0.01).tolist()
    assert held == [True, True, False, False, True]
    thirds = frame_of(each=[Decimal("0.67"), Decimal("0.66")], total=[Decimal(2)] * 2, n=[3, 3])
    assert formula_holds(thirds, "total / n", decimals=2).tolist() == [True, False]
    assert formula_holds(thirds, "total / (n - 3)", decimals=2).tolist() == [False, False]


def test_floats_beside_decimals_are_compared_as_floats() -> None:
    frame = frame_of(total=[0.3, 0.31], price=[Decimal("0.1")] * 2)
    assert formula_holds(frame, "price * 3").tolist() == [True, False]
