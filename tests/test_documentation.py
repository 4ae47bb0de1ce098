"""What the documentation shows is run, and lists all there is."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from packaging.requirements import Requirement

from toolkit.contract import Contract
from toolkit.lookups import load_lookups
from toolkit.validate.parameters import suite_parameters

ROOT = Path(__file__).parents[1]
VALIDATION = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.slow
def test_the_python_example_of_validation_runs(tmp_path: Path) -> None:
    folder = tmp_path / "clean.parquet"
    folder.mkdir()
    for part, ids in enumerate((["a", "b"], ["c", "a"])):
        table = pa.table({"order_id": ids, "revenue": [10.0, 20.0]})
        pq.write_table(table, folder / f"part-{part}.parquet")
    [example] = code_blocks(VALIDATION, "python")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    printed = done.stdout.splitlines()
    # The id "a" is in two parts, and none is null.
    assert printed == ["False", "True"], done.stderr


def test_every_parameter_of_suites_is_listed(contract: Contract) -> None:
    lookups = load_lookups(contract, ROOT / "data" / "lookups")
    manifest = {"rows_in": 3, "rows_clean": 2, "rows_rejected": 1}
    names = suite_parameters(contract, lookups, date(2026, 11, 23), manifest)
    of_a_column = rf"^({'|'.join(contract.columns)})_(?=values|count|earliest|latest)"
    table = VALIDATION.partition("| parameter |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`([a-z_<>]+)`", table))
    assert {re.sub(of_a_column, "<column>_", name) for name in names} == listed


def test_the_options_of_the_gate_are_those_that_there_are() -> None:
    options = {path.stem for path in (ROOT / "conf" / "validation").glob("*.yaml")}
    assert options == set(re.findall(r"`validation=(\w+)`", VALIDATION))


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    asked = {Requirement(each).name.lower() for each in chain(*lists)}
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {Requirement(line).name.lower(): str(Requirement(line).specifier) for line in lines}
    assert asked - pinned.keys() == set()
    assert all(specifier.startswith("==") for specifier in pinned.values())
