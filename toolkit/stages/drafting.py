"""The draft stage: a profile to a contract, lookups and suites."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.errors import ConfigError
from toolkit.profile.draft import Draft, next_command
from toolkit.report.facts import StageFacts, record_stage
from toolkit.settings.config import Settings
from toolkit.settings.shipped import shipped_folder
from toolkit.stages.profiling import profile, show_profile
from toolkit.stages.run import Run, open_run
from toolkit.storage.atomic import publish_new
from toolkit.storage.interrupts import hold_interrupts
from toolkit.units import human_number

_NAME = re.compile("[a-z][a-z0-9_]*")


def new_dataset(settings: Settings, run_dir: Path) -> None:
    """Profile the inputs and draft a dataset from that."""
    with open_run("new-dataset", settings, run_dir) as run:
        draft_dataset(run, settings.input)


def draft_dataset(run: Run, inputs: Sequence[str]) -> None:
    """Profile the inputs, and write the files that run-pipeline needs; all of them, or none.

    Raises ConfigError when one of them exists already: a user may have edited it.
    """
    name = run.settings.name
    if name is None:
        raise ConfigError.no_name()
    if not _NAME.fullmatch(name):
        raise ConfigError.bad_name(name)
    _refuse_existing(name, _files_by_name(run, name))
    found = profile(run, inputs, for_a_draft=True)
    with record_stage(run.report, "draft") as facts:
        draft = Draft.of(found, name, run.settings.as_of)
        show_profile(found, draft.doubts, "the contract")
        files = _files(run, draft)
        _refuse_existing(name, list(files))
        starters = _starters(run) if draft.lookups() else {}
        # The contract comes last: until it is there, no command reads the others.
        with hold_interrupts():
            publish_new({**starters, **files})
            run.mark_published()
        facts.bytes_out = sum(map(len, files.values()))
        _note_next_step(run, draft, facts)


def _files_by_name(run: Run, name: str) -> list[Path]:
    """List the files that every dataset of this name has."""
    suites = run.workspace.new_suites(name)
    shipped = shipped_folder("conf") / "dataset" / f"{name}.yaml"
    return [
        suites / "clean.json", suites / "rejected.json", run.workspace.new_contract(name), shipped,
    ]  # fmt: skip


def _files(run: Run, draft: Draft) -> dict[Path, bytes]:
    workspace = run.workspace
    lookups, suites = workspace.data_dir / "lookups", workspace.new_suites(draft.dataset)
    return {
        **{lookups / name: text.encode() for name, text in draft.lookups().items()},
        **{suites / name: text.encode() for name, text in draft.suites().items()},
        workspace.new_contract(draft.dataset): draft.yaml().encode(),
    }


def _starters(run: Run) -> Mapping[Path, bytes]:
    """Return all starter lookups for a workspace that gets its own folder: other datasets must find
    there what they found before."""
    if run.workspace.has_own_lookups:
        return {}
    folder = run.workspace.data_dir / "lookups"
    shipped = sorted(shipped_folder("lookups").glob("*.json"))
    return {folder / path.name: path.read_bytes() for path in shipped}


def _refuse_existing(name: str, files: Sequence[Path]) -> None:
    existing = [path for path in dict.fromkeys(files) if os.path.lexists(path)]
    if existing:
        raise ConfigError.dataset_exists(name, existing)


def _note_next_step(run: Run, draft: Draft, facts: StageFacts) -> None:
    workspace, name = run.workspace, draft.dataset
    facts.paths |= {
        "contract": workspace.new_contract(name),
        "suites": workspace.new_suites(name),
    }
    if draft.lookups():
        facts.paths["lookups"] = workspace.data_dir / "lookups"
    n, command = len(draft.doubts), next_command(name, draft.profile.file.files)
    verb, them = ("is", "it") if n == 1 else ("are", "them")
    doubts = f"{human_number(n, 'doubt')} {verb} in the contract; read {them}, then"
    run.note(facts, f"{doubts if n else 'nothing is in doubt; next'}: {command}")
