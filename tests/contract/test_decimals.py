"""What a contract can get wrong about decimals, and which derived columns are decimals."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from toolkit.contract import Contract
from toolkit.contract.formula import decimal_places
from toolkit.errors import ConfigError
from toolkit.settings.config import read_contract

COLUMNS: dict[str, Any] = {
    "a": {"kind": "decimal", "scale": 2, "reason": "bad"},
    "b": {"kind": "decimal", "scale": 3, "precision": 9, "reason": "bad"},
    "n": {"kind": "integer", "reason": "bad"},
    "x": {"kind": "number", "reason": "bad"},
}


def contract_of(columns: dict[str, Any] | None = None, **others: Any) -> Contract:
    values = {"name": "x", "columns": columns or COLUMNS, "reasons": ["bad"], **others}
    return read_contract(values)


def column(**keys: Any) -> dict[str, Any]:
    return {"columns": {"a": {"kind": "decimal", "scale": 2, "reason": "bad", **keys}}}


def derived(formula: str, **keys: Any) -> dict[str, Any]:
    return {"derived": {"d": {"formula": formula, **keys}}}


def repair(column: str, formula: str, **keys: Any) -> dict[str, Any]:
    return {"repairs": [{"column": column, "formula": formula, **keys}]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"columns": {"a": {"kind": "decimal", "reason": "bad"}}}, "columns.a.scale: missing"),
        (column(scale=19), "scale"),
        (column(precision=19), "precision"),
        (column(precision=1), "columns.a.scale=2: is more than the precision of 1"),
        (column(words={"none": 0.125}), "columns.a.words.none=0.125: the column rejects "),
        (column(words={"lots": 10**16}), "columns.a.words.lots=10000000000000000: the "),
        (column(round="up"), "round"),
        (column(default=1), "default"),
        (column(suffix=["0"]), "'0' is what numbers are written with"),
        (column(min=2, max=1), "no number is between its limits 2 and 1"),
        (
            {"columns": {"a": {"kind": "decimal", "scale": 2}}, "reasons": []},
            "a.reason: missing; the column rejects what is not a number of 18 digits with 2",
        ),
        (derived("a / 3"), "d.decimals: missing; 'a / 3' divides decimals, so it"),
        (derived("a / 3", decimals=19), "d.decimals: the result has 19 decimal places, more"),
        (derived("b*b*b*b*b*b*b"), "d.decimals: the result has 21 decimal places, more"),
        (derived("a * 0.12345678901234567890"), "0.12345678901234567890 has more digits than"),
        (repair("a", "b * x"), "0.formula: a is of kind decimal, and x (float64) cannot"),
        (repair("a", "b / n", decimals=3), "decimals=3: is more than the 2 of the column a"),
        (repair("a", "b + 0.1234567890123456789"), "repairs.0.formula '"),
        (
            {"checks": {"c": {"column": "a", "formula": f"n * 0.{'12' * 9}", "reason": "bad"}}},
            "has more digits than a number can have here",
        ),
    ],
)  # fmt: skip
def test_contradictions_are_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        contract_of(**changes)
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("formula", "keys", "wanted"),
    [
        ("a + b", {}, pa.decimal128(18, 3)),
        ("a * b * n", {}, pa.decimal128(18, 5)),
        ("-a * 1.19 - 1", {}, pa.decimal128(18, 4)),
        ("a * 1e-3 + 5e3", {}, pa.decimal128(18, 5)),
        ("a / n", {"decimals": 4}, pa.decimal128(18, 4)),
        ("a * b", {"decimals": 0}, pa.decimal128(18, 0)),
        ("a * x", {}, pa.float64()),
        ("a / x", {"decimals": 2}, pa.float64()),
        ("n * n", {}, pa.float64()),
    ],
)
def test_a_derived_column_has_the_type_of_its_formula(
    formula: str, keys: dict[str, Any], wanted: pa.DataType
) -> None:
    contract = contract_of(derived={"d": {"formula": formula, **keys}})
    assert contract.clean_schema().field("d").type == wanted
    assert contract.clean_schema().field("a").type == pa.decimal128(18, 2)
    assert contract.clean_schema().field("b").type == pa.decimal128(9, 3)


def test_a_repair_of_a_number_may_be_one_of_floats() -> None:
    contract = contract_of(repairs=[
        {"column": "x", "formula": "a / b"}, {"column": "n", "formula": "a / x"},
    ])  # fmt: skip
    assert not contract.is_exact(["x", "a", "b"])
    assert contract.is_exact(["n", "a"])
    assert not contract.is_exact(["n"])


def test_the_places_of_a_quotient_are_not_known() -> None:
    assert decimal_places("a / 2", {"a": 2}) is None
    assert decimal_places("a * 0.50 + 100", {"a": 2}) == 3
