"""The profile stage: CSV files to a profile, and to a first contract."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from dask.delayed import delayed

from toolkit.clean.duplicates import bucket_ranges
from toolkit.cluster import Runner, open_cluster
from toolkit.errors import ConfigError, InputError, OutputError
from toolkit.profile.block import BlockFacts, Questions, look_at_block
from toolkit.profile.doubts import Placed
from toolkit.profile.facts import Profile
from toolkit.profile.gathering import Format, Gathered, ask, conclude, head_block
from toolkit.profile.keys import Group, Repeats, SpilledWords, count_repeats
from toolkit.profile.page import profile_page
from toolkit.profile.personal import personal_columns, without_personal
from toolkit.profile.phrases import all_doubts
from toolkit.profile.table import doubts_table, profile_table
from toolkit.read.blocks import Block
from toolkit.read.dialect import dialect_of
from toolkit.read.encoding import (
    Encoding,
    agree,
    chunks_of,
    detect_encoding,
    head_and_size,
    look_at_source,
)
from toolkit.read.reader import names_of, reader_of
from toolkit.read.sizing import choose_block_bytes
from toolkit.read.sources import Source, find_sources, repeated_names, watching
from toolkit.report.facts import StageFacts, record_stage
from toolkit.report.terminal import print_plainly
from toolkit.settings.config import Settings
from toolkit.stages.run import Run, open_run
from toolkit.stages.unpacking import spooled
from toolkit.storage.atomic import write_json, write_text
from toolkit.storage.traces import temporary_folder

_JSON, _PAGE = "profile.json", "profile.html"


def profile_data(settings: Settings, run_dir: Path) -> None:
    """Show and write what the inputs hold."""
    with open_run("profile-data", settings, run_dir) as run:
        found = profile(run, settings.input)
        show_profile(found, all_doubts(found), "the page")


def profile(run: Run, inputs: Sequence[str], *, for_a_draft: bool = False) -> Profile:
    """Profile the inputs, and write the profile into the run's folder.

    Raises InputError, with nothing written, for a draft of inputs without rows.
    """
    if not inputs:
        raise ConfigError.no_input(run.report.command)
    with record_stage(run.report, "profile") as facts:
        sources = find_sources(inputs)
        facts.bytes_in = sum(source.size for source in sources)
        if repeated := repeated_names(sources):
            run.note(facts, repeated)
        with (
            temporary_folder(run.run_dir.absolute(), ".spool-") as folder,
            watching(sources),
            open_cluster(run.settings.cluster) as runner,
        ):
            found = _profile(run, runner, sources, folder)
        if for_a_draft and not found.file.n_rows:
            raise InputError.no_records(found.file.files[0])
        facts.rows_in = found.file.n_records
        found = _masked(run, found, facts)
        _write(run, found, facts)
    return found


def show_profile(found: Profile, doubts: Sequence[Placed], where_all: str) -> None:
    """Print the profile and its doubts on the terminal."""
    print_plainly(profile_table(found), sys.stdout)
    print()
    if doubts:
        print_plainly(doubts_table(doubts, where_all), sys.stdout)
        print()


def _masked(run: Run, found: Profile, facts: StageFacts) -> Profile:
    """Mask the personal values of the profile, so that it may be shown and drafted from."""
    settings = run.settings
    why = personal_columns(found, settings.personal, settings.dataset)
    if why:
        columns = ", ".join(
            f"{found.column(name).source} ({because})" for name, because in why.items()
        )
        run.note(
            facts, f"personal columns are masked: {columns}; say which are with personal=[...]"
        )
    return without_personal(found, why, run.mask_key if why else None)


def _profile(run: Run, runner: Runner, sources: Sequence[Source], folder: Path) -> Profile:
    plain, fmt = _format(run, runner, sources, folder)
    settings, contract = run.settings, fmt.contract()
    head = head_block(plain[0], contract)
    questions = ask(head, fmt, settings.null_words, folder)
    n_bytes = choose_block_bytes(settings.partitions, plain, contract, runner.n_workers)
    blocks = reader_of(contract).plan(plain, n_bytes)
    gathered = _gather(run, runner, blocks, questions)
    repeats = _repeats(runner, gathered, questions)
    return conclude(gathered, blocks, repeats, fmt, settings.threshold)


def _format(
    run: Run, runner: Runner, sources: Sequence[Source], folder: Path
) -> tuple[list[Source], Format]:
    """Unpack the files to plain UTF-8, and find out how they are written."""
    given, limits = run.settings.encoding, run.settings.dataset.csv
    unpacked = spooled(runner, sources, folder, replace(limits, encoding="utf-8"))
    encoding = _detect_encoding(runner, unpacked) if given is None else Encoding(given, "as given")
    plain = spooled(runner, sources, folder, replace(limits, encoding=encoding.name))
    dialect = dialect_of(plain[0], run.settings.delimiter)
    fmt = Format(encoding, dialect, limits)
    return plain, fmt.with_names(names_of(plain[0], fmt.csv, dialect.header))


def _detect_encoding(runner: Runner, sources: Sequence[Source]) -> Encoding:
    found = []
    for source in sources:
        head, size = head_and_size(source)
        task = delayed(look_at_source, pure=False)
        looks = runner.run([task(source, *chunk) for chunk in chunks_of(size)])
        found.append(detect_encoding(looks, head))
    return agree([source.shown for source in sources], found)


def _gather(run: Run, runner: Runner, blocks: Sequence[Block], questions: Questions) -> Gathered:
    gathered = Gathered(questions)
    shared = delayed(questions, pure=False)
    task = delayed(look_at_block, pure=False)
    total = sum(block.n_bytes for block in blocks)
    with run.progress.stage("profile", total_bytes=total) as shown:

        def add(block: BlockFacts) -> None:
            gathered.add(block)
            shown.advance(rows=block.n_records, bytes=block.n_bytes)

        runner.run([task(block, shared) for block in blocks], add)
    return gathered


def _repeats(runner: Runner, gathered: Gathered, questions: Questions) -> dict[Group, Repeats]:
    """Count the repeats of each group of columns over all blocks."""
    blocks = gathered.in_order()
    count = partial(_count, ranges=bucket_ranges(runner.n_workers), runner=runner)
    return {group: count([block.words[group] for block in blocks]) for group in questions.groups}


def _count(spilled: Sequence[SpilledWords], ranges: Sequence[range], runner: Runner) -> Repeats:
    task = delayed(count_repeats, pure=False)
    shared = delayed(list(spilled), pure=False)
    return sum(runner.run([task(shared, buckets) for buckets in ranges]), Repeats(0, 0))


def _write(run: Run, found: Profile, facts: StageFacts) -> None:
    paths = {"profile": run.run_dir / _JSON, "profile page": run.run_dir / _PAGE}
    try:
        write_json(found.as_dict(), paths["profile"])
        write_text(profile_page(found), paths["profile page"])
    except OSError as error:
        raise OutputError.cannot_write(run.run_dir, error) from error
    facts.paths |= paths
