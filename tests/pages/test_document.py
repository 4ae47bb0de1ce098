from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from toolkit.pages.document import link_from, standalone_page


def test_a_page_has_the_style_that_all_share_and_its_own() -> None:
    page = standalone_page("a <b>", ".mine { color: red; }", "<p>body</p>")
    assert "<title>a &lt;b&gt;</title>" in page
    assert page.index("--text:") < page.index(".mine") < page.index("<p>body</p>")


def test_a_page_may_ask_for_nothing() -> None:
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in standalone_page(
        "", "", ""
    )


@pytest.mark.parametrize("name", ["plain.csv", "a b#c?d%.csv", "ß.csv", os.fsdecode(b"\xff.csv")])
def test_a_link_leads_to_its_file(name: str, tmp_path: Path) -> None:
    folder, target = tmp_path / "data" / "reports" / "run", tmp_path / "data" / "input" / name
    link = link_from(folder, target)
    assert not set(link) & set(' #?"<>')
    found = os.path.normpath(folder / unquote(link, errors="surrogateescape"))
    assert found == str(target)
