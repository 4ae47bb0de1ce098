"""Pydantic's errors as one line each, with the key, the value and what is allowed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import ValidationError

from toolkit.errors import did_you_mean
from toolkit.units import cut

_Place = tuple[int | str, ...]

_EXPECTED = {
    "bool_type": "true or false",
    "dataclass_exact_type": "a group of keys",
    "dataclass_type": "a group of keys",
    "date_from_datetime_inexact": "a day, YYYY-MM-DD",
    "date_from_datetime_parsing": "a day, YYYY-MM-DD",
    "date_type": "a day, YYYY-MM-DD",
    "dict_type": "a group of keys",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_attributes_type": "a group of keys",
    "path_type": "a path",
    "string_pattern_mismatch": "auto, or an amount such as 2GiB",
    "string_type": "text",
    "tuple_type": "a list",
}


def explain(
    error: ValidationError, schema: type, values: Mapping[str, Any], also_known: Collection[str]
) -> Iterator[str]:
    """Return one line for each error: the dotted key, the given value, what is allowed.

    `schema` is the dataclass that `values` were read as; `also_known` are further names that an
    unknown top-level key may have meant.
    """
    for details in error.errors(include_url=False):
        path = _path(values, details["loc"])
        inside = ".".join(path)
        if details["type"] == "unexpected_keyword_argument":
            known = _names_at(schema, details["loc"][:-1])
            known += also_known if len(path) == 1 else ()
            word = f"{inside}={details['input']}"
            file = f"; for the file of that name write ./{word}" if os.path.exists(word) else ""
            problem = f"{inside}={shown(details['input'])}: unknown key"
            yield f"{problem}{file or _nearest(path[-1], known)}"
        elif details["type"] == "union_tag_not_found":
            kinds = ", ".join(_names_at(schema, details["loc"]))
            others = [name for name in _mapping_at(values, path[:-1]) if name != path[-1]]
            hint = did_you_mean(path[-1], others) or f"; others are {', '.join(others[:20])}"
            yield f"{inside}.kind: missing; must be one of {kinds}{hint if others else ''}"
        else:
            yield _line(inside, details)


def shown(value: Any) -> str:
    """Return the value as a user would type it, truncated."""
    return cut(repr(value) if isinstance(value, str) else json.dumps(value, default=str), 60)


def _line(key: str, details: Any) -> str:
    given, context = f"{key}={shown(details['input'])}", details.get("ctx", {})
    match details["type"]:
        case "missing":
            return f"{key}: missing"
        case "literal_error":
            hint = did_you_mean(str(details["input"]), context["expected"].split("'")[1::2])
            return f"{given}: must be {context['expected']}{hint}"
        case "union_tag_invalid":
            tags = context["expected_tags"]
            hint = did_you_mean(context["tag"], tags.split("'")[1::2])
            return f"{key}.kind={context['tag']!r}: must be one of {tags}{hint}"
        case "too_short" | "too_long" as kind:
            word, bound = ("least", "min_length") if kind == "too_short" else ("most", "max_length")
            return f"{given}: must have at {word} {context[bound]} entries"
        case kind if kind in _EXPECTED:
            return f"{given}: must be {_EXPECTED[kind]}"
    message = details["msg"].replace("Input should", "must").replace("String should", "must")
    return f"{given}: {message}"


def _path(values: Any, place: _Place) -> list[str]:
    """Return the dotted key as in YAML, without the discriminator that pydantic adds to it."""
    path: list[str] = []
    here = values
    for step in place:
        if isinstance(here, Mapping) and step not in here and here.get("kind") == step:
            continue
        path.append(str(step))
        here = here.get(step) if isinstance(here, Mapping) else None
    return path


def _mapping_at(values: Any, path: Sequence[str]) -> Mapping[str, Any]:
    for step in path:
        values = values[step]
    return values if isinstance(values, Mapping) else {}


def _names_at(hint: Any, place: _Place) -> list[str]:
    """Return the keys allowed at a place of the schema, or the kinds where it is a union."""
    for step in place:
        if is_dataclass(hint):
            hint = get_type_hints(hint)[str(step)]
        elif get_origin(hint) is dict:
            hint = get_args(hint)[1]
        elif get_origin(hint) is tuple:
            hint = get_args(hint)[0]
        else:
            hint = next(kind for kind in get_args(hint) if step in _kinds(kind))
    if is_dataclass(hint):
        return [field.name for field in fields(hint)]
    return [name for kind in get_args(hint) for name in _kinds(kind)]


def _kinds(hint: Any) -> tuple[str, ...]:
    return get_args(get_type_hints(hint)["kind"]) if is_dataclass(hint) else ()


def _nearest(name: str, known: Collection[str]) -> str:
    return did_you_mean(name, known) or f"; there are {', '.join(sorted({*known}))}"
