"""Render the output of Great Expectations' renderers (sentences, tables, charts) as HTML that loads
nothing.

A renderer, stock or user-defined, returns a tree of dicts with a `content_block_type`. All text in
it is escaped here, so no value can become markup; styling is left to the site's style sheet.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from toolkit.pages.visible import seen

LONGEST_TEXT = 1_000
_PARAMETER = re.compile(r"\$(?:\{(\w+)\}|([a-zA-Z_]\w*))", re.ASCII)
_CHILDREN = ("header", "subheader", "text", "markdown", "content_blocks")
# The only parameter that Great Expectations escapes itself, in an element of its own.
_FORMATTED_JSON = "formatted_json"


def content_html(content: Any) -> Markup:
    """Render a value or any rendered content, however nested."""
    if hasattr(content, "to_json_dict"):
        content = content.to_json_dict()
    match content:
        case list() if any(_is_block(part) for part in content):
            return Markup().join(content_html(part) for part in content)
        case {"content_block_type": "string_template", "string_template": dict(template)}:
            return _sentence(template)
        case {"content_block_type": "table", "table": list(rows)}:
            return table_html(content.get("header_row") or (), rows)
        case {"content_block_type": "graph", "graph": dict(graph)}:
            return _figures(graph)
        case {"content_block_type": "bullet_list", "bullet_list": list(items)}:
            return _element("ul", Markup().join(_element("li", content_html(i)) for i in items))
        case {"content_block_type": "value_list", "value_list": list(items)}:
            return Markup(" ").join(content_html(item) for item in items)
        case {"content_block_type": "collapse", "collapse": inside}:
            summary = content_html(content.get("collapse_toggle_link") or "more")
            return details_html(summary, content_html(inside))
        case {"content_block_type": str()} if any(key in content for key in _CHILDREN):
            parts = [content[key] for key in _CHILDREN if content.get(key) is not None]
            return Markup().join(_element("div", content_html(part)) for part in parts)
        case _:
            return text_html(plain_text(content))


def table_html(header: Iterable[Any], rows: Iterable[Sequence[Any]]) -> Markup:
    """Render a table of values."""
    head = Markup().join(_element("th", content_html(name)) for name in header)
    cells = (Markup().join(_element("td", _value(value)) for value in row) for row in rows)
    body = Markup().join(_element("tr", row) for row in cells)
    table = Markup('<table class="data"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    return Markup('<div class="scroll">{}</div>').format(table.format(head, body))


def details_html(summary: Markup, inside: Markup, opened: bool = False) -> Markup:
    """Render a section that the reader can unfold."""
    start = Markup("<details open>" if opened else "<details>")
    return Markup("{}<summary>{}</summary>{}</details>").format(start, summary, inside)


def text_html(text: str) -> Markup:
    """Escape any text as HTML, with control and invisible characters shown."""
    return escape(seen(text))


def plain_text(value: Any) -> str:
    """Write a value as a person would, cut short where it is very long."""
    match value:
        case None:
            text = "null"
        case float() if value.is_integer() and abs(value) < 1e15:
            text = str(int(value))
        case list() | tuple():
            text = ", ".join(plain_text(part) for part in value)
        case dict():
            text = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            text = str(value)
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"


def _sentence(template: Mapping[str, Any]) -> Markup:
    """Render a sentence with `$name` parameters; text in a parameter's value is never replaced."""
    text, params = str(template.get("template", "")).strip("\n"), template.get("params") or {}
    parts, end = [], 0
    for found in _PARAMETER.finditer(text):
        name = found[1] or found[2]
        if name in params:
            parts += [text_html(text[end : found.start()]), _parameter(name, params[name])]
            end = found.end()
    sentence = Markup().join([*parts, text_html(text[end:])])
    return _element("code" if template.get("tag") in ("code", "pre") else "span", sentence)


def _parameter(name: str, value: Any) -> Markup:
    if name == _FORMATTED_JSON:
        unwrapped = str(value).removeprefix("<pre>").removesuffix("</pre>")
        return _element("pre", text_html(plain_text(html.unescape(unwrapped))))
    return _element("b", _value(value))


def _figures(graph: Mapping[str, Any]) -> Markup:
    """Render the data of a Vega chart as a table for each of its data sets."""
    inline = graph.get("data", {}).get("values")
    data_sets = [*graph.get("datasets", {}).values(), *([inline] if inline else [])]
    return Markup().join(
        table_html(records[0], [list(record.values()) for record in records])
        for records in data_sets
        if records
    )


def _is_block(content: Any) -> bool:
    known = hasattr(content, "to_json_dict") or isinstance(content, dict)
    return known or (isinstance(content, list) and any(map(_is_block, content)))


def _value(value: Any) -> Markup:
    """Render a value; a missing or empty one is shown as such."""
    if value is None or value == "":
        return Markup("<i>null</i>" if value is None else "<i>empty</i>")
    return content_html(value)


def _element(name: str, inner: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(name), inner)
