"""Words typed -> words for Hydra."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from toolkit.command.flags import HydraFlags, Line, is_override, translate
from toolkit.settings.commands import COMMANDS, quoted, typed

HYDRA_FLAGS: HydraFlags = {"--cfg": 1, "-m": 0, "--multirun": 0, "--info": ["all", "config"]}


def read(command: str, *words: str) -> Line:
    return translate(COMMANDS[command], words, HYDRA_FLAGS)


@pytest.mark.parametrize(
    ("command", "words", "overrides"),
    [
        ("generate-data", ["--rows", "100000"], ["rows=100000"]),
        ("generate-data", ["--rows=007"], ["rows=7"]),
        ("generate-data", ["--rows", "-5"], ["rows=-5"]),
        ("generate-data", ["--rows", "1_000"], ["rows='1_000'"]),
        ("generate-data", ["--clean"], ["mode=clean"]),
        ("generate-data", ["--output", "a b.csv"], ["output='a b.csv'"]),
        ("generate-data", ["out.csv"], ["output='out.csv'"]),
        ("clean-data", ["--output-dir", "x,y"], ["output='x,y'"]),
        ("clean-data", ["--input", "a.csv"], ["input='a.csv'"]),
        ("clean-data", ["--input=a=b.csv"], ["input='a=b.csv'"]),
        ("clean-data", ["a.csv", "b.csv"], ["input=['a.csv','b.csv']"]),
        ("clean-data", ["--input", "a.csv", "b.csv"], ["input=['a.csv','b.csv']"]),
        ("clean-data", ["--chunk-size", "50"], ["partitions=by_rows", "partitions.rows=50"]),
        ("clean-data", ["--keep-zero-quantity"], ["dataset.columns.quantity.above=null"]),
        ("clean-data", ["--no-save-rejected"], ["outputs.rejected=false"]),
        ("update-lookups", ["--threshold", "0.02"], ["threshold=0.02"]),
        ("update-lookups", ["--threshold=.5", "a.csv"], ["threshold=.5", "input='a.csv'"]),
        ("update-lookups", ["--threshold", "1%"], ["threshold='1%'"]),
        ("build-region-map", ["--unknown-label", "N/A"], ["unknown_label='N/A'"]),
        ("build-region-map", ["--output", "x.json"], ["output='x.json'"]),
        ("review-lookups", ["a.csv", "b.csv"], ["input=['a.csv','b.csv']"]),
        ("clean-data", ["--log-level", "debug"], ["log_level='DEBUG'"]),
        ("clean-data", ["--", "--odd.csv", "rows=5"], ["input=['--odd.csv','rows=5']"]),
        ("clean-data", ["./day=1/x.csv"], ["input='./day=1/x.csv'"]),
        ("clean-data", ["~/x.csv"], ["input='~/x.csv'"]),
        ("run-pipeline", ["x.csv", "size=tiny"], ["size=tiny", "input='x.csv'"]),
        ("build-aggregations", ["c.parquet"], ["cleaned='c.parquet'"]),
        ("build-aggregations", ["--cleaned", "c"], ["cleaned='c'"]),
        ("build-aggregations", ["--output-dir", "out"], ["output='out'"]),
        ("validate-data", ["c.parquet"], ["cleaned='c.parquet'"]),
        ("validate-data", ["--cleaned", "c", "rejected=r"], ["rejected=r", "cleaned='c'"]),
        (
            "build-aggregations",
            ["--top-products-by-category", "3", "--anomaly-limit=4"],
            [
                "dataset.aggregations.top_products_by_category.limit=3",
                "dataset.aggregations.anomaly_records.limit=4",
            ],
        ),
    ],
)
def test_older_flags_and_bare_paths_become_overrides(
    command: str, words: list[str], overrides: list[str]
) -> None:
    assert read(command, *words) == Line(overrides=overrides)


def test_a_path_with_an_equals_sign_is_a_path_if_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read("clean-data", "in/day=1.csv").overrides == ["in/day=1.csv"]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "day=1.csv").touch()
    assert read("clean-data", "in/day=1.csv").overrides == ["input='in/day=1.csv'"]


@pytest.mark.parametrize(
    ("words", "flags", "overrides"),
    [
        (["rows=1", "--cfg", "job", "seed=2"], ["--cfg", "job"], ["rows=1", "seed=2"]),
        (["--cfg=job", "-m", "seed=1,2"], ["--cfg=job", "-m"], ["seed=1,2"]),
        (["--info", "seed=2"], ["--info", "all"], ["seed=2"]),
        (["--info", "config"], ["--info", "config"], []),
        (["--info"], ["--info", "all"], []),
    ],
)
def test_hydra_flags_go_first_wherever_they_stand(
    words: list[str], flags: list[str], overrides: list[str]
) -> None:
    assert read("run-pipeline", *words) == Line(flags, overrides)


@pytest.mark.parametrize(
    ("command", "words", "problem"),
    [
        (
            "clean-data",
            ["--chnk-size=4"],
            "--chnk-size: unknown flag; did you mean '--chunk-size'?",
        ),
        ("clean-data", ["--multrun"], "--multrun: unknown flag; did you mean '--multirun'?"),
        ("clean-data", ["--zzz"], "--zzz: unknown flag; clean-data --help lists them"),
        ("clean-data", ["--rows=5"], "--rows: is for generate-data and run-pipeline, not clean-da"),
        ("clean-data", ["--input"], "--input: needs a value: --input PATH"),
        ("clean-data", ["--input", "--output-dir=x"], "--input: needs a value: --input PATH"),
        ("clean-data", ["--cfg"], "--cfg: needs a value"),
        ("generate-data", ["--clean=yes"], "--clean=yes: --clean takes no value"),
        ("generate-data", ["a", "b"], "output: takes one path, not 2: a, b"),
        ("build-aggregations", ["a", "--cleaned", "b"], "cleaned: takes one path, not 2: a, b"),
        ("validate-data", ["a", "b"], "cleaned: takes one path, not 2: a, b"),
        ("validate-data", ["--output", "a"], "--output: is for generate-data and"),
        ("clean-data", ["a", "input=b"], "input: is given twice, as input= and as a"),
    ],
)
def test_words_that_mean_nothing_are_reported(command: str, words: list[str], problem: str) -> None:
    (line,) = read(command, *words).problems
    assert line.startswith(problem)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("rows=5", True),
        ("++dataset.columns.x.max=5", True),
        ("size@other=tiny", True),
        ("hydra/launcher=basic", True),
        ("~dataset.key", True),
        ("~hydra/launcher", True),
        ("data.csv", False),
        ("/abs/day=1/x.csv", False),
        ("../day=1/x.csv", False),
        ("a b=c.csv", False),
        ("~/x.csv", False),
        ("-", False),
    ],
)
def test_what_is_an_override(word: str, expected: bool) -> None:
    assert is_override(word) is expected


TRICKY = st.text(alphabet=st.sampled_from(list("ab \\'\"${}[](),=:~#?*\n\té世")), max_size=20)


@given(TRICKY | st.text(st.characters(exclude_categories=["Cs"])))
@example("${now:x}")
@example("\\${a}")
@example("a\\")
@example("\\'")
@example("null")
@example("1e3")
def test_any_text_survives_hydras_grammar(text: str) -> None:
    (override,) = OverridesParser.create().parse_overrides([f"input={quoted(text)}"])
    config = OmegaConf.create({"input": override.value()})
    assert text == "???" or OmegaConf.to_container(config, resolve=True) == {"input": text}


@pytest.mark.parametrize(
    "name",
    ["feed.csv", "my feed's.csv", "fe\x1b[31med\u202e.csv", "é\n\\'\t.csv", "\U000e0001b$(id)`x`"],
)
def test_a_path_to_paste_is_that_path_in_a_shell_and_all_of_it_is_seen(name: str) -> None:
    line = typed("input", name)
    assert line.isprintable()
    done = subprocess.run(
        ["bash", "-c", f"printf %s {line}"], capture_output=True, check=True,
        env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    [override] = OverridesParser.create().parse_overrides([done.stdout.decode()])
    assert override.value() == name
