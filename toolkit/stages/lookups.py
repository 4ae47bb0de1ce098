"""The lookups stage: distinct values of the data to lookup files."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
from dask.delayed import delayed

from toolkit.clean.evaluate import Rules
from toolkit.clean.revenue import amount_column, behind_amount, weigh_block
from toolkit.cluster import open_cluster
from toolkit.contract import Contract, LookupLimits, LookupPart, Mapped
from toolkit.errors import ConfigError, InputError, OutputError
from toolkit.lookups.building import NameRules
from toolkit.lookups.counts import Counted, Group, ValueCounts, count_block
from toolkit.lookups.loading import personal_lookups, values_hidden
from toolkit.lookups.planning import Plan, Request, all_requests, groups_of, requests_for
from toolkit.lookups.review import ReviewEntry, entries_to_review, review_table, write_review
from toolkit.lookups.suggested import LookupDraft, LookupFile, marks_path
from toolkit.lookups.text import Shape
from toolkit.pages.masking import Masks
from toolkit.read.reader import reader_of
from toolkit.read.sizing import choose_block_bytes
from toolkit.read.sources import Source, find_sources, repeated_names, watching
from toolkit.report.facts import InputFacts, StageFacts, record_stage
from toolkit.report.terminal import print_plainly, shown_path
from toolkit.settings.config import Settings
from toolkit.settings.shipped import shipped_folder
from toolkit.stages.project_tests import run_project_tests
from toolkit.stages.run import Run, open_run
from toolkit.stages.unpacking import spooled
from toolkit.storage.atomic import check_replaceable, publishing_files
from toolkit.storage.interrupts import hold_interrupts
from toolkit.storage.traces import temporary_folder
from toolkit.units import human_count

_SHOWN = 20
REVIEW_FILE = "lookup_review.csv"


def build_category_lookup(settings: Settings, run_dir: Path) -> None:
    """Add frequent values to the canonical names of a category column."""
    _build("build-category-lookup", settings, run_dir, ("category", "names"))


def build_region_lookup(settings: Settings, run_dir: Path) -> None:
    """Add frequent values to the canonical names of a mapped column."""
    _build("build-region-lookup", settings, run_dir, ("region", "names"))


def build_region_map(settings: Settings, run_dir: Path) -> None:
    """Add the values that a mapped column's map does not know."""
    _build("build-region-map", settings, run_dir, ("region", "map"))


def build_lookup(settings: Settings, run_dir: Path) -> None:
    """Build every lookup of one column."""
    if settings.column is None:
        known = ", ".join(settings.dataset.lookup_columns())
        raise ConfigError(f"column: missing; build-lookup needs one of {known}")
    with open_run("build-lookup", settings, run_dir) as run:
        build(run, requests_for(settings.dataset, settings.column), run.inputs())


def update_lookups(settings: Settings, run_dir: Path) -> None:
    """Build every lookup of the contract in one pass, then run the project's tests."""
    with open_run("update-lookups", settings, run_dir) as run:
        build(run, all_requests(settings.dataset), run.inputs(), is_all=not settings.run_tests)
        if settings.run_tests:
            run_project_tests(run)


def review_lookups(settings: Settings, run_dir: Path) -> None:
    """Show what the lookups do not know, or know from a machine only."""
    with open_run("review-lookups", settings, run_dir) as run:
        requests = (
            all_requests(settings.dataset)
            if settings.column is None
            else requests_for(settings.dataset, settings.column)
        )
        review(run, requests, run.inputs())


def _build(command: str, settings: Settings, run_dir: Path, preset: tuple[str, LookupPart]) -> None:
    column, part = preset
    with open_run(command, settings, run_dir) as run:
        requests: list[Request] = requests_for(settings.dataset, settings.column or column, [part])
        build(run, requests, run.inputs())


@dataclass(frozen=True)
class _Place:
    """The folder to write lookups to, and the one to read those that it lacks from."""

    folder: Path
    otherwise: Path
    limits: LookupLimits
    only: str | None = None
    """The only lookup to write, where `output` names a file..."""
    only_name: str = ""
    """... and that file's name."""

    @classmethod
    def of_workspace(cls, run: Run) -> _Place:
        return cls(
            run.workspace.new_lookups.absolute(),
            run.workspace.lookups,
            run.settings.dataset.lookup_limits,
        )

    @classmethod
    def of(cls, run: Run, names: Sequence[str]) -> _Place:
        output, lookups = run.settings.output, run.workspace.lookups
        limits = run.settings.dataset.lookup_limits
        if output is None:
            return cls.of_workspace(run)
        if output.suffix != ".json":
            return cls(output.absolute(), lookups, limits)
        if len(names) > 1:
            raise ConfigError(
                f"output={output}: is one file, but {' and '.join(names)} are built; name a folder"
            )
        return cls(output.absolute().parent, lookups, limits, names[0], output.name)

    def path(self, name: str) -> Path:
        if self.only is None:
            return self.folder / name
        return self.folder / self.only_name if name == self.only else self.otherwise / name

    def read(self, name: str, shape: Shape) -> LookupFile:
        """Read the file to be written, or else the one that cleaning uses; empty without either."""
        for path in (self.path(name), self.otherwise / name):
            if path.exists():
                return LookupFile.read(path, shape, self.limits)
        return LookupFile.empty(self.otherwise / name, shape)


