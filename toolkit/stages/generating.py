"""The generate stage: a seeded feed to a CSV file."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from toolkit.cluster import open_cluster
from toolkit.errors import OutputError
from toolkit.generate.feed import FeedSpec
from toolkit.generate.write import StagedFeed, Written, stage_feed
from toolkit.report.facts import record_stage
from toolkit.settings.config import Settings
from toolkit.settings.workspace import ledger_path
from toolkit.stages.publishing import Publication
from toolkit.stages.run import Run, open_run
from toolkit.storage.interrupts import hold_interrupts


def generate_data(settings: Settings, run_dir: Path) -> None:
    """Write the seeded feed, and its ledger if asked for."""
    with open_run("generate-data", settings, run_dir) as run:
        generate(run, settings.output or run.workspace.new_feed, is_all=True)


def generate(
    run: Run, path: Path, *, is_all: bool = False, publication: Publication | None = None
) -> Path:
    """Write the feed that the settings describe to `path`, whole or not at all; return the path.

    With `is_all` the run publishes nothing else. With a `publication` the feed is part of it, and
    appears when that is committed.
    """
    settings = run.settings
    spec = FeedSpec(settings.rows, settings.seed, settings.mode, settings.last_sale)
    with record_stage(run.report, "generate") as facts:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with (
                _staged(spec, path, settings.ledger, publication) as staged,
                open_cluster(settings.cluster) as runner,
                run.progress.stage("generate", total_rows=spec.rows) as shown,
            ):

                def advance(written: Written) -> None:
                    shown.advance(rows=written.rows, bytes=written.bytes)

                written = runner.run(staged.graph, advance)
                if publication is not None:
                    total = publication.add_feed(facts, staged, written, path)
                else:
                    with hold_interrupts():
                        total = staged.publish(written)
                        if is_all:
                            run.mark_published()
        except OSError as error:
            raise OutputError.cannot_write(path, error) from error
        facts.rows_in, facts.bytes_out = total.rows, total.bytes
        if publication is None:
            facts.paths["feed"] = path
            if settings.ledger:
                facts.paths["ledger"] = ledger_path(path)
    return path


def _staged(
    spec: FeedSpec, path: Path, ledger: bool, publication: Publication | None
) -> AbstractContextManager[StagedFeed]:
    if publication is not None:
        return nullcontext(publication.stage_feed(spec, path, ledger=ledger))
    return stage_feed(spec, path, ledger_path(path), with_ledger=ledger)
