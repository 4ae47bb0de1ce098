"""Rows of a page about a suite's result, in the words of Great Expectations' own renderers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import get_renderer_impl
from markupsafe import Markup

from toolkit.units import human_count
from toolkit.validate.gx_content import (
    content_html,
    details_html,
    plain_text,
    table_html,
    text_html,
)
from toolkit.validate.suites import columns_of
from toolkit.validate.verdicts import SEVERITIES, Status

# Importing Great Expectations sends the warnings of the whole process to a logger.
logging.captureWarnings(False)

_FEW_ROWS = 5
# What a complete result has of every failing row.
_ALL_ROWS = ("unexpected_index_list", "unexpected_index_query", "unexpected_list")


@dataclass(frozen=True)
class Verdict:
    """The toolkit's status of one expectation, for its page."""

    status: Status
    failing_rows: Path | None = None


@dataclass(frozen=True)
class SuiteDocs:
    """A suite's result, and the further content of its page.

    `verdicts` has one entry for each of `result.results`, in their order; `links` (label -> file)
    are shown at the top of the page.
    """

    result: ExpectationSuiteValidationResult
    verdicts: Sequence[Verdict]
    links: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One expectation on the page."""

    status: Status
    severity: str
    columns: str
    kind: str
    words: Markup
    observed: Markup
    details: Markup
    notes: list[str]
    failing_rows: Path | None

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key, worst first."""
        return list(Status).index(self.status), SEVERITIES.index(self.severity)


def suite_rows(suite: SuiteDocs) -> list[Row]:
    """Return a row for every expectation, worst first, otherwise in the order of the results.

    Raises ValueError when `verdicts` has not one entry for each of them.
    """
    plain = _plain(suite.result)
    rows = [
        _row(result, verdict, plain.suite_parameters or {})
        for result, verdict in zip(plain.results, suite.verdicts, strict=True)
    ]
    return sorted(rows, key=lambda row: row.rank)


def suite_facts(result: ExpectationSuiteValidationResult) -> dict[str, str]:
    """Describe the batch, label -> text, by facts that are the same in every run."""
    batch = result.meta.get("active_batch_definition") or {}
    facts = {
        "Data": batch.get("data_asset_name"),
        "Parameters": result.suite_parameters,
        "Great Expectations": result.meta.get("great_expectations_version"),
    }
    return {label: plain_text(fact) for label, fact in facts.items() if fact}


def error_messages(result: ExpectationValidationResult) -> list[str]:
    """Return the distinct reasons why an expectation could not be evaluated, if so."""
    info = result.exception_info or {}
    # Either a single error, or one for each metric that could not be computed.
    raised = [info] if "raised_exception" in info else list(info.values())
    messages = [plain_text(one["exception_message"]) for one in raised if one["raised_exception"]]
    return list(dict.fromkeys(messages))


def status_of(result: ExpectationValidationResult) -> Status:
    """Return the status of an expectation, as far as its own result shows it."""
    if error_messages(result):
        return Status.ERRORED
    n_elements = result.result.get("element_count")
    if n_elements is not None and n_elements == (result.result.get("missing_count") or 0):
        return Status.VACUOUS
    return Status.PASSED if result.success else Status.FAILED


def _plain(result: ExpectationSuiteValidationResult) -> ExpectationSuiteValidationResult:
    """Copy JSON data into plain types: renderers fail on numpy's numbers and Python's dates."""
    schema = expectationSuiteValidationResultSchema
    return schema.loads(schema.dumps(result))


def _row(
    result: ExpectationValidationResult, verdict: Verdict, parameters: Mapping[str, Any]
) -> Row:
    config = config_of(result)
    words = _Words(result, parameters)
    return Row(
        status=verdict.status,
        severity=config.severity.value,
        columns=", ".join(columns_of(config.type, config.kwargs)),
        kind=config.type,
        words=words.sentence(),
        observed=words.observed(),
        details=words.details(),
        notes=_notes(config),
        failing_rows=verdict.failing_rows,
    )


def config_of(result: ExpectationValidationResult) -> ExpectationConfiguration:
    if result.expectation_config is None:
        raise ValueError("a validation result without its expectation cannot be shown")
    return result.expectation_config