def build(
    run: Run, requests: Sequence[Request], inputs: Sequence[str], *, is_all: bool = True
) -> None:
    """Add values of the inputs to the lookups, all files or none; idempotent.

    Without `is_all` the run may still fail once they are written.
    """
    contract = run.settings.dataset
    with record_stage(run.report, "lookups") as facts, values_hidden(contract):
        names = _names(run, requests)
        place = _Place.of(run, names)
        for name in names:
            check_replaceable(place.path(name))
        plan = _plan(run, place)
        # Report a user's mistakes in the files before the data is read.
        plan.make(requests, _nothing(run, requests))
        plan = _plan(run, place)
        plan.make(requests, _count(run, requests, inputs, facts)[0])
        with hold_interrupts():
            _publish(run, plan, place, facts)
            if is_all:
                run.mark_published()


def review(run: Run, requests: Sequence[Request], inputs: Sequence[str]) -> None:
    """Show unknown and uncertain values, most rows first, and write all of them as CSV.

    Lookups are written only if `accept` is set.
    """
    settings, contract = run.settings, run.settings.dataset
    with record_stage(run.report, "review") as facts, values_hidden(contract):
        path = settings.output or run.run_dir / REVIEW_FILE
        check_replaceable(path)
        place = _Place.of_workspace(run)
        plan = _plan(run, place)
        plan.make(requests, _nothing(run, requests))
        plan = _plan(run, place)
        counts, amount = _count(run, requests, inputs, facts, amount_column(contract))
        plan.make(requests, counts)
        decimals = contract.derived[amount].decimals if amount else None
        key = run.mask_key if contract.personal_columns() else None
        entries = entries_to_review(plan, counts, decimals, Masks.of_clean(contract, key))
        _write_review(entries, path)
        facts.paths["review"] = path
        if settings.accept is not None:
            if note := _without_a_map(entries, settings.accept):
                run.note(facts, note)
            with hold_interrupts():
                _publish(run, plan, place, facts)
                run.mark_published()
        run.note(facts, f"{human_count(len(entries))} values are unknown or uncertain")
    if entries:
        print_plainly(review_table(entries, amount, _SHOWN), sys.stdout)
        print()


def _without_a_map(entries: Sequence[ReviewEntry], accept: float) -> str:
    """Return a note on suggestions that could be accepted if there were a map; else ''."""
    left = [one for one in entries if one.suggestion is not None and one.score >= accept]
    if not left:
        return ""
    columns = ", ".join(dict.fromkeys(one.column for one in left))
    n_shown = "1 suggestion" if len(left) == 1 else f"{human_count(len(left))} suggestions"
    return (
        f"{n_shown} for {columns} cannot be accepted, as there is no "
        "map to write them to; cleaning takes the nearest name within max_edits of the contract"
    )


def _plan(run: Run, place: _Place) -> Plan:
    settings, contract = run.settings, run.settings.dataset
    labels = [c.unknown for c in contract.columns.values() if isinstance(c, Mapped)]
    rules = NameRules.of(settings.threshold, [*settings.unknown_words, *labels])
    return Plan(contract, place.read, rules, settings.accept)


def _names(run: Run, requests: Sequence[Request]) -> list[str]:
    """List the files that the requests are about."""
    columns = run.settings.dataset.columns
    names = (columns[one.column].lookup_files()[one.part] for one in requests)
    return list(dict.fromkeys(names))


def _nothing(run: Run, requests: Sequence[Request]) -> dict[Group, pa.Table]:
    return {
        group: ValueCounts(group).table() for group in groups_of(run.settings.dataset, requests)
    }


def _count(
    run: Run,
    requests: Sequence[Request],
    inputs: Sequence[str],
    facts: StageFacts,
    amount: str | None = None,
) -> tuple[dict[Group, pa.Table], str | None]:
    """Count distinct values and their rows in one pass over the inputs, for all requests.

    Also returns the column that is summed: `amount`, unless a file lacks a column of its formula.
    Headers need the columns of the requests only.
    """
    contract = run.settings.dataset
    groups = tuple(groups_of(contract, requests))
    sums = {group: ValueCounts(group) for group in groups}
    sources = find_sources(inputs)
    facts.bytes_in, facts.rows_in = sum(source.size for source in sources), 0
    facts.inputs = [InputFacts(source.shown, source.size) for source in sources]
    if repeated := repeated_names(sources):
        run.note(facts, repeated)
    counted = _of_columns(contract, [name for group in groups for name in group])
    with (
        temporary_folder(run.run_dir.absolute(), ".spool-") as folder,
        watching(sources),
        open_cluster(run.settings.cluster) as runner,
    ):
        plain = spooled(runner, sources, folder, contract.csv)
        n_bytes = choose_block_bytes(run.settings.partitions, plain, counted, runner.n_workers)
        blocks = reader_of(counted).plan(plain, n_bytes)
        work = partial(count_block, contract=contract, groups=groups)
        if amount is not None:
            behind = behind_amount(contract, amount)
            weighed = _of_columns(contract, [*counted.columns, *behind])
            if lacking := _lacking(plain, weighed, n_bytes):
                run.note(facts, f"{amount} is left out: {lacking}")
                amount = None
            else:
                blocks = reader_of(weighed).plan(plain, n_bytes)
                rules = Rules.load(contract, run.workspace.lookups, run.settings.as_of, behind)
                work = partial(weigh_block, rules=rules, groups=groups, amount=amount)
        task = delayed(work, pure=False)
        total = sum(block.n_bytes for block in blocks)
        with run.progress.stage("lookups", total_bytes=total) as shown:

            def add(block: Counted) -> None:
                for group, table in block.tables.items():
                    sums[group].add(table)
                facts.rows_in = (facts.rows_in or 0) + block.n_records
                shown.advance(rows=block.n_records, bytes=block.n_bytes)

            runner.run([task(block) for block in blocks], add)
    return {group: counts.table() for group, counts in sums.items()}, amount


