"""Pages of runs in a real browser: from disk, with the network off, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import NARROW, WIDE, open_browser, visiting
from tests.report.facts import good_run, monstrous_run
from toolkit.report.page import write_page

pytestmark = pytest.mark.browser

_OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "run.json").write_text("{}")
    held = good_run()
    held.status, held.error = "held back", "2 expectations did not pass: " + "x_" * 300
    reports = {"good": good_run(), "held": held, "monstrous": monstrous_run()}
    found = {}
    for name, report in reports.items():
        (folder / name).mkdir()
        found[name] = write_page(report, folder / name, name)
    return found


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["good", "held", "monstrous"])
def test_a_page_needs_nothing_else_and_fits_the_window(
    name: str, width: int, pages: dict[str, Path], browser: Browser
) -> None:
    with visiting(browser, pages[name].as_uri(), width) as visit:
        assert visit.requests == [pages[name].as_uri()]
        dialogs: list[str] = []
        visit.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        visit.page.evaluate(_OPEN_ALL)
        assert visit.overflow == 0
        assert dialogs == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_examples_open_without_a_script(
    width: int, pages: dict[str, Path], browser: Browser
) -> None:
    with visiting(browser, pages["good"].as_uri(), width) as visit:
        item = visit.page.locator(".item", has_text="unknown_region")
        assert item.locator("table").is_hidden()
        item.locator("summary").click()
        assert item.get_by_text("row 1,018").is_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_curves_are_as_wide_as_the_page_and_text_is_not_stretched(
    width: int, pages: dict[str, Path], browser: Browser
) -> None:
    with visiting(browser, pages["good"].as_uri(), width) as visit:
        sizes = """() => [".plane", ".plane .area", ".plane svg text"].map(
            what => document.querySelector(what).getBoundingClientRect())
            .map(place => [place.width, place.height])"""
        (width_of_all, _), (width_of_curve, _), (_, height_of_label) = visit.page.evaluate(sizes)
        # The samples are those of 4.4 seconds in 5.5.
        assert width_of_curve / width_of_all == pytest.approx(0.8, abs=0.02)
        assert 10 < height_of_label < 20


def test_the_name_of_a_stage_is_seen_whole_or_not_at_all(
    pages: dict[str, Path], browser: Browser
) -> None:
    seen = """() => [...document.querySelectorAll('.plane:first-of-type .bands div')].map(one => {
        const [place, name] = [one, one.firstElementChild].map(e => e.getBoundingClientRect());
        const lower = name.top >= place.bottom - 1;
        return lower ? 'hidden' : name.right <= place.right + 1 ? 'whole' : 'cut';
    })"""
    with visiting(browser, pages["good"].as_uri(), NARROW) as visit:
        found = visit.page.evaluate(seen)
    assert set(found) == {"whole", "hidden"}


def test_the_policy_stops_what_a_page_must_not_do(pages: dict[str, Path], browser: Browser) -> None:
    attempts = """() => {
        const refused = [];
        addEventListener("securitypolicyviolation", e => refused.push(e.effectiveDirective));
        const image = new Image();
        image.src = "http://example.com/x.png";
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(image, script);
        fetch("http://example.com/z").catch(() => {});
        return new Promise(done => setTimeout(() => done([window.ran, ...refused.sort()]), 100));
    }"""
    page = browser.new_page()
    page.goto(pages["good"].as_uri())
    assert page.evaluate(attempts) == [None, "connect-src", "img-src", "script-src-elem"]
    page.close()
