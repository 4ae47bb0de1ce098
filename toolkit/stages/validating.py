"""The validate stage: validate datasets by their suites, write reports, decide on publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cluster import Runner, open_cluster
from toolkit.contract import SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN
from toolkit.errors import ConfigError, InputError, ValidationError
from toolkit.lookups import load_lookups
from toolkit.pages.masking import Masks
from toolkit.report.facts import RESULTS_FILE, CheckFacts, InputFacts, StageFacts, record_stage
from toolkit.report.progress import Stage
from toolkit.report.terminal import shown_path
from toolkit.settings.config import Settings
from toolkit.settings.workspace import Workspace
from toolkit.stages.publishing import HELD, hold_back
from toolkit.stages.run import EXAMPLE, DatasetPaths, Run, open_run
from toolkit.storage.atomic import MANIFEST, publishing_files, write_json
from toolkit.storage.datasets import ParquetStyle, find_parts, read_manifest, write_parquet
from toolkit.storage.versions import pinned
from toolkit.validate.dataset import open_dataset
from toolkit.validate.importing import import_validation
from toolkit.validate.parameters import suite_parameters
from toolkit.validate.verdicts import TABLE_SCHEMA, Checked, as_table, breaches, outcome

if TYPE_CHECKING:
    from toolkit.validate.run import Target, Validated
    from toolkit.validate.suites import Suite

CLEAN, REJECTED = "clean", "rejected"

_TABLE, _FAILING = "validation.parquet", "failing_rows"


def validate_data(settings: Settings, run_dir: Path) -> None:
    """Validate the datasets that are named, or else those of the generated feed."""
    if settings.output is not None:
        raise ConfigError.output_of_validation()
    with open_run("validate-data", settings, run_dir) as run:
        named = {CLEAN: settings.cleaned, REJECTED: settings.rejected}
        if not any(named.values()):
            shared = Workspace(settings.data_dir)
            stem = shared.generated_feed.stem
            clean_rows = shared.clean_dataset(stem)
            named = {
                CLEAN: run.generated("cleaned", clean_rows, f"cleaned={EXAMPLE}"),
                REJECTED: shared.rejected_dataset(stem),
            }
        validate(run, {kind: DatasetPaths(path, path) for kind, path in named.items() if path})


def validate(run: Run, datasets: Mapping[str, DatasetPaths]) -> None:
    """Validate published datasets, by kind: 'clean' or 'rejected'. They are not changed.

    Raises InputError at once for one that does not exist, and ValidationError for failures that
    prevent publishing.
    """
    for dataset in datasets.values():
        find_parts(dataset.path, InputError.not_parquet)
    with pinned([dataset.path for dataset in datasets.values()]) as places:
        read = {
            kind: DatasetPaths(place, dataset.shown)
            for (kind, dataset), place in zip(datasets.items(), places, strict=True)
        }
        _check_pair(list(read.values()))
        Gate(run, list(read)).validate(read, holds=False)


def _check_pair(datasets: Sequence[DatasetPaths]) -> None:
    """Raise InputError for datasets of two runs, which cannot be compared."""
    found = [(dataset, read_manifest(dataset.path)) for dataset in datasets]
    known = [(dataset, m["run"], m["version"]) for dataset, m in found if "version" in m]
    if len({version for _, _, version in known}) > 1:
        raise InputError.not_a_pair([(dataset.shown, run) for dataset, run, _ in known])


class Gate:
    """Approves outputs that pass their suites, and moves others into the run's folder."""

    def __init__(self, run: Run, kinds: list[str]) -> None:
        self._run = run
        folder = run.workspace.suites(run.settings.dataset.name)
        self._paths = {kind: folder / f"{kind}.json" for kind in kinds}

    def prepare(self) -> None:
        """Read the suites. Raises SuiteError for one that cannot be used."""
        _ = self._suites

    @cached_property
    def _suites(self) -> dict[str, Suite]:
        import_validation()
        from toolkit.validate.suites import load_suite

        return {kind: load_suite(path) for kind, path in self._paths.items()}

    def approve(self, datasets: Mapping[str, DatasetPaths]) -> None:
        self.validate(datasets, holds=True)

    def validate(self, datasets: Mapping[str, DatasetPaths], *, holds: bool) -> None:
        """Validate and report. With `holds` the datasets are new, and moved away on a breach."""
        run = self._run
        with record_stage(run.report, "validate") as facts:
            now = datetime.now(UTC)
            found = _validate_all(run, datasets, self._suites, now, facts)
            checked = [one for validated in found for one in validated.checked]
            minded = breaches(checked, run.settings.validation.fail_on)
            held = run.run_dir / HELD if minded and holds else None
            if found:
                _report(run, found, minded, now, facts)
            if held is not None:
                hold_back(datasets, held, facts)
            if minded:
                explained = [one.explained for one in minded]
                where = shown_path(held) if held else None
                raise ValidationError.held_back(explained, run.settings.validation.fail_on, where)


def _validate_all(
    run: Run,
    datasets: Mapping[str, DatasetPaths],
    suites: Mapping[str, Suite],
    now: datetime,
    facts: StageFacts,
) -> list[Validated]:
    from toolkit.validate.run import ValidationLimits, validate_dataset

    settings = run.settings.validation
    folder = run.run_dir / _FAILING
    limits = ValidationLimits(settings.failing_rows, folder, settings.max_column_bytes)
    found: list[Validated] = []
    with (
        open_cluster(run.settings.cluster) as runner,
        run.progress.stage("validate", total_rows=0) as shown,
        _computing(run, runner, shown),
    ):
        for kind, dataset in datasets.items():
            manifest = _manifest_of(kind, datasets)
            if kind == REJECTED and manifest.get("rows_rejected") == 0:
                run.note(facts, "no row was rejected, so there is nothing to validate of them")
                continue
            target = _target(run, kind, dataset, suites[kind], manifest)
            found.append(validate_dataset(target, run.name, now, limits))
            facts.inputs.append(_input_facts(dataset, found[-1].n_rows))
    facts.rows_in = sum(validated.n_rows for validated in found)
    return found


