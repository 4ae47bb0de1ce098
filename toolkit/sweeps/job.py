"""Run one job of a sweep: its input, its processes, and the record of how it ended."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from toolkit.errors import OUT_OF_MEMORY, ToolkitError, is_out_of_memory
from toolkit.report.facts import RUN_FILE, one_line
from toolkit.report.sampling import describe_machine
from toolkit.settings.config import Cluster, Settings
from toolkit.storage.interrupts import INTERRUPTED
from toolkit.storage.traces import living
from toolkit.sweeps.process import Work, do_alone
from toolkit.sweeps.record import JobRecord
from toolkit.sweeps.shared_feed import SharedFeed

Stage = Callable[[Settings, Path], object]
OUTPUT_FILE = "output.txt"
FEEDS_FOLDER = "inputs"


@dataclass(frozen=True)
class Job:
    """A job for which Hydra has made the `folder`; everything in it can be pickled.

    `share` generates the input that jobs share, for a command that generates one when none is
    given. `begin` is called first in each process. `at_once` jobs share the machine.
    """

    stage: Stage
    share: Stage | None
    begin: Callable[[], None]
    folder: Path
    at_once: int

    def run(self, record: JobRecord, settings: Settings) -> JobRecord:
        """Run the job and record how it ended; nothing but Ctrl-C is raised."""
        (self.folder / RUN_FILE).unlink(missing_ok=True)
        record.write(self.folder)
        cluster = share_of_cores(settings.cluster, self.at_once)
        settings = replace(settings, cluster=cluster)
        if self.share is not None and not settings.input:
            feed = SharedFeed.of(settings)
            settings = replace(settings, input=(str(feed.path),))
            if not feed.is_whole():
                feeds = self.folder.parent / FEEDS_FOLDER
                record = self._do(self.share, record, settings, feeds / feed.path.stem)
        if record.status == "running":
            settings = replace(settings, results_dir=self.folder)
            record = self._do(self.stage, record, settings, self.folder)
        if record.status == "running":
            record = replace(record, status="ok")
        record.write(self.folder)
        return record

    def _do(self, stage: Stage, record: JobRecord, settings: Settings, run_dir: Path) -> JobRecord:
        """Run the job in a process; return its record, with how it ended if that is final."""
        run_dir.mkdir(parents=True, exist_ok=True)
        work = Work(
            self.begin,
            partial(_attempt, stage, record, settings, (run_dir, self.folder)),
            run_dir / OUTPUT_FILE,
            quiet=self.at_once > 1,
        )
        try:
            code = do_alone(work)
        except KeyboardInterrupt:
            replace(record, status="interrupted").write(self.folder)
            raise
        if code == INTERRUPTED:
            return replace(record, status="interrupted")
        if code:
            return replace(record, status="failed", error=_death(code))
        return JobRecord.read(self.folder) or record


def share_of_cores(cluster: Cluster, at_once: int) -> Cluster:
    """Return the cluster with one of several jobs' share of the workers, unless their number is
    set.
    """
    if at_once == 1 or cluster.workers is not None or cluster.kind in ("sync", "remote"):
        return cluster
    n_cores = describe_machine()["cores"] // at_once
    return replace(cluster, workers=max(1, n_cores // (cluster.threads_per_worker or 1)))


def _attempt(
    stage: Stage, record: JobRecord, settings: Settings, folders: tuple[Path, Path]
) -> None:
    """Run the job, or record why it failed. Runs in the job's process."""
    run_dir, job_dir = folders
    try:
        with living(run_dir):
            stage(settings, run_dir)
    except (Exception, SystemExit) as error:
        text = one_line(error)
        if isinstance(error, SystemExit):
            text = f"a stage left with sys.exit({error.code!r})"
        if is_out_of_memory(error):
            text = OUT_OF_MEMORY
            print(f"error: {text}", file=sys.stderr)
        elif not isinstance(error, ToolkitError):
            # Saved with the job's output, and reported at once unless that is the same file.
            for stream in {sys.stdout, sys.stderr}:
                traceback.print_exception(error, file=stream)
        replace(record, status="failed", error=text).write(job_dir)


def _death(code: int) -> str:
    if code > 0:
        return f"its process ended with exit code {code}"
    hint = ", most likely out of memory" if code == -signal.SIGKILL else ""
    return f"its process was killed by {signal.Signals(-code).name}{hint}"
