"""Takes the pictures of a run's report that the documents show: python -m docs.report_screenshot"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser import WIDE, open_browser, visiting

IMAGES = Path(__file__).parent / "images"
_HEIGHT = 1330


def take_report(page: Page, folder: Path) -> None:
    """Write report.png (its top) and report-time.png into the folder.

    The page shows the report of a pipeline in a window 1,280 pixels wide.
    """
    page.screenshot(
        path=folder / "report.png",
        full_page=True,
        clip={"x": 0, "y": 0, "width": WIDE, "height": _HEIGHT},
    )
    time = page.locator("section", has=page.get_by_role("heading", name="Where the time went"))
    time.screenshot(path=folder / "report-time.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as workspace, open_browser() as browser:
        command = Path(sys.executable).with_name("run-pipeline")
        subprocess.run([command, "size=medium", "seed=7"], cwd=workspace, check=True)
        [report] = Path(workspace).glob("data/reports/*/report.html")
        with visiting(browser, report.as_uri(), WIDE) as visit:
            IMAGES.mkdir(exist_ok=True)
            take_report(visit.page, IMAGES)


if __name__ == "__main__":
    main()
