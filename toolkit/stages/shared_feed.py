"""Generate a feed once for all the jobs of a sweep that read it."""

from __future__ import annotations

from pathlib import Path

from toolkit.settings.config import Settings
from toolkit.stages.generating import generate
from toolkit.stages.run import open_run
from toolkit.storage.locks import locked
from toolkit.sweeps.shared_feed import SharedFeed


def share_feed(settings: Settings, run_dir: Path) -> None:
    """Generate the feed unless another job has; wait for a job that is at it.

    The run report goes to `run_dir`, if there was anything to do.
    """
    feed = SharedFeed.of(settings)
    with locked(feed.path, wait=True):
        if feed.is_whole():
            return
        feed.begin()
        with open_run("generate-data", settings, run_dir) as run:
            generate(run, feed.path)
        feed.finish()
