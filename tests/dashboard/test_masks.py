"""Personal values on the dashboard: with which key they are masked, and how the page says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.commands import ask
from tests.feeds import row_with, write_feed
from toolkit.dashboard import app
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.slow

KEY = "a key that several workspaces share"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Cleaned with a key of the user's own: one clean row, one rejected row."""
    rows = [row_with(), row_with(order_id="B", customer_email="ada@private.example", region="Mars")]
    (tmp_path / "feed.csv").write_bytes(write_feed(rows))
    (tmp_path / "team.key").write_text(f"{KEY}\n")
    words = ("input=feed.csv", "validation=off", "mask_key=team.key")
    answer = ask("run-pipeline", *words, cwd=tmp_path)
    assert answer.code == 0, answer.err
    return Workspace(tmp_path / "data")


@pytest.fixture(autouse=True)
def no_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALES_FEED_MASK_KEY", raising=False)


def shown(workspace: Workspace, patch: pytest.MonkeyPatch, *words: Path) -> tuple[str, str]:
    """The address of the rejected row, and all sentences of the page on data quality."""
    patch.setattr(sys, "argv", ["run-dashboard", str(workspace.data_dir), *map(str, words)])
    test = AppTest.from_file(app.__file__, default_timeout=30)
    test.query_params["page"] = "Data quality"
    test.run()
    assert [error.value for error in test.exception] == []
    [rows] = [one.value for one in test.dataframe if "rejection_reason" in one.value]
    return rows["customer_email"][0], "\n".join(str(one.value) for one in test.caption)


def test_a_named_key_makes_the_masks_of_the_reports(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not (workspace.data_dir / ".mask_key").exists()
    mask, said = shown(workspace, monkeypatch, workspace.data_dir.parent / "team.key")
    [again] = (workspace.data_dir / "rejected").glob("*.parquet")
    manifest = json.loads((again / "_manifest.json").read_text())
    assert mask.endswith("@masked.invalid")
    assert "Personal values" not in said
    # The manifest tells the key from others, and holds nothing of it.
    assert len(manifest["personal"]["key"]) == 16
    assert KEY not in json.dumps(manifest)


def test_without_a_key_values_are_hidden_and_the_page_says_why(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask, said = shown(workspace, monkeypatch)
    assert mask == "(hidden)"
    assert "Personal values are hidden: no key of masks can be read" in said
    assert "mask_key=FILE" in said


def test_another_key_is_said_to_be_another(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = workspace.data_dir / ".mask_key"
    other.write_text("the key of the workspace itself")
    mask, said = shown(workspace, monkeypatch)
    own, _ = shown(workspace, monkeypatch, workspace.data_dir.parent / "team.key")
    assert mask.endswith("@masked.invalid")
    assert mask != own
    assert "Personal values have other masks here than in the run's report" in said


def test_a_key_that_is_not_there_is_refused_before_anything_is_served(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = workspace.data_dir.parent
    answer = ask("run-dashboard", "mask_key=lost.key", cwd=where)
    assert (answer.code, answer.errors) == (2, ["error: mask_key=lost.key: no such file"])
    monkeypatch.setenv("SALES_FEED_MASK_KEY", "short")
    answer = ask("run-dashboard", cwd=where)
    assert answer.code == 2
    assert "has fewer than 16 characters" in answer.errors[0]
