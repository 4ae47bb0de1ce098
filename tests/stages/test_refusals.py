"""What cannot be validated: one clear line, exit code 2, and everything as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.commands import everything_in, left_in
from tests.conftest import ROOT
from tests.feeds import GOOD_ROW, row_with, write_feed
from tests.stages.places import HOLDS, SINGLE_PIECES, Place, about, read_json, row_count, where

pytestmark = pytest.mark.slow

Damage = Callable[[Path], object]


def suite_with(*expectations: Any) -> Damage:
    content = {"name": "x", "expectations": [HOLDS, *expectations]}
    return lambda folder: (folder / "clean.json").write_text(json.dumps(content))


BAD_SUITES: dict[str, tuple[Damage, str]] = {
    "not there": (
        lambda folder: (folder / "rejected.json").unlink(),
        "suite expectations/ecommerce/rejected.json: no such file",
    ),
    "mistyped": (
        lambda folder: (folder / "clean.json").rename(folder / "clea.json"),
        "clean.json: no such file; did you mean 'clea.json'?; write one",
    ),
    "no JSON": (
        lambda folder: (folder / "clean.json").write_text('{"name": "x",\n"expectations" []}'),
        "clean.json, line 2: is not JSON: Expecting ':' delimiter",
    ),
    "no suite": (
        lambda folder: (folder / "clean.json").write_text("[]"),
        "should be an object with name",
    ),
    "unknown expectation": (
        suite_with({"type": "expect_column_values_to_be_uniqe", "kwargs": {"column": "order_id"}}),
        "expectation 2: type 'expect_column_values_to_be_uniqe' is not known; "
        "did you mean 'expect_column_values_to_be_unique'?",
    ),
    "unknown kwarg": (
        suite_with(about("order_id", "be_unique", mostely=0.5)),
        "expectation 2: expect_column_values_to_be_unique: unknown kwarg mostely; "
        "did you mean 'mostly'?",
    ),
    "unknown column": (
        suite_with(about("order_ids")),
        "the data has no column 'order_ids'; did you mean 'order_id'? (expectation 2)",
    ),
    "unknown column of a condition": (
        suite_with(about("order_id", **where("regoin", "Delhi"))),
        "the data has no column 'regoin'; did you mean 'region'? (expectation 2)",
    ),
    "no expression": (
        suite_with(row_count({"$PARAMETER": "rows_in * "})),
        "expectation 2: expect_table_row_count_to_equal: 'rows_in * ' cannot be calculated",
    ),
    "unknown parameter": (
        suite_with(row_count({"$PARAMETER": "2 * row_in"})),
        "expectation 2: expect_table_row_count_to_equal: parameter 'row_in' has no value; "
        "did you mean 'rows_in'?",
    ),
}


@pytest.mark.parametrize(("damage", "message"), BAD_SUITES.values(), ids=BAD_SUITES)
def test_a_bad_suite_is_one_line_and_publishes_nothing(
    damage: Damage, message: str, published: Place
) -> None:
    damage(published.write_suites())
    before, left, runs = published.published(), left_in(published.folder), published.runs()
    answer = published.run_pipeline("seed=7")
    assert answer.code == 2
    [error] = answer.errors
    assert answer.err.endswith(f"{error}\n")
    assert error.startswith("error: suite expectations/ecommerce/")
    assert message in error
    assert published.published() == before
    [run] = [run for run in published.runs() if run not in runs]
    assert only_reported(run)
    assert set(left_in(published.folder)) - set(left) == under(run, published)
    assert read_json(run / "run.json")["status"] == "failed"
    assert read_json(run / "run.json")["error"] in error


def only_reported(run: Path) -> bool:
    """Nothing is there of a validation, whole or half."""
    names = {path.name for path in run.iterdir()}
    # Nothing may have been worth a line in the log.
    return names - {"run.log"} == {".hydra", "run.json", "report.html"}


def under(run: Path, place: Place) -> set[str]:
    name = str(run.relative_to(place.folder))
    return {name, *(f"{name}/{path}" for path in left_in(run))}


@pytest.mark.parametrize("validation", ["gate", "off"])
def test_a_feed_of_which_no_row_is_clean_is_kept_apart_with_its_reasons(
    validation: str, place: Place
) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    assert place.ask("run-pipeline", "feed.csv", "validation=off").code == 0
    before = place.published()
    rows = [row_with(quantity="none")] * 3 + [row_with(quantity="none", region="Nowhere")]
    (place.folder / "feed.csv").write_bytes(write_feed(rows))
    answer = place.ask("run-pipeline", "feed.csv", f"validation={validation}")
    assert answer.code == 3
    [error] = answer.errors
    assert "all 4 rows are rejected: 3 zero_quantity, 1 unknown_region" in error
    assert "; for example feed.csv row 1: quantity 'none'" in error
    assert "feed.csv row 4: region 'Nowhere'" in answer.out
    assert place.published() == before
    run = place.runs()[-1]
    assert read_json(run / "run.json")["status"] == "held back"
    assert "No row is clean." in (run / "report.html").read_text("utf-8")
    held = pq.read_table(run / "held" / "feed_rejected.parquet")
    assert held["source_row"].to_pylist() == [1, 2, 3, 4]


def test_no_clean_row_is_no_fault_where_only_rejected_rows_are_wanted(place: Place) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([row_with(quantity="none")]))
    answer = place.ask("clean-data", "feed.csv", "outputs.clean=false")
    assert answer.code == 0
    assert [name for name in place.published() if name.endswith("_clean.parquet")] == []


@pytest.mark.parametrize("validation", ["gate", "off"])
def test_a_feed_without_records_leaves_what_was_published(validation: str, place: Place) -> None:
    (place.folder / "feed.csv").write_bytes(write_feed([GOOD_ROW]))
    assert place.ask("run-pipeline", "feed.csv", "validation=off").code == 0
    before = place.published()
    (place.folder / "feed.csv").write_bytes(write_feed([]))
    answer = place.ask("run-pipeline", "feed.csv", f"validation={validation}")
    assert answer.code == 2
    [error] = answer.errors
    assert "feed.csv: has a header and no records (0); nothing was published" in error
    assert place.published() == before


def test_a_dataset_without_suites_is_told_where_they_would_be(place: Place) -> None:
    contracts = place.folder / "conf" / "dataset"
    contracts.mkdir(parents=True)
    contract = (ROOT / "conf" / "dataset" / "ecommerce.yaml").read_text("utf-8")
    (contracts / "shop.yaml").write_text(contract.replace("name: ecommerce", "name: shop"))
    answer = place.run_pipeline("dataset=shop")
    assert answer.code == 2
    assert "expectations/shop/clean.json: no such file; write one (docs" in answer.errors[0]
    assert place.published() == {}


# --- validate-data -------------------------------------------------------------------------------

CLEAN = "clean/raw_ecommerce_data_clean.parquet"


def the_part(data: Path) -> Path:
    [part] = (data / CLEAN).glob("part-*.parquet")
    return part


MANIFEST = f"{CLEAN}/_manifest.json"


def cut_short(data: Path) -> None:
    whole = the_part(data).read_bytes()
    the_part(data).write_bytes(whole[: len(whole) // 2])


def spoil_a_page(data: Path) -> None:
    """The footer is sound, so that this shows only when the rows are read."""
    content = bytearray(the_part(data).read_bytes())
    content[40:3000] = bytes(2960)
    the_part(data).write_bytes(content)


def overwrite_the_part(data: Path) -> None:
    the_part(data).write_text("no parquet")


def rewrite(name: str | Path, text: str) -> Damage:
    return lambda data: (data / name).write_text(text)


def unharmed(data: Path) -> None:
    pass


BAD_DATA: dict[str, tuple[Damage, list[str], str]] = {
    "mistyped path": (
        unharmed,
        ["data/clean/raw_ecommerce_data_clen.parquet"],
        "no such file or folder; did you mean 'raw_ecommerce_data_clean.parquet'?",
    ),
    "no such path": (unharmed, ["rejected=nowhere"], "dataset nowhere: no such file or folder"),
    "nothing yet": (
        lambda data: shutil.rmtree(data),
        [],
        f"no generated data/{CLEAN}; name yours: ",
    ),
    "no parts": (lambda data: the_part(data).unlink(), [], "the folder has no *.parquet parts"),
    "cut part": (cut_short, [], ".parquet: cannot be read: Parquet magic bytes not"),
    "spoilt page": (spoil_a_page, [], ".parquet: cannot be read: "),
    "text for a part": (
        lambda data: rewrite(the_part(data).relative_to(data), "no parquet")(data),
        [],
        ".parquet: cannot be read: ",
    ),
    "text": (rewrite("notes.txt", "hello"), ["data/notes.txt"], "notes.txt: cannot be read: "),
    "manifest cut": (rewrite(MANIFEST, "{"), [], "its _manifest.json is damaged: Expecting"),
    "manifest list": (rewrite(MANIFEST, "[]"), [], "its _manifest.json is damaged: "),
    "manifest day": (
        rewrite(MANIFEST, '{"as_of": "today"}'),
        [],
        "its _manifest.json is damaged: Invalid isoformat string: 'today'",
    ),
    "output": (unharmed, ["output=x"], "output: validate-data writes only reports"),
    "fail_on": (unharmed, ["validation.fail_on=critcal"], "did you mean 'critical'?"),
    "option": (unharmed, ["validation=of"], "unknown option; did you mean 'off'?"),
}


@pytest.mark.parametrize(("damage", "words", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data_is_one_line_and_leaves_nothing(
    damage: Damage, words: list[str], message: str, published: Place
) -> None:
    published.write_suites(clean=[HOLDS, SINGLE_PIECES])
    damage(published.folder / "data")
    before = everything_in(published.folder)
    answer = published.ask("validate-data", *words)
    assert answer.code == 2
    assert answer.err.splitlines() == answer.errors
    [error] = answer.errors
    assert message in error
    assert everything_in(published.folder) == before


def test_what_is_no_data_docs_is_left_alone(published: Place) -> None:
    """The run is not published either: its findings could not be reported."""
    published.write_suites()
    (published.docs / "index.html").unlink()
    before, docs = published.published(), everything_in(published.docs)
    answer = published.run_pipeline("seed=7")
    assert answer.code == 2
    assert (
        "data_docs: is not a Data Docs folder of this toolkit (it has no index.html)" in answer.err
    )
    assert (published.published(), everything_in(published.docs)) == (before, docs)
