"""Where a Chromium lies for the tests of pages; `python -m tests.chromium` gets one if it can."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_chromium() -> Path | None:
    """The system's, or the one that Playwright installed."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    if _MAC.exists():
        return _MAC
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        installed = Path(playwright.chromium.executable_path)
    return installed if installed.exists() else None


def main() -> None:
    if find_chromium():
        return
    install = [sys.executable, "-m", "playwright", "install", "chromium"]
    ended = subprocess.run(install, capture_output=True, check=False)
    if ended.returncode:
        print("No Chromium could be installed, so the tests of pages are skipped.")


if __name__ == "__main__":
    main()
