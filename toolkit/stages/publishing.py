"""Publish a run's outputs together."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from toolkit.errors import OutputError, ValidationError
from toolkit.generate.feed import FeedSpec
from toolkit.generate.write import StagedFeed, Written, stage_feed
from toolkit.report.facts import StageFacts
from toolkit.settings.workspace import ledger_path
from toolkit.stages.run import DatasetPaths, Run
from toolkit.storage.datasets import read_manifest
from toolkit.storage.versions import Version, new_version

HELD = "held"
"""The subfolder of a run's folder for datasets that it does not publish."""


class Publication:
    """Staged outputs of a run. Nothing is written before the first is staged.

    The report names their paths once they are published.
    """

    def __init__(self, run: Run, root: Path, stack: ExitStack) -> None:
        self._run, self._root, self._stack = run, root, stack
        self._outputs: list[tuple[StageFacts, str, Path]] = []
        self.feeds: dict[str, Path] = {}
        """The staged path of a generated feed, by its path once published."""

    @cached_property
    def version(self) -> Version:
        """Raises OutputError where the folder of the outputs cannot be written."""
        return self._stack.enter_context(new_version(self._root, self._run.name))

    def stage_folder(
        self, facts: StageFacts, label: str, target: Path, dataset: str, *, alone: bool
    ) -> DatasetPaths:
        """Make an empty folder that becomes `target`.

        Raises OutputError where the target is not ours, or, if this run must be `alone`, where
        another run is writing it.
        """
        place = self.version.stage(target, dataset, alone=alone)
        place.mkdir()
        self._outputs.append((facts, label, target))
        return DatasetPaths(place, target)

    def stage_files(
        self, facts: StageFacts, label: str, folder: Path, dataset: str, names: Sequence[str]
    ) -> dict[str, Path]:
        """Return the staged paths of files that appear in a folder that may have others.

        Other files that were published there for the same dataset are withdrawn.
        Raises OutputError where one of them is not ours, and where the folder holds files of
        another dataset.
        """
        earlier = read_manifest(folder).get("dataset", dataset)
        if earlier != dataset:
            raise OutputError.another_dataset(folder, earlier, dataset)
        places = {name: self.version.stage(folder / name, dataset, alone=False) for name in names}
        for name in self.version.published_in(folder):
            if name not in places:
                self.version.withdraw(folder / name)
        self._outputs.append((facts, label, folder))
        return places

    def stage_feed(self, spec: FeedSpec, path: Path, *, ledger: bool) -> StagedFeed:
        """Stage a feed, which can be read until all is published."""
        _ = self.version  # entered first, so that its folder is discarded last
        beside = ledger_path(path)
        return self._stack.enter_context(stage_feed(spec, path, beside, with_ledger=ledger))

    def add_feed(
        self, facts: StageFacts, staged: StagedFeed, written: Sequence[Written], path: Path
    ) -> Written:
        """Add the generated feed, and its ledger, to the commit."""
        total, moves = staged.finish(written)
        self.version.move(moves)
        self.feeds[str(path)] = staged.partial_path
        self._outputs.append((facts, "feed", path))
        if staged.ledger_dir is not None:
            self._outputs.append((facts, "ledger", ledger_path(path)))
        return total

    @contextmanager
    def keeping_feed(self, folder: Path) -> Iterator[None]:
        """Move the feed into `folder`, beside its rows, if these are held back in the block."""
        try:
            yield
        except ValidationError:
            for path, place in self.feeds.items():
                target = folder / Path(path).name
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.move(place, target)
                except OSError as error:
                    raise OutputError.cannot_write(folder, error) from error
                for facts, _, output in self._outputs:
                    if str(output) == path:
                        facts.paths["feed, held back"] = target
            raise

    def commit(self) -> None:
        """Publish what was staged, if anything. Raises OutputError, see `Version.commit`."""
        if self._outputs:
            self.version.commit(self._run.mark_published)
            for facts, label, target in self._outputs:
                facts.paths[label] = target


@contextmanager
def publication(run: Run, root: Path) -> Iterator[Publication]:
    """Publish all that is staged in the block in one commit at its end, or nothing.

    `root` is the outputs' folder.
    """
    with ExitStack() as stack:
        made = Publication(run, root.absolute(), stack)
        yield made
        made.commit()


def hold_back(datasets: Mapping[str, DatasetPaths], folder: Path, facts: StageFacts) -> None:
    """Move datasets that are not published into the folder, under their own names."""
    try:
        folder.mkdir(parents=True)
        for kind, dataset in datasets.items():
            target = folder / dataset.shown.name
            shutil.move(dataset.path, target)
            facts.paths[f"{kind}, held back"] = target
    except OSError as error:
        raise OutputError.cannot_write(folder, error) from error
