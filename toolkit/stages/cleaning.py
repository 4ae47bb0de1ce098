"""The clean stage: CSV files to clean and rejected datasets, staged for publishing."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from toolkit.clean.blocks import CleaningJob, PublishedBlock, Staged, Targets
from toolkit.clean.evaluate import Rules
from toolkit.clean.examples import first_of_each
from toolkit.clean.feed import (
    find_repeats,
    find_tails,
    make_job,
    publish_tasks,
    stage_tasks,
    total_repairs,
)
from toolkit.clean.order_check import check_date_orders
from toolkit.cluster import Runner, open_cluster
from toolkit.errors import ConfigError, InputError, ValidationError
from toolkit.pages.mask_key import fingerprint
from toolkit.pages.masking import Masks
from toolkit.read.blocks import header_notes, names_shown, passed_over_notes
from toolkit.read.digest import Digests, copies
from toolkit.read.reader import reader_of
from toolkit.read.sizing import choose_block_bytes
from toolkit.read.sources import (
    DATA_SUFFIXES,
    Source,
    find_sources,
    repeated_names,
    watching,
)
from toolkit.report.facts import InputFacts, StageFacts, record_stage, utc_now, versions
from toolkit.report.progress import Stage
from toolkit.report.terminal import example_shown, shown_path
from toolkit.settings.config import KINDS, Outputs, Settings
from toolkit.stages.publishing import HELD, Publication, hold_back, publication
from toolkit.stages.run import DatasetPaths, Run, open_run
from toolkit.stages.unpacking import spooled
from toolkit.storage.atomic import MANIFEST, BackgroundSync, remove, write_json
from toolkit.storage.versions import Version


def clean_data(settings: Settings, run_dir: Path) -> None:
    """Clean the inputs, or the generated feed if none is given."""
    with (
        open_run("clean-data", settings, run_dir) as run,
        publication(run, settings.output or run.workspace.outputs) as outputs,
    ):
        clean(run, outputs, run.inputs())


class Approval(Protocol):
    """A check of staged outputs before they are published."""

    def prepare(self) -> None:
        """Raise if the check is impossible; called before long work."""

    def approve(self, datasets: Mapping[str, DatasetPaths]) -> None:
        """Raise to hold the staged datasets back; move away first what is not to be removed."""


def clean(
    run: Run, publication: Publication, inputs: Sequence[str], check: Approval | None = None
) -> DatasetPaths | None:
    """Clean the inputs and stage the outputs; return the clean dataset, if it is an output.

    `check` is prepared first, and must approve the outputs. Raises InputError where there are no
    records, and ValidationError where a clean dataset would be empty: it must not replace an
    earlier one.
    """
    if not (run.settings.outputs.clean or run.settings.outputs.rejected):
        raise ConfigError.nothing_to_write()
    sources = find_sources(inputs, publication.feeds)
    if check is not None:
        check.prepare()
    with record_stage(run.report, "clean") as facts:
        rules = _rules(run, facts)
        targets = _targets(run, sources)
        dataset, root = rules.contract.name, publication.version.root
        replaced = [_replaced(target, root, dataset, sources) for target in targets.values()]
        staged = {
            label: publication.stage_folder(facts, label, target, dataset, alone=True)
            for label, target in targets.items()
        }
        _clean(run, sources, _Cleaning(rules, staged, publication.version, facts))
        _hold_back_if_none_is_clean(run, staged, facts)
    if check is not None:
        check.approve(staged)
    for note in filter(None, replaced):
        run.note(facts, note)
    return staged.get("clean")


def _targets(run: Run, sources: Sequence[Source]) -> dict[str, Path]:
    """Return the paths of the datasets to publish, by 'clean' and 'rejected'."""
    workspace, outputs, output = run.workspace, run.settings.outputs, run.settings.output
    stem = _stem(sources, run.settings.dataset.name)
    targets = {
        "clean": workspace.clean_dataset(stem),
        "rejected": workspace.rejected_dataset(stem),
    }
    if output is not None:
        targets = {label: output / path.name for label, path in targets.items()}
    return {label: path.absolute() for label, path in targets.items() if getattr(outputs, label)}


def _replaced(target: Path, root: Path, dataset: str, sources: Sequence[Source]) -> str | None:
    """Return a note where the target is of another dataset, or of other files.

    Outputs of the same files, or some of them, are expected to be replaced.
    """
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        earlier = {str(one["place"]) for one in manifest["inputs"]}
        name = str(manifest["dataset"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    same_files = not earlier or not earlier.isdisjoint(_place(s, root) for s in sources)
    if name == dataset and same_files:
        return None
    rows = f"the rows of {', '.join(sorted(earlier))}"
    of = "" if name == dataset else f", dataset {name}"
    had = f"{shown_path(target)} had {rows}{of}"
    return f"{had}; this run replaces them (output= puts them elsewhere)"


def _place(source: Source, root: Path) -> str:
    """Return the file's path, relative if beside the workspace, so that both may be moved."""
    place, around = os.path.realpath(source.shown), os.path.realpath(root.parent)
    return os.path.relpath(place, around) if place.startswith(f"{around}/") else place


