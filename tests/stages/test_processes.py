"""The stage in a process of its own: what it imports, reaches for and says; how it is stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.commands import everything_in, run_script, script_line, wait_until
from tests.conftest import ROOT
from tests.stages.places import Place

pytestmark = pytest.mark.slow

GUARD = ROOT / "tests" / "guard"


@pytest.mark.parametrize("cluster", ["threads", "processes"])
def test_a_run_reaches_for_no_network_and_its_workers_not_for_great_expectations(
    cluster: str, place: Place
) -> None:
    """Under tests/guard/sitecustomize.py, in every process that the run starts."""
    notes = place.folder / "notes.txt"
    done = subprocess.run(
        script_line("run-pipeline", "size=tiny", f"cluster={cluster}"),
        cwd=place.folder,
        env={**os.environ, "PYTHONPATH": str(GUARD), "GUARD_NOTES": str(notes)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert place.stage("validate")["validation"] == {"clean": "passed", "rejected": "passed"}
    noted = notes.read_text("utf-8").splitlines()
    guarded = [line for line in noted if line == "guarded"]
    assert (len(guarded) > 1) is (cluster == "processes")
    assert [line for line in noted if line != "guarded"] == ["imports great_expectations"]
    assert_nothing_but_progress(done.stderr)
    assert done.stdout.startswith("stage ")


def assert_nothing_but_progress(said: str) -> None:
    """No bars, no log lines, no warnings of anybody's."""
    progress = r"(generate|clean|write|validate|aggregate)  [\d,]+ (of [\d,]+ )?rows  .*"
    note = r".* INFO toolkit: (data has no lookups; the starter ones are used|\w+ rejects what .*)"
    unknown = [line for line in said.splitlines() if not re.fullmatch(f"{progress}|{note}", line)]
    assert unknown == []


def test_without_validation_great_expectations_is_not_imported(place: Place) -> None:
    after = "print('great_expectations' in sys.modules, 'dask' in sys.modules, file=sys.stderr)"
    words = ("size=tiny", "validation=off")
    done = run_script("run-pipeline", *words, cwd=place.folder, after=after)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "False True"
    assert not (place.runs()[-1] / "validation.json").exists()


@pytest.mark.parametrize("moment", ["import", "pass"])
def test_ctrl_c_leaves_the_earlier_outputs_and_no_litter(moment: str, published: Place) -> None:
    before, runs = published.published(), published.runs()
    docs = everything_in(published.docs)
    running = subprocess.Popen(
        script_line("run-pipeline", "rows=60000", "seed=7"),
        cwd=published.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    if moment == "import":
        said = iter(running.stderr.readline, "")
        assert any(line.startswith("write  60,000 of 60,000 rows") for line in said)
    else:
        wait_until(lambda: any(published.reports.glob("2*/validate-*")))
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert errors.endswith("interrupted; earlier outputs are untouched\n")
    assert "Traceback" not in errors
    assert published.published() == before
    assert everything_in(published.docs) == docs
    [run] = [run for run in published.runs() if run not in runs]
    assert published.report()["status"] == "interrupted"
    # What is written is synced before Great Expectations is imported, and read.
    stages = {"clean", "validate"} if moment == "import" else {"validate"}
    assert published.report()["stages"][-1]["name"] in stages
    assert {path.name for path in run.iterdir()} == {".hydra", "run.json", "run.log", "report.html"}
    hidden = {path.name for path in published.folder.rglob(".*")}
    assert hidden <= {
        ".hydra",
        ".mask_key",
        ".versions",
        ".committing",
        ".committed",
        ".locks",
        ".lock",
    }
    published.write_suites()
    assert published.run_pipeline("seed=7").code == 0
