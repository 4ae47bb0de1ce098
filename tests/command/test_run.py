"""Single runs: folders, exit codes, logs. The stages here are small ones of the tests' own."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from tests.commands import left_in
from toolkit.command.run import Stage, run_through_hydra
from toolkit.errors import ConfigError, InputError, OutputError
from toolkit.report.facts import RUN_FILE
from toolkit.settings.commands import COMMANDS
from toolkit.settings.config import Settings

pytestmark = pytest.mark.usefixtures("in_an_empty_folder")

Calls = list[tuple[Settings, Path]]


@pytest.fixture
def calls() -> Calls:
    return []


@pytest.fixture
def stage(calls: Calls) -> Stage:
    """Fails in a way that the seed names."""

    def stage(settings: Settings, run_dir: Path) -> None:
        calls.append((settings, run_dir))
        if settings.seed == 1:
            raise InputError("input x.csv: no such file")
        if settings.seed == 2:
            raise ValueError("a bug")
        if settings.seed == 3:
            sys.exit(3)
        if settings.seed == 4:
            raise KeyboardInterrupt
        if settings.seed == 5:
            logging.getLogger("toolkit.test").info("seen in %s", run_dir.name)
            (run_dir / RUN_FILE).touch()
            raise InputError("after a while")

    return stage


def run(stage: Stage, *words: str, command: str = "run-pipeline") -> int:
    return run_through_hydra(COMMANDS[command], words, stage)


def test_a_run_gets_its_settings_and_a_folder_of_its_own(
    stage: Stage, calls: Calls, tmp_path: Path
) -> None:
    assert run(stage, "a.csv", "b,c.csv", "--log-level", "warning", "data_dir=work/data") == 0
    ((settings, run_dir),) = calls
    assert settings.input == ("a.csv", "b,c.csv")
    assert settings.overrides == (
        "log_level='WARNING'",
        "data_dir=work/data",
        "input=['a.csv','b,c.csv']",
    )
    assert run_dir.parent == tmp_path / "work" / "data" / "reports"
    assert run_dir.name.endswith("_run-pipeline")
    assert left_in(run_dir) == [".hydra"] + [
        f".hydra/{n}.yaml" for n in ("config", "hydra", "overrides")
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_a_run_that_a_mistake_ends_leaves_nothing(
    stage: Stage, calls: Calls, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"x\.csv"):
        run(stage, "seed=1")
    assert len(calls) == 1
    assert left_in(tmp_path) == []


def test_a_workspace_that_was_there_stays(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError):
        run(stage, "seed=1")
    assert left_in(tmp_path) == ["data"]


def test_what_a_failed_run_logged_stays_with_its_report(stage: Stage, calls: Calls) -> None:
    with pytest.raises(InputError, match="after a while"):
        run(stage, "seed=5")
    ((_, run_dir),) = calls
    assert f"seen in {run_dir.name}" in (run_dir / "run.log").read_text("utf-8")


def test_a_bug_comes_with_the_place_where_it_was_raised(stage: Stage) -> None:
    with pytest.raises(ValueError, match="a bug") as raised:
        run(stage, "seed=2")
    assert raised.traceback[-1].name == "stage"


def test_a_stage_that_exits_is_a_bug(stage: Stage) -> None:
    with pytest.raises(RuntimeError, match=r"sys\.exit\(3\)"):
        run(stage, "seed=3")


def test_an_interrupted_run_leaves_nothing(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(stage, "seed=4")
    assert left_in(tmp_path) == []


def test_log_level_is_that_of_the_run(stage: Stage, calls: Calls) -> None:
    with pytest.raises(InputError):
        run(stage, "seed=5", "log_level=ERROR")
    ((_, run_dir),) = calls
    assert not (run_dir / "run.log").exists()
    assert logging.getLogger().level == logging.ERROR


@pytest.mark.parametrize("folder", ["loop", "loop/x", "nowhere", "nowhere/x", "n" * 300])
@pytest.mark.parametrize("key", ["hydra.run.dir", "data_dir"])
def test_a_folder_that_cannot_be_made_is_one_line(
    key: str, folder: str, stage: Stage, calls: Calls
) -> None:
    Path("loop").symlink_to("loop")
    Path("nowhere").symlink_to("gone")
    with pytest.raises(OutputError, match="cannot write"):
        run(stage, f"{key}={folder}")
    assert calls == []
    assert sorted(path.name for path in Path().iterdir()) == ["loop", "nowhere"]


@pytest.mark.parametrize("name", ["..", "../..", ".", "''", "a/b", "/tmp"])
def test_hydra_keeps_its_files_in_the_folder_of_the_run(
    name: str, stage: Stage, calls: Calls
) -> None:
    Path("config.yaml").write_text("mine")
    with pytest.raises(ConfigError, match=r"hydra\.output_subdir=.*must be the name of a folder"):
        run(stage, "hydra.run.dir=run", f"hydra.output_subdir={name}", "seed=1")
    assert calls == []
    assert left_in(Path()) == ["config.yaml"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--cfg", "bad"], "--cfg"),
        (["--cfg=bad"], "invalid choice: 'bad'"),
        (["--cfg", "job", "--package", "nope"], "--package nope: the config has no such part"),
        (["--cfg", "job", "-p", "dataset.nope.x"], "--package dataset.nope.x: the config has no"),
        (["--cfg", "hydra", "-p", "nope"], "--package nope: the config has no such part"),
        (["dataset=null"], "dataset=null: a group needs an option; there are dirty_cafe"),
        (["cluster=null"], "cluster=null: a group needs an option; there are"),
    ],
)
def test_wrong_flags_and_groups_are_one_line(
    words: list[str], told: str, stage: Stage, calls: Calls
) -> None:
    with pytest.raises(ConfigError) as error:
        run(stage, *words)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert calls == []


@pytest.mark.parametrize(
    ("contract", "told"),
    [
        ("defaults: [x]\n", "names itself in its defaults"),
        ("defaults: 5\n", "defaults must be a list"),
        ("defaults: [null]\n", "Unsupported type in defaults"),
        ("defaults: [{a: {b: c}}]\n", "Unsupported item value in defaults"),
        ("# @package a b c\nname: x\n", "remove '# @package a b c'"),
        (f"a: {'[' * 3000}{']' * 3000}\n", "nested more than 100 levels deep"),
    ],
    ids=["cyclic", "number", "null", "nested", "package", "deep"],
)
def test_a_malformed_contract_is_one_line(
    contract: str, told: str, stage: Stage, calls: Calls
) -> None:
    folder = Path("conf/dataset")
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text(contract)
    with pytest.raises(ConfigError) as error:
        run(stage, "dataset=x")
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert calls == []
