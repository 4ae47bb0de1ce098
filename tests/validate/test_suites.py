"""The shipped suites hold for sound data of any size, and no expectation of theirs is idle."""

from __future__ import annotations

import gzip
import json
import logging
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.feeds import Cleaner, clean_files
from tests.real_feeds import MAKES, real_ecommerce
from tests.validate.damages import DAMAGES, Damage
from tests.validate.shipped import (
    EXPECTATIONS,
    OURS,
    SUITES,
    Datasets,
    Said,
    ask_stock,
    datasets_of,
    feed_bytes,
)
from toolkit.clean.evaluate import Rules
from toolkit.lookups import Lookup, load_lookups

pytestmark = pytest.mark.slow

FILES = sorted(EXPECTATIONS.rglob("*.json"))
KEYS = ["type", "severity", "kwargs", "description", "notes"]
ALL_WELL = Said()


@pytest.fixture(scope="module")
def dirty(clean_feed: Cleaner, rules: Rules) -> Datasets:
    return datasets_of(clean_feed(feed_bytes(rules, 1_000, seed=42)), rules)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize(("rows", "seed"), [(1_000, 1), (1_000, 2), (3_000, 3), (40_000, 4)])
def test_a_dirty_feed_passes_with_nothing_unseen(
    suite: str, rows: int, seed: int, clean_feed: Cleaner, rules: Rules
) -> None:
    data = datasets_of(clean_feed(feed_bytes(rules, rows, seed)), rules)
    assert ask_stock(suite, data.frames[suite], data.parameters) == ALL_WELL


@pytest.mark.parametrize(("rows", "seed"), [(1_000, 1), (1_000, 2), (20_000, 3)])
def test_a_faultless_feed_passes_and_has_no_flags_to_look_at(
    rows: int, seed: int, clean_feed: Cleaner, rules: Rules
) -> None:
    data = datasets_of(clean_feed(feed_bytes(rules, rows, seed, "clean")), rules)
    said = ask_stock("clean", data.frames["clean"], data.parameters)
    assert said == Said(vacuous={"flag known", "flag missing"})


def test_no_rejected_rows_fail_nothing(clean_feed: Cleaner, rules: Rules) -> None:
    data = datasets_of(clean_feed(feed_bytes(rules, 1_000, 1, "clean")), rules)
    assert len(data.frames["rejected"]) == 0
    said = ask_stock("rejected", data.frames["rejected"], data.parameters)
    assert not said.failed | said.raised
    assert "reason known" in said.vacuous
    assert "rows as counted" not in said.vacuous


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("make", MAKES)
def test_a_compressed_feed_with_lookups_of_its_own_passes(
    make: str, suite: str, rules: Rules, lookups_folder: Path, tmp_path: Path
) -> None:
    if make == "small":
        path, lookups = tmp_path / "feed.csv.gz", tmp_path / "lookups"
        path.write_bytes(gzip.compress(feed_bytes(rules, 3_000, seed=6)))
        shutil.copytree(lookups_folder, lookups)
        categories = json.loads((lookups / "common_categories.json").read_text("utf-8"))
        categories.remove("Books")
        (lookups / "common_categories.json").write_text(json.dumps(categories), "utf-8")
    else:
        real = real_ecommerce()
        path, lookups = real.folder / "dirty_100k.csv.gz", real.folder / "lookups"
    rules = Rules(rules.contract, load_lookups(rules.contract, lookups), rules.as_of)
    data = datasets_of(clean_files(rules, [str(path)], 1 << 30, "threads"), rules)
    assert ask_stock(suite, data.frames[suite], data.parameters) == ALL_WELL


def test_broken_records_and_unknown_columns_are_expected(clean_feed: Cleaner, rules: Rules) -> None:
    lines = feed_bytes(rules, 1_000, seed=5).splitlines(keepends=True)
    lines = [
        lines[0].replace(b"\n", b",note\n"),
        *(line.replace(b"\n", b",x\n") for line in lines[1:]),
    ]
    broken = [b"too,few\n", b'"never closed,\n', lines[0], b"," * 10 + b"\n", b"\xff\xfe\n"]
    data = datasets_of(clean_feed(b"".join([*lines, *broken])), rules)
    rejected = data.frames["rejected"]
    assert rejected["rejection_reason"].value_counts()["malformed_row"] == 3
    assert "note" in rejected
    assert ask_stock("rejected", rejected, data.parameters) == ALL_WELL


