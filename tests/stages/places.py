"""Folders in which commands are run, and the suites that tests give them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.commands import Answer, ask, everything_in

Expectation = Mapping[str, Any]


def about(column: str, kind: str = "not_be_null", **kwargs: Any) -> Expectation:
    return {"type": f"expect_column_values_to_{kind}", "kwargs": {"column": column, **kwargs}}


def where(column: str, value: Any) -> dict[str, Any]:
    """What makes an expectation one about the rows that have the value."""
    condition = {"type": "comparison", "operator": "==", "parameter": value}
    return {"row_condition": {**condition, "column": {"name": column}}}


def row_count(value: Any) -> Expectation:
    return {"type": "expect_table_row_count_to_equal", "kwargs": {"value": value}}


def severe(severity: str, expectation: Expectation) -> Expectation:
    return {**expectation, "severity": severity}


HOLDS: Expectation = {
    "type": "expect_table_row_count_to_be_between",
    "kwargs": {"min_value": 1},
}
FREE_GOODS: Expectation = {
    "type": "expect_column_mean_to_be_between",
    "kwargs": {"column": "unit_price", "min_value": 0, "max_value": 0.001},
}
"""Holds for no feed."""
SINGLE_PIECES = about("quantity", "be_between", max_value=1)
"""Holds for some rows of every feed."""
NO_REGEX = about("order_id", "match_regex", regex="(")
"""Cannot be evaluated."""


@dataclass(frozen=True)
class Place:
    """A folder with a workspace `data`, that may have suites of its own beside it."""

    folder: Path

    @property
    def clean(self) -> Path:
        return self.folder / "data" / "clean" / "raw_ecommerce_data_clean.parquet"

    @property
    def rejected(self) -> Path:
        return self.folder / "data" / "rejected" / "raw_ecommerce_data_rejected.parquet"

    @property
    def reports(self) -> Path:
        return self.folder / "data" / "reports"

    @property
    def docs(self) -> Path:
        return self.reports / "data_docs"

    def ask(self, command: str, *words: str) -> Answer:
        return ask(command, *words, cwd=self.folder)

    def run_pipeline(self, *words: str) -> Answer:
        return self.ask("run-pipeline", "size=tiny", *words)

    def published(self) -> dict[str, bytes]:
        """Every file of the outputs by its path, reports apart."""
        data = self.folder / "data"
        return {
            f"{output}/{name}": content
            for output in ("clean", "rejected", "aggregations")
            for name, content in everything_in(data / output).items()
        }

    def runs(self) -> list[Path]:
        """The folders of all runs that have a report, oldest first; of a sweep each of its own."""
        found = [*self.reports.glob("2*/run.json"), *self.reports.glob("sweep_*/*/run.json")]
        return [path.parent for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)]

    def report(self) -> dict[str, Any]:
        """What the last run says of itself."""
        return read_json(self.runs()[-1] / "run.json")

    def stage(self, name: str) -> dict[str, Any]:
        """What the last run says of one of its stages."""
        [facts] = [facts for facts in self.report()["stages"] if facts["name"] == name]
        return dict(facts)

    def suites(self) -> dict[str, dict[str, Any]]:
        """What the last run found, by the kind of the dataset."""
        results = read_json(self.runs()[-1] / "validation.json")
        return {suite["suite"]: suite for suite in results["suites"]}

    def write_suites(
        self,
        clean: Sequence[Expectation] = (HOLDS,),
        rejected: Sequence[Expectation] = (HOLDS,),
        dataset: str = "ecommerce",
    ) -> Path:
        """Suites of the place's own, in a folder beside the workspace."""
        folder = self.folder / "expectations" / dataset
        folder.mkdir(parents=True, exist_ok=True)
        for kind, expectations in (("clean", clean), ("rejected", rejected)):
            suite = {"name": f"{dataset}.{kind}", "expectations": list(expectations)}
            (folder / f"{kind}.json").write_text(json.dumps(suite), encoding="utf-8")
        return folder


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
