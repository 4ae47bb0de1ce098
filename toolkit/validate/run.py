"""Validate all rows of one dataset by one suite, and convert the results."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import great_expectations as gx
import pyarrow as pa
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validation_graph import ValidationGraph

from toolkit.errors import OutputError, SuiteError
from toolkit.pages.masking import Masks
from toolkit.storage.datasets import ParquetStyle, write_parquet
from toolkit.validate.answers import BatchMetrics, Unexpected
from toolkit.validate.checks import RowCount
from toolkit.validate.columns import Ints
from toolkit.validate.dataset import Dataset
from toolkit.validate.datasource import ParquetDatasetAsset
from toolkit.validate.engine import DaskExecutionEngine
from toolkit.validate.passes import fetch_rows, run_pass
from toolkit.validate.personal import mask_results
from toolkit.validate.plan import domain_of
from toolkit.validate.suite_page import config_of, error_messages
from toolkit.validate.suites import Suite, columns_of
from toolkit.validate.verdicts import Checked, Status, is_nothing, observed_text

# Importing Great Expectations sends the warnings of the whole process to a logger.
logging.captureWarnings(False)

_SHOWN_VALUES = 20
_LONGEST_FILE_NAME = 120
_ROW = "row"
_ABOUT_VALUES = "expect_column_"
_ABOUT_COLUMNS = (
    "expect_column_to_exist",
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_be_in_type_list",
    "expect_column_type_to_be",
)


@dataclass(frozen=True)
class Target:
    """A dataset and the suite to validate it by.

    `shown` is the dataset's final path; `path` its path for now. `keys` are columns that identify a
    row for users; `parameters` the values of the suite's $PARAMETERs; `masks` those of the
    dataset's personal columns, whose values appear in no result.
    """

    kind: str
    path: Path
    shown: Path
    suite: Suite
    keys: tuple[str, ...]
    parameters: Mapping[str, Any]
    masks: Masks = field(default_factory=Masks)


@dataclass(frozen=True)
class ValidationLimits:
    """Failing rows written for each expectation, and where; bytes of whole columns in memory."""

    failing_rows: int
    failing_folder: Path
    max_column_bytes: int


@dataclass(frozen=True)
class Validated:
    """A suite's result: Great Expectations' own, and a Checked for each expectation, in the file's
    order.
    """

    target: Target
    n_rows: int
    result: ExpectationSuiteValidationResult
    checked: tuple[Checked, ...]


def validate_dataset(
    target: Target, run_name: str, run_time: datetime, limits: ValidationLimits
) -> Validated:
    """Check every row by every expectation of the suite; passes run as `computing` specifies.

    The first failing rows of each are written to a folder, made if needed: `row` is the number in
    the dataset, from 0; then the keys, and the columns that the expectation names. Raises
    InputError for a damaged dataset, SuiteError when the dataset has no rows or lacks a column or
    parameter that the suite names.
    """
    context = _context()
    source = context.data_sources.add_dask("sales-feed", max_column_bytes=limits.max_column_bytes)
    asset: ParquetDatasetAsset = source.add_parquet_dataset_asset(
        str(target.shown), path=str(target.path)
    )
    dataset = asset.open()
    if dataset.n_rows == 0:
        raise SuiteError.no_rows(target.kind, target.shown)
    target.suite.check_columns(dataset.columns)
    target.suite.check_conditions(dataset.empty_frame())
    target.suite.check_parameters(target.parameters)
    definition = _definition(context, asset, target.suite)
    result = definition.run(
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": _SHOWN_VALUES,
            "unexpected_index_column_names": [k for k in target.keys if k in dataset.columns],
        },
        expectation_parameters=dict(target.parameters),
        run_id=gx.RunIdentifier(run_name=run_name, run_time=run_time),
    )
    engine: DaskExecutionEngine = source.get_execution_engine()
    if engine.ended_by is not None:
        raise engine.ended_by
    places = {e.id: n for n, e in enumerate(definition.suite.expectations)}
    result.results.sort(key=lambda one: places[config_of(one).id])
    empty = _without_values(result.results, engine.answers({}))
    mask_results(result.results, target.masks)
    checked = [
        _checked(target.kind, place, one, engine.answers({}), is_empty=place in empty)
        for place, one in enumerate(result.results)
    ]
    checked = _with_failing_rows(checked, result.results, engine, target, limits)
    return Validated(target, dataset.n_rows, result, tuple(checked))


def _context() -> Any:
    """Make an in-memory context: no folder is made, nothing is sent anywhere."""
    memory = {"class_name": "InMemoryStoreBackend"}
    stores = {
        "expectations": {"class_name": "ExpectationsStore", "store_backend": memory},
        "checkpoints": {"class_name": "CheckpointStore", "store_backend": memory},
        "results": {"class_name": "ValidationResultsStore", "store_backend": memory},
        "validation_definition_store": {
            "class_name": "ValidationDefinitionStore",
            "store_backend": memory,
        },
    }
    config = {
        "config_version": 4.0,
        "analytics_enabled": False,
        "progress_bars": {"globally": False},
        "expectations_store_name": "expectations",
        "checkpoint_store_name": "checkpoints",
        "validation_results_store_name": "results",
        "stores": stores,
        "data_docs_sites": {},
        "fluent_datasources": {},
    }
    return gx.get_context(mode="ephemeral", project_config=config)


def _definition(context: Any, asset: ParquetDatasetAsset, suite: Suite) -> Any:
    """Copy the suite's expectations: the context gives them ids of its own."""
    known = context.suites.add(
        gx.ExpectationSuite(name=suite.name, expectations=list(map(copy, suite.expectations)))
    )
    data = asset.add_batch_definition_whole_dataset("whole")
    return context.validation_definitions.add(
        gx.ValidationDefinition(name=suite.name, data=data, suite=known)
    )


