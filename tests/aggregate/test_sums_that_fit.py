"""Sums that no 64 bits hold are refused, never wrong."""

from __future__ import annotations

import pyarrow as pa
import pytest

from toolkit.aggregate.partials import combine, partial
from toolkit.aggregate.tables import finish
from toolkit.contract import Contract
from toolkit.errors import InputError
from toolkit.settings.config import read_contract

MEASURES = {"total": {"sum": "n"}, "mean": {"mean": "n"}}


def contract_of(kind: str) -> Contract:
    return read_contract(
        {
            "name": "x",
            "columns": {"one": {"kind": "text"}, "n": {"kind": kind, "reason": "bad"}},
            "reasons": ["bad"],
            "aggregations": {
                "t": {"kind": "summary", "by": {"one": {"column": "one"}}, "measures": MEASURES}
            },
        }
    )


def summed(kind: str, *parts: list[float]) -> list[dict[str, object]]:
    contract = contract_of(kind)
    wanted = contract.clean_schema().field("n").type
    tables = [pa.table({"one": ["u"] * len(part), "n": pa.array(part, wanted)}) for part in parts]
    found = finish(combine([partial(table, contract) for table in tables]), contract)
    rows: list[dict[str, object]] = found["t"].to_pylist()
    return rows


def test_large_whole_numbers_are_added_up_exactly() -> None:
    top = 2**63 - 1
    assert summed("integer", [top, -top], [2**53 + 1, -1]) == [
        {"one": "u", "total": 2**53, "mean": 2.0**51}
    ]
    assert summed("integer", [top, top, -top])[0]["total"] == top


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("integer", [[2**63 - 1], [1]]),
        ("integer", [[-(2**63)], [-1]]),
        ("number", [[1e308], [1e308]]),
    ],
)
def test_a_sum_that_does_not_fit_is_refused(kind: str, parts: list[list[float]]) -> None:
    with pytest.raises(InputError, match=r"aggregation t.total: the sum of n does not fit 64 bits"):
        summed(kind, *parts)
