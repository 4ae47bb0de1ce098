"""The stage of run-pipeline: all steps from the feed to the aggregations, published as one."""

from __future__ import annotations

from pathlib import Path

from toolkit.errors import ConfigError, InputError
from toolkit.generate.feed import COLUMNS
from toolkit.read.header import check_fits
from toolkit.settings.config import Settings
from toolkit.stages.aggregating import aggregate
from toolkit.stages.cleaning import clean
from toolkit.stages.generating import generate
from toolkit.stages.publishing import HELD, publication
from toolkit.stages.run import Run, open_run
from toolkit.stages.validating import CLEAN, REJECTED, Gate


def run_pipeline(settings: Settings, run_dir: Path) -> None:
    """Generate a feed unless an input is given, clean, validate and aggregate it, then publish."""
    if settings.output is not None:
        raise ConfigError.output_of_pipeline()
    with (
        open_run("run-pipeline", settings, run_dir) as run,
        publication(run, run.workspace.outputs) as outputs,
    ):
        inputs = settings.input
        if not inputs:
            _refuse_unlike_the_generated(run)
            inputs = (str(generate(run, run.workspace.new_feed, publication=outputs)),)
        with outputs.keeping_feed(run.run_dir / HELD):
            cleaned = clean(run, outputs, inputs, _gate(run))
        if settings.outputs.aggregations and cleaned is not None:
            aggregate(run, outputs, cleaned)


def _gate(run: Run) -> Gate | None:
    outputs = run.settings.outputs
    kinds = [
        kind for kind, written in ((CLEAN, outputs.clean), (REJECTED, outputs.rejected)) if written
    ]
    return Gate(run, kinds) if run.settings.validation.enabled else None


def _refuse_unlike_the_generated(run: Run) -> None:
    """Raise ConfigError where the contract is of a feed that is not generated."""
    try:
        check_fits(COLUMNS, run.settings.dataset)
    except InputError:
        raise ConfigError.not_generated(run.settings.dataset.name) from None
