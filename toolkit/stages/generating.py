"""The generate stage: a seeded feed into a CSV file."""

from __future__ import annotations

from pathlib import Path

from toolkit.cluster import open_cluster
from toolkit.errors import OutputError
from toolkit.generate.feed import FeedSpec
from toolkit.generate.write import Written, stage_feed
from toolkit.interrupts import hold_interrupts
from toolkit.report import record_stage
from toolkit.stages.running import Run
from toolkit.workspace import ledger_path


def generate(run: Run, path: Path, *, is_all: bool = False) -> Path:
    """Write the feed that the settings describe to `path`, whole or not at all; the path.

    With `is_all` there is nothing else that the run is to publish.
    """
    settings = run.settings
    spec = FeedSpec(settings.rows, settings.seed, settings.mode, settings.last_sale)
    ledger = ledger_path(path) if settings.ledger else None
    with record_stage(run.report, "generate") as facts:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with (
                stage_feed(spec, path, ledger) as staged,
                open_cluster(settings.cluster) as runner,
                run.progress.stage("generate", total_rows=spec.rows) as shown,
            ):

                def advance(written: Written) -> None:
                    shown.advance(rows=written.rows, bytes=written.bytes)

                written = runner.run(staged.graph, advance)
                with hold_interrupts():
                    total = staged.publish(written)
                    if is_all:
                        run.mark_published()
        except OSError as error:
            raise OutputError.cannot_write(path, error) from error
        facts.rows_in, facts.bytes_out = total.rows, total.bytes
        facts.paths["feed"] = path
        if ledger is not None:
            facts.paths["ledger"] = ledger
    return path
