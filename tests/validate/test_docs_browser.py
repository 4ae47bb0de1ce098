"""The pages in a real browser: from disk, with the network off, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import NARROW, WIDE, open_browser, visiting
from tests.validate.docs_results import RUN_TIME, good_result, messy_result, with_verdicts
from toolkit.validate.docs import DocsRun, add_run

pytestmark = pytest.mark.browser

SHOWN = "table.list > tbody > tr:visible"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> DocsRun:
    """Two runs; returns the later one."""
    folder = tmp_path_factory.mktemp("site") / "data_docs"
    suites = [with_verdicts(messy_result()), with_verdicts(good_result())]
    add_run(folder, "2024-03-01_12-30-00-000001_run-pipeline", RUN_TIME, suites[1:], keep_runs=5)
    later = RUN_TIME + timedelta(days=1)
    return add_run(folder, "2024-03-02_12-30-00-000002_run-pipeline", later, suites, keep_runs=5)


def column(page: Page, number: int) -> list[str]:
    """The texts of a column of the rows that are shown."""
    return page.locator(f"{SHOWN} > td:nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["index", "messy", "good"])
def test_a_page_opens_from_disk_and_fits_the_window(
    name: str, width: int, site: DocsRun, browser: Browser
) -> None:
    path = {"index": site.index, **site.pages}[name]
    with visiting(browser, path.as_uri(), width) as visit:
        assert [Path(url).suffix for url in visit.requests] == [".html", ".css", ".js"]
        assert visit.page.locator(SHOWN).count() == {"index": 3, "messy": 17, "good": 5}[name]
        visit.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert visit.overflow == 0


def test_a_table_that_is_too_wide_scrolls_inside_itself(site: DocsRun, browser: Browser) -> None:
    with visiting(browser, site.pages["messy"].as_uri(), NARROW) as visit:
        row = visit.page.locator(SHOWN, has_text="compound_columns")
        row.get_by_text("unexpected rows").click()
        table = row.locator(".scroll:has-text('order_id')")
        assert table.evaluate("element => element.scrollWidth > element.clientWidth")
        assert visit.overflow == 0


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_reader_finds_a_failure_from_the_index(
    width: int, site: DocsRun, browser: Browser
) -> None:
    with visiting(browser, site.index.as_uri(), width) as visit:
        page = visit.page
        page.get_by_label("Search").fill("MESSY 03-02")
        assert page.locator(SHOWN).count() == 1
        page.get_by_role("link", name="messy").click()
        assert page.url == site.pages["messy"].as_uri()
        page.get_by_label("Search").fill("quantity between")
        [row] = page.locator(SHOWN).all_inner_texts()
        assert "2 unexpected values found" in row
        page.get_by_role("link", name="All runs").click()
        assert page.url == site.index.as_uri()


def test_search_and_switches_go_together(site: DocsRun, browser: Browser) -> None:
    with visiting(browser, site.pages["messy"].as_uri(), WIDE) as visit:
        page = visit.page
        page.get_by_role("button", name="Failed 10").click()
        assert column(page, 1) == ["failed"] * 10
        page.get_by_label("Search").fill("divergence region")
        assert column(page, 2) == ["region"]
        page.get_by_role("button", name="Errored 1").click()
        assert page.locator(SHOWN).count() == 0
        assert page.get_by_text("No expectation fits the search.").is_visible()
        page.get_by_label("Search").fill("")
        assert column(page, 2) == ["absent"]
        page.get_by_role("button", name="All 17").click()
        assert page.locator(SHOWN).count() == 17


def test_a_heading_sorts_both_ways(site: DocsRun, browser: Browser) -> None:
    with visiting(browser, site.pages["messy"].as_uri(), WIDE) as visit:
        page = visit.page
        as_it_came = column(page, 3)
        page.get_by_role("button", name="Column").click()
        up = column(page, 2)
        assert up == sorted(up)
        assert page.get_by_role("columnheader", name="Column").get_attribute("aria-sort") == (
            "ascending"
        )
        page.get_by_role("button", name="Column").click()
        assert column(page, 2) == sorted(up, reverse=True)
        page.get_by_role("button", name="Result").click()
        assert column(page, 3) == as_it_came


def test_hostile_values_run_nothing(site: DocsRun, browser: Browser) -> None:
    with visiting(browser, site.pages["messy"].as_uri(), WIDE) as visit:
        dialogs: list[str] = []
        visit.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        visit.page.reload()
        assert visit.page.get_by_text("<script>alert(1)</script>").count() > 0
        assert visit.page.get_by_text("{{7*7}}").count() > 0
        assert dialogs == []


def test_the_policy_stops_what_a_page_must_not_do(site: DocsRun, browser: Browser) -> None:
    attempts = """() => {
        const refused = [];
        addEventListener("securitypolicyviolation", e => refused.push(e.effectiveDirective));
        const image = new Image();
        image.src = "http://example.com/x.png";
        const style = document.createElement("div");
        style.setAttribute("style", "background: url(http://example.com/y.png)");
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(image, style, script);
        fetch("http://example.com/z").catch(() => {});
        return new Promise(done => setTimeout(() => done([window.ran, ...refused.sort()]), 100));
    }"""
    page = browser.new_page()
    page.goto(site.index.as_uri())
    assert page.evaluate(attempts) == [
        *(None, "connect-src", "img-src", "script-src-elem", "style-src-attr")
    ]
    page.close()