def _without_values(
    results: Sequence[ExpectationValidationResult], answers: BatchMetrics
) -> set[int]:
    """Return the indices of figures of a column whose condition selects no row with a value.

    Great Expectations takes a sum over no rows for 0, and passes. Takes a pass of its own.
    """
    jobs: dict[int, RowCount] = {}
    for place, one in enumerate(results):
        kwargs = config_of(one).kwargs
        query = answers.query_of(kwargs)
        if query is None or "column" not in kwargs or "element_count" in _plain(one):
            continue
        if not error_messages(one) and answers.decides_by_row(kwargs, query):
            domain = domain_of(kwargs, query, answers.dataset, drop_nulls=True)
            jobs[place] = RowCount(domain)
    counts = run_pass(answers.dataset, list(jobs.values())) if jobs else []
    return {place for place, n_rows in zip(jobs, counts, strict=True) if n_rows == 0}


def _checked(
    suite: str,
    place: int,
    one: ExpectationValidationResult,
    answers: BatchMetrics,
    *,
    is_empty: bool,
) -> Checked:
    config, result = config_of(one), _plain(one)
    errors = error_messages(one)
    return Checked(
        suite=suite,
        number=place + 1,
        expectation=config.type,
        columns=tuple(columns_of(config.type, config.kwargs)),
        condition=answers.query_of(config.kwargs),
        severity=config.severity.value,
        status=_status(one, result, answers.dataset, is_empty=is_empty),
        observed=observed_text(result),
        element_count=result.get("element_count"),
        missing_count=result.get("missing_count"),
        unexpected_count=result.get("unexpected_count"),
        unexpected_percent=result.get("unexpected_percent"),
        reason="; ".join(errors) or None,
        notes=config.notes if isinstance(config.notes, str) else None,
    )


def _plain(one: ExpectationValidationResult) -> dict[str, Any]:
    """Return the result as JSON values."""
    result: Any = one.to_json_dict()["result"]
    return dict(result)


def _status(
    one: ExpectationValidationResult,
    result: Mapping[str, Any],
    dataset: Dataset,
    *,
    is_empty: bool,
) -> Status:
    if error_messages(one):
        return Status.ERRORED
    if is_empty or _is_vacuous(config_of(one), result, dataset):
        return Status.VACUOUS
    return Status.PASSED if one.success else Status.FAILED


def _is_vacuous(
    config: ExpectationConfiguration, result: Mapping[str, Any], dataset: Dataset
) -> bool:
    """Return whether there was no value that could have failed the expectation.

    Expectations about the table as a whole, or its columns' names and types, never are.
    """
    if "element_count" in result:
        return bool(result["element_count"] == (result.get("missing_count") or 0))
    if not config.type.startswith(_ABOUT_VALUES) or config.type in _ABOUT_COLUMNS:
        return False
    if set(columns_of(config.type, config.kwargs)) & dataset.empty_columns:
        return True
    return config.kwargs.get("row_condition") is not None and is_nothing(
        result.get("observed_value")
    )


def _with_failing_rows(
    checked: Sequence[Checked],
    results: Sequence[ExpectationValidationResult],
    engine: DaskExecutionEngine,
    target: Target,
    limits: ValidationLimits,
) -> list[Checked]:
    """Add to those that failed a file of their first failing rows."""
    found: dict[int, tuple[Ints, list[str]]] = {}
    for place, (one, result) in enumerate(zip(checked, results, strict=True)):
        unexpected = _unexpected(result, engine) if one.status is Status.FAILED else None
        if unexpected is not None and limits.failing_rows:
            columns = [*target.keys, *unexpected.columns]
            known = [name for name in columns if name in unexpected.dataset.columns]
            found[place] = (unexpected.found.rows[: limits.failing_rows], known)
    tables = fetch_rows(engine.answers({}).dataset, list(found.values()))
    written = list(checked)
    for (place, (rows, _)), table in zip(found.items(), tables, strict=True):
        path = limits.failing_folder / f"{_file_name(checked[place])}.parquet"
        _write(target.masks.table(table).add_column(0, _ROW, pa.array(rows)), path)
        written[place] = replace(checked[place], failing_rows=path)
    return written


def _unexpected(
    result: ExpectationValidationResult, engine: DaskExecutionEngine
) -> Unexpected | None:
    """Return the rows that the expectation's own condition did not accept, if it has one."""
    config = config_of(result)
    map_metric = getattr(config.to_domain_obj(), "map_metric", None)
    if map_metric is None:
        return None
    basic = {"result_format": {"result_format": "BASIC"}}
    needed = config.to_domain_obj().get_validation_dependencies(engine, basic)
    counted = needed.metric_configurations.get(f"{map_metric}.unexpected_count")
    if counted is None:
        return None
    # Building the graph gives the condition the same id as in the validation.
    ValidationGraph(execution_engine=engine).build_metric_dependency_graph(counted, basic)
    return engine.unexpected_of(counted.metric_dependencies["unexpected_condition"])


def _file_name(one: Checked) -> str:
    named = re.sub(r"[^A-Za-z0-9_-]+", "_", "-".join([one.expectation, *one.columns]))
    return f"{one.suite}-{one.number:02d}-{named}"[:_LONGEST_FILE_NAME]


def _write(table: pa.Table, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(table, table.schema, path, ParquetStyle())
    except OSError as error:
        raise OutputError.cannot_write(path, error) from error
