from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from toolkit.pages.render import TEMPLATES, link_from

PAGE = """\
{% extends "pages/page.html" %}
{% block style %}.mine { color: red; }{% endblock %}
{% block body %}<p title="{{ title }}">{{ title }} {{ title | visible }}</p>{% endblock %}"""


def page(title: str) -> str:
    return TEMPLATES.from_string(PAGE).render(title=title)


def test_a_page_has_the_style_that_all_share_and_its_own() -> None:
    shown = page("a <b>")
    assert "<title>a &lt;b&gt;</title>" in shown
    assert shown.index("--text:") < shown.index(".mine") < shown.index("<p title=")


def test_a_page_may_ask_for_nothing() -> None:
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in page("")


def test_no_character_of_a_text_acts_wherever_a_template_puts_it() -> None:
    shown = page('"<i>a\x1b[2J\u202eb\x00')
    assert r"a\x1b[2J\u202eb\x00</title>" in shown
    assert r'<p title="&#34;&lt;i&gt;a\x1b[2J\u202eb\x00">' in shown
    assert r"a<b>\x1b</b>[2J<b>\u202e</b>b<b>\x00</b></bdi>" in shown
    assert all(c.isprintable() or c == "\n" for c in shown)


@pytest.mark.parametrize("name", ["plain.csv", "a b#c?d%.csv", "ß.csv", os.fsdecode(b"\xff.csv")])
def test_a_link_leads_to_its_file(name: str, tmp_path: Path) -> None:
    folder, target = tmp_path / "data" / "reports" / "run", tmp_path / "data" / "input" / name
    link = link_from(folder, target)
    assert not set(link) & set(' #?"<>')
    found = os.path.normpath(folder / unquote(link, errors="surrogateescape"))
    assert found == str(target)
