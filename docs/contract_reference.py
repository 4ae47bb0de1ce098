"""docs/contract.md, made from the classes that read a contract: `make docs`.

What a key means stands in the docstring below it, an example in contract_examples.yaml.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from toolkit.contract import Column, Contract

TARGET = Path(__file__).with_name("contract.md")
EXAMPLES = TARGET.with_name("contract_examples.yaml")

_HEAD = """\
# Contract reference

What `conf/dataset/<name>.yaml` may say. A key that is not here is refused.

[`ecommerce.yaml`](../conf/dataset/ecommerce.yaml) is a whole contract. This page is made from
`toolkit/contract` and `docs/contract_examples.yaml` by `make docs`.
"""
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
_BOUNDS = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}


@dataclass(frozen=True)
class Entry:
    """One key of a class: its type, and what is said of it; empty where nothing is."""

    name: str
    type: Any
    default: str
    meaning: str
    example: str


def reference() -> str:
    """The whole text of docs/contract.md."""
    return "\n".join([_HEAD, *map(_section, documented())])


def documented() -> list[type]:
    """The contract, and every class that a key of it holds, in the order in which they are named.

    What all columns have comes before the first kind of them.
    """
    found: list[type] = [Contract]
    for cls in found:
        for entry in entries(cls):
            for held in _classes_in(entry.type):
                if issubclass(held, Column) and Column not in found:
                    found.append(Column)
                if held not in found:
                    found.append(held)
    return found


def entries(cls: type) -> list[Entry]:
    """The keys of a class but for its `kind`; those of all columns stand with Column alone."""
    hints = get_type_hints(cls, include_extras=True)
    said, given = _meanings(cls), examples_of(cls)
    left_out = {"kind"}
    if cls is not Column and issubclass(cls, Column):
        left_out |= {key.name for key in fields(Column)}
    return [
        Entry(
            key.name,
            hints[key.name],
            _default(key),
            said.get(key.name, ""),
            f"{key.name}: {_yaml(given[key.name])}" if key.name in given else "",
        )
        for key in fields(cls)
        if key.name not in left_out
    ]


def examples_of(cls: type) -> dict[str, Any]:
    """An example for each key of a class; its own go before those of the classes it extends."""
    given: dict[str, Any] = {}
    for one in reversed(cls.__mro__):
        given |= examples().get(one.__name__, {})
    return given


@cache
def examples() -> dict[str, dict[str, Any]]:
    """What contract_examples.yaml says: class name -> key -> value."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return found


def _meanings(cls: type) -> dict[str, str]:
    """The docstrings below the keys of a class and of those that it extends."""
    said: dict[str, str] = {}
    for one in filter(is_dataclass, reversed(cls.__mro__)):
        [body] = ast.parse(inspect.getsource(one)).body
        assert isinstance(body, ast.ClassDef)
        for before, after in zip(body.body, body.body[1:], strict=False):
            match before, after:
                case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(ast.Constant(str(text))):
                    said[key] = " ".join(text.split())
    return said


def _default(key: Field[Any]) -> str:
    if key.default is MISSING:
        return "" if key.default_factory is not MISSING else "required"
    return "" if key.default in (None, ()) else f"`{_yaml(key.default)}`"


def _section(cls: type) -> str:
    rows = [
        f"| `{entry.name}` | {_type(entry.type)} | {entry.default} "
        f"| {_cell(entry.meaning)} | `{_cell(entry.example)}` |"
        for entry in entries(cls)
    ]
    table = ["| key | type | default | meaning | example |", "|---|---|---|---|---|", *rows, ""]
    return "\n".join([f"## {_title(cls)}", "", *_prose(cls), *(table if rows else [])])


def _prose(cls: type) -> Iterator[str]:
    """What is said of a class as a whole; of a kind of column, what is said of kindred ones too."""
    for one in cls.__mro__:
        if one is cls or (one is not Column and issubclass(one, Column)):
            yield from (inspect.cleandoc(one.__doc__ or ""), "")
    if issubclass(cls, Column) and cls is not Column:
        yield from (f"It has the keys of [every column](#{_anchor(_title(Column))}), too.", "")


def _title(cls: type) -> str:
    if cls is Column:
        return "Every column"
    if issubclass(cls, Column):
        return f"Columns of kind `{_kind(cls)}`"
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in cls.__name__)
    return words.strip().capitalize()


def _kind(cls: type) -> str:
    return str(get_args(get_type_hints(cls)["kind"])[0])


def _anchor(title: str) -> str:
    """Where a page of Markdown jumps to for a title."""
    return "".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _classes_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for part in get_args(hint):
        yield from _classes_in(part)


def _type(hint: Any) -> str:
    """A type in words, with links to the classes in it."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        name = _kind(hint) if issubclass(hint, Column) else _title(hint).lower()
        return f"[{name}](#{_anchor(_title(hint))})"
    parts = [part for part in get_args(hint) if part is not types.NoneType]
    match get_origin(hint):
        case origin if origin is Annotated:
            return _type(parts[0]) + _bounds(hint.__metadata__)
        case origin if origin is Literal:
            return " or ".join(f"`{_yaml(part)}`" for part in parts)
        case origin if origin in (Union, types.UnionType):
            return " or ".join(map(_type, parts))
        case origin if origin is tuple and parts[-1] is Ellipsis:
            return f"list of {_type(parts[0])}"
        case origin if origin is tuple:
            return f"[{', '.join(map(_type, parts))}]"
        case origin if origin is dict:
            return f"names, each with {_type(parts[1])}"
    raise TypeError(f"no words for {hint}")


def _bounds(annotations: tuple[Any, ...]) -> str:
    """' from 0 to 1', of pydantic's Field(ge=0, le=1)."""
    limits = [limit for field in annotations for limit in getattr(field, "metadata", ())]
    return "".join(
        f" {word} {getattr(limit, bound)}"
        for bound, word in _BOUNDS.items()
        for limit in limits
        if hasattr(limit, bound)
    )


def _yaml(value: Any) -> str:
    """A value as YAML in one line."""
    plain = list(value) if isinstance(value, tuple) else value
    text = yaml.safe_dump(
        plain, default_flow_style=True, sort_keys=False, allow_unicode=True, width=inf
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
