"""Which run cleaned and which validated what is published, and when there is something new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.commands import ask
from tests.dashboard.workspaces import write_run
from toolkit.dashboard.view import View, stamp_of
from toolkit.settings.workspace import Workspace

CHECKED = {"validation": {"clean": "failed"}}
# Days after START: long after the workspace was made.
LATER, LATEST = 2000, 2001


def validate(workspace: Workspace) -> None:
    words = (f"data_dir={workspace.data_dir}", "log_level=ERROR", "validation.fail_on=never")
    assert ask("validate-data", *words).code == 0


def test_the_pipeline_validated_what_it_published(full: Workspace) -> None:
    view = View.of(full)

    assert view.validation is view.published_cleaning
    assert view.validation is not None
    assert view.validation.outcomes == {"clean": "passed", "rejected": "passed"}


@pytest.mark.slow
def test_a_later_validation_of_the_same_rows_counts(own: Workspace) -> None:
    validate(own)

    view = View.of(own)

    assert view.validation is not None
    assert view.validation.command == "validate-data"
    assert view.published_cleaning is not None
    assert view.published_cleaning.command == "run-pipeline"


def held_back(workspace: Workspace) -> dict[str, Any]:
    path = workspace.clean_dataset(workspace.generated_feed.stem)
    return {"status": "held back", "stage": CHECKED | {"paths": {"clean, held back": str(path)}}}


def of_another_dataset(_: Workspace) -> dict[str, Any]:
    return {"stage": CHECKED | {"paths": {"clean": "/data/clean/other_clean.parquet"}}}


def of_who_knows_what(_: Workspace) -> dict[str, Any]:
    return {"command": "validate-data", "stage": CHECKED | {"paths": {}}}


@pytest.mark.parametrize("run", [held_back, of_another_dataset, of_who_knows_what])
def test_validations_of_other_rows_do_not_count(
    own: Workspace, run: Callable[[Workspace], dict[str, Any]]
) -> None:
    write_run(own, LATER, **run(own))

    found = View.of(own).validation

    assert found is not None
    assert set(found.outcomes.values()) == {"passed"}


def test_rows_that_were_cleaned_anew_are_not_validated_yet(own: Workspace) -> None:
    words = (f"data_dir={own.data_dir}", "rows=500", "validation=off", "log_level=ERROR")
    assert ask("run-pipeline", *words).code == 0

    assert View.of(own).validation is None


def test_the_newest_run_is_reported_if_it_published_nothing(own: Workspace) -> None:
    assert View.of(own).newest_unpublished() is None
    name = write_run(own, LATER, **held_back(own))

    found = View.of(own).newest_unpublished()

    assert found is not None
    assert found.name == name
    write_run(own, LATEST)
    assert View.of(own).newest_unpublished() is None


def test_reports_and_aggregations_are_something_new(own: Workspace) -> None:
    before = stamp_of(own)
    assert stamp_of(own) == before

    name = write_run(own, LATER)
    reported = stamp_of(own)
    (own.reports / name / "run.json").write_text("{}")
    rewritten = stamp_of(own)
    (own.aggregations_of("ecommerce") / "_manifest.json").unlink()

    assert len({before, reported, rewritten, stamp_of(own)}) == 4
