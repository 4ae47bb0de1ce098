"""What each command does: the only place where the stages are put together and computed."""

from __future__ import annotations

from pathlib import Path

from toolkit.config import Settings
from toolkit.errors import ConfigError
from toolkit.stages.aggregating import aggregate
from toolkit.stages.cleaning import clean
from toolkit.stages.generating import generate
from toolkit.stages.running import open_run
from toolkit.stages.sharing import share_feed
from toolkit.workspace import Workspace

__all__ = ["build_aggregations", "clean_data", "generate_data", "run_pipeline", "share_feed"]


def run_pipeline(settings: Settings, run_dir: Path) -> None:
    """Generate a feed unless an input is given, clean it, aggregate what is clean."""
    if settings.output is not None:
        raise ConfigError.output_of_pipeline()
    with open_run("run-pipeline", settings, run_dir) as run:
        inputs = settings.input
        if not inputs:
            inputs = (str(generate(run, run.workspace.new_feed)),)
        cleaned = clean(run, inputs)
        if settings.outputs.aggregations and cleaned is not None:
            aggregate(run, cleaned)


def generate_data(settings: Settings, run_dir: Path) -> None:
    """Write the seeded feed, and its ledger if asked for."""
    with open_run("generate-data", settings, run_dir) as run:
        generate(run, settings.output or run.workspace.new_feed)


def clean_data(settings: Settings, run_dir: Path) -> None:
    """Clean the inputs, or the generated feed if none is given."""
    with open_run("clean-data", settings, run_dir) as run:
        clean(run, settings.input or (str(run.workspace.generated_feed),))


def build_aggregations(settings: Settings, run_dir: Path) -> None:
    """Aggregate a cleaned dataset, by default that of the generated feed."""
    with open_run("build-aggregations", settings, run_dir) as run:
        shared = Workspace(settings.data_dir)
        default = shared.clean_dataset(shared.generated_feed.stem)
        aggregate(run, settings.cleaned or default)
