"""The folders of a workspace: data_dir with its inputs and lookups, and where outputs go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.settings.shipped import shipped_folder

GENERATED_FEED = "raw_ecommerce_data.csv"


@dataclass(frozen=True)
class Workspace:
    """Where things are, by convention; nothing is created by asking."""

    data_dir: Path
    results_dir: Path | None = None
    """Where outputs go instead of data_dir: a job of a sweep has a folder of its own."""

    @property
    def generated_feed(self) -> Path:
        return self.data_dir / "input" / GENERATED_FEED

    @property
    def new_feed(self) -> Path:
        """Where a feed is generated when nobody says where."""
        return self.outputs / "input" / GENERATED_FEED

    @property
    def outputs(self) -> Path:
        """The folder of clean, rejected and aggregations, and of their versions."""
        return self.results_dir or self.data_dir

    def clean_dataset(self, stem: str) -> Path:
        return self.outputs / "clean" / f"{stem}_clean.parquet"

    def rejected_dataset(self, stem: str) -> Path:
        return self.outputs / "rejected" / f"{stem}_rejected.parquet"

    @property
    def new_lookups(self) -> Path:
        """Where lookups are built when nobody says where."""
        return self.outputs / "lookups"

    @property
    def aggregations(self) -> Path:
        """The folder of all datasets' aggregations, one folder each."""
        return self.outputs / "aggregations"

    def aggregations_of(self, dataset: str) -> Path:
        return self.aggregations / dataset

    @property
    def lookups(self) -> Path:
        """The workspace's own lookups, or the starter ones where it has none."""
        own = self.data_dir / "lookups"
        return own if own.is_dir() else shipped_folder("lookups")

    def suites(self, dataset: str) -> Path:
        """The folder of a dataset's suites: beside the workspace, or as the toolkit ships it."""
        own = self.new_suites(dataset)
        return own if own.is_dir() else shipped_folder("expectations") / dataset

    def new_suites(self, dataset: str) -> Path:
        """Where suites of a new dataset are written."""
        return self.data_dir.parent / "expectations" / dataset

    def new_contract(self, dataset: str) -> Path:
        """Where the contract of a new dataset is written, and looked for by its name."""
        return self.data_dir.parent / "conf" / "dataset" / f"{dataset}.yaml"

    @property
    def reports(self) -> Path:
        return self.data_dir / "reports"

    @property
    def data_docs(self) -> Path:
        return self.reports / "data_docs"

    @property
    def has_own_lookups(self) -> bool:
        return self.lookups == self.data_dir / "lookups"


def ledger_path(feed: Path) -> Path:
    """Where the ledger of a generated feed is written, beside it."""
    return feed.with_name(f"{feed.stem}_ledger.parquet")
