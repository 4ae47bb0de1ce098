"""Rendered content of every kind becomes HTML in which no value is markup."""

from __future__ import annotations

from typing import Any

import pytest
from great_expectations.render.components import (
    CollapseContent,
    RenderedBulletListContent,
    RenderedGraphContent,
    RenderedMarkdownContent,
    RenderedStringTemplateContent,
    RenderedTableContent,
    TextContent,
    ValueListContent,
)

from toolkit.validate.gx_content import LONGEST_TEXT, content_html, plain_text


def sentence(template: str, **more: Any) -> RenderedStringTemplateContent:
    return RenderedStringTemplateContent(string_template={"template": template, **more})


@pytest.mark.parametrize(
    ("template", "params", "expected"),
    [
        ("a is $a", {"a": 1}, "a is <b>1</b>"),
        ("${a}b", {"a": "x"}, "<b>x</b>b"),
        ("$a", {"a": "<i>&</i>"}, "<b>&lt;i&gt;&amp;&lt;/i&gt;</b>"),
        ("<u>$a</u>", {"a": 1.0}, "&lt;u&gt;<b>1</b>&lt;/u&gt;"),
        # What a value holds is no template.
        ("$a $b", {"a": "$b", "b": "$a"}, "<b>$b</b> <b>$a</b>"),
        ("$a, $$ and $PARAMETER", {"a": [1, "x"]}, "<b>1, x</b>, $$ and $PARAMETER"),
        ("$unknown", {}, "$unknown"),
        ("\n\nfirst\nsecond", {}, "first\nsecond"),
        ("$a", {"a": None}, "<b><i>null</i></b>"),
        ("$a", {"a": ""}, "<b><i>empty</i></b>"),
        # The one value that comes as HTML.
        ("$formatted_json", {"formatted_json": "<pre>&lt;b&gt;</pre>"}, "<pre>&lt;b&gt;</pre>"),
        ("$formatted_json", {"formatted_json": "<script>"}, "<pre>&lt;script&gt;</pre>"),
    ],
)
def test_a_sentence_takes_its_parameters(
    template: str, params: dict[str, Any], expected: str
) -> None:
    assert content_html(sentence(template, params=params)) == f"<span>{expected}</span>"


CELL = sentence("$v", params={"v": "<x>"})
CELL_HTML = "<span><b>&lt;x&gt;</b></span>"
CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"name": "data-1"},
    "datasets": {"data-1": [{"values": "<x>", "fraction": 0.5}, {"values": None, "fraction": 1}]},
}


def table(head: str, *rows: str) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="data"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            RenderedTableContent(table=[["<a>", CELL], ["", None]], header_row=["A & B", CELL]),
            table(
                f"<th>A &amp; B</th><th>{CELL_HTML}</th>",
                f"<td>&lt;a&gt;</td><td>{CELL_HTML}</td>",
                "<td><i>empty</i></td><td><i>null</i></td>",
            ),
        ),
        (RenderedTableContent(table=[[[1.5, 5]]]), table("", "<td>1.5, 5</td>")),
        (
            RenderedGraphContent(graph=CHART),
            table(
                "<th>values</th><th>fraction</th>",
                "<td>&lt;x&gt;</td><td>0.5</td>",
                "<td><i>null</i></td><td>1</td>",
            ),
        ),
        (
            RenderedGraphContent(graph={"data": {"values": [{"n": 2}]}}),
            table("<th>n</th>", "<td>2</td>"),
        ),
        (
            RenderedBulletListContent(bullet_list=["<a>", CELL]),
            f"<ul><li>&lt;a&gt;</li><li>{CELL_HTML}</li></ul>",
        ),
        (ValueListContent(value_list=[CELL, "<b>"]), f"{CELL_HTML} &lt;b&gt;"),
        (
            CollapseContent(collapse=[CELL, "<a>"], collapse_toggle_link="<more>"),
            f"<details><summary>&lt;more&gt;</summary>{CELL_HTML}&lt;a&gt;</details>",
        ),
        (
            TextContent(text=["<a>", CELL], header="<h>"),
            f"<div>&lt;h&gt;</div><div>&lt;a&gt;{CELL_HTML}</div>",
        ),
        (
            RenderedMarkdownContent(markdown="![x](http://example.com/x.png) <img>"),
            "<div>![x](http://example.com/x.png) &lt;img&gt;</div>",
        ),
        ([CELL, [CELL]], CELL_HTML * 2),
        (["<a>", "b"], "&lt;a&gt;, b"),
        ({"<k>": 1}, "{&#34;&lt;k&gt;&#34;: 1}"),
        ({"content_block_type": "<new>"}, "{&#34;content_block_type&#34;: &#34;&lt;new&gt;&#34;}"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        (True, "True"),
        (2.5, "2.5"),
    ],
)
def test_content_of_any_kind_is_shown(content: Any, expected: str) -> None:
    assert content_html(content) == expected


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain_text("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT
    assert plain_text("x" * 12_345) == "x" * LONGEST_TEXT + "… (12,345 characters)"
    assert len(plain_text(list(range(10_000)))) < LONGEST_TEXT + 30