def test_an_edited_lookup_needs_no_edited_suite(
    dirty: Datasets, clean_feed: Cleaner, rules: Rules
) -> None:
    feed = feed_bytes(rules, 1_000, seed=42).replace(b",Books,", b",Gramophones,")
    names = (*rules.lookups["category"].names, "Gramophones")
    category = Lookup(names, {name.casefold(): place for place, name in enumerate(names)})
    edited = Rules(rules.contract, {**rules.lookups, "category": category}, rules.as_of)
    data = datasets_of(clean_feed(feed, rules=edited), edited)
    sold = data.frames["clean"]
    assert (sold["category"] == "Gramophones").any()
    assert ask_stock("clean", sold, data.parameters) == ALL_WELL
    before = {**data.parameters, "category_values": dirty.parameters["category_values"]}
    assert ask_stock("clean", sold, before) == Said(failed={"category known"})


def cases() -> list[Any]:
    return [
        pytest.param(suite, damage, id=f"{suite} {place}: {damage.name}")
        for suite, damages in DAMAGES.items()
        for place, damage in enumerate(damages)
    ]


@pytest.mark.parametrize(("suite", "damage"), cases())
def test_each_expectation_fails_on_data_damaged_for_it(
    suite: str, damage: Damage, dirty: Datasets
) -> None:
    frame = dirty.frames[suite]
    before = frame.copy(deep=True)
    said = ask_stock(suite, damage.damage(frame), dirty.parameters)
    assert said.failed == {damage.name, *damage.also}
    assert said.raised == set()
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(EXPECTATIONS).as_posix())
def test_a_suite_loads_whole(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = json.loads(path.read_text("utf-8"))
    with caplog.at_level(logging.WARNING):
        suite = gx.ExpectationSuite(**content)
    assert [each.expectation_type for each in suite.expectations] == [
        each["type"] for each in content["expectations"]
    ]
    assert caplog.records == []
    assert OURS.expectation_type == "expect_multicolumn_values_to_match_formula"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(EXPECTATIONS).as_posix())
def test_a_suite_is_written_for_people(path: Path) -> None:
    """Named after its file, keys in one order, a reason for each, no ids, laid out alike."""
    content = json.loads(path.read_text("utf-8"))
    assert content["name"] == ".".join(path.relative_to(EXPECTATIONS).with_suffix("").parts)
    assert list(content) == ["name", "notes", "expectations"]
    for expectation in content["expectations"]:
        assert list(expectation) == [key for key in KEYS if key in expectation]
        assert expectation["severity"] in ("critical", "warning", "info")
        assert expectation["notes"].endswith(".")
        assert "$" not in expectation.get("description", "")
    assert '"id"' not in path.read_text("utf-8")


OPEN_IN_STOCK = """
import json, sys
sys.path.append(sys.argv[1])
import great_expectations as gx
context = gx.get_context(context_root_dir=".")
suites = {suite.name: suite for suite in context.suites.all()}
print(json.dumps({
    "listed": {
        name: [each.expectation_type for each in suite.expectations]
        for name, suite in suites.items()
    },
    "ids": [suite.id for suite in suites.values()],
    "got": {name: len(context.suites.get(name).expectations) for name in suites},
    "ours": sys.modules["toolkit"].__file__,
    "dask": "dask" in sys.modules,
}))
"""


def test_stock_opens_the_project_and_leaves_it_alone(tmp_path: Path) -> None:
    """Great Expectations alone, with neither the toolkit nor anything else of it installed.

    Without `site`, Python reads no .pth file, by which the toolkit is installed here.
    """
    project = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("expectations", "toolkit"):
        shutil.copytree(ROOT / name, project / name, ignore=ignored)
    shutil.copy(ROOT / "great_expectations.yml", project)
    before = contents(project)
    ended = subprocess.run(
        [sys.executable, "-I", "-B", "-S", "-c", OPEN_IN_STOCK, sysconfig.get_path("purelib")],
        cwd=project, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(ended.stdout.splitlines()[-1])
    shipped = {
        content["name"]: [each["type"] for each in content["expectations"]]
        for content in (json.loads(path.read_text("utf-8")) for path in FILES)
    }
    assert found["listed"] == shipped
    assert found["got"] == {name: len(types) for name, types in shipped.items()}
    assert set(found["ids"]) == {None}
    assert Path(found["ours"]).is_relative_to(project)
    assert not found["dask"]
    assert contents(project) == before


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
