"""What a run publishes is of one run, names what it replaces, and is noticed where it is not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import xxhash

from tests.commands import Answer, ask, everything_in
from tests.feeds import GOOD_ROW, write_feed
from toolkit.dashboard.files import Unreadable
from toolkit.dashboard.published import published_datasets, read_published
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.slow

SHOP = """
name: shop
reasons: [no_id, no_pieces]
columns:
  order_id: {kind: text, required: true, reason: no_id}
  quantity: {kind: integer, min: 1, reason: no_pieces}
derived: {}
aggregations:
  by_order: {kind: summary, by: {order_id: {column: order_id}}, measures: {pieces: {sum: quantity}}}
"""


def feed(folder: Path, name: str, n_rows: int = 3) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [GOOD_ROW | {"order_id": f"{name}{n}"} for n in range(n_rows)]
    path.write_bytes(write_feed([*rows, GOOD_ROW | {"quantity": "none"}]))
    return path


def run(folder: Path, *words: str) -> Answer:
    return ask("run-pipeline", *words, "validation=off", "as_of=2026-11-23", cwd=folder)


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "_manifest.json").read_text())
    return content


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    feed(tmp_path, "feed.csv")
    assert run(tmp_path, "feed.csv").code == 0
    return Workspace(tmp_path / "data")


def test_manifests_name_the_run_its_version_and_the_inputs_by_digest(
    workspace: Workspace, tmp_path: Path
) -> None:
    clean, rejected = workspace.clean_dataset("feed"), workspace.rejected_dataset("feed")
    found = [manifest(p) for p in (clean, rejected, workspace.aggregations_of("ecommerce"))]
    assert len({(one["run"], one["version"]) for one in found}) == 1
    content = (tmp_path / "feed.csv").read_bytes()
    for one in found:
        assert one["inputs"] == [
            {
                "path": "feed.csv",
                "place": "feed.csv",
                "bytes": len(content),
                "digest": f"xxh3_128:{xxhash.xxh3_128_hexdigest(content)}",
                "passed_over": {},
            }
        ]
    assert found[2]["cleaned_version"] == found[0]["version"]
    assert (workspace.reports / found[0]["run"] / "run.json").is_file()


def test_a_pair_of_two_runs_is_not_validated(workspace: Workspace, tmp_path: Path) -> None:
    feed(tmp_path, "other.csv")
    assert run(tmp_path, "other.csv").code == 0
    words = (f"cleaned={workspace.clean_dataset('feed')}",)
    other = f"rejected={workspace.rejected_dataset('other')}"
    answer = ask("validate-data", *words, other, cwd=tmp_path)
    assert answer.code == 2
    assert "belong to two runs; name datasets of one run" in answer.err
    own = f"rejected={workspace.rejected_dataset('feed')}"
    assert "belong" not in ask("validate-data", *words, own, cwd=tmp_path).err


def test_the_dashboard_says_that_clean_rows_are_newer(workspace: Workspace, tmp_path: Path) -> None:
    assert read_published(workspace).problems == {}
    feed(tmp_path, "feed.csv", 5)
    assert ask("clean-data", "feed.csv", "as_of=2026-11-23", cwd=tmp_path).code == 0
    [problem] = read_published(workspace).problems.values()
    assert "do not belong together" in problem.sentence
    command, *words = problem.command.split()
    assert ask(command, *words, cwd=tmp_path).code == 0
    assert read_published(workspace).problems == {}


def test_a_failing_aggregation_publishes_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolkit.stages import aggregating

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = everything_in(workspace.data_dir / "clean")
    feed(tmp_path, "feed.csv", 5)
    monkeypatch.setattr(aggregating, "write_parquet", fail)
    answer = run(tmp_path, "feed.csv")
    assert answer.code == 2
    assert "earlier outputs are untouched" in answer.err
    assert everything_in(workspace.data_dir / "clean") == before


def shop(folder: Path) -> None:
    contracts = folder / "conf" / "dataset"
    contracts.mkdir(parents=True)
    (contracts / "shop.yaml").write_text(SHOP)


def test_datasets_lie_apart_and_both_are_shown(workspace: Workspace, tmp_path: Path) -> None:
    shop(tmp_path)
    before = everything_in(workspace.aggregations_of("ecommerce"))
    feed(tmp_path, "eur.csv")
    answer = run(tmp_path, "eur.csv", "dataset=shop")
    assert answer.code == 0, answer.err
    assert everything_in(workspace.aggregations_of("ecommerce")) == before
    assert published_datasets(workspace) in (["shop", "ecommerce"], ["ecommerce", "shop"])
    assert set(read_published(workspace, "shop").tables) == {"by_order"}
    assert "top_categories" in read_published(workspace, "ecommerce").tables
    with pytest.raises(Unreadable, match="no aggregations of nothing"):
        read_published(workspace, "nothing")


def test_what_another_file_or_dataset_had_is_named(workspace: Workspace, tmp_path: Path) -> None:
    note = "this run replaces them"
    assert note not in run(tmp_path, "feed.csv").out
    feed(tmp_path, "feb/feed.csv")
    assert f"had the rows of feed.csv; {note}" in run(tmp_path, "feb/feed.csv").out
    shop(tmp_path)
    answer = run(tmp_path, "feb/feed.csv", "dataset=shop")
    assert f"had the rows of feb/feed.csv, dataset ecommerce; {note}" in answer.out


def test_clean_rows_of_another_dataset_are_not_aggregated(
    workspace: Workspace, tmp_path: Path
) -> None:
    shop(tmp_path)
    cleaned = f"cleaned={workspace.clean_dataset('feed')}"
    answer = ask("build-aggregations", cleaned, "dataset=shop", cwd=tmp_path)
    assert answer.code == 2
    assert "belongs to dataset ecommerce, not shop; add dataset=ecommerce" in answer.err


def test_a_folder_of_ones_own_gets_tables_beside_what_it_holds(
    workspace: Workspace, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    words = (f"cleaned={workspace.clean_dataset('feed')}", "output=mine")
    assert ask("build-aggregations", *words, cwd=tmp_path).code == 0
    assert (mine / "top_categories.parquet").is_file()
    drop = "~dataset.aggregations.top_categories"
    assert ask("build-aggregations", *words, drop, cwd=tmp_path).code == 0
    assert not (mine / "top_categories.parquet").is_symlink()
    assert (mine / "notes.txt").read_text() == "mine"
    shop(tmp_path)
    feed(tmp_path, "eur.csv")
    assert run(tmp_path, "eur.csv", "dataset=shop").code == 0
    answer = ask(
        "build-aggregations", f"cleaned={workspace.clean_dataset('eur')}", "output=mine",
        "dataset=shop", cwd=tmp_path,
    )  # fmt: skip
    assert answer.code == 2
    assert "contains the aggregations of dataset ecommerce, not shop" in answer.err


def test_a_moved_workspace_shows_its_own(workspace: Workspace, tmp_path: Path) -> None:
    moved = Workspace(tmp_path / "elsewhere" / "data")
    shutil.copytree(workspace.data_dir, moved.data_dir, symlinks=True)
    shutil.rmtree(workspace.data_dir)
    published = read_published(moved)
    assert published.problems == {}
    assert published.cleaned == moved.clean_dataset("feed")
