"""The pictures in docs/images, made anew in Chromium: `python -m docs.screenshots`.

They show a workspace that the pipeline filled with generated feeds, one of them much worse than
the others, and the report of a run of its own.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import NARROW, WIDE, open_browser, visiting
from tests.commands import script
from tests.dashboard.server import serving

IMAGES = Path(__file__).with_name("images")
_EARLIER_RUNS = 8
_PHONE_PIXELS, _REPORT_PIXELS = 860, 1330


@dataclass(frozen=True)
class Shot:
    """A page of the dashboard in a window; `height` is what is kept of it, from the top."""

    name: str
    address: str
    width: int
    height: int
    dark: bool = False


DASHBOARD = (
    Shot("dashboard-overview", "", WIDE, 1180),
    Shot("dashboard-explore", "?page=Explore&category=Books", WIDE, 1180, dark=True),
    Shot("dashboard-quality", "?page=Data+quality", WIDE, 1060),
    Shot("dashboard-phone", "?page=Explore&category=Books", NARROW, _PHONE_PIXELS),
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        data_dir = Path(folder) / "sales" / "data"
        fill(data_dir)
        with serving(data_dir) as served:
            for shot in DASHBOARD:
                take(browser, f"{served.url}/{shot.address}", shot)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        script("run-pipeline", Path(folder), "size=medium", "seed=7")
        [report] = Path(folder).glob("data/reports/*/report.html")
        with visiting(browser, report.as_uri(), WIDE) as visit:
            take_report(visit.page, IMAGES)


def fill(data_dir: Path) -> None:
    """A history of runs, and a validated one at its end."""
    data_dir.parent.mkdir(parents=True)
    for number in range(_EARLIER_RUNS):
        words = [f"seed={number}", f"rows={96_000 + 700 * number}", "validation=off"]
        if number == _EARLIER_RUNS - 2:
            words.append("dataset.columns.unit_price.below=400")
        script("run-pipeline", data_dir.parent, *words)
    script("run-pipeline", data_dir.parent)


def take(browser: Browser, url: str, shot: Shot) -> None:
    """The page as a PNG, when all of it is drawn."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.dark else "light",
    )
    page = context.new_page()
    page.goto(url)
    page.locator("[data-testid=stVegaLiteChart] svg").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-stale=true]')")
    # Charts and fonts fade in.
    page.wait_for_timeout(3_000)
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    path = IMAGES / f"{shot.name}.png"
    picture.convert("RGB").save(path, optimize=True)
    print(f"{path.name}  {path.stat().st_size:,} B")


def take_report(page: Page, folder: Path) -> None:
    """Write report.png (its top) and report-time.png into the folder.

    The page shows the report of a pipeline in a window 1,280 pixels wide.
    """
    page.screenshot(
        path=folder / "report.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": WIDE, "height": _REPORT_PIXELS},
    )
    time = page.locator("section", has=page.get_by_role("heading", name="Where the time went"))
    time.screenshot(path=folder / "report-time.png")


if __name__ == "__main__":
    main()
