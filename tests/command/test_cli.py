"""The console scripts: what they read, what they answer, and what they leave behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from tests.commands import Answer, ask, left_in, run_script
from tests.feeds import GOOD_ROW, write_feed
from tests.values import Values
from toolkit.command.flags import LEGACY_FLAGS
from toolkit.command.help import group_options
from toolkit.command.run import hydra_flags
from toolkit.settings.commands import COMMANDS
from toolkit.settings.shipped import shipped_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HEAVY = (
    *("dask", "pyarrow", "pandas", "pydantic", "great_expectations", "hydra", "numpy"),
    *("jinja2", "markupsafe"),
)
Ask = Callable[..., Answer]


@pytest.fixture(name="ask")
def _ask_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """ask("clean-data", "seed=1") -> Answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    return ask


@pytest.fixture
def job(ask: Ask) -> Callable[..., Values]:
    """job("clean-data", "seed=1") -> the config that --cfg job shows."""

    def job(command: str, *words: str) -> Values:
        answer = ask(command, "--cfg", "job", *words)
        assert (answer.code, answer.err) == (0, "")
        values: Values = yaml.safe_load(answer.out)
        return values

    return job


def test_an_interrupt_while_python_cleans_up_is_not_lost() -> None:
    program = """
import time, weakref
from toolkit.storage.interrupts import interrupts_never_lost
class Something: pass
def interrupt(_): raise KeyboardInterrupt
with interrupts_never_lost():
    something = Something()
    gone = weakref.ref(something, interrupt)
    del something
    time.sleep(10)
    print("went on")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == ""
    assert done.stderr.endswith("KeyboardInterrupt\n")


# --- the config tree -----------------------------------------------------------------------------

OPTIONS = [
    (group, option)
    for group, options in group_options([shipped_folder("conf")]).items()
    for option in options
]


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group_is_a_sound_config(
    group: str, option: str, job: Callable[..., Values]
) -> None:
    extra = ["cluster.address=tcp://127.0.0.1:1"] if option == "remote" else []
    values = job("run-pipeline", f"{group}={option}", *extra)
    shipped = yaml.safe_load((shipped_folder("conf") / group / f"{option}.yaml").read_text("utf-8"))
    if group == "experiment":
        return
    expected = values if group == "size" else values[group]
    if shipped.pop("defaults", None):
        # What a default brings is put together with what the file says itself.
        assert shipped.pop("aggregations", {}).keys() < expected["aggregations"].keys()
    assert shipped.items() <= {**expected, "address": shipped.get("address")}.items()


def test_every_config_file_begins_with_a_command_that_uses_it() -> None:
    for path in shipped_folder("conf").rglob("*.yaml"):
        lines = path.read_text("utf-8").splitlines()
        # Hydra reads its own headers in the first lines only.
        first = next(line for line in lines if not line.startswith("# @"))
        assert first.removeprefix("# ").split()[0] in COMMANDS, path


def test_the_sizes_are_rows(job: Callable[..., Values]) -> None:
    rows = {size: job("generate-data", f"size={size}")["rows"] for size in ("tiny", "huge")}
    assert rows == {"tiny": 1000, "huge": 100_000_000}
    assert job("generate-data", "size=huge", "rows=7")["rows"] == 7


def test_older_flags_reach_the_config(job: Callable[..., Values]) -> None:
    values = job(
        "run-pipeline",
        *("--rows", "12", "--clean", "--chunk-size=34", "--keep-zero-quantity"),
        *("--no-save-rejected", "--top-products-by-category", "2", "--anomaly-limit", "3"),
        *("--log-level", "debug", "a, b=[1].csv", "it's.csv"),
    )
    aggregations = values["dataset"]["aggregations"]
    assert (values["rows"], values["mode"], values["log_level"]) == (12, "clean", "DEBUG")
    assert values["input"] == ["a, b=[1].csv", "it's.csv"]
    assert values["partitions"] == {"kind": "by_rows", "rows": 34}
    assert values["dataset"]["columns"]["quantity"]["above"] is None
    assert values["dataset"]["columns"]["quantity"]["floor"] == 0
    assert values["outputs"]["rejected"] is False
    assert aggregations["top_products_by_category"]["limit"] == 2
    assert aggregations["anomaly_records"]["limit"] == 3


def test_keys_of_the_contract_that_the_file_leaves_out_can_be_set(
    job: Callable[..., Values],
) -> None:
    values = job("clean-data", "dataset.columns.unit_price.min=1", "as_of=2024-02-29")
    assert values["dataset"]["columns"]["unit_price"]["min"] == 1
    assert values["as_of"] == "2024-02-29"


# --- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["rowz=5"], "rowz=5: unknown key; did you mean 'rows'?"),
        (["sise=tiny"], "sise='tiny': unknown key; did you mean 'size'?"),
        (["size=smal"], "size=smal: unknown option; did you mean 'small'?"),
        (["size=5"], "size=5: unknown option; there are huge, large, medium, small, tiny"),
        (["validation=of"], "validation=of: unknown option; did you mean 'off'?"),
        (
            ["validation.fail_on=critcal"],
            "validation.fail_on='critcal': must be 'critical', 'warning' or 'never'; did you mean",
        ),
        (["rows=1,2"], "rows=1,2: several values; add --multirun for a run with each, or make the"),
        (["-m", "size=tiny,smal"], "size=smal: unknown option; did you mean 'small'?"),
        (["-m", "rows=1,-1"], "rows=-1: must be greater than or equal to 0"),
        (["-m", "cluster=sync,threads", "cluster.workers=2"], "cluster.workers=2: is for cluster="),
        (["rows=[1"], "rows=[1: cannot be read as key=value; a value with blanks, commas"),
        (["--chnk-size=4"], "--chnk-size: unknown flag; did you mean '--chunk-size'?"),
        (["hydra.run.dri=x"], "Could not override 'hydra.run.dri'"),
        (["sizes/x=5"], "sizes/x=5: there is no group sizes/x; did you mean 'size'?"),
        (["data_dir=${nowhere}"], "data_dir: Interpolation key 'nowhere' not found"),
        (["~size"], "rows: missing"),
        (["~dataset.key"], "dataset.reasons: 'duplicate_order_id' is used by no column"),
        (["cluster=remote"], "cluster.address: missing; give an address"),
        (["-m", "rows=interval(1,2)"], "BasicSweeper does not support sweep type : INTERVAL_SWEEP"),
        (["-m", "rows=glob(*)"], "there is nothing to run: a sweep has no values"),
        (["-m", "--cfg", "job"], "--cfg and --multirun: only one of them can be asked for"),
        (["--resolve"], "--resolve: is for --cfg"),
        (["--package", "dataset"], "--package dataset: is for --cfg"),
        (["-sc"], "-sc: nothing: expected install=SHELL, uninstall=SHELL or query=SHELL, of bash"),
        (["-sc", "install=tcsh"], "-sc: install=tcsh: expected install=SHELL"),
        (["hydra.job.chdir=true"], "hydra.job.chdir=true: paths would no longer be those of where"),
        (["--config-name", "confi"], "Cannot find primary config 'confi'"),
        (["--config-dir", "nowhere"], "nowhere: there is no such config folder"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing_behind(
    words: list[str], line: str, ask: Ask, tmp_path: Path
) -> None:
    answer = ask("run-pipeline", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: {line}")
    assert answer.err.count("\n") == 1
    assert left_in(tmp_path) == []


def test_all_mistakes_are_reported_at_once(ask: Ask) -> None:
    words = ["--bogus", "rows=[1", "partitions=by_rowz", "partitions.rows=5", "seed=-1", "x=1"]
    first, *lines = ask("run-pipeline", *words, "dataset.nam=y").err.splitlines()
    assert first == "error: 6 problems:"
    assert [line.split(":")[0].removeprefix("  - ") for line in lines] == [
        "--bogus",
        "rows=[1",
        "partitions=by_rowz",
        "seed=-1",
        "dataset.nam='y'",
        "x=1",
    ]


def test_mistakes_are_reported_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    heavy = {"dask", "pyarrow", "pandas", "great_expectations", "distributed", "jinja2"}
    after = f"print(sorted({heavy} & {{name.split('.')[0] for name in sys.modules}}))"
    done = run_script("clean-data", "rowz=5", cwd=tmp_path, after=after)
    assert (done.returncode, done.stdout) == (2, "[]\n")
    assert done.stderr == "error: rowz=5: unknown key; did you mean 'rows'?\n"
    assert left_in(tmp_path) == []


# --- one's own configs ---------------------------------------------------------------------------


@pytest.fixture
def own_conf(tmp_path: Path) -> Path:
    """A conf/ beside the workspace `work/data`, with a feed and a cluster of one's own."""
    conf = tmp_path / "work" / "conf"
    shutil.copytree(shipped_folder("conf") / "dataset", conf / "dataset")
    feed = (conf / "dataset" / "ecommerce.yaml").read_text("utf-8")
    mine = feed.replace("name: ecommerce", "name: mine")
    for name in ("ecommerce", "my_feed"):
        (conf / "dataset" / f"{name}.yaml").write_text(mine, "utf-8")
    (conf / "cluster").mkdir()
    (conf / "cluster" / "lab.yaml").write_text("kind: remote\naddress: tcp://lab:1\n", "utf-8")
    return conf


