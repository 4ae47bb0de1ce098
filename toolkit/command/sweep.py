"""Run a sweep through Hydra: one job for each set of overrides, and their comparison at the end.

Hydra's launchers may call a job in another process, so a job can be pickled, and its results are
read from its folder.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import configure_log
from omegaconf import DictConfig, OmegaConf

from toolkit.command.compose import Composition, PlannedRun, plain_values
from toolkit.command.run import check_unused
from toolkit.errors import ConfigError
from toolkit.pages.visible import in_line
from toolkit.report.facts import utc_now
from toolkit.settings.commands import quoted
from toolkit.settings.config import read_settings
from toolkit.storage.locks import locked
from toolkit.sweeps.comparison import read_seconds
from toolkit.sweeps.job import Job, Stage
from toolkit.sweeps.publish import compare
from toolkit.sweeps.record import (
    SWEEP_FILE,
    JobRecord,
    PlannedJob,
    SweepRecord,
    is_done,
    job_key,
    typed_overrides,
)
from toolkit.sweeps.resume import find_same, fingerprint_inputs

SOME_RUNS_FAILED = 4
_RESUME = "sweep.resume"
EnterHydra = Callable[[list[str], Callable[[DictConfig], float]], None]


@dataclass(frozen=True)
class SweepJob:
    """The function that Hydra calls for each job. `n_jobs` is None when their number is unknown.

    `defaults` are the values of the config without overrides, `today` is the same for all jobs.
    """

    stage: Stage
    share: Stage | None
    at_once: int
    n_jobs: int | None
    defaults: Mapping[str, Any] | None
    today: date

    def run(self, config: DictConfig) -> float:
        """Run the job, unless it was done before; return its seconds for a sweeper to minimise.

        A failed job returns infinity. It must not raise: that would end the sweep.
        """
        with _interruptible():
            return self._run(config)

    def _run(self, config: DictConfig) -> float:
        hydra, values = HydraConfig.get(), plain_values(config)
        overrides = typed_overrides(hydra.overrides.task)
        record = JobRecord(int(hydra.job.num), overrides, job_key(values))
        folder = Path(hydra.runtime.output_dir)
        of_all = f" of {self.n_jobs}" if self.n_jobs else ""
        typed = " ".join(overrides)
        name = f"run {record.number + 1}{of_all}: {typed}"
        if is_done(folder):
            _report(f"{name}: done before")
        else:
            _report(name)
            try:
                settings = read_settings(
                    values, overrides, defaults=self.defaults, today=self.today
                )
            except ConfigError as error:
                record = replace(record, status="failed", error=str(error))
                record.write(folder)
            else:
                begin = _log_configuration(config)
                job = Job(self.stage, self.share, begin, folder, self.at_once)
                record = job.run(record, settings)
            if record.error is not None:
                _report(f"error: {typed}: {record.error}")
        seconds = read_seconds(folder)
        return math.inf if seconds is None else seconds


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the job in a launcher's worker. Before and after it only the sweep handles
    Ctrl-C, and ends its workers.
    """
    in_worker = multiprocessing.parent_process() is not None
    if in_worker:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if in_worker:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_sweep(
    composition: Composition,
    runs: Sequence[PlannedRun],
    stages: tuple[Stage, Stage | None],
    enter: EnterHydra,
) -> int:
    """Run the jobs, or the missing ones, and compare all; return the exit code.

    `runs` are the planned runs, `stages` the functions that run a job and make its input. The
    finished jobs are compared however the sweep ends. Raises ConfigError or OutputError before
    anything is run.
    """
    known = composition.jobs_known
    record = SweepRecord(composition.command, utc_now(), _planned(composition, runs))
    folder = Path(runs[0].sweep_dir)
    if runs[0].values["sweep"]["resume"]:
        folder, earlier = find_same(record, folder)
        record = replace(record, started=earlier.started, today=earlier.today)
    elif (folder / SWEEP_FILE).exists():
        raise ConfigError(
            f"hydra.sweep.dir={folder}: contains a sweep; name another folder, or resume it by "
            f"{_RESUME}=true"
        )
    else:
        check_unused("hydra.sweep.dir", folder)
    at_once = min(runs[0].at_once, len(runs)) if known else runs[0].at_once
    today = date.fromisoformat(record.today)
    job = SweepJob(*stages, at_once, len(runs) if known else None, composition.defaults(), today)
    overrides = [one for one in composition.overrides if one.key_or_group != _RESUME]
    words = [*composition.words(overrides), f"hydra.sweep.dir={quoted(str(folder))}"]
    with locked(folder / SWEEP_FILE):
        record.write(folder)
        try:
            enter(words, job.run)
        finally:
            compared = compare(folder, sys.stdout)
            failed, n_jobs = len(compared.failed), len(compared.jobs)
            if failed and known:
                _report(f"note: the same command with {_RESUME}=true runs only what is missing")
    if failed:
        _report(f"error: {failed} of {n_jobs} runs failed")
    return SOME_RUNS_FAILED if failed else 0


def _planned(composition: Composition, runs: Sequence[PlannedRun]) -> tuple[PlannedJob, ...]:
    """Return the planned jobs, as far as they are known."""
    return tuple(
        PlannedJob(
            number,
            typed_overrides(run.overrides),
            job_key(run.values),
            fingerprint_inputs(composition.command, run.values),
        )
        for number, run in enumerate(runs if composition.jobs_known else [])
    )


def _log_configuration(config: DictConfig) -> Callable[[], None]:
    """Configure the logging of a process as Hydra would for this job."""
    hydra = HydraConfig.get()
    # Composed together, since the logging refers to log_level, which is not part of hydra's config.
    whole = DictConfig({"hydra": hydra, "log_level": config.log_level})
    logging = DictConfig(OmegaConf.to_container(whole.hydra.job_logging, resolve=True))
    return partial(configure_log, logging, whole.hydra.verbose)


def _report(text: str) -> None:
    # In a launcher's worker, stderr is that of the process.
    print(in_line(text), file=sys.stderr, flush=True)
