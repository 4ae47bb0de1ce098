"""The aggregate stage: a cleaned dataset to the contract's aggregations, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from toolkit.aggregate.dataset import aggregation_tasks
from toolkit.aggregate.partials import combine
from toolkit.aggregate.partitions import days_covered, plan_partitions
from toolkit.aggregate.tables import finish, mask_tables
from toolkit.cluster import open_cluster
from toolkit.contract import Contract
from toolkit.contract.optional import fit_aggregations
from toolkit.errors import InputError
from toolkit.report.facts import InputFacts, StageFacts, record_stage, utc_now, versions
from toolkit.settings.config import Settings
from toolkit.settings.workspace import Workspace
from toolkit.stages.publishing import Publication, publication
from toolkit.stages.run import EXAMPLE, DatasetPaths, Run, open_run
from toolkit.storage.atomic import MANIFEST, write_json
from toolkit.storage.datasets import ParquetStyle, read_manifest, write_parquet
from toolkit.storage.versions import pinned


def build_aggregations(settings: Settings, run_dir: Path) -> None:
    """Aggregate a cleaned dataset, by default that of the generated feed."""
    with open_run("build-aggregations", settings, run_dir) as run:
        shared = Workspace(settings.data_dir)
        default = shared.clean_dataset(shared.generated_feed.stem)
        cleaned = settings.cleaned or run.generated("cleaned", default, f"cleaned={EXAMPLE}")
        with (
            publication(run, settings.output or run.workspace.outputs) as outputs,
            pinned([cleaned]) as (place,),
        ):
            aggregate(run, outputs, DatasetPaths(place, cleaned))


def aggregate(run: Run, publication: Publication, cleaned: DatasetPaths) -> None:
    """Stage every aggregation of the contract; its grain is documented there."""
    settings = run.settings
    contract, left_out = fit_aggregations(settings.dataset)
    with record_stage(run.report, "aggregate") as facts:
        for line in left_out:
            run.note(facts, line)
        made_from = _manifest_of(cleaned, contract)
        partitions = plan_partitions(cleaned.path, contract)
        facts.rows_in = sum(partition.n_rows for partition in partitions)
        if not facts.rows_in:
            raise InputError.not_clean_dataset(cleaned.shown, "it has no rows (0)")
        facts.bytes_in = sum(partition.n_bytes for partition in partitions)
        facts.inputs = [InputFacts(str(cleaned.shown), facts.bytes_in, facts.rows_in)]
        with (
            open_cluster(settings.cluster) as runner,
            run.progress.stage("aggregate", total_rows=facts.rows_in) as shown,
        ):
            partials = runner.run(
                aggregation_tasks(partitions, contract),
                lambda partial: shown.advance(rows=partial.n_rows),
            )
        tables = finish(combine(partials), contract)
        if contract.personal_columns():
            tables = mask_tables(tables, contract, run.mask_key)
        manifest = {
            "dataset": contract.name,
            "run": run.name,
            "version": publication.version.id,
            "cleaned": _seen_from(publication.version.root, cleaned.shown),
            "cleaned_version": made_from.get("version"),
            "inputs": made_from.get("inputs", []),
            "rows_in": facts.rows_in,
            "aggregations": {n: asdict(a) for n, a in contract.aggregations.items()},
            "optional": [n for n, c in contract.columns.items() if getattr(c, "optional", False)],
            "days": days_covered(partitions, contract),
            "config_hash": settings.config_hash,
            "versions": versions(),
            "started": facts.started,
            "finished": utc_now(),
            "peak_rss_bytes": facts.peak_rss_bytes,
        }
        _write(run, publication, facts, tables, manifest)


def _write(
    run: Run,
    publication: Publication,
    facts: StageFacts,
    tables: Mapping[str, pa.Table],
    manifest: Mapping[str, Any],
) -> None:
    """Stage the tables: a folder of the dataset's own, or files in the given folder."""
    dataset, output = run.settings.dataset.name, run.settings.output
    if output is None:
        folder = run.workspace.aggregations_of(dataset).absolute()
        staged = publication.stage_folder(facts, "aggregations", folder, dataset, alone=False)
        places = {name: staged.path / name for name in _file_names(tables)}
    else:
        folder = output.absolute()
        names = _file_names(tables)
        places = publication.stage_files(facts, "aggregations", folder, dataset, names)
    style = ParquetStyle(run.settings.outputs.compression)
    facts.bytes_out = sum(
        write_parquet(table, table.schema, places[f"{name}.parquet"], style)
        for name, table in tables.items()
    )
    write_json(manifest, places[MANIFEST])


def _seen_from(root: Path, path: Path) -> Path:
    """Return a path in the workspace relative to it, so that the workspace may be moved."""
    path = path.absolute()
    return path.relative_to(root) if path.is_relative_to(root) else path


def _file_names(tables: Mapping[str, pa.Table]) -> list[str]:
    return [*(f"{name}.parquet" for name in tables), MANIFEST]


def _manifest_of(cleaned: DatasetPaths, contract: Contract) -> dict[str, Any]:
    """Read the clean dataset's manifest, if any. Raises InputError for another dataset's."""
    manifest = read_manifest(cleaned.path)
    dataset = manifest.get("dataset", contract.name)
    if dataset != contract.name:
        raise InputError.another_dataset(cleaned.shown, dataset, contract.name)
    return manifest
