"""Read the published aggregations: their manifests and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from toolkit.contract import (
    EXTREME_COLUMN,
    METRIC_COLUMN,
    RANK_COLUMN,
    AnyAggregation,
    Extremes,
    Measure,
    Ranking,
    Summary,
)
from toolkit.dashboard.files import Unreadable, read_frame, read_json
from toolkit.settings.commands import typed
from toolkit.settings.workspace import Workspace
from toolkit.storage.atomic import MANIFEST
from toolkit.storage.versions import pinned

NO_LABEL = "(none)"
"""Label of rows without a value in a grain."""

_AGGREGATIONS = TypeAdapter(dict[str, AnyAggregation])


@dataclass(frozen=True)
class Table:
    """An aggregation and its rows, as published; labels are text, NO_LABEL for null."""

    name: str
    aggregation: AnyAggregation
    frame: pd.DataFrame
    optional: frozenset[str] = frozenset()
    """The clean columns that may lack a value."""

    @property
    def grains(self) -> list[str]:
        """Return the columns that identify what a row is about."""
        match self.aggregation:
            case Summary(by=by):
                return list(by)
            case Ranking(within=within, item=item):
                return [within, item]
            case Extremes():
                return []

    @property
    def months(self) -> list[str]:
        """Return the grains that are months."""
        match self.aggregation:
            case Summary(by=by):
                return [label for label, grain in by.items() if grain.unit == "month"]
        return []

    @property
    def measures(self) -> Mapping[str, Measure]:
        return {} if isinstance(self.aggregation, Extremes) else self.aggregation.measures

    @property
    def metrics(self) -> list[str]:
        """Return the measures that are numbers and can be drawn; the others are days."""
        return [m for m in self.measures if pd.api.types.is_numeric_dtype(self.frame[m])]

    @property
    def main_measure(self) -> str:
        """Return the metric that it is sorted by, or else its first."""
        if isinstance(self.aggregation, Summary) and self.aggregation.largest_first in self.metrics:
            return self.aggregation.largest_first
        return self.metrics[0]


@dataclass(frozen=True)
class Published:
    """The contents of the aggregations folder; `problems` has a sentence for each unusable
    table.
    """

    dataset: str
    run: str
    cleaned: Path
    n_rows: int
    finished: datetime
    days: Mapping[str, tuple[date, date]]
    tables: Mapping[str, Table]
    problems: Mapping[str, Unreadable] = field(default_factory=dict)

    def summaries(self, n_grains: int) -> list[Table]:
        """Return the summaries with so many grains."""
        return [
            table
            for table in self.tables.values()
            if isinstance(table.aggregation, Summary) and len(table.grains) == n_grains
        ]

    def by_month(self) -> Table | None:
        """Return the first summary of months alone."""
        return next((t for t in self.summaries(1) if t.months and t.metrics), None)

    def by_label(self) -> list[Table]:
        """Return the summaries of one grain other than the month."""
        return [table for table in self.summaries(1) if not table.months and table.metrics]

    def ranking_within(self, grain: str) -> Table | None:
        """Return the ranking of items within each value of the grain."""
        for table in self.tables.values():
            if isinstance(table.aggregation, Ranking) and table.aggregation.within == grain:
                return table
        return None

    def extremes(self) -> list[Table]:
        return [t for t in self.tables.values() if isinstance(t.aggregation, Extremes)]

    def days_of(self, table: Table) -> tuple[date, date] | None:
        """Return the first and last day of the table's months, if the manifest has them."""
        assert isinstance(table.aggregation, Summary)
        return self.days.get(table.aggregation.by[table.months[0]].column)


def published_datasets(workspace: Workspace) -> list[str]:
    """Return the datasets whose aggregations are published, the newest first."""
    found: dict[str, str] = {}
    for dataset, folder in _folders(workspace).items():
        with suppress(Unreadable):
            found[dataset] = str(read_json(folder / MANIFEST).get("finished", ""))
    return sorted(found, key=lambda dataset: (found[dataset], dataset), reverse=True)


def read_published(workspace: Workspace, dataset: str | None = None) -> Published:
    """Read the published aggregations of a dataset, or of the newest one.

    Raises Unreadable when none of them can be shown.
    """
    again, folders = _command(workspace), _folders(workspace)
    if dataset is None:
        dataset = next(iter(published_datasets(workspace) or sorted(folders)), None)
    if dataset is None:
        raise Unreadable(f"There are no aggregations in {workspace.aggregations} yet.", again)
    if dataset not in folders:
        raise Unreadable(f"There are no aggregations of {dataset} yet.", again)
    # Pin one version, in case a run publishes in the meantime.
    with pinned([folders[dataset]]) as (folder,):
        return _read(folder, folders[dataset], workspace.outputs, again)


