"""Every kind of column answers what contracts are asked, and has a parser."""

from __future__ import annotations

import ast
from datetime import date
from inspect import isabstract
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest
from pydantic import TypeAdapter

import toolkit
from tests.clean.parsed import BAD, outcomes, parse_cells
from toolkit.clean.kinds import fitted, parse
from toolkit.contract import KINDS, AnyColumn, Column, Contract
from toolkit.contract.check import contract_problems
from toolkit.lookups import Lookup

NEEDED: dict[str, dict[str, Any]] = {
    "text": {"required": True},
    "date": {"formats": ["%Y-%m-%d"]},
    "timestamp": {"formats": ["%Y-%m-%d %H:%M"]},
    "decimal": {"scale": 2},
    "category": {"values": "names.json"},
    "mapped": {"values": "names.json", "map": "map.json"},
}
"""The keys without which a column of a kind cannot be, or rejects nothing."""
CLEAN = sorted(kind for kind in KINDS if kind != "unused")
# An address that is none becomes null, and the row is kept: what docs/contract.md says.
REJECTING = sorted({*CLEAN} - {"email"})
NAMES = Lookup(("a",), {"a": 0})


def column_of(kind: str, **keys: Any) -> Column:
    given = {"kind": kind, **NEEDED.get(kind, {}), **keys}
    column: Column = TypeAdapter[Column](AnyColumn).validate_python(given)
    return column


def problems_of(column: Column, *reasons: str) -> list[str]:
    return contract_problems(Contract(name="x", columns={"x": column}, reasons=reasons))  # type: ignore[dict-item]


def test_a_kind_is_a_class_of_the_contract() -> None:
    assert {*KINDS.values()} == {*get_args(get_args(AnyColumn)[0])}
    assert [kind for kind, one in KINDS.items() if isabstract(one)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_answers_for_itself(kind: str) -> None:
    column, name = column_of(kind), KINDS[kind].__name__
    assert type(column) is KINDS[kind]
    assert column.group in ("number", "label", "day", "none"), name
    assert column.is_clean == (column.arrow_type() is not None) == (column.group != "none"), name
    assert [*column.limits_of_reasons("x", date(2026, 1, 1))] == []
    assert dict(column.parameters(date(2026, 1, 1))) == {}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_kind_has_a_parser(kind: str) -> None:
    assert parse.dispatch(KINDS[kind]) is not parse.dispatch(object)


@pytest.mark.parametrize("kind", sorted(k for k, one in KINDS.items() if one.group == "number"))
def test_a_kind_of_number_says_what_may_fill_it(kind: str) -> None:
    assert fitted.dispatch(KINDS[kind]) is not fitted.dispatch(object)
    assert KINDS[kind].is_fixed <= (column_of(kind).exact_places is not None)


@pytest.mark.parametrize("kind", CLEAN)
def test_a_parser_makes_what_the_contract_says(kind: str) -> None:
    column = column_of(kind, reason="bad")
    values = parse_cells(column, pa.array(["?"]), lookup=NAMES).values
    # Numbers are figures until the rows are taken.
    wanted = pa.float64() if column.group == "number" else column.arrow_type()
    assert pa.array(values).type == wanted


@pytest.mark.parametrize("kind", REJECTING)
def test_a_kind_rejects_what_it_says(kind: str) -> None:
    """Else unreadable cells would be nulls of clean rows."""
    column = column_of(kind)
    assert column.rejects()
    assert f"dataset.columns.x.reason: missing; the column rejects {column.rejects()}" in (
        problems_of(column)
    )
    named = column_of(kind, reason="bad")
    assert ("reason", "bad") in [*named.reasons()]
    assert problems_of(named, "bad") == []
    assert outcomes(parse_cells(named, pa.array([""]), lookup=NAMES), 1)[0][1] == BAD


@pytest.mark.parametrize("kind", sorted({*REJECTING} - {"text"}))
def test_a_kind_has_no_value_for_what_it_cannot_read(kind: str) -> None:
    column = column_of(kind, optional=True, reason="bad")
    found = outcomes(parse_cells(column, pa.array(["", "?!"]), lookup=NAMES), 2)
    assert found == [(None, 255), (None, BAD)]


@pytest.mark.slow
def test_no_other_module_lists_kinds_by_name() -> None:
    """A new kind must not be missing from a list somewhere else."""
    lists, root = [], Path(toolkit.__file__).parent
    # What a profile or the generator makes of a column is no kind of contracts.
    own = {"profile", "generate"}
    for path in sorted(p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in own):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                inside = node.keys if isinstance(node, ast.Dict) else node.elts
                words = {one.value for one in inside if isinstance(one, ast.Constant)}
                if len(words & KINDS.keys()) > 1:
                    lists.append(f"{path.name}:{node.lineno}")
    assert lists == []
