"""Whole numbers that float64 would round, and numbers that are not finite."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts import by_row, rules_of
from tests.feeds import Cleaner, write_feed

BIG = 2**53
IDS = {"kind": "integer", "reason": "bad"}


def cleaned(
    folder: Path,
    rows: Sequence[tuple[str, ...]],
    columns: dict[str, Any],
    lookups: dict[str, Any] | None = None,
    **others: Any,
) -> list[Any]:
    values = {"name": "x", "columns": columns, "reasons": ["bad"], **others}
    return by_row(Cleaner(rules_of(values, lookups), folder)(write_feed(rows, [*columns]), 2))


WHOLE: dict[str, int | str] = {
    "9007199254740993": BIG + 1, "-9007199254740993": -BIG - 1, "+009007199254740995": BIG + 3,
    "20260101000000001": 20260101000000001, "9007199254740993.0": BIG + 1,
    "9223372036854775807": 2**63 - 1, "-9223372036854775808": -(2**63),
    "9007199254740993.5": BIG + 2, "9007199254740992.5": BIG, "9223372036854775807.5": "bad",
    "9223372036854775807.25": 2**63 - 1, "-9223372036854775808.5": -(2**63),
    "1e18": 10**18, "9.223372036854775807e18": 2**63 - 1, "9223372036854775808": "bad",
    "-9223372036854775809": "bad", "99999999999999999999": "bad", "1e19": "bad", "1e999": "bad",
    "-1e999": "bad", "9" * 400: "bad", "0" * 400 + "7": 7, "-0": 0, "3.5": 4, "2.5": 2, "x": "bad",
}  # fmt: skip


@pytest.mark.parametrize("beside", [[], ["1", "2.5", "x"]], ids=["alone", "beside small ones"])
def test_whole_numbers_are_exact_in_all_of_64_bits(beside: list[str], tmp_path: Path) -> None:
    cells = [*beside, *WHOLE]
    found = cleaned(tmp_path, [(cell,) for cell in cells], {"id": IDS})[len(beside) :]
    assert dict(zip(WHOLE, found, strict=True)) == {
        cell: value if isinstance(value, str) else {"id": value} for cell, value in WHOLE.items()
    }


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(st.integers(-(2**63) - 3, 2**63 + 2), min_size=1, max_size=8))
@pytest.mark.slow
def test_any_whole_number_is_itself_or_rejected(
    numbers: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    found = cleaned(folder, [(str(n),) for n in numbers], {"id": IDS})
    assert found == [{"id": n} if -(2**63) <= n < 2**63 else "bad" for n in numbers]


# Written without an exponent, float64 must hold it; -2**63 and 2**70 are powers of two.
LARGE: dict[str, float | None] = {
    "9007199254740992": 2.0**53, "9007199254740993": None, "-9007199254740993": None,
    "9007199254740994.0": 2.0**53 + 2, "9007199254740993.5": None, "9007199254740991.5": None,
    "9223372036854775807": None, "-9223372036854775808": -(2.0**63), "9223372036854775808": 2.0**63,
    str(2**70): 2.0**70, str(2**70 + 1): None, "1e23": 1e23, "9007199254740993e0": 2.0**53,
    "4503599627370497.5": 2.0**52 + 1.5, "0.1": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("beside", [[], ["1", "2.5", "x"]], ids=["alone", "beside small ones"])
def test_a_float_is_never_another_whole_number(beside: list[str], tmp_path: Path) -> None:
    rows = [(cell,) for cell in (*beside, *LARGE)]
    found = cleaned(tmp_path, rows, {"id": {"kind": "number", "reason": "bad"}})[len(beside) :]
    wanted = ["bad" if value is None else {"id": value} for value in LARGE.values()]
    assert dict(zip(LARGE, found, strict=True)) == dict(zip(LARGE, wanted, strict=True))


def test_keys_differ_where_the_numbers_do(tmp_path: Path) -> None:
    rows = [(str(BIG + n),) for n in (0, 1, 2, 1)]
    key = {"columns": ["id"], "reason": "twice"}
    found = cleaned(tmp_path, rows, {"id": IDS}, key=key, reasons=["bad", "twice"])
    assert found == [{"id": BIG}, {"id": BIG + 1}, {"id": BIG + 2}, "twice"]


def test_grouped_digits_and_words_are_as_exact(tmp_path: Path) -> None:
    column = IDS | {"thousands": ",", "words": {"most": 2**63 - 1, "odd": BIG + 1}}
    rows = [("9,007,199,254,740,993",), ("Most",), ("odd",), ("1,000",)]
    found = cleaned(tmp_path, [tuple(row) for row in rows], {"id": column})
    assert found == [{"id": BIG + 1}, {"id": 2**63 - 1}, {"id": BIG + 1}, {"id": 1000}]


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        ({"max": BIG + 1}, [0, 1]),
        ({"below": BIG + 1}, [0]),
        ({"min": BIG + 1}, [1, 2]),
        ({"above": BIG + 1}, [2]),
        ({"above": BIG + 0.0}, [1, 2]),
        ({"max": 1e17}, [0, 1, 2]),
    ],
)
def test_limits_are_exact(limit: dict[str, float], kept: list[int], tmp_path: Path) -> None:
    found = cleaned(tmp_path, [(str(BIG + n),) for n in range(3)], {"id": IDS | limit})
    assert found == [{"id": BIG + n} if n in kept else "bad" for n in range(3)]


def test_floors_defaults_and_flags_are_exact(tmp_path: Path) -> None:
    columns = {"id": IDS | {"floor": BIG + 1, "default": BIG + 3}}
    flags = {"mark": {"high": {"column": "id", "above": BIG + 1}}}
    rows = [("5",), (str(BIG),), (str(BIG + 2),), ("x",)]
    found = cleaned(tmp_path, rows, columns, flags=flags)
    assert [tuple(row.values()) for row in found] == [
        (BIG + 1, None), (BIG + 1, None), (BIG + 2, "high"), (BIG + 3, "high"),
    ]  # fmt: skip


def test_repairs_and_checks_are_exact(tmp_path: Path) -> None:
    columns = {"a": IDS, "b": IDS, "name": {"kind": "text"}}
    repairs = [
        {"column": "a", "by": "name", "map": "numbers.json"},
        {"column": "a", "formula": "b - 1"},
    ]
    checks = {"next": {"column": "b", "formula": "a + 1", "reason": "apart"}}
    rows = [("", str(BIG + 2), ""), ("", str(BIG + 4), "x"), (str(BIG + 1), str(BIG + 3), "")]
    found = cleaned(
        tmp_path, rows, columns, {"numbers.json": {"x": BIG + 3}},
        repairs=repairs, checks=checks, reasons=["bad", "apart"],
    )  # fmt: skip
    assert [row if isinstance(row, str) else row["a"] for row in found] == [
        BIG + 1, BIG + 3, "apart",
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    a=st.integers(-(2**63), 2**63 - 1),
    b=st.integers(-(2**63), 2**63 - 1),
    formula=st.sampled_from(["a - b", "a * b", "a + b * 3", "a / b", "-a"]),
)
def test_a_derived_column_of_large_numbers_is_rounded_once(
    a: int, b: int, formula: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if max(abs(a), abs(b) if "b" in formula else 0) < BIG:
        return
    folder = tmp_path_factory.getbasetemp()
    rows = [(str(a), str(b))]
    [found] = cleaned(folder, rows, {"a": IDS, "b": IDS}, derived={"c": {"formula": formula}})
    if formula == "a / b" and b == 0:
        assert found == "invalid_c"
    else:
        wanted = eval(formula, {}, {"a": Fraction(a), "b": Fraction(b)})
        assert found["c"] == float(wanted)


@pytest.mark.parametrize(
    ("cell", "column", "wanted"),
    [
        ("1e999", {"reason": "bad"}, "bad"),
        ("-1e999", {"reason": "bad", "optional": True}, "bad"),
        ("1e999", {"default": 3}, {"n": 3.0}),
        ("1e999", {"default": 3, "reason": "bad", "min": 0}, "bad"),
        ("1e999", {"default": 3, "clip": [0, 1]}, {"n": 1.0}),
        ("inf", {"reason": "bad"}, "bad"),
        ("1e308", {"reason": "bad"}, {"n": 1e308}),
    ],
)
def test_what_is_not_finite_is_never_clean(
    cell: str, column: dict[str, Any], wanted: Any, tmp_path: Path
) -> None:
    columns = {"id": IDS, "n": {"kind": "number", **column}}
    [found] = cleaned(tmp_path, [("1", cell)], columns)
    assert found == (wanted if wanted == "bad" else {"id": 1, **wanted})


def test_a_derived_column_that_is_not_finite_has_a_reason(tmp_path: Path) -> None:
    columns = {name: {"kind": "number", "reason": "bad", "optional": True} for name in "ab"}
    rows = [("1", "0"), ("0", "0"), ("1e308", "1e-10"), ("", "0"), ("1", "2")]
    derived: dict[str, Any] = {"c": {"formula": "a / b"}}
    none = {"a": None, "b": 0.0, "c": None}
    half = {"a": 1.0, "b": 2.0, "c": 0.5}
    found = cleaned(tmp_path, rows, columns, derived=derived)
    assert found == ["invalid_c", "invalid_c", "invalid_c", none, half]
    derived["c"]["reason"] = "no_ratio"
    found = cleaned(tmp_path, rows, columns, derived=derived, reasons=["bad", "no_ratio"])
    assert found == ["no_ratio", "no_ratio", "no_ratio", none, half]


def test_repairs_never_compute_with_a_default(tmp_path: Path) -> None:
    number = {"kind": "number", "reason": "bad"}
    columns = {"n0": number, "n2": {"kind": "number", "default": 0}, "n3": number}
    needed = {"column": "n0", "formula": "n2 - n3 / 3"}
    unrelated = {"column": "n2", "formula": "n0 * 2"}
    rows = [("", "x", "6"), ("", "5", "6"), ("4", "x", "6")]
    for repairs in ([needed], [needed, unrelated], [unrelated, needed]):
        found = cleaned(tmp_path, rows, columns, repairs=repairs)
        assert found[0] == "bad"
        assert found[1] == {"n0": 3.0, "n2": 5.0, "n3": 6.0}
        assert found[2]["n2"] == (8.0 if len(repairs) > 1 else 0.0)


NEARLY_TIES: dict[str, int] = {
    "2.50000000000000001": 3, "0.50000000000000001": 1, "1.49999999999999999": 1,
    "-2.50000000000000001": -3, "-1.49999999999999999": -1, "2.50000000000000000": 2,
    "2251799813685249.25": 2251799813685249, "1125899906842624.625": 1125899906842625,
    "4503599627370496.5": 4503599627370496, "3,000.50000000000000001": 3001, "25e-1": 2,
}  # fmt: skip


def test_what_float64_takes_for_a_tie_is_rounded_as_it_is_written(tmp_path: Path) -> None:
    columns = {"id": IDS | {"thousands": ",", "words": {"a few, which I write at length": 2.5}}}
    cells = [*NEARLY_TIES, "a few, which I write at length"]
    assert cleaned(tmp_path, [(cell,) for cell in cells], columns) == [
        {"id": value} for value in (*NEARLY_TIES.values(), 2)
    ]


def test_results_beyond_all_floats_have_a_reason(tmp_path: Path) -> None:
    columns = {"n": IDS, "x": {"kind": "number", "default": 0}}
    rows = [("9007199254740993", "1e300"), ("-9007199254740993", "1e300"), ("3", "1")]
    derived = {"d": {"formula": "n * x * 1e300"}}
    assert cleaned(tmp_path, rows, columns, derived=derived) == [
        "invalid_d", "invalid_d", {"n": 3, "x": 1.0, "d": 3e300},
    ]  # fmt: skip
    checks = {"c": {"column": "x", "formula": "n * x * 1e300", "reason": "bad"}}
    assert cleaned(tmp_path, rows, columns, checks=checks) == ["bad"] * 3


@pytest.mark.parametrize("stored", ["7", "9007199254740993"])
@pytest.mark.parametrize("over", ["5", "9007199254740993", "0"])
def test_a_check_that_divides_by_zero_is_failed_by_numbers_of_any_size(
    over: str, stored: str, tmp_path: Path
) -> None:
    columns = {"a": IDS, "b": IDS, "c": IDS | {"optional": True}}
    checks = {"c": {"column": "c", "formula": "a / b", "reason": "bad"}}
    rows = [(over, "0", stored), (over, "0", "")]
    assert cleaned(tmp_path, rows, columns, checks=checks) == [
        "bad", {"a": int(over), "b": 0, "c": None},
    ]  # fmt: skip


@pytest.mark.parametrize("beside", ["1", "9007199254740992"])
def test_what_a_repair_takes_for_whole_does_not_depend_on_other_rows(
    beside: str, tmp_path: Path
) -> None:
    columns = {"a": IDS, "b": IDS, "n": {"kind": "number", "default": 0}}
    repairs = [{"column": "b", "formula": "n / a"}]
    rows = [("9007199254740991", "", "9223372036854775808"), ("1", "", beside)]
    found = cleaned(tmp_path, rows * 4, columns, repairs=repairs)
    assert found[::2] == [{"a": BIG - 1, "b": 1024, "n": 2.0**63}] * 4