def _folders(workspace: Workspace) -> dict[str, Path]:
    """Return the folder of each dataset's aggregations.

    Tables that were written directly into the common folder (`output=`) belong to the dataset that
    their manifest names.
    """
    home = workspace.aggregations
    found = {path.parent.name: path.parent for path in sorted(home.glob(f"*/{MANIFEST}"))}
    if (home / MANIFEST).exists():
        name = "(unknown)"
        with suppress(Unreadable):
            name = str(read_json(home / MANIFEST).get("dataset", name))
        found.setdefault(name, home)
    return found


def _read(folder: Path, shown: Path, root: Path, again: str) -> Published:
    """Read the contents of `folder`, which users open as `shown`; `root` is the workspace's
    folder.
    """

    def seen(sentence: str) -> str:
        return sentence.replace(str(folder), str(shown))

    try:
        manifest = read_json(folder / MANIFEST)
        published = _described(manifest, root)
    except Unreadable as error:
        raise Unreadable(seen(error.sentence), again) from None
    except (KeyError, TypeError, ValueError) as error:
        why = "an older toolkit wrote it" if isinstance(error, ValidationError) else repr(error)
        raise Unreadable(
            f"{shown / MANIFEST} does not describe the tables beside it ({why}).", again
        ) from None
    tables: dict[str, Table] = {}
    problems: dict[str, Unreadable] = {}
    for name, aggregation in _AGGREGATIONS.validate_python(manifest["aggregations"]).items():
        try:
            tables[name] = _read_table(
                folder / f"{name}.parquet", name, aggregation, manifest.get("optional", ())
            )
        except Unreadable as error:
            problems[name] = Unreadable(seen(error.sentence), again)
    if stale := _clean_rows_since(manifest, root):
        problems[""] = Unreadable(stale, again)
    return Published(**published, tables=tables, problems=problems)


def _clean_rows_since(manifest: Mapping[str, Any], root: Path) -> str | None:
    """Return a warning if the clean rows changed after they were aggregated."""
    cleaned = root / manifest["cleaned"]
    try:
        now = read_json(cleaned / MANIFEST)
    except Unreadable:
        return None
    if now.get("version") == manifest.get("cleaned_version"):
        return None
    return (
        f"These figures are of run {manifest['run']}, but {cleaned} has the rows of run "
        f"{now.get('run', '(unknown)')} by now: the two do not belong together."
    )


def _described(manifest: Mapping[str, Any], root: Path) -> dict[str, Any]:
    _AGGREGATIONS.validate_python(manifest["aggregations"])
    return {
        "dataset": str(manifest["dataset"]),
        "run": str(manifest["run"]),
        "cleaned": root / manifest["cleaned"],
        "n_rows": int(manifest["rows_in"]),
        "finished": datetime.fromisoformat(manifest["finished"]),
        "days": {
            column: (date.fromisoformat(first), date.fromisoformat(last))
            for column, (first, last) in manifest["days"].items()
        },
    }


def _command(workspace: Workspace) -> str:
    """Return the command that fills the folder: aggregating is enough where clean rows exist."""
    data_dir = typed("data_dir", str(workspace.data_dir))
    found = sorted((workspace.data_dir / "clean").glob("*_clean.parquet"))
    if not found:
        return f"run-pipeline {data_dir}"
    usual = workspace.clean_dataset(workspace.generated_feed.stem)
    named = "" if usual in found else f" {typed('cleaned', str(found[0]))}"
    return f"build-aggregations {data_dir}{named}"


def _read_table(
    path: Path, name: str, aggregation: AnyAggregation, optional: Iterable[str]
) -> Table:
    frame = read_frame(path)
    table = Table(name, aggregation, frame)
    needed = [*table.grains, *table.measures, *_extra_columns(aggregation)]
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise Unreadable(f"{path} lacks {', '.join(missing)}, which its manifest promises.")
    words = [
        name
        for name, measure in table.measures.items()
        if not measure.answers.shows_a_value and name not in table.metrics
    ]
    if words:
        raise Unreadable(f"{path} has no numbers in {', '.join(words)}.")
    return Table(name, aggregation, _labelled(frame, table.grains), frozenset(optional))


def _extra_columns(aggregation: AnyAggregation) -> tuple[str, ...]:
    match aggregation:
        case Ranking():
            return (METRIC_COLUMN, RANK_COLUMN)
        case Extremes(highest=highest):
            return (EXTREME_COLUMN, RANK_COLUMN, *highest.values())
        case Summary():
            return ()


def _labelled(frame: pd.DataFrame, grains: list[str]) -> pd.DataFrame:
    labels = {grain: frame[grain].astype("str").where(frame[grain].notna()) for grain in grains}
    return frame.assign(**{grain: label.fillna(NO_LABEL) for grain, label in labels.items()})
