"""The dashboard in a real browser, wide and narrow: nothing is asked of any other host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, Visit, open_browser, visiting
from tests.commands import ask
from tests.dashboard.server import Served, serving
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.browser

WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def served(full: Workspace) -> Iterator[Served]:
    with serving(full.data_dir) as answering:
        yield answering


@contextmanager
def at(served: Served, browser: Browser, width: int, address: str = "") -> Iterator[Visit]:
    with visiting(
        browser, f"{served.url}/{address}", width, (served.url, "data:", "blob:")
    ) as visit:
        yield visit


def heading(page: Page, text: str) -> None:
    """Waits for it."""
    expect(page.get_by_role("heading", name=text, exact=True)).to_be_visible()


def chosen(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def has_chosen(page: Page, key: str, value: str) -> None:
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get(key) == [value])


def choose(page: Page, box: str, value: str) -> None:
    """By the keyboard alone."""
    page.get_by_role("combobox", name=box).focus()
    page.keyboard.type(value)
    page.get_by_role("option", name=value, exact=True).wait_for()
    page.keyboard.press("Enter")


@WIDTHS
@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("Overview", "How did the months go?"),
        ("Explore", "Revenue by category"),
        ("Data quality", "Which runs were there?"),
    ],
)
def test_each_page_opens_and_fits_the_window(
    served: Served, browser: Browser, width: int, page: str, shown: str
) -> None:
    with at(served, browser, width) as visit:
        heading(visit.page, "How did the months go?")
        visit.page.get_by_role("radio", name=page).click()
        heading(visit.page, shown)
        expect(visit.page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
        assert chosen(visit.page).get("page", ["Overview"]) == [page]
        assert visit.overflow == 0


@WIDTHS
def test_a_click_on_a_category_shows_its_best_products(
    served: Served, browser: Browser, width: int
) -> None:
    with at(served, browser, width, "?page=Explore") as visit:
        bars = visit.page.locator(
            "[data-testid=stVegaLiteChart] svg path[aria-roledescription=bar]"
        )
        second = bars.nth(1)
        name = (second.get_attribute("aria-label") or "").partition("label: ")[2].partition(";")[0]
        second.click()
        heading(visit.page, name)
        has_chosen(visit.page, "category", name)
        expect(visit.page.get_by_text("Best products by units")).to_be_visible()


@WIDTHS
def test_filters_are_put_into_an_address_that_leads_back(
    served: Served, browser: Browser, width: int
) -> None:
    with at(served, browser, width, "?page=Explore") as visit:
        heading(visit.page, "Revenue by category")
        choose(visit.page, "Region", "Delhi")
        heading(visit.page, "Revenue by category in Delhi")
        choose(visit.page, "Category", "Books")
        heading(visit.page, "Books")
        choose(visit.page, "Metric", "Orders")
        heading(visit.page, "Orders by category in Delhi")
        has_chosen(visit.page, "metric", "Orders")
        address = urlsplit(visit.page.url).query
    with at(served, browser, width, f"?{address}") as visit:
        heading(visit.page, "Orders by category in Delhi")
        heading(visit.page, "Books")


@WIDTHS
def test_a_reason_filters_rows_and_a_link_leads_to_data_docs(
    served: Served, browser: Browser, width: int
) -> None:
    with at(served, browser, width, "?page=Data+quality") as visit:
        choose(visit.page, "Reason", "zero_quantity")
        has_chosen(visit.page, "reason", "zero_quantity")
        with visit.page.expect_popup() as popup:
            visit.page.get_by_role("link", name="Data Docs").first.click()
        docs = popup.value
        expect(docs.get_by_role("heading", level=1)).to_be_visible()
        docs.wait_for_load_state()
        assert docs.evaluate("document.styleSheets[0].cssRules.length") > 0
        assert docs.url.startswith(f"{served.url}/reports/data_docs/runs/")


def test_a_table_is_downloaded_as_csv(served: Served, browser: Browser) -> None:
    with at(served, browser, WIDE, "?page=Explore") as visit:
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Download CSV", exact=True).click()
        lines = Path(download.value.path()).read_text().splitlines()
        assert lines[0].startswith("category,total_revenue,")
        assert len(lines) == 20


def test_a_page_follows_what_is_published(own: Workspace, browser: Browser) -> None:
    with serving(own.data_dir) as answering, at(answering, browser, WIDE) as visit:
        heading(visit.page, "How did the months go?")
        words = (f"data_dir={own.data_dir}", "rows=400", "validation=off")
        assert ask("run-pipeline", *words).code == 0
        expect(visit.page.get_by_text("not validated")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_stand_out_from_what_is_behind_them(
    served: Served, browser: Browser, scheme: str
) -> None:
    with at(served, browser, WIDE) as visit:
        visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        visit.page.reload()
        bar = visit.page.locator("[data-testid=stVegaLiteChart] svg path[aria-roledescription=bar]")
        fill = bar.nth(3).evaluate("bar => getComputedStyle(bar).fill")
        behind = visit.page.locator("[data-testid=stApp]").evaluate(
            "app => getComputedStyle(app).backgroundColor"
        )
        assert contrast(fill, behind) >= 3


def contrast(one: str, other: str) -> float:
    """Of two CSS colours, as the accessibility guidelines measure it."""
    high, low = sorted(map(luminance, (one, other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