def _rules(run: Run, facts: StageFacts) -> Rules:
    folder = run.workspace.lookups
    if not run.workspace.has_own_lookups and run.settings.dataset.lookups:
        run.note(facts, f"{run.workspace.data_dir} has no lookups; the starter ones are used")
    contract = run.settings.dataset
    if contract.limits_of_days:
        facts.as_of = run.settings.as_of.isoformat()
    return Rules.load(contract, folder, run.settings.as_of)


def _stem(sources: Sequence[Source], dataset: str) -> str:
    """Name the outputs of cleaning `sources`: after the one file, or after the dataset."""
    if len(sources) != 1:
        return dataset
    name = Path(sources[0].shown)
    while name.suffix.lower() in DATA_SUFFIXES:
        name = name.with_suffix("")
    return name.name


@dataclass(frozen=True)
class _Cleaning:
    """One cleaning; `staged` has the folder of each dataset to publish."""

    rules: Rules
    staged: Mapping[str, DatasetPaths]
    version: Version
    facts: StageFacts

    def targets(self, outputs: Outputs) -> Targets:
        clean, rejected = (self.staged.get(label) for label in ("clean", "rejected"))
        return Targets(
            clean.path if clean else None,
            rejected.path if rejected else None,
            outputs.compression,
            frozenset(kind for kind in KINDS if outputs.masks(kind)),
            self.version.token,
        )


def _clean(run: Run, sources: Sequence[Source], work: _Cleaning) -> None:
    if repeated := repeated_names(sources):
        run.note(work.facts, repeated)
    scratch = work.version.scratch
    with watching(sources), Digests(sources) as digests:
        with open_cluster(run.settings.cluster) as runner:
            csv = work.rules.contract.csv
            plain = spooled(runner, sources, scratch, csv)
            published = _clean_blocks(run, runner, plain, work)
        digests_of_inputs = digests.result()
    for note in copies(digests_of_inputs):
        run.note(work.facts, note)
    remove(scratch)
    _count(work.facts, published, sources)
    for dataset in work.staged.values():
        write_json(_manifest(run, work, sources, digests_of_inputs), dataset.path / MANIFEST)


def _clean_blocks(
    run: Run, runner: Runner, sources: Sequence[Source], work: _Cleaning
) -> list[PublishedBlock]:
    """Run the three rounds of tasks: evaluate, find repeated keys, write."""
    contract = work.rules.contract
    block_bytes = choose_block_bytes(run.settings.partitions, sources, contract, runner.n_workers)
    blocks = reader_of(contract).plan(sources, block_bytes)
    rules = work.rules
    if contract.personal_columns():
        rules = replace(rules, mask_key=run.mask_key)
    job = make_job(rules, blocks, work.version.scratch)
    for note in header_notes(blocks, contract):
        run.note(work.facts, note)
    if job.extra:
        run.note(
            work.facts,
            f"columns that the contract does not know are written to rejected rows only: "
            f"{', '.join(names_shown(job.extra, blocks))}",
        )
    n_bytes = sum(block.n_bytes for block in blocks)
    with run.progress.stage("clean", total_bytes=n_bytes) as shown:
        above = find_tails(runner.run, blocks, job)
        staged = runner.run(stage_tasks(blocks, job, above), _advance(shown))
        for note in check_date_orders(staged, contract):
            run.note(work.facts, note)
        work.facts.repaired = total_repairs(staged, contract)
        placed = find_repeats(runner.run, staged, len(blocks), job, runner.n_workers)
    work.facts.inputs = _inputs(staged, sources)
    for note in passed_over_notes({one.path: one.passed_over for one in work.facts.inputs}):
        run.note(work.facts, note)
    _refuse_no_records(run, work.facts)
    n_rows = sum(block.n_records for block in staged)
    files = {block.block.index: block.files for block in staged}
    with run.progress.stage("write", total_rows=n_rows) as shown, BackgroundSync() as sync:

        def on_published(published: PublishedBlock) -> None:
            files[published.index].remove()
            shown.advance(rows=published.n_records, bytes=published.n_bytes)
            for path in published.paths:
                sync.add(path)

        targets = work.targets(run.settings.outputs)
        published = runner.run(publish_tasks(placed, job, targets), on_published)
    work.facts.rejected_by_reason = _reasons(staged, published, job)
    for reason, limits in contract.limits_of_reasons(run.settings.as_of).items():
        if reason in work.facts.rejected_by_reason:
            work.facts.limits[reason] = limits
            run.note(work.facts, f"{reason} rejects what is {limits}")
    work.facts.rejected_examples = first_of_each(chain.from_iterable(b.examples for b in published))
    return published


