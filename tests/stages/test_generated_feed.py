"""A generated feed, its ledger and what was made from them belong together, whatever happens."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from tests.commands import ask
from tests.forks import run_forked
from toolkit.read.digest import Digests
from toolkit.read.sources import find_sources

pytestmark = pytest.mark.slow

RUN = ("validation=off", "cluster=sync", "log_level=ERROR", "rows=200", "ledger=true")
FEED, LEDGER = "raw_ecommerce_data.csv", "raw_ecommerce_data_ledger.parquet"
STRUCK = """
import os, signal, sys
from pathlib import Path
import pyarrow
from toolkit.command.cli import run_command

n, wanted, how = 0, {n}, "{how}"

def strike(real):
    def struck(self, *arguments, **options):
        global n
        # The moment before the call: of those that change names in data/input.
        if "{folder}" in str(self) and sys._getframe(1).f_code.co_filename.endswith("{file}.py"):
            n += 1
            if n == wanted and how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif n == wanted:
                raise OSError(5, "Input/output error", str(self))
        return real(self, *arguments, **options)
    return struck

for name in ("replace", "unlink", "symlink_to"):
    setattr(Path, name, strike(getattr(Path, name)))
sys.exit(run_command("{command}"))
"""


def struck(cwd: Path, command: str, n: int, how: str, *words: str, at: tuple[str, str]) -> int:
    code = STRUCK.format(command=command, n=n, how=how, folder=at[0], file=at[1])
    return run_forked(code, *words, cwd=cwd).returncode


def contents(folder: Path) -> dict[str, bytes]:
    return {
        name: (folder / "data" / "input" / name).read_bytes()
        for name in (FEED, LEDGER)
        if (folder / "data" / "input" / name).exists()
    }


def digest_of(path: Path) -> str:
    with Digests(find_sources([str(path)])) as digests:
        return digests.result()[str(path)]


def digest_in_manifest(folder: Path) -> str:
    manifest = folder / "data" / "clean" / "raw_ecommerce_data_clean.parquet" / "_manifest.json"
    return str(json.loads(manifest.read_text())["inputs"][0]["digest"])


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    """The feed and the ledger of each seed."""
    made = {}
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp(f"seed{seed}")
        assert ask("generate-data", "rows=200", "ledger=true", f"seed={seed}", cwd=folder).code == 0
        made[seed] = contents(folder)
    return made


@pytest.mark.parametrize("how", ["a failed suite", "no aggregation"])
def test_a_run_that_fails_leaves_the_feed_that_the_outputs_were_made_from(
    how: str, tmp_path: Path, feeds: dict[int, dict[str, bytes]]
) -> None:
    assert ask("run-pipeline", *RUN, "seed=1", cwd=tmp_path).code == 0
    assert contents(tmp_path) == feeds[1]
    words = [word for word in RUN if not word.startswith("validation")]
    if how == "a failed suite":
        suites = tmp_path / "expectations" / "ecommerce"
        suites.mkdir(parents=True)
        check = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 7}, "meta": {}}
        for kind in ("clean", "rejected"):
            suite = {"name": "own", "expectations": [check]}
            (suites / f"{kind}.json").write_text(json.dumps(suite))
    else:
        words.append("validation=off")
        own = tmp_path / "data" / "aggregations"
        shutil.rmtree(own)
        own.write_text("a file of somebody's")
    answer = ask("run-pipeline", *words, "seed=2", cwd=tmp_path)
    assert answer.code == (3 if how == "a failed suite" else 2), answer.err
    assert contents(tmp_path) == feeds[1]
    feed = tmp_path / "data" / "input" / FEED
    assert digest_of(feed) == digest_in_manifest(tmp_path)
    assert [path.name for path in feed.parent.glob(".*")] == []
    held = [path.read_bytes() for path in tmp_path.glob(f"data/reports/*/held/{FEED}")]
    assert held == ([feeds[2][FEED]] if how == "a failed suite" else [])


@pytest.mark.parametrize("n", [1, 2])
def test_a_kill_right_after_the_commit_is_carried_to_its_end(
    n: int, tmp_path: Path, feeds: dict[int, dict[str, bytes]]
) -> None:
    """By whichever command comes next; later ones leave the feed as it then is."""
    assert ask("run-pipeline", *RUN, "seed=1", cwd=tmp_path).code == 0
    code = struck(tmp_path, "run-pipeline", n, "kill", *RUN, "seed=2", at=("/input/.raw", "atomic"))
    assert code == -signal.SIGKILL
    assert contents(tmp_path)[FEED] == feeds[1][FEED]
    assert ask("generate-data", "rows=3", "output=other.csv", cwd=tmp_path).code == 0
    assert contents(tmp_path) == feeds[2]
    assert digest_of(tmp_path / "data" / "input" / FEED) == digest_in_manifest(tmp_path)
    assert [path.name for path in (tmp_path / "data" / "input").glob(".*")] == []
    assert ask("generate-data", "rows=200", "ledger=true", "seed=1", cwd=tmp_path).code == 0
    assert ask("clean-data", "cluster=sync", cwd=tmp_path).code == 0
    assert contents(tmp_path) == feeds[1]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("how", ["kill", "fail"])
def test_no_feed_has_the_ledger_of_another(
    how: str, n: int, tmp_path: Path, feeds: dict[int, dict[str, bytes]]
) -> None:
    words = ("rows=200", "ledger=true")
    assert ask("generate-data", *words, "seed=1", cwd=tmp_path).code == 0
    code = struck(tmp_path, "generate-data", n, how, *words, "seed=2", at=("/input/", "atomic"))
    found = contents(tmp_path)
    if how == "kill":
        assert code == -signal.SIGKILL
        if LEDGER in found:
            assert found in (feeds[1], feeds[2])
        else:
            assert found[FEED] in (feeds[1][FEED], feeds[2][FEED])
    else:
        assert code == 2
        assert found == feeds[1]
    assert ask("generate-data", *words, "seed=2", cwd=tmp_path).code == 0
    assert contents(tmp_path) == feeds[2]
    assert [path.name for path in (tmp_path / "data" / "input").glob(".*")] == []


@pytest.mark.parametrize("command", ["generate-data", "run-pipeline"])
def test_a_feed_without_a_ledger_leaves_none_of_the_feed_before(
    command: str, tmp_path: Path, feeds: dict[int, dict[str, bytes]]
) -> None:
    assert ask(command, "rows=200", "ledger=true", "seed=1", cwd=tmp_path).code == 0
    assert ask(command, "rows=200", "seed=2", cwd=tmp_path).code == 0
    assert contents(tmp_path) == {FEED: feeds[2][FEED]}
    (tmp_path / "data" / "input" / LEDGER).write_text("a file of somebody's")
    assert ask(command, "rows=200", "seed=1", cwd=tmp_path).code == 0
    assert contents(tmp_path)[LEDGER] == b"a file of somebody's"
