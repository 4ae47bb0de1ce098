"""A real Chromium for tests that look at pages, with everything that a page asks for on record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import find_chromium

WIDE, NARROW = 1280, 400
_PATIENCE_MS = 10_000
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Visit:
    """A page in a window, what it asked for and what went wrong in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """Pixels that the page is wider than its window."""
        wider = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return int(wider)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless Chromium. Where there is none, the test fails and says how to get it."""
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("there is no Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def visiting(
    browser: Browser, url: str, width: int, allowed: tuple[str, ...] = ("file:", "data:")
) -> Iterator[Visit]:
    """A visit to a page, which fails at its end for an error or a request that is not allowed."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(_PATIENCE_MS)
    context.set_offline(all(start in ("file:", "data:") for start in allowed))
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.on(
        "console",
        lambda message: visit.errors.append(message.text) if message.type == "error" else None,
    )
    visit.page.goto(url)
    yield visit
    foreign = [url for url in visit.requests if not url.startswith(allowed)]
    context.close()
    assert (foreign, visit.errors) == ([], [])
