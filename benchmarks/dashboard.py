"""How long the dashboard takes in a real browser, on what the pipeline made of a feed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import WIDE, open_browser
from tests.commands import script
from tests.dashboard.server import serving

_TIMES = 7
_REGIONS = ("Delhi", "Mumbai", "Chennai", "Kolkata", "Vietnam")
_REASONS = ("zero_quantity", "invalid_sale_date", "duplicate_order_id")
_DRAWN = "document.querySelectorAll('[data-testid=stVegaLiteChart] svg').length >= {}"
_SETTLED = "!document.querySelector('[data-stale=true]')"


def measure_dashboard(csv: Path, work: Path) -> dict[str, Any]:
    """The best seconds until the first view is drawn, and until a filter shows.

    Each first view is that of a new browser profile, so that nothing is cached.
    """
    data_dir = work / "dashboard" / "data"
    shutil.rmtree(data_dir.parent, ignore_errors=True)
    data_dir.parent.mkdir(parents=True)
    script("run-pipeline", data_dir.parent, str(csv), f"data_dir={data_dir}", "validation=off")
    tables = list((data_dir / "aggregations").glob("*.parquet"))
    with serving(data_dir) as served, open_browser() as browser:
        views = [_first_view(browser, served.url) for _ in range(_TIMES)]
        explore, quality = (f"{served.url}/?page={page}" for page in ("Explore", "Data+quality"))
        return {
            "first figures": min(figures for figures, _ in views),
            "first view, all charts drawn": min(charts for _, charts in views),
            "filter by region": min(_choices(browser, explore, "Region", _REGIONS)),
            "rejected rows of a reason": min(_choices(browser, quality, "Reason", _REASONS)),
            "aggregation_bytes": sum(path.stat().st_size for path in tables),
        }


def _first_view(browser: Browser, url: str) -> tuple[float, float]:
    """Seconds until the headline figures are there, and until all charts are drawn."""
    context = browser.new_context(viewport={"width": WIDE, "height": 900})
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url)
    page.locator("[data-testid=stMetric]").first.wait_for()
    figures = time.perf_counter() - begun
    page.wait_for_function(_DRAWN.format(6))
    charts = time.perf_counter() - begun
    context.close()
    return figures, charts


def _choices(browser: Browser, url: str, box: str, values: tuple[str, ...]) -> list[float]:
    """Seconds for each of the values, from the key that chooses it until the page shows it."""
    context = browser.new_context(viewport={"width": WIDE, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.wait_for_function(_DRAWN.format(1))
    page.wait_for_timeout(1_000)
    found = [_seconds(page, box, value) for value in values]
    context.close()
    return found


def _seconds(page: Page, box: str, value: str) -> float:
    page.get_by_role("combobox", name=box).focus()
    page.keyboard.type(value)
    page.get_by_role("option", name=value, exact=True).wait_for()
    told = (
        f"[...document.querySelectorAll('h3, strong')].some(e => e.innerText.includes('{value}'))"
    )
    begun = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{told} && {_SETTLED}")
    seconds = time.perf_counter() - begun
    page.wait_for_timeout(500)
    return seconds
