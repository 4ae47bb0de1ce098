"""The aggregate stage: a cleaned dataset into the contract's small tables, one file each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from toolkit.aggregate.dataset import aggregation_tasks
from toolkit.aggregate.partials import combine
from toolkit.aggregate.pieces import days_covered, plan_pieces
from toolkit.aggregate.tables import finish, mask_tables
from toolkit.cluster import open_cluster
from toolkit.contract.fit import fit_aggregations
from toolkit.report import InputFacts, record_stage, utc_now, versions
from toolkit.stages.running import Run
from toolkit.store import MANIFEST, ParquetStyle, publishing_files, write_json, write_parquet


def aggregate(run: Run, cleaned: Path) -> None:
    """Write every aggregation of the contract, all of them or none; grain as documented there."""
    settings = run.settings
    contract, left_out = fit_aggregations(settings.dataset)
    folder = (settings.output or run.workspace.aggregations).absolute()
    style = ParquetStyle(settings.outputs.compression)
    with record_stage(run.report, "aggregate") as facts:
        for line in left_out:
            run.note(facts, line)
        pieces = plan_pieces(cleaned, contract)
        facts.rows_in = sum(piece.n_rows for piece in pieces)
        facts.bytes_in = sum(piece.n_bytes for piece in pieces)
        facts.inputs = [InputFacts(str(cleaned), facts.bytes_in, facts.rows_in)]
        with (
            publishing_files(folder) as staged,
            open_cluster(settings.cluster) as runner,
            run.progress.stage("aggregate", total_rows=facts.rows_in) as shown,
        ):
            partials = runner.run(
                aggregation_tasks(pieces, contract),
                lambda partial: shown.advance(rows=partial.n_rows),
            )
            facts.bytes_out = 0
            tables = finish(combine(partials), contract)
            if contract.personal_columns():
                tables = mask_tables(tables, contract, run.mask_key)
            for name, table in tables.items():
                path = staged / f"{name}.parquet"
                facts.bytes_out += write_parquet(table, table.schema, path, style)
            manifest = {
                "dataset": contract.name,
                "run": run.name,
                "cleaned": cleaned.absolute(),
                "rows_in": facts.rows_in,
                "aggregations": {n: asdict(a) for n, a in contract.aggregations.items()},
                "days": days_covered(pieces, contract),
                "config_hash": settings.config_hash,
                "versions": versions(),
                "started": facts.started,
                "finished": utc_now(),
                "peak_rss_bytes": facts.peak_rss_bytes,
            }
            write_json(manifest, staged / MANIFEST)
        facts.paths["aggregations"] = folder