def test_own_configs_beside_the_workspace_come_first(
    own_conf: Path, job: Callable[..., Values]
) -> None:
    there = "data_dir=work/data"
    assert job("clean-data")["dataset"]["name"] == "ecommerce"
    assert job("clean-data", there)["dataset"]["name"] == "mine"
    assert job("run-pipeline", there, "dataset=my_feed", "size=tiny")["rows"] == 1000
    assert job("clean-data", there, "cluster=lab")["cluster"]["address"] == "tcp://lab:1"


def test_own_options_are_suggested_and_listed(
    own_conf: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = ask("clean-data", "data_dir=work/data", "dataset=my_fed")
    assert answer.err == "error: dataset=my_fed: unknown option; did you mean 'my_feed'?\n"
    monkeypatch.chdir(own_conf.parent)
    assert (
        "  dataset     dirty_cafe, ecommerce, my_feed, online_retail\n"
        in ask("clean-data", "--help").out
    )


def test_an_own_config_yaml_takes_the_place_of_the_shipped_one(own_conf: Path, ask: Ask) -> None:
    shipped = (shipped_folder("conf") / "config.yaml").read_text("utf-8")
    (own_conf / "config.yaml").write_text(shipped.replace("seed: 42", "seed: 43"), "utf-8")
    assert "seed: 43\n" in ask("clean-data", "--cfg", "job", "data_dir=work/data").out
    (own_conf / "config.yaml").write_text("something: else\n", "utf-8")
    answer = ask("clean-data", "data_dir=work/data")
    assert answer.code == 2
    assert answer.err.splitlines()[-1] == (
        f"note: {own_conf / 'config.yaml'} takes the place of the toolkit's own"
    )


def test_a_broken_own_config_is_named_with_its_line(own_conf: Path, ask: Ask) -> None:
    (own_conf / "cluster" / "bad.yaml").write_text("kind: sync\n workers: 2\n", "utf-8")
    answer = ask("clean-data", "data_dir=work/data", "cluster=bad")
    assert answer.code == 2
    assert f'{own_conf / "cluster" / "bad.yaml"}", line 2' in answer.err


def test_a_folder_may_be_added_by_flag(own_conf: Path, job: Callable[..., Values]) -> None:
    assert job("clean-data", "--config-dir", str(own_conf), "cluster=lab")["cluster"] == {
        "kind": "remote",
        "address": "tcp://lab:1",
    }
    # What the flag adds comes last, so that the shipped feed of this name is found first.
    assert job("clean-data", "-cd", str(own_conf))["dataset"]["name"] == "ecommerce"


def test_workspaces_of_a_sweep_share_a_conf(own_conf: Path, ask: Ask) -> None:
    answer = ask("clean-data", "-m", "data_dir=work/data,other/data")
    assert answer.code == 2
    assert "the workspaces of one sweep must be beside the same conf/" in answer.err


def test_a_config_that_is_not_utf8_is_named(own_conf: Path, ask: Ask) -> None:
    path = own_conf / "dataset" / "latin.yaml"
    path.write_bytes("# clean-data\nname: x\ncolumns: {é: {kind: text}}\n".encode("cp1252"))
    for words in ([], ["-m", "log_level=INFO,DEBUG"], ["--cfg", "job"]):
        answer = ask("clean-data", "data_dir=work/data", "dataset=latin", *words)
        assert answer.code == 2
        assert answer.err == f"error: {path}: is not UTF-8 (byte 31); save the file as UTF-8\n"


def test_own_configs_are_found_beside_a_workspace_of_the_environment(
    own_conf: Path, job: Callable[..., Values], monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    monkeypatch.setenv("HERE", str(own_conf.parent))
    assert job("clean-data", "data_dir=${oc.env:HERE}/data")["dataset"]["name"] == "mine"
    answer = ask("clean-data", "name=work", "data_dir=${name}/data")
    assert answer.code == 2
    assert f"data_dir=work/data: the folder {own_conf} beside it is not looked into" in answer.err


def test_hydras_own_help_takes_overrides(tmp_path: Path) -> None:
    words = ("--hydra-help", "dataset=online_retail", "seed=1")
    done = run_script("run-pipeline", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--multirun" in done.stdout


def test_a_broken_config_of_dask_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dask.yaml").write_text("a: [")
    monkeypatch.setenv("DASK_CONFIG", str(tmp_path / "dask.yaml"))
    for words in (["size=tiny"], ["-m", "rows=1,2"]):
        done = run_script("generate-data", *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: Dask's configuration: ")
        assert str(tmp_path / "dask.yaml") in done.stderr
        assert done.stderr.count("\n") == 1
    assert left_in(tmp_path) == ["dask.yaml"]


@pytest.mark.parametrize("folder", ["mine", ".", "data", "data/reports"])
@pytest.mark.parametrize("key", ["hydra.run.dir", "hydra.sweep.dir"])
def test_nothing_that_a_run_did_not_make_is_removed(
    folder: str, key: str, ask: Ask, tmp_path: Path
) -> None:
    for path in ("mine/sub/keep.txt", "data/reports/earlier/run.json", "data/clean/x.parquet"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("precious")
    before = left_in(tmp_path)
    words = ["--multirun", "log_level=INFO,DEBUG"] if key == "hydra.sweep.dir" else []
    answer = ask("clean-data", "nothing.csv", f"{key}={folder}", *words)
    assert answer.code == 2
    assert answer.err.startswith(f"error: {key}={folder}: contains ")
    assert answer.err.count("\n") == 1
    assert left_in(tmp_path) == before


def test_a_folder_that_was_there_stays_and_one_that_was_made_goes(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "new", "a/b/c", "empty/d"):
        answer = ask("clean-data", "nothing.csv", f"hydra.run.dir={folder}")
        assert answer.errors == ["error: input nothing.csv: no such file"]
        assert left_in(tmp_path) == ["empty"]
    assert ask("generate-data", "rows=1", "hydra.run.dir=empty").code == 0
    assert (tmp_path / "empty" / "run.json").is_file()


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_quick_and_complete(command: str, tmp_path: Path) -> None:
    after = f"print({HEAVY} and [n for n in {HEAVY} if n in sys.modules], file=sys.stderr)"
    done = run_script(command, "size=tiny", "--help", cwd=tmp_path, after=after)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    for option in ("huge, large", "by_rows", "remote", "strict", "seed: 42", "--cfg job"):
        assert option in done.stdout
    for name, flag in LEGACY_FLAGS.items():
        assert (f"  {name} " in done.stdout) is (command in flag.commands), name
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_version_is_that_of_the_command(ask: Ask) -> None:
    assert ask("clean-data", "--version").out.startswith("clean-data ")


def test_info_shows_where_configs_are_looked_for(own_conf: Path, tmp_path: Path, ask: Ask) -> None:
    words = ["--info", "searchpath", "data_dir=work/data"]
    out = run_script("clean-data", *words, cwd=tmp_path).stdout
    assert out.index(str(own_conf)) < out.index(str(shipped_folder("conf")))
    assert ask("clean-data", "--info", "--bogus").err.startswith("error: --bogus: unknown flag")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("size=", "size=huge size=large size=medium size=small size=tiny"),
        ("-m size=ti", "size=tiny"),
        ("data_d", "data_dir="),
        ("--chunk-size 5 partitions.", "partitions.kind= partitions.rows="),
        ("'a b.csv' size=tiny dataset.columns.unit", "dataset.columns.unit_price."),
        ("cluster=remote cluster.sch", "cluster.scheduler_file="),
        ("rowz=1 mod", "mode="),
        (
            "data_dir=work/data dataset=",
            "dataset=dirty_cafe dataset=ecommerce dataset=my_feed dataset=online_retail",
        ),
        ("--ch", "--chunk-size"),
        ("--inp", "--input"),
        ("--input ", ""),
        ("--mult", "--multirun"),
    ],
)
def test_completion_goes_on_from_what_is_typed(
    typed: str, expected: str, ask: Ask, own_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_LINE", f"clean-data {typed}")
    answer = ask("clean-data", "-sc", "query=bash")
    assert (answer.code, answer.out.strip(), answer.err) == (0, expected, "")


def test_completion_is_installed_for_the_script(ask: Ask) -> None:
    assert ask("clean-data", "-sc", "install=bash").out.endswith(
        "hydra_bash_completion clean-data\n"
    )


def test_flags_of_ours_and_of_hydras_do_not_collide() -> None:
    assert not set(LEGACY_FLAGS) & set(hydra_flags())


def test_the_shipped_configs_serve_an_installed_toolkit(tmp_path: Path) -> None:
    """A wheel holds conf/ inside the package; nothing lies beside it."""
    site = tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "toolkit", site / "toolkit", ignore=ignored)
    shutil.copytree(ROOT / "conf", site / "toolkit" / "shipped" / "conf")
    (tmp_path / "elsewhere").mkdir()
    done = run_script(
        "run-pipeline", "--cfg", "job", "size=tiny", cwd=tmp_path / "elsewhere", path=site
    )
    assert done.stderr == ""
    assert yaml.safe_load(done.stdout)["rows"] == 1000
    assert left_in(tmp_path / "elsewhere") == []


def test_a_lack_of_memory_is_no_bug(tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(write_feed([GOOD_ROW]))
    code = (
        "import resource, sys\nfrom toolkit.stages import cleaning\n"
        "from toolkit.command import cli\nimport pyarrow\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "cleaning.clean_data = lambda *_: pyarrow.allocate_buffer(1 << 33)\n"
        "sys.exit(cli.run_command('clean-data'))"
    )
    words = [sys.executable, "-c", code, str(feed)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("error: out of memory")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_working_folder_whose_name_is_not_utf8_is_one_line(command: str, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"ws\xff")
    folder.mkdir()
    answer = run_script(command, cwd=folder)
    assert answer.returncode == 2
    assert "\\udcff': is not UTF-8; rename it" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not list(folder.iterdir())


def test_a_working_folder_that_was_removed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    answer = ask("clean-data", "feed.csv")
    assert answer.code == 2
    assert answer.err.splitlines() == [
        "error: the working folder has been removed; change to one that exists"
    ]


@pytest.mark.parametrize(
    ("words", "times"),
    [(["--cfg", "job", "log_level=INFO"], 1), ([], 1), (["log_level=INFO"], 2)],
    ids=str,
)
def test_a_config_is_composed_once_and_its_defaults_once(
    words: list[str], times: int, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Composing costs a tenth of a second."""
    composed = []
    load = ConfigLoaderImpl.load_configuration

    def counted(*args: Any, **options: Any) -> Any:
        composed.append(args)
        return load(*args, **options)

    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", counted)
    assert ask("clean-data", *words).code == (0 if "--cfg" in words else 2)
    assert len(composed) == times
