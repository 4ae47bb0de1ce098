"""The folders of a workspace: data_dir with inputs and lookups, and the folders of outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolkit.settings.shipped import shipped_folder

GENERATED_FEED = "raw_ecommerce_data.csv"


@dataclass(frozen=True)
class Workspace:
    """Paths by convention; reading one does not create it."""

    data_dir: Path
    results_dir: Path | None = None
    """Output folder instead of data_dir, for a job of a sweep."""

    @property
    def generated_feed(self) -> Path:
        return self.data_dir / "input" / GENERATED_FEED

    @property
    def new_feed(self) -> Path:
        """Default path of a generated feed."""
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
        """Default folder of built lookups."""
        return self.outputs / "lookups"

    @property
    def aggregations(self) -> Path:
        """Folder of all datasets' aggregations, one subfolder each."""
        return self.outputs / "aggregations"

    def aggregations_of(self, dataset: str) -> Path:
        return self.aggregations / dataset

    @property
    def lookups(self) -> Path:
        """The workspace's lookups, or the starter lookups where it has none."""
        own = self.data_dir / "lookups"
        return own if own.is_dir() else shipped_folder("lookups")

    def suites(self, dataset: str) -> Path:
        """Return the folder of a dataset's suites: beside the workspace, or the shipped one."""
        own = self.new_suites(dataset)
        return own if own.is_dir() else shipped_folder("expectations") / dataset

    def new_suites(self, dataset: str) -> Path:
        """Return the folder for suites of a new dataset."""
        return self.data_dir.parent / "expectations" / dataset

    def new_contract(self, dataset: str) -> Path:
        """Return the path of a new dataset's contract, from which it is also loaded by name."""
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
    """Return the path of the ledger beside a generated feed."""
    return feed.with_name(f"{feed.stem}_ledger.parquet")