def _of_columns(contract: Contract, names: Sequence[str]) -> Contract:
    """Reduce the contract to some columns, so that headers need no others."""
    columns = {name: one for name, one in contract.columns.items() if name in names}
    return replace(contract, columns=columns, on_new_column="note")


def _lacking(sources: Sequence[Source], contract: Contract, n_bytes: int) -> str:
    """Return what is wrong with the header of one of the files, or ''."""
    try:
        reader_of(contract).plan(sources, n_bytes)
    except InputError as error:
        return str(error)
    return ""


def _publish(run: Run, plan: Plan, place: _Place, facts: StageFacts) -> None:
    """Write the files that have changed, the marks before the files they are about."""
    plan.check()
    drafts = {n: d for n, d in plan.drafts.items() if place.only in (None, n)}
    personal = personal_lookups(run.settings.dataset)
    marks: dict[Path, str] = {}
    files: dict[Path, str] = {}
    for name, draft in drafts.items():
        path = place.path(name)
        draft.lookup_text.check_limits(run.settings.dataset.lookup_limits)
        files[path], marks[marks_path(path)] = draft.lookup_text.text, draft.marks_text()
        run.note(facts, _draft_note(path.name, plan.originals[name], draft))
        if name in personal:
            run.note(facts, f"{path.name}: contains values of {personal[name]}, which is personal")
        facts.paths[name] = path
    if place == _Place.of_workspace(run) and not run.workspace.has_own_lookups:
        run.note(facts, f"{shown_path(place.folder)} is new; it begins with the starter lookups")
        files |= _starters(run, place, set(drafts))
    for name in drafts:
        _check_unchanged(plan.originals[name])
    # Empty marks need no new file.
    marks = {path: text for path, text in marks.items() if path.exists() or text != "{}\n"}
    # In this order a crash in between leaves marks without entries, which are ignored.
    facts.bytes_out = sum(_write(place.folder, texts) for texts in (marks, files))


def _starters(run: Run, place: _Place, built: set[str]) -> dict[Path, str]:
    """Return the contract's other lookups, for a workspace that has none of its own."""
    others = sorted(run.settings.dataset.lookups - built)
    starters = {name: shipped_folder("lookups") / name for name in others}
    found = {name: path for name, path in starters.items() if path.is_file()}
    return {place.path(name): path.read_bytes().decode() for name, path in found.items()}


def _check_unchanged(file: LookupFile) -> None:
    """Raise InputError if a user saved the file while the data was read."""
    path = file.text.path
    if path.exists() and path.read_bytes() != file.text.text.encode():
        raise InputError.changed(str(path))


def _write(folder: Path, texts: Mapping[Path, str]) -> int:
    """Write the files that differ, each whole or not at all; return the bytes written."""
    changed = {
        path: text.encode()
        for path, text in texts.items()
        if not path.exists() or path.read_bytes() != text.encode()
    }
    if not changed:
        return 0
    with publishing_files(folder) as staged:
        for path, content in changed.items():
            (staged / path.name).write_bytes(content)
            if path.exists():
                shutil.copymode(path, staged / path.name)
    return sum(map(len, changed.values()))


def _draft_note(name: str, before: LookupFile, draft: LookupDraft) -> str:
    """Return 'region_map.json: 3 new entries; 5 machine-made wait to be accepted, 1 of them ...'"""
    known = {entry.key for entry in before.text.entries}
    n_new, n_waiting = len(draft.entries().keys() - known), len(draft.marks)
    n_unknown = sum(mark.how == "unknown" for mark in draft.marks.values())
    note = f"{name}: {human_count(n_new)} new entries"
    if draft.accepted:
        note += f", {human_count(len(draft.accepted))} accepted"
    if n_waiting:
        note += f"; {human_count(n_waiting)} machine-made wait to be accepted"
    return note + (f", {human_count(n_unknown)} of them unknown" if n_unknown else "")


def _write_review(entries: Sequence[ReviewEntry], path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_review(entries, path)
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
