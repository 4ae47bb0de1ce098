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
from toolkit.stages.run import Dataset, Run
from toolkit.storage.datasets import read_manifest
from toolkit.storage.versions import Version, new_version

HELD = "held"
"""The folder in that of a run for what it does not publish."""


class Publication:
    """Outputs in the making. Nothing is written before the first of them is begun.

    The report names their paths once they are published.
    """

    def __init__(self, run: Run, root: Path, stack: ExitStack) -> None:
        self._run, self._root, self._stack = run, root, stack
        self._outputs: list[tuple[StageFacts, str, Path]] = []
        self.feeds: dict[str, Path] = {}
        """Where a generated feed is now, by the path that it is to have."""

    @cached_property
    def version(self) -> Version:
        """Raises OutputError where the folder of the outputs cannot be written."""
        return self._stack.enter_context(new_version(self._root, self._run.name))

    def stage_folder(
        self, facts: StageFacts, label: str, target: Path, dataset: str, *, alone: bool
    ) -> Dataset:
        """An empty folder for what is to become `target`.

        Raises OutputError where the target is not ours, or is being written by another run and
        this one is to be `alone`.
        """
        place = self.version.stage(target, dataset, alone=alone)
        place.mkdir()
        self._outputs.append((facts, label, target))
        return Dataset(place, target)

    def stage_files(
        self, facts: StageFacts, label: str, folder: Path, dataset: str, names: Sequence[str]
    ) -> dict[str, Path]:
        """Places for files that are to appear in a folder which may hold others.

        Files that were published there for the same dataset and are not among them are withdrawn.
        Raises OutputError where one of them is not ours, and where the folder holds files of
        another dataset.
        """
        held = read_manifest(folder).get("dataset", dataset)
        if held != dataset:
            raise OutputError.another_dataset(folder, held, dataset)
        places = {name: self.version.stage(folder / name, dataset, alone=False) for name in names}
        for name in self.version.published_in(folder):
            if name not in places:
                self.version.withdraw(folder / name)
        self._outputs.append((facts, label, folder))
        return places

    def stage_feed(self, spec: FeedSpec, path: Path, *, ledger: bool) -> StagedFeed:
        """A feed in the making, which is there until all is published."""
        _ = self.version  # the folder that is to be discarded last
        beside = ledger_path(path)
        return self._stack.enter_context(stage_feed(spec, path, beside, with_ledger=ledger))

    def add_feed(
        self, facts: StageFacts, staged: StagedFeed, written: Sequence[Written], path: Path
    ) -> Written:
        """Have the commit put the generated feed, and its ledger, in their places."""
        total, moves = staged.finish(written)
        self.version.move(moves)
        self.feeds[str(path)] = staged.partial_path
        self._outputs.append((facts, "feed", path))
        if staged.ledger_dir is not None:
            self._outputs.append((facts, "ledger", ledger_path(path)))
        return total

    @contextmanager
    def keeping_feed(self, folder: Path) -> Iterator[None]:
        """A feed whose rows are held back in the block is moved beside them, into the folder."""
        try:
            yield
        except ValidationError:
            for path, place in self.feeds.items():
                held = folder / Path(path).name
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                    shutil.move(place, held)
                except OSError as error:
                    raise OutputError.cannot_write(folder, error) from error
                for facts, _, target in self._outputs:
                    if str(target) == path:
                        facts.paths["feed, held back"] = held
            raise

    def commit(self) -> None:
        """Publish what was begun, if anything was. Raises OutputError, see `Version.commit`."""
        if self._outputs:
            self.version.commit(self._run.mark_published)
            for facts, label, target in self._outputs:
                facts.paths[label] = target


@contextmanager
def publication(run: Run, root: Path) -> Iterator[Publication]:
    """All that is staged in the block is published when it ends, in one commit, or nothing is.

    `root` is the folder that the outputs lie in.
    """
    with ExitStack() as stack:
        made = Publication(run, root.absolute(), stack)
        yield made
        made.commit()


def keep_apart(datasets: Mapping[str, Dataset], folder: Path, facts: StageFacts) -> None:
    """Move datasets that are not to be published into the folder, under their own names."""
    try:
        folder.mkdir(parents=True)
        for kind, dataset in datasets.items():
            target = folder / dataset.shown.name
            shutil.move(dataset.path, target)
            facts.paths[f"{kind}, held back"] = target
    except OSError as error:
        raise OutputError.cannot_write(folder, error) from error
