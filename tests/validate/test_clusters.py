"""Validation on every kind of cluster: the same results, by workers without Great Expectations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dask.delayed import delayed

from tests.feeds import Cleaner
from tests.validate.asked_of_workers import tell_modules
from tests.validate.own_metrics import ExpectSquaresByKernel, ExpectSquaresByRow
from tests.validate.same_as_stock import dask_batch, new_context, run_checks
from tests.validate.sample import cut_table, write_parts
from tests.validate.shipped import EXPECTATIONS, datasets_of, feed_bytes
from toolkit.clean.evaluate import Rules
from toolkit.cluster import ClusterSpec, Runner, open_cluster
from toolkit.validate.dataset import open_dataset
from toolkit.validate.passes import Computing, computing
from toolkit.validate.run import Target, Validated, ValidationLimits, validate_dataset
from toolkit.validate.suites import load_suite

pytestmark = pytest.mark.slow

N_ROWS = 2000
RUN_TIME = datetime(2026, 11, 23, tzinfo=UTC)
KEYS = {"clean": ("order_id",), "rejected": ("source_file", "source_row")}


@dataclass(frozen=True)
class Feed:
    """The clean and the rejected rows of one feed as datasets, with an order that came twice."""

    folder: Path
    parameters: Mapping[str, Any]

    def validate(self, kind: str, failing: Path) -> Validated:
        path = self.folder / kind
        suite = load_suite(EXPECTATIONS / "ecommerce" / f"{kind}.json")
        target = Target(kind, path, path, suite, KEYS[kind], self.parameters)
        return validate_dataset(target, "run", RUN_TIME, ValidationLimits(100, failing, 1 << 20))


@pytest.fixture(scope="module")
def feed(rules: Rules, clean_feed: Cleaner, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    cleaned = clean_feed(feed_bytes(rules, N_ROWS, seed=11))
    folder = tmp_path_factory.mktemp("feed")
    twice = pa.concat_tables([cleaned.clean, cleaned.clean.slice(3, 1)])
    for kind, rows in (("clean", twice), ("rejected", cleaned.rejected)):
        third = rows.num_rows // 3
        write_parts(cut_table(rows, [0, third, 2 * third, rows.num_rows]), folder / kind)
    return Feed(folder, datasets_of(cleaned, rules).parameters)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts as small as the data, so that every worker gets some."""
    in_small_parts = partial(open_dataset, rows_a_part=1)
    monkeypatch.setattr("toolkit.validate.datasource.open_dataset", in_small_parts)


@contextmanager
def cluster(kind: str, workers: int, spill: Path) -> Iterator[Runner]:
    """A cluster on which the passes of the block are computed."""
    with open_cluster(ClusterSpec(kind, workers=workers)) as runner:
        how = Computing(run=runner.run, n_workers=runner.n_workers, spill=spill)
        with computing(how):
            yield runner


def ask_workers(runner: Runner, n: int) -> set[tuple[int, bool, bool]]:
    """What n workers say of their modules."""
    told: set[tuple[int, bool, bool]] = set()
    while len({pid for pid, _, _ in told}) < n:
        told.update(runner.run([delayed(tell_modules, pure=False)() for _ in range(2 * n)]))
    return told


def results_of(feed: Feed, failing: Path) -> list[Any]:
    """All results for both datasets, except what differs from run to run."""
    said: list[Any] = []
    for kind in KEYS:
        validated = feed.validate(kind, failing)
        rows = [pq.read_table(c.failing_rows) for c in validated.checked if c.failing_rows]
        checked = [replace(one, failing_rows=None) for one in validated.checked]
        results: Any = validated.result.results
        details = [json.loads(json.dumps(one.to_json_dict()["result"])) for one in results]
        said.append((validated.n_rows, checked, rows, details))
    return said


@pytest.fixture(scope="module")
def expected(feed: Feed, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("sync")
    with cluster("sync", 1, folder):
        return results_of(feed, folder)


def test_what_is_compared_has_what_can_differ(expected: list[Any]) -> None:
    (n_clean, checked, rows, _), (n_rejected, rejected, _, _) = expected
    assert n_clean + n_rejected == N_ROWS + 1
    failed = {one.expectation for one in checked if one.status == "failed"}
    assert failed == {"expect_table_row_count_to_equal", "expect_column_values_to_be_unique"}
    assert [table.num_rows for table in rows] == [2]
    assert {one.status for one in rejected} == {"passed"}


@pytest.mark.parametrize("kind", ["threads", "processes", "local"])
def test_every_kind_says_the_same(
    kind: str, feed: Feed, expected: list[Any], tmp_path: Path
) -> None:
    with cluster(kind, 2, tmp_path) as runner:
        assert results_of(feed, tmp_path) == expected
        told = ask_workers(runner, 1 if kind == "threads" else 2)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    if kind != "threads":
        assert os.getpid() not in {pid for pid, _, _ in told}
        assert any(checks for _, checks, _ in told)
        assert not any(gx for _, _, gx in told)


def test_a_kernel_of_a_users_own_needs_no_great_expectations(tmp_path: Path) -> None:
    """Stock code on parts does, which also shows that workers can tell."""
    folder = write_parts([pa.table({"n": [1, 2, 4]}), pa.table({"n": [9, 8]})], tmp_path / "rows")
    context = new_context()
    found: list[Any] = []
    told: list[bool] = []
    with cluster("processes", 1, tmp_path) as runner:
        for check in (ExpectSquaresByKernel(column="n"), ExpectSquaresByRow(column="n")):
            found += run_checks(
                dask_batch(context, folder), {"squares": check}, "COMPLETE"
            ).values()
            told += [gx for _, _, gx in ask_workers(runner, 1)]
    assert [one["result"]["unexpected_list"] for one in found] == [[2, 8], [2, 8]]
    assert told == [False, True]