def _notes(config: ExpectationConfiguration) -> list[str]:
    """Return the expectation's notes; suites store them in one of several places."""
    notes = config.notes or (config.meta or {}).get("notes") or []
    if isinstance(notes, dict):
        notes = notes.get("content") or []
    return [notes] if isinstance(notes, str) else [plain_text(note) for note in notes]


class _Words:
    """The texts that an expectation's registered renderers produce for its result."""

    def __init__(self, result: ExpectationValidationResult, parameters: Mapping[str, Any]) -> None:
        self._result = result
        self._config = config_of(result)
        self._errors = error_messages(result)
        self._parameters = parameters

    def sentence(self) -> Markup:
        """Return the expectation as a sentence, or the description that the suite gives instead."""
        if self._config.description:
            return Markup("<span>{}</span>").format(text_html(self._config.description))
        kwargs = {name: v for name, v in self._config.kwargs.items() if name != "batch_id"}
        content = self._rendered(
            "renderer.prescriptive",
            instead=f"{self._config.type}({plain_text(kwargs)})",
            configuration=self._config,
            runtime_configuration={
                "include_column_name": False,
                "suite_parameters": self._parameters,
            },
        )
        return content_html(content)

    def observed(self) -> Markup:
        """Return the observed value; empty where nothing could be evaluated."""
        if self._errors:
            return Markup()
        value = self._result.result.get("observed_value", "--")
        shown = self._rendered("renderer.diagnostic.observed_value", value, result=self._result)
        # Do not show a list in Python's syntax.
        return content_html(value if shown == str(value) else shown)

    def details(self) -> Markup:
        """Return counts and samples of unexpected rows, or the reason of an error."""
        if self._errors:
            line = Markup("<p>Could not be evaluated: <code>{}</code></p>")
            return Markup().join(line.format(text_html(message)) for message in self._errors)
        return self._statement() + self._unexpected_values() + _unexpected_rows(self._result.result)

    def _statement(self) -> Markup:
        n_unexpected = self._result.result.get("unexpected_count") or 0
        counted = f"{human_count(n_unexpected)} unexpected values found."
        statement = self._rendered(
            "renderer.diagnostic.unexpected_statement",
            instead=counted if n_unexpected and not self._result.success else None,
            result=self._result,
        )
        return Markup("<p>{}</p>").format(content_html(statement)) if statement else Markup()

    def _unexpected_values(self) -> Markup:
        result = copy(self._result)
        # Of all rows the renderer makes a table without order; without them it samples values.
        result.result = {k: v for k, v in result.result.items() if k not in _ALL_ROWS}
        sampled = result.result.get("partial_unexpected_list") or []
        table = self._rendered(
            "renderer.diagnostic.unexpected_table",
            instead=", ".join(map(plain_text, sampled)),
            result=result,
        )
        # The sentence already says that null is the unexpected value.
        if not table or all(value is None or value != value for value in sampled):
            return Markup()
        few = not result.success and len(set(map(str, sampled))) <= _FEW_ROWS
        return details_html(Markup("Unexpected values"), content_html(table), opened=few)

    def _rendered(self, renderer: str, instead: Any, **arguments: Any) -> Any:
        """Return the renderer's output, or `instead`, so that a failing renderer does not lose the
        page.
        """
        found = get_renderer_impl(self._config.type, renderer)
        try:
            return found.renderer(**arguments) if found else instead
        except Exception:
            return instead


def _unexpected_rows(found: Mapping[str, Any]) -> Markup:
    """Return the first unexpected rows by their keys, where the result has keys."""
    rows = found.get("partial_unexpected_index_list") or []
    if not all(isinstance(row, dict) for row in rows) or not rows:
        return Markup()
    keys = found.get("unexpected_index_column_names") or []
    names = [*keys, *(name for name in rows[0] if name not in keys)]
    n_all = found.get("unexpected_count") or len(rows)
    shown = f"First {len(rows)} of {human_count(n_all)}" if len(rows) < n_all else f"{n_all}"
    table = table_html(names, [[row.get(name) for name in names] for row in rows])
    return details_html(text_html(f"{shown} unexpected rows"), table)
