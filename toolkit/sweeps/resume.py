"""Find the sweep to resume, and check that it can be resumed."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import ConfigError
from toolkit.read.archives import archive_of
from toolkit.report.code_digest import code_digest
from toolkit.settings.commands import AGGREGATE, CLEAN, GENERATE, PIPELINE, VALIDATE
from toolkit.settings.workspace import Workspace
from toolkit.sweeps.record import SWEEP_FILE, SweepRecord, is_done
from toolkit.sweeps.shared_feed import generator_digest


def find_same(record: SweepRecord, folder: Path) -> tuple[Path, SweepRecord]:
    """Return the folder and record of the latest sweep with the same jobs: `folder`, or one beside
    it.

    Raises ConfigError when there is none, or when inputs of a finished job have changed.
    """
    if not record.jobs:
        raise ConfigError(
            "sweep.resume: this sweeper decides on its jobs as it goes, so that none is known to "
            "be missing; run it again without sweep.resume"
        )
    found = [
        (path.parent, SweepRecord.read(path.parent))
        for path in {folder / SWEEP_FILE, *folder.parent.glob(f"*/{SWEEP_FILE}")}
        if path.is_file()
    ]
    alike = [one for one in found if _overrides(one[1]) == _overrides(record)]
    if not alike:
        raise ConfigError(
            f"sweep.resume: no sweep with these {len(record.jobs)} jobs in {folder.parent}; "
            "check the overrides, or run it without sweep.resume"
        )
    where, earlier = max(alike, key=lambda one: (one[1].started, one[0]))
    changed = list(dict.fromkeys(_changes(where, earlier, record)))
    if changed:
        raise ConfigError(
            f"sweep.resume: changed since jobs of {where} were run: {', '.join(changed)}; results "
            "would not belong together, so run the sweep again without sweep.resume"
        )
    return where, earlier


def _changes(where: Path, earlier: SweepRecord, now: SweepRecord) -> Iterator[str]:
    for before, job in zip(earlier.jobs, now.jobs, strict=True):
        if not is_done(where / str(job.number)):
            continue
        if before.key != job.key:
            yield "the config"
        for name in sorted({*before.inputs, *job.inputs}):
            if before.inputs.get(name) != job.inputs.get(name):
                yield name


def fingerprint_inputs(command: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run's results (its config as plain values) depend on besides the config.

    Inputs count as changed by size or modification time, lookups and suites by their text. A
    missing file is left out: the job that needs it reports it.
    """
    found = {"the toolkit": code_digest()}
    workspace = Workspace(Path(values["data_dir"]))
    if command == GENERATE or (command == PIPELINE and not values["input"]):
        found["the generator"] = generator_digest()
    for path in _files_read(command, values, workspace):
        if path.is_file():
            state = path.stat()
            found[str(path)] = f"{state.st_size} bytes, {state.st_mtime_ns} ns"
    for folder in _folders_read(command, values, workspace):
        for path in sorted(folder.rglob("*.json")):
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _folders_read(command: str, values: Mapping[str, Any], workspace: Workspace) -> Iterator[Path]:
    """Return the folders of the lookups and suites that the run uses."""
    if command in (CLEAN, PIPELINE, VALIDATE):
        yield workspace.lookups
    if command == VALIDATE or (command == PIPELINE and values["validation"]["enabled"]):
        yield workspace.suites(values["dataset"]["name"])


def _files_read(command: str, values: Mapping[str, Any], workspace: Workspace) -> Iterator[Path]:
    given = values["input"] or []
    patterns = [given] if isinstance(given, str) else given
    if command in (AGGREGATE, VALIDATE):
        stem = workspace.generated_feed.stem
        named = [values["cleaned"], values["rejected"]]
        if not any(named):
            named = [workspace.clean_dataset(stem), workspace.rejected_dataset(stem)]
        for dataset in map(Path, filter(None, named[:1] if command == AGGREGATE else named)):
            yield from sorted(dataset.rglob("*.parquet")) if dataset.is_dir() else [dataset]
    elif command == CLEAN and not patterns:
        yield workspace.generated_feed
    elif command in (CLEAN, PIPELINE):
        for pattern in patterns:
            if inside := archive_of(pattern):
                yield Path(inside[0])
                continue
            yield from (Path(name) for name in sorted(glob.glob(pattern)) or [pattern])


def _overrides(record: SweepRecord) -> tuple[str, Sequence[tuple[str, ...]]]:
    return record.command, [job.overrides for job in record.jobs]