def _input_facts(dataset: DatasetPaths, n_rows: int) -> InputFacts:
    parts = find_parts(dataset.path, InputError.not_parquet)
    return InputFacts(str(dataset.shown), sum(part.stat().st_size for part in parts), n_rows)


def _computing(run: Run, runner: Runner, shown: Stage) -> AbstractContextManager[None]:
    """Compute passes on the cluster; their rows are added to the total as they begin."""
    from toolkit.validate.passes import Computing, computing

    def add_to_total(n_rows: int) -> None:
        shown.total_rows = (shown.total_rows or 0) + n_rows

    return computing(
        Computing(
            run=runner.run,
            n_workers=runner.n_workers,
            spill=run.run_dir,
            on_pass=add_to_total,
            on_rows=lambda n_rows: shown.advance(rows=n_rows),
        )
    )


def _target(
    run: Run, kind: str, dataset: DatasetPaths, suite: Suite, manifest: Mapping[str, Any]
) -> Target:
    from toolkit.validate.run import Target

    contract = run.settings.dataset
    key = contract.key.columns if contract.key is not None else ()
    return Target(
        kind=kind,
        path=dataset.path,
        shown=dataset.shown,
        suite=suite,
        keys=(SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN) if kind == REJECTED else tuple(key),
        parameters=suite_parameters(
            contract,
            load_lookups(contract, run.workspace.lookups),
            manifest.get("as_of", run.settings.as_of),
            manifest,
        ),
        masks=_masks(run, kind),
    )


def _masks(run: Run, kind: str) -> Masks:
    contract = run.settings.dataset
    key = run.mask_key if contract.personal_columns() else None
    return (Masks.of_file if kind == REJECTED else Masks.of_clean)(contract, key)


def _manifest_of(kind: str, datasets: Mapping[str, DatasetPaths]) -> dict[str, Any]:
    """Return the manifest of a dataset's run; without one, the counts of both datasets."""
    manifest = read_manifest(datasets[kind].path)
    if manifest:
        if "as_of" in manifest:
            manifest["as_of"] = _day(manifest["as_of"], datasets[kind].path)
        return manifest
    n_rows = {f"rows_{kind}": open_dataset(one.path).n_rows for kind, one in datasets.items()}
    return {**n_rows, "rows_in": sum(n_rows.values())} if len(n_rows) > 1 else n_rows


def _day(text: Any, folder: Path) -> date:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise InputError.not_parquet(folder, f"its {MANIFEST} is damaged: {error}") from error


def _report(
    run: Run,
    found: Sequence[Validated],
    minded: Sequence[Checked],
    now: datetime,
    facts: StageFacts,
) -> None:
    """Write the results as JSON, as a table and as pages; tell the facts to the run's report."""
    from toolkit.validate.docs import add_run
    from toolkit.validate.suite_page import SuiteDocs, Verdict

    results, table = run.run_dir / RESULTS_FILE, run.run_dir / _TABLE
    checked = [one for validated in found for one in validated.checked]
    with publishing_files(run.run_dir) as staged:
        style = ParquetStyle()
        write_parquet(as_table(checked, run.name), TABLE_SCHEMA, staged / _TABLE, style)
        write_json(_as_json(run, found, minded), staged / RESULTS_FILE)
    links = {"Results as JSON": results, "Results as a table (parquet)": table}
    docs = add_run(
        run.workspace.data_docs,
        run.name,
        now,
        [
            SuiteDocs(
                validated.result,
                [Verdict(one.status, one.failing_rows) for one in validated.checked],
                links,
            )
            for validated in found
        ],
        run.settings.validation.keep_runs,
    )
    facts.validation = {v.target.kind: outcome(v.checked) for v in found}
    facts.pages = {v.target.kind: docs.pages[v.target.suite.name] for v in found}
    facts.checks = [_check_facts(one) for one in checked]
    facts.paths |= {"validation": results, "data docs": docs.index}
    if any(one.failing_rows for one in checked):
        facts.paths["failing rows"] = run.run_dir / _FAILING


def _as_json(run: Run, found: Sequence[Validated], minded: Sequence[Checked]) -> dict[str, Any]:
    return {
        "run": run.name,
        "dataset": run.settings.dataset.name,
        "fail_on": run.settings.validation.fail_on,
        "breaches": [one.label for one in minded],
        "suites": [
            {
                "suite": validated.target.kind,
                "name": validated.target.suite.name,
                "file": validated.target.suite.path,
                "data": validated.target.shown,
                "rows": validated.n_rows,
                "outcome": outcome(validated.checked),
                "expectations": [one.as_dict() for one in validated.checked],
            }
            for validated in found
        ],
    }


def _check_facts(one: Checked) -> CheckFacts:
    return CheckFacts(
        suite=one.suite,
        expectation=one.expectation,
        about=one.about,
        severity=one.severity,
        observed=one.observed or one.reason or "",
        unexpected=one.unexpected_count,
        result=one.status.value,
        failing_rows=one.failing_rows,
    )
