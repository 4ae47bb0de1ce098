"""The clean suite over the clean rows, by Great Expectations' own engine and by the toolkit's.

Both are warm: a first validation of a few rows comes before the clock starts. Reading counts.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pyarrow.parquet as pq

from toolkit.api import load_rules
from toolkit.cluster import ClusterSpec, open_cluster
from toolkit.settings.shipped import shipped_folder
from toolkit.storage.atomic import MANIFEST
from toolkit.validate.parameters import suite_parameters
from toolkit.validate.passes import Computing, computing
from toolkit.validate.run import Target, ValidationLimits, validate_dataset
from toolkit.validate.suites import load_suite

_SUITE = shipped_folder("expectations") / "ecommerce" / "clean.json"
_FORMAT = {
    "result_format": "SUMMARY",
    "unexpected_index_column_names": ["order_id"],
    "return_unexpected_index_query": False,
}

Work = Callable[[], object]


def by_toolkit(dataset: Path, as_of: date, lookups: Path) -> Work:
    """On a thread a core, as `validate-data` does it, failing rows included."""
    suite, parameters = load_suite(_SUITE), _parameters(dataset, as_of, lookups)
    scratch = Path(tempfile.mkdtemp(prefix="validate-"))

    def validate(path: Path) -> None:
        target = Target("clean", path, path, suite, ("order_id",), parameters)
        with (
            open_cluster(ClusterSpec("threads")) as runner,
            computing(Computing(run=runner.run, n_workers=runner.n_workers)),
        ):
            done = validate_dataset(
                target, "run", datetime.now(UTC), ValidationLimits(10_000, scratch, 1 << 30)
            )
        _check(len(done.checked), done.result.results)

    validate(_few_rows(dataset, scratch))
    return lambda: validate(dataset)


def by_stock(dataset: Path, as_of: date, lookups: Path) -> Work:
    """`pandas.read_parquet`, then the pandas engine."""
    suite, parameters = load_suite(_SUITE), _parameters(dataset, as_of, lookups)

    def validate(path: Path) -> None:
        context: Any = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
        batch = source.add_batch_definition_whole_dataframe("all").get_batch(
            {"dataframe": pd.read_parquet(path)}
        )
        whole = gx.ExpectationSuite(name="clean", expectations=list(suite.expectations))
        done: Any = batch.validate(
            whole, result_format=_FORMAT, expectation_parameters=dict(parameters)
        )
        _check(len(suite.expectations), done.results)

    validate(_few_rows(dataset, Path(tempfile.mkdtemp(prefix="validate-"))))
    return lambda: validate(dataset)


def _parameters(dataset: Path, as_of: date, lookups: Path) -> dict[str, Any]:
    rules = load_rules("ecommerce", as_of=as_of, data_dir=lookups.parent)
    manifest = json.loads((dataset / MANIFEST).read_text())
    return suite_parameters(rules.contract, rules.lookups, as_of, manifest)


def _few_rows(dataset: Path, folder: Path) -> Path:
    first = sorted(dataset.glob("*.parquet"))[0]
    path = folder / "few.parquet"
    pq.write_table(pq.read_table(first).slice(0, 1000), path)
    return path


def _check(expected: int, results: Any) -> None:
    """Both did the whole suite, and could evaluate all of it."""
    errors = [one for one in results if any(_raised(one.exception_info))]
    if len(results) != expected or errors:
        raise SystemExit(f"{len(results)} of {expected} results, {len(errors)} errors")


def _raised(info: Any) -> list[bool]:
    return [info["raised_exception"]] if "raised_exception" in info else [True]
