"""What each command does: the only place where the stages are put together and computed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from toolkit.config import Settings
from toolkit.errors import ConfigError
from toolkit.stages.aggregating import aggregate
from toolkit.stages.cleaning import clean
from toolkit.stages.generating import generate
from toolkit.stages.running import Dataset, Run, open_run
from toolkit.stages.validating import CLEAN, REJECTED, Gate, validate


def run_pipeline(settings: Settings, run_dir: Path) -> None:
    """Generate a feed unless an input is given, clean it, validate and publish, aggregate."""
    if settings.output is not None:
        raise ConfigError.output_of_pipeline()
    with open_run("run-pipeline", settings, run_dir) as run:
        inputs = settings.input
        if not inputs:
            inputs = (str(generate(run, run.workspace.generated_feed)),)
        with _gate(run) as gate:
            cleaned = clean(run, inputs, gate)
        if settings.outputs.aggregations and cleaned is not None:
            aggregate(run, cleaned)


def generate_data(settings: Settings, run_dir: Path) -> None:
    """Write the seeded feed, and its ledger if asked for."""
    with open_run("generate-data", settings, run_dir) as run:
        generate(run, settings.output or run.workspace.generated_feed)


def clean_data(settings: Settings, run_dir: Path) -> None:
    """Clean the inputs, or the generated feed if none is given."""
    with open_run("clean-data", settings, run_dir) as run:
        clean(run, settings.input or (str(run.workspace.generated_feed),))


def build_aggregations(settings: Settings, run_dir: Path) -> None:
    """Aggregate a cleaned dataset, by default that of the generated feed."""
    with open_run("build-aggregations", settings, run_dir) as run:
        default = run.workspace.clean_dataset(run.workspace.generated_feed.stem)
        aggregate(run, settings.cleaned or default)


def validate_data(settings: Settings, run_dir: Path) -> None:
    """Validate the datasets that are named, or else those of the generated feed."""
    if settings.output is not None:
        raise ConfigError.output_of_validation()
    with open_run("validate-data", settings, run_dir) as run:
        named = {CLEAN: settings.cleaned, REJECTED: settings.rejected}
        if not any(named.values()):
            stem = run.workspace.generated_feed.stem
            named = {
                CLEAN: run.workspace.clean_dataset(stem),
                REJECTED: run.workspace.rejected_dataset(stem),
            }
        validate(run, {kind: Dataset(path, path) for kind, path in named.items() if path})


def _gate(run: Run) -> AbstractContextManager[Gate | None]:
    outputs = run.settings.outputs
    kinds = [
        kind for kind, written in ((CLEAN, outputs.clean), (REJECTED, outputs.rejected)) if written
    ]
    return Gate(run, kinds) if run.settings.validation.enabled else nullcontext()
