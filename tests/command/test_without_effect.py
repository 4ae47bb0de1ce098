"""Options that a command does not go by, and paths that are addresses: one line, nothing done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import ask, left_in
from tests.feeds import GOOD_ROW, write_feed
from toolkit.command.flags import LEGACY_FLAGS, TAKEN_BY, without_effect
from toolkit.settings.commands import COMMANDS
from toolkit.settings.config import Config

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    return tmp_path


REFUSED = {
    "clean-data validation=strict": "it is for run-pipeline and validate-data",
    "clean-data validation.fail_on=never": "it is for run-pipeline and validate-data",
    "clean-data cleaned=x.parquet": "it is for build-aggregations and validate-data",
    "clean-data rejected=x.parquet": "it is for validate-data",
    "clean-data column=region": "build-lookup",
    "clean-data null_words=[x]": "of this one's feed that is dataset.null_words",
    "clean-data personal=[customer_email]": "it is for profile-data and new-dataset",
    "clean-data unknown_words=[x]": "has no effect on clean-data",
    "generate-data mask_key=key": "has no effect on generate-data",
    "generate-data dataset=online_retail": "has no effect on generate-data",
    "clean-data name=x": "it is for new-dataset",
    "clean-data threshold=0.5": "it is for build-category-lookup",
    "clean-data encoding=cp1252": "of this one's feed that is dataset.csv.encoding",
    "run-pipeline delimiter=tab": "of this one's feed that is dataset.csv.delimiter",
    "run-pipeline accept=0.5": "review-lookups",
    "profile-data output=x": "has no effect on profile-data",
    "build-aggregations partitions=by_rows": "has no effect on build-aggregations",
    "run-dashboard cluster=threads": "has no effect on run-dashboard",
}


@pytest.mark.parametrize(("line", "told"), REFUSED.items(), ids=list(REFUSED))
def test_an_option_without_effect_is_refused(line: str, told: str, folder: Path) -> None:
    command, word = line.split()
    answer = ask(command, word, cwd=folder)
    assert answer.code == 2
    [error] = answer.err.splitlines()
    assert error.startswith(f"error: {word.partition('=')[0]}: has no effect on {command}; it is")
    assert told in error
    assert left_in(folder) == ["feed.csv"]


@pytest.mark.parametrize(
    "word",
    ["rows=5", "size=tiny", "seed=1", "mode=clean", "ledger=true", "generated_until=2026-01-01"],
)
def test_the_generators_options_are_refused_with_an_input(word: str, folder: Path) -> None:
    for words in (
        ["feed.csv", word],
        ["--multirun", "input=feed.csv", word, "log_level=INFO,DEBUG"],
    ):
        answer = ask("run-pipeline", *words, cwd=folder)
        assert answer.code == 2
        key = word.partition("=")[0]
        line = f"error: {key}: has no effect with an input; it is for generated feeds"
        assert line in answer.err.splitlines()[:2]
        assert left_in(folder) == ["feed.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ["hydra.sweep.dir=x"],
        ["hydra/launcher=joblib"],
        ["hydra.sweeper.max_batch_size=2"],
        ["--multirun", "hydra.run.dir=x", "log_level=INFO,DEBUG"],
    ],
    ids=" ".join,
)
def test_settings_of_the_other_way_to_run_are_refused(words: list[str], folder: Path) -> None:
    answer = ask("clean-data", "feed.csv", *words, cwd=folder)
    assert answer.code == 2
    [error] = answer.err.splitlines()
    assert "has no effect with" in error
    assert "--multirun" in error
    assert left_in(folder) == ["feed.csv"]


def test_what_a_command_does_anyway_may_be_asked_for() -> None:
    assert without_effect(COMMANDS["clean-data"], "validation", "off") is None
    assert without_effect(COMMANDS["clean-data"], "validation", "gate") is not None


def test_older_flags_stand_for_what_their_commands_go_by() -> None:
    for flag in LEGACY_FLAGS.values():
        for override in flag.overrides:
            key = override.partition("=")[0]
            for name in flag.commands:
                assert without_effect(COMMANDS[name], key, None) is None, (name, key)


def test_the_table_has_keys_and_groups_alone() -> None:
    assert {*TAKEN_BY} - {"size"} <= {*Config.__dataclass_fields__}


def test_defaults_of_ones_own_trip_nothing(folder: Path) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "mine.yaml").write_text("defaults: [config]\naccept: 0.9\nname: mine\n")
    answer = ask("clean-data", "--config-name", "mine", "--cfg", "job", cwd=folder)
    assert (answer.code, answer.err) == (0, "")
    assert "accept: 0.9" in answer.out


ADDRESSES = {
    "clean-data https://x.org/feed.csv": "input=https://x.org/feed.csv: is an address",
    "clean-data s3://bucket/*.csv": "input=s3://bucket/*.csv: is an address",
    "clean-data file:///srv/feed.csv": "read and written; write /srv/feed.csv",
    "clean-data feed.csv data_dir=s3://bucket": "data_dir=s3://bucket: is an address",
    "clean-data feed.csv output=gs://bucket/x": "output=gs://bucket/x: is an address",
    "validate-data rejected=abfs://x": "rejected=abfs://x: is an address",
    "build-aggregations hdfs://x/y": "cleaned=hdfs://x/y: is an address",
    "run-dashboard data_dir=s3://bucket": "data_dir=s3://bucket: is an address",
    "profile-data feed.csv hydra.run.dir=s3://b/x": "hydra.run.dir=s3://b/x: is an address",
}


@pytest.mark.parametrize(("line", "told"), ADDRESSES.items(), ids=list(ADDRESSES))
def test_addresses_are_refused_before_anything_is_written(
    line: str, told: str, folder: Path
) -> None:
    answer = ask(*line.split(), cwd=folder)
    assert answer.code == 2
    [error] = answer.err.splitlines()
    assert told in error
    assert left_in(folder) == ["feed.csv"]


DELIMITERS = ["^", ":", "~", "|", " ", "x", "\t"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_any_delimiter_can_be_given(delimiter: str, tmp_path: Path) -> None:
    rows = ["order,amount", *(f"A{n},{n}.5" for n in range(9))]
    (tmp_path / "feed.csv").write_text("\n".join(rows).replace(",", delimiter))
    answer = ask("profile-data", "feed.csv", f"delimiter='{delimiter}'", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert "2 fields in 100.0 % of the first 10 records" in answer.out


@pytest.mark.parametrize("typed", ["delimiter=tab", 'delimiter="\\t"', "delimiter=\t"])
def test_a_tab_can_be_typed(typed: str, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("order\tamount\nA1\t1.5\n")
    answer = ask("profile-data", "feed.csv", typed, cwd=tmp_path)
    assert "delimiter  tab: 2 fields" in answer.out, answer.err
    shown = ask("clean-data", "--cfg", "job", f"dataset.csv.{typed}", cwd=tmp_path)
    assert (shown.code, shown.err) == (0, "")


@pytest.mark.parametrize("given", ["ü", '\\"', "'\\''", "'\n'", "'ab'"])
def test_what_parts_no_cells_is_refused(given: str, folder: Path) -> None:
    answer = ask("profile-data", "feed.csv", f"delimiter={given}", cwd=folder)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert left_in(folder) == ["feed.csv"]


def test_older_command_lines_may_combine_them_with_an_input(folder: Path) -> None:
    answer = ask("run-pipeline", "--rows", "5", "--clean", "--input", "feed.csv", cwd=folder)
    assert answer.code == 0, answer.err
    assert not (folder / "data" / "input").exists()
