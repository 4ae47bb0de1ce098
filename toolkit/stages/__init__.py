"""The commands: the only place where stages are assembled and computed."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.contract import LookupPart
from toolkit.errors import ConfigError, InputError
from toolkit.generate.feed import COLUMNS
from toolkit.lookups.planning import Wish, all_wishes, wishes_for
from toolkit.profile.phrases import all_doubts
from toolkit.read.header import check_fits
from toolkit.settings.config import Settings
from toolkit.settings.workspace import Workspace
from toolkit.stages.aggregating import aggregate
from toolkit.stages.cleaning import clean
from toolkit.stages.drafting import draft_dataset
from toolkit.stages.generating import generate
from toolkit.stages.lookups import build, review
from toolkit.stages.profiling import profile, show_profile
from toolkit.stages.project_tests import run_project_tests
from toolkit.stages.publishing import HELD, publication
from toolkit.stages.run import Dataset, Run, open_run
from toolkit.stages.shared_feed import share_feed
from toolkit.stages.validating import CLEAN, REJECTED, Gate, validate
from toolkit.storage.versions import pinned

__all__ = [
    "build_aggregations",
    "build_category_lookup",
    "build_lookup",
    "build_region_lookup",
    "build_region_map",
    "clean_data",
    "generate_data",
    "new_dataset",
    "profile_data",
    "review_lookups",
    "run_pipeline",
    "share_feed",
    "update_lookups",
    "validate_data",
]


_EXAMPLE = "data/clean/feed_clean.parquet"


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


def generate_data(settings: Settings, run_dir: Path) -> None:
    """Write the seeded feed, and its ledger if asked for."""
    with open_run("generate-data", settings, run_dir) as run:
        generate(run, settings.output or run.workspace.new_feed, is_all=True)


def clean_data(settings: Settings, run_dir: Path) -> None:
    """Clean the inputs, or the generated feed if none is given."""
    with (
        open_run("clean-data", settings, run_dir) as run,
        publication(run, settings.output or run.workspace.outputs) as outputs,
    ):
        clean(run, outputs, _inputs(run))


def build_aggregations(settings: Settings, run_dir: Path) -> None:
    """Aggregate a cleaned dataset, by default that of the generated feed."""
    with open_run("build-aggregations", settings, run_dir) as run:
        shared = Workspace(settings.data_dir)
        default = shared.clean_dataset(shared.generated_feed.stem)
        cleaned = settings.cleaned or _if_there("cleaned", run, default, f"cleaned={_EXAMPLE}")
        with (
            publication(run, settings.output or run.workspace.outputs) as outputs,
            pinned([cleaned]) as (place,),
        ):
            aggregate(run, outputs, Dataset(place, cleaned))


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
        build(run, wishes_for(settings.dataset, settings.column), _inputs(run))


def update_lookups(settings: Settings, run_dir: Path) -> None:
    """Build every lookup of the contract in one pass, then run the project's tests."""
    with open_run("update-lookups", settings, run_dir) as run:
        build(run, all_wishes(settings.dataset), _inputs(run), is_all=not settings.run_tests)
        if settings.run_tests:
            run_project_tests(run)


def review_lookups(settings: Settings, run_dir: Path) -> None:
    """Show what the lookups do not know, or know from a machine only."""
    with open_run("review-lookups", settings, run_dir) as run:
        wishes = (
            all_wishes(settings.dataset)
            if settings.column is None
            else wishes_for(settings.dataset, settings.column)
        )
        review(run, wishes, _inputs(run))


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
                CLEAN: _if_there("cleaned", run, clean_rows, f"cleaned={_EXAMPLE}"),
                REJECTED: shared.rejected_dataset(stem),
            }
        validate(run, {kind: Dataset(path, path) for kind, path in named.items() if path})


def _gate(run: Run) -> Gate | None:
    outputs = run.settings.outputs
    kinds = [
        kind for kind, written in ((CLEAN, outputs.clean), (REJECTED, outputs.rejected)) if written
    ]
    return Gate(run, kinds) if run.settings.validation.enabled else None


def _build(command: str, settings: Settings, run_dir: Path, preset: tuple[str, LookupPart]) -> None:
    column, part = preset
    with open_run(command, settings, run_dir) as run:
        wishes: list[Wish] = wishes_for(settings.dataset, settings.column or column, [part])
        build(run, wishes, _inputs(run))


def _inputs(run: Run) -> tuple[str, ...]:
    default = run.workspace.generated_feed
    return run.settings.input or (str(_if_there("input", run, default, "feed.csv")),)


def _if_there(key: str, run: Run, default: Path, example: str) -> Path:
    """What was generated, for a command that was given nothing; raises ConfigError without it."""
    if not os.path.lexists(default):
        raise ConfigError.nothing_named(key, run.report.command, default, example)
    return default


def _refuse_unlike_the_generated(run: Run) -> None:
    """Raise ConfigError where the contract is of a feed that is not generated."""
    try:
        check_fits(COLUMNS, run.settings.dataset)
    except InputError:
        raise ConfigError.not_generated(run.settings.dataset.name) from None


def profile_data(settings: Settings, run_dir: Path) -> None:
    """Show and write what the inputs hold."""
    with open_run("profile-data", settings, run_dir) as run:
        found = profile(run, settings.input)
        show_profile(found, all_doubts(found), "the page")


def new_dataset(settings: Settings, run_dir: Path) -> None:
    """Profile the inputs and draft a dataset from that."""
    with open_run("new-dataset", settings, run_dir) as run:
        draft_dataset(run, settings.input)
