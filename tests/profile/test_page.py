"""The page of a profile: it stands alone, shows every column, and fits a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import NARROW, WIDE, open_browser, visiting
from tests.commands import ask
from tests.sweeps.test_page import REFERRING, Page

pytestmark = pytest.mark.slow

NASTY = "<script>alert(1)</script>"
UNSEEN = "b\x00\x1b[2J\u202ec"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a feed with all kinds of columns, a hostile name and hostile values."""
    folder = tmp_path_factory.mktemp("page")
    header = f"id,day,shop,price,mail,{NASTY},A very long name of a column that goes on and on,odd"
    rows = [
        f"{n},2024-0{n % 9 + 1}-0{n % 9 + 1},{['North', 'South', 'ERROR'][n % 3]},"
        f"{'x' if n == 7 else n * 3.5},a{n}@b.co,{NASTY},{'word ' * (n % 40)}"
        f",{'a' if n % 2 else UNSEEN}"
        for n in range(400)
    ]
    (folder / "feed.csv").write_text("\n".join([header, *rows, "1,2," + UNSEEN]), encoding="utf-8")
    answer = ask("profile-data", "feed.csv", "cluster=sync", cwd=folder)
    assert answer.code == 0, answer.err
    [found] = folder.glob("data/reports/*/profile.html")
    return found


def test_it_refers_to_nothing_but_itself(page: Path) -> None:
    parsed = Page(page.read_text("utf-8"))
    references = [v for _, attrs in parsed.tags for key, v in attrs.items() if key in REFERRING]
    assert references
    assert all(reference.startswith("#") for reference in references)
    assert parsed.all("script") == []
    assert NASTY not in page.read_text("utf-8")
    policies = [meta.get("content") for meta in parsed.all("meta")]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policies


def test_every_column_has_a_card_and_a_link_to_it(page: Path) -> None:
    parsed = Page(page.read_text("utf-8"))
    cards = [card["id"] for card in parsed.all("section")]
    assert len(cards) == 8
    assert {link["href"] for link in parsed.all("a")} == {f"#{card}" for card in cards}
    words = "".join(parsed.words)
    assert "1 cell cannot be read as number, such as 'x' (row 8)" in words
    assert "1 too few fields" in words
    assert NASTY in words


def test_no_character_of_the_data_acts_or_is_unseen(page: Path) -> None:
    text = page.read_text("utf-8")
    assert {c for c in text if not c.isprintable()} == {"\n"}
    assert "".join(Page(text).words).count(r"b\x00\x1b[2J\u202ec") >= 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_it_opens_in_a_browser_and_fits(page: Path, width: int) -> None:
    with open_browser() as browser, visiting(browser, page.as_uri(), width) as visit:
        visit.page.click("table a >> nth=3")
        assert visit.page.locator("#price:target").is_visible()
        bars = visit.page.locator("#price svg rect")
        assert bars.count() > 5
        assert visit.overflow == 0
