"""Runs many checks at once through an engine, and says where two sets of results differ.

Results are compared as the JSON that Great Expectations stores. Floats may differ by a billionth
of their size, as sums depend on the order of their terms; the kind of a number may not (5 is not
5.0, nor is it true). What differs from run to run (ids, times, the text of an exception) is left
out. The order of keys is of no matter, that of lists is, but for one that stock takes from a set.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import dask.dataframe as dd
import great_expectations as gx
import pandas as pd
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation import Expectation

from toolkit.validate.datasource import DaskDatasource

Result = dict[str, Any]
Results = dict[str, Result]
ResultFormat = Literal["BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"] | dict[str, Any]

RELATIVE_TOLERANCE = 1e-9
# Sums that cancel leave a remainder of the size of the rounding, which has no size of its own.
ABSOLUTE_TOLERANCE = 1e-12


def new_context() -> Any:
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def stock_batch(context: Any, frame: pd.DataFrame) -> Batch:
    """`frame` as one batch of the stock pandas engine."""
    name = f"stock {len(context.data_sources.all())}"
    asset = context.data_sources.add_pandas(name).add_dataframe_asset("frame")
    definition = asset.add_batch_definition_whole_dataframe("whole")
    return definition.get_batch({"dataframe": frame})


def dask_batch(context: Any, folder: Path) -> Batch:
    """The parquet parts in `folder` as one batch of the project's engine."""
    asset = new_dask_source(context).add_parquet_dataset_asset("parts", path=str(folder))
    return asset.add_batch_definition_whole_dataset("whole").get_batch()


def dask_frame_batch(context: Any, frame: dd.DataFrame) -> Batch:
    """`frame` as one batch of the project's engine."""
    asset = new_dask_source(context).add_dask_frame_asset("frame", frame=frame)
    return asset.add_batch_definition_whole_dataset("whole").get_batch()


def new_dask_source(context: Any) -> DaskDatasource:
    source: DaskDatasource = context.data_sources.add_dask(
        f"dask {len(context.data_sources.all())}"
    )
    return source


def run_checks(
    batch: Batch, checks: Mapping[str, Expectation], result_format: ResultFormat
) -> Results:
    """The result of every check by its name, all from one validation."""
    named = [check.copy(update={"meta": {"name": name}}) for name, check in checks.items()]
    suite = gx.ExpectationSuite(name="checks", expectations=named)
    # A copy, as Great Expectations fills in what a dictionary leaves out.
    report = batch.validate(suite, result_format=copy.deepcopy(result_format))
    results = [json.loads(json.dumps(result.to_json_dict())) for result in report.results]
    return {r["expectation_config"]["meta"]["name"]: comparable(r) for r in results}


def comparable(result: Result) -> Result:
    """`result` without what may differ between two runs on the same rows."""
    config = result["expectation_config"]
    kwargs = {key: value for key, value in config["kwargs"].items() if key != "batch_id"}
    return {
        "success": result["success"],
        "raised": has_raised(result["exception_info"]),
        "severity": config["severity"],
        "type": config["type"],
        "kwargs": kwargs,
        "result": in_fixed_order(result["result"]),
    }


def in_fixed_order(result: dict[str, Any]) -> dict[str, Any]:
    """The values that a column lacks come in the order of a set, which is that of their hashes."""
    missing = result.get("partial_missing_list")
    return (
        result if missing is None else {**result, "partial_missing_list": sorted(missing, key=repr)}
    )


def has_raised(exception_info: dict[str, Any]) -> bool:
    """One exception's facts, or those of several by the metric that raised them."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(facts["raised_exception"] for facts in exception_info.values())


def outcome(result: Result) -> str:
    if result["raised"]:
        return "raised"
    return "passed" if result["success"] else "failed"


def differences(ours: Results, stock: Results) -> dict[str, str]:
    """For each check that does not agree, the first place where it does not, and both values."""
    found = {}
    for name in sorted(ours.keys() | stock.keys()):
        place = next(places(ours.get(name), stock.get(name)), None)
        if place is not None:
            found[name] = place
    return found


def places(ours: Any, stock: Any, path: str = "") -> Iterator[str]:
    """Where two JSON values differ, in the order of their keys."""
    if isinstance(ours, dict) and isinstance(stock, dict):
        for key in sorted(ours.keys() | stock.keys()):
            if (key in ours) != (key in stock):
                yield f"{path}.{key}: only {'ours' if key in ours else 'stock'} has it"
            else:
                yield from places(ours[key], stock[key], f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(stock, list):
        if len(ours) != len(stock):
            yield f"{path}: ours has {len(ours)} items, stock {len(stock)}"
        for index, pair in enumerate(zip(ours, stock, strict=False)):
            yield from places(*pair, f"{path}[{index}]")
    elif not same_value(ours, stock):
        yield f"{path}: ours {ours!r}, stock {stock!r}"


def same_value(ours: Any, stock: Any) -> bool:
    if type(ours) is not type(stock):
        return False
    if isinstance(ours, float):
        both_nan = math.isnan(ours) and math.isnan(stock)
        return both_nan or math.isclose(
            ours, stock, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE
        )
    return bool(ours == stock)