def _advance(shown: Stage) -> Callable[[Staged], None]:
    return lambda staged: shown.advance(rows=staged.n_records, bytes=staged.n_bytes)


def _refuse_no_records(run: Run, facts: StageFacts) -> None:
    """Raise InputError where there are no records at all; else note the files that have none."""
    without = [one.path for one in facts.inputs if not one.rows]
    if len(without) == len(facts.inputs):
        raise InputError.nothing_to_clean(without)
    for path in without:
        run.note(facts, f"{path}: has a header and no records (0)")


def _hold_back_if_none_is_clean(
    run: Run, staged: Mapping[str, DatasetPaths], facts: StageFacts
) -> None:
    """Raise ValidationError if no row is clean, with the rejected rows in the run's folder."""
    if facts.rows_clean or "clean" not in staged:
        return
    held = run.run_dir / HELD if "rejected" in staged else None
    if held is not None:
        hold_back({"rejected": staged["rejected"]}, held, facts)
    reasons = facts.rejected_by_reason
    most = max(reasons, key=lambda reason: reasons[reason])
    of_most = (example_shown(one) for one in facts.rejected_examples if one.reason == most)
    where = shown_path(held) if held is not None else None
    raise ValidationError.none_clean(reasons, next(of_most, None), where)


def _inputs(staged: Sequence[Staged], sources: Sequence[Source]) -> list[InputFacts]:
    rows: Counter[str] = Counter()
    passed_over: dict[str, Counter[str]] = defaultdict(Counter)
    for block in staged:
        rows[block.block.source.shown] += block.n_records
        passed_over[block.block.source.shown].update(block.passed_over)
    return [
        InputFacts(one.shown, one.size, rows[one.shown], dict(passed_over[one.shown]))
        for one in sources
    ]


def _reasons(
    staged: Sequence[Staged], published: Sequence[PublishedBlock], job: CleaningJob
) -> dict[str, int]:
    """Count the rows by reason, in the contract's order, only reasons that occur."""
    counts = [sum(n) for n in zip(*(block.rejected_by_reason for block in staged), strict=True)]
    by_reason = dict(zip(job.contract.all_reasons, counts, strict=True))
    if job.contract.key is not None:
        by_reason[job.contract.key.reason] += sum(block.n_duplicates for block in published)
    return {reason: count for reason, count in by_reason.items() if count}


def _repaired(facts: StageFacts) -> dict[str, dict[str, int]]:
    """Return the repaired rows by column and how."""
    totals: dict[str, dict[str, int]] = {}
    for one in facts.repaired:
        totals.setdefault(one.column, {})[one.how] = one.rows
    return totals


def _count(
    facts: StageFacts, published: Sequence[PublishedBlock], sources: Sequence[Source]
) -> None:
    facts.rows_in = sum(block.n_records for block in published)
    facts.rows_clean = sum(block.n_clean for block in published)
    facts.rows_rejected = sum(block.n_rejected for block in published)
    facts.bytes_in = sum(source.size for source in sources)
    facts.bytes_out = sum(block.n_bytes for block in published)
    by_reason = sum(facts.rejected_by_reason.values())
    if facts.rows_in != facts.rows_clean + facts.rows_rejected or by_reason != facts.rows_rejected:
        raise AssertionError("rows in are not clean + rejected")


def _manifest(
    run: Run, work: _Cleaning, sources: Sequence[Source], digests: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return the manifest of a published dataset; rows and reasons are those of the whole run.

    Datasets of the same `version` belong together.
    """
    facts, settings = work.facts, run.settings
    return {
        "dataset": settings.dataset.name,
        "run": run.name,
        "version": work.version.id,
        "as_of": settings.as_of,
        "rows_in": facts.rows_in,
        "rows_clean": facts.rows_clean,
        "rows_rejected": facts.rows_rejected,
        "rejected_by_reason": facts.rejected_by_reason,
        "repaired": _repaired(facts),
        "personal": {
            "clean": Masks.of_clean(settings.dataset, None).as_manifest(),
            "rejected": Masks.of_file(settings.dataset, None).as_manifest(),
            "masked": settings.outputs.mask_personal,
            "key": fingerprint(run.mask_key) if settings.dataset.personal_columns() else None,
        },
        "inputs": [
            {
                "path": source.shown,
                "place": _place(source, work.version.root),
                "bytes": source.size,
                "digest": digests[source.shown],
                "passed_over": one.passed_over,
            }
            for source, one in zip(sources, facts.inputs, strict=True)
        ],
        "config_hash": settings.config_hash,
        "versions": versions(),
        "started": facts.started,
        "finished": utc_now(),
        "peak_rss_bytes": facts.peak_rss_bytes,
    }
