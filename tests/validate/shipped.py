"""The shipped suites, data for them, and what the stock engine says of that data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import great_expectations as gx
import pandas as pd

from tests.conftest import ROOT
from tests.feeds import Cleaned
from tests.validate.damages import NAMES
from tests.validate.same_as_stock import has_raised, new_context, stock_batch
from toolkit.clean.evaluate import Rules
from toolkit.generate.csv_text import csv_bytes
from toolkit.generate.feed import FeedSpec, feed_block
from toolkit.validate.expectations import ExpectMulticolumnValuesToMatchFormula
from toolkit.validate.parameters import suite_parameters

EXPECTATIONS = ROOT / "expectations"
SUITES = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in (EXPECTATIONS / "ecommerce").glob("*.json")
}
OURS = ExpectMulticolumnValuesToMatchFormula
"""What the suites use besides Great Expectations' own; importing it makes it known."""


@dataclass(frozen=True)
class Datasets:
    """Clean and rejected rows of one run as pandas reads them, and the run's parameters."""

    frames: Mapping[str, pd.DataFrame]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """What became of a suite's expectations, by name; all others found rows and passed."""

    failed: set[str] = field(default_factory=set)
    raised: set[str] = field(default_factory=set)
    vacuous: set[str] = field(default_factory=set)


def feed_bytes(rules: Rules, rows: int, seed: int, mode: str = "dirty") -> bytes:
    """The first block of a generated feed, which holds up to 65,536 rows."""
    spec = FeedSpec(rows, seed, mode, rules.as_of)
    return csv_bytes(feed_block(spec, 0).table, header=True).to_pybytes()


def datasets_of(cleaned: Cleaned, rules: Rules) -> Datasets:
    n_clean, n_rejected = cleaned.clean.num_rows, cleaned.rejected.num_rows
    manifest = {
        "rows_in": n_clean + n_rejected,
        "rows_clean": n_clean,
        "rows_rejected": n_rejected,
    }
    return Datasets(
        {"clean": cleaned.clean.to_pandas(), "rejected": cleaned.rejected.to_pandas()},
        suite_parameters(rules.contract, rules.lookups, rules.as_of, manifest),
    )


def ask_stock(suite: str, frame: pd.DataFrame, parameters: Mapping[str, Any]) -> Said:
    """What the stock pandas engine says of `frame` by the suite as it stands in its file."""
    content = SUITES[suite]
    named = [
        {**expectation, "meta": {"name": name}}
        for expectation, name in zip(content["expectations"], NAMES[suite], strict=True)
    ]
    report = stock_batch(new_context(), frame).validate(
        gx.ExpectationSuite(**{**content, "expectations": named}),
        expectation_parameters=dict(parameters),
    )
    said = Said()
    for result in report.results:
        assert result.expectation_config is not None
        name = result.expectation_config.meta["name"]
        if has_raised(result.exception_info):
            said.raised.add(name)
        elif not result.success:
            said.failed.add(name)
        elif result.result.get("element_count", 1) == result.result.get("missing_count", 0):
            said.vacuous.add(name)
    assert len(report.results) == len(named)
    return said
