"""The reference of contracts is what the code says, and its examples can be read."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import TypeAdapter

from docs.contract_reference import (
    TARGET,
    Entry,
    documented,
    entries,
    examples,
    examples_of,
    reference,
)
from toolkit.contract import AnyColumn, Column, Contract, Unused
from toolkit.settings.config import read_contract

ENTRIES = [
    pytest.param(cls, entry, id=f"{cls.__name__}.{entry.name}")
    for cls in documented()
    for entry in entries(cls)
]
KINDS: tuple[type[Column], ...] = get_args(get_args(AnyColumn)[0])


def _unread(kind: type[Column]) -> tuple[str, ...]:
    return ("prefix", "suffix", "null_words", "fill_down") if kind is Unused else ()


def column_of(kind: type[Column]) -> dict[str, Any]:
    """A column that has every key of its kind, as in the examples; none reads what is unused."""
    given = {key: one for key, one in examples_of(kind).items() if key not in _unread(kind)}
    return {"kind": get_args(get_type_hints(kind)["kind"])[0], **given}


def reasons_of(column: dict[str, Any]) -> list[str]:
    named = [column[key] for key in ("reason", "range_reason") if key in column]
    return [*named, *column.get("reject", ())]


def test_the_page_is_what_the_code_says() -> None:
    assert TARGET.read_text(encoding="utf-8") == reference(), "run: make docs"


@pytest.mark.parametrize(("cls", "entry"), ENTRIES)
def test_every_key_has_a_meaning_and_an_example_that_can_be_read(cls: type, entry: Entry) -> None:
    assert entry.meaning.endswith("."), "needs a docstring below it"
    assert entry.example, "needs an example in docs/contract_examples.yaml"
    example = json.dumps(examples_of(cls)[entry.name])
    TypeAdapter(entry.type).validate_json(example, strict=True)


def test_no_example_is_of_an_unknown_key() -> None:
    known = {
        one.__name__: {key.name for key in fields(one)}
        for cls in documented()
        for one in cls.__mro__
        if is_dataclass(one)
    }
    unknown = [
        f"{name}.{key}"
        for name, given in examples().items()
        for key in given
        if key not in known.get(name, ())
    ]
    assert not unknown


def test_every_kind_of_column_is_in_the_reference() -> None:
    assert {*KINDS, Column} <= {*documented()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_column_may_have_all_the_keys_of_its_kind(kind: type[Column]) -> None:
    column = column_of(kind)
    contract = read_contract(
        {
            "name": "example",
            "columns": {"product_name": {"kind": "text"}, "example": column},
            "reasons": reasons_of(column),
        }
    )
    known = {key.name for key in fields(contract.columns["example"])}
    assert set(column) == known.difference(_unread(kind))


def test_the_examples_of_a_contract_make_one() -> None:
    contract = read_contract(examples()["Contract"])
    assert set(examples()["Contract"]) == {key.name for key in fields(Contract)}
    assert contract.clean_schema().names[-2:] == ["net", "size"]
