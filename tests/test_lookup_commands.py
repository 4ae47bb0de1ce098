"""The lookup commands end to end, on a small feed and golden files that a person can check."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.feeds import HEADER, row_with, write_feed
from toolkit.command.cli import run_command
from toolkit.settings.commands import COMMANDS

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parent / "golden" / "lookups"
STARTERS = Path(__file__).parents[1] / "data" / "lookups"
FEED = GOLDEN / "feed.csv"
NAMES = "dataset.columns.product_name.map=product_names.json"
REPAIR = "dataset.columns.category.repair={by:product_name,map:product_categories.json,min_rows:3}"
QUICK = ("run_tests=false", "threshold=0.1")

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("update-lookups", "feed.csv") -> exit code, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *words: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        return run_command(name)

    return run


@pytest.fixture
def lookups(tmp_path: Path) -> Path:
    """The starter lookups as a workspace's own."""
    return shutil.copytree(STARTERS, tmp_path / "data" / "lookups")


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read(path: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads(path.read_text("utf-8"))
    return content


# --- what is built -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("partitions=by_count", "partitions.count=7", "cluster=sync"),
        ("--chunk-size", "2", "cluster.workers=3"),
        ("cluster=processes", "cluster.workers=2", "partitions=by_count", "partitions.count=3"),
    ],
)
def test_the_feed_gives_the_golden_lookups_however_it_is_cut(
    words: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    assert run("update-lookups", FEED, *QUICK, NAMES, REPAIR, *words) == 0
    assert files_in(tmp_path / "data" / "lookups") == files_in(GOLDEN / "built")


def test_a_second_run_changes_no_byte_and_no_file(run: Run, tmp_path: Path) -> None:
    words = (FEED, *QUICK, NAMES, REPAIR)
    assert run("update-lookups", *words) == 0
    folder = tmp_path / "data" / "lookups"
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
    assert run("update-lookups", *words) == 0
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()} == before


def test_what_a_person_wrote_stays_as_it_is_written(run: Run, lookups: Path) -> None:
    mine = '\ufeff{\r\n\t"west delhi" : "Delhi",\r\n\t"Bombay": "Mum\\u0062ai"\r\n}'
    (lookups / "region_map.json").write_bytes(mine.encode())
    assert run("build-region-map", FEED) == 0
    text = (lookups / "region_map.json").read_bytes().decode()
    for line in mine.splitlines()[1:-1]:
        assert line.rstrip(",") in text
    assert text.startswith("\ufeff{\r\n\t")
    assert text.count("\r\n") == text.count("\n")
    entries = json.loads(text.removeprefix("\ufeff"))
    assert entries["west delhi"] == "Delhi"
    assert entries["Mumbay"] == "Mumbai"
    assert "West Delhi" not in entries


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_edited_entry_is_a_persons_from_then_on(line_end: str, run: Run, lookups: Path) -> None:
    assert run("build-region-map", FEED) == 0
    path = lookups / "region_map.json"
    text = path.read_text("utf-8").replace('"West Delhi": "UNKNOWN"', '"West Delhi": "Delhi"')
    path.write_bytes(text.replace("\n", line_end).encode())
    mine = path.read_bytes()
    assert run("build-region-map", FEED) == 0
    assert path.read_bytes() == mine
    assert "West Delhi" not in read(lookups / "region_map.suggested.json")


def test_the_traps(run: Run, lookups: Path, tmp_path: Path) -> None:
    regions = ["Mumbay", "indonsia", "Viet Nam", "Delhi", "New Delhi", "Dehli"]
    categories = ["TV", "CCTV", "phone", "headphone", "Women's Shoes", "Men's Shoes"]
    rows = [row_with(region=r, category=c) for r, c in zip(regions, categories, strict=True)]
    (tmp_path / "feed.csv").write_bytes(write_feed(rows))
    (lookups / "region_map.json").write_text("{}")
    (lookups / "common_categories.json").write_text("[]")
    assert run("update-lookups", "feed.csv", *QUICK) == 0
    assert read(lookups / "region_map.json") == {
        "Dehli": "Delhi",
        "indonsia": "Indonesia",
        "Mumbay": "Mumbai",
        "Viet Nam": "Vietnam",
    }
    names = json.loads((lookups / "common_categories.json").read_text())
    assert names == ["Cctv", "Headphone", "Men's Shoes", "Phone", "Tv", "Women's Shoes"]
    assert json.loads((lookups / "common_regions.json").read_text()) == json.loads(
        (STARTERS / "common_regions.json").read_text()
    )


def test_names_that_come_later_take_their_unknown_values_along(
    run: Run, lookups: Path, tmp_path: Path
) -> None:
    """Else the map would send a canonical name elsewhere, which cleaning refuses."""
    rows = [row_with(region="Pune", order_id=str(n)) for n in range(5)]
    (tmp_path / "few.csv").write_bytes(write_feed([row_with()] * 95 + rows))
    (tmp_path / "many.csv").write_bytes(write_feed(rows))
    assert run("build-region-map", "few.csv") == 0
    assert read(lookups / "region_map.json")["Pune"] == "UNKNOWN"
    assert run("build-region-lookup", "many.csv", "--threshold", "0.5") == 0
    assert read(lookups / "region_map.json")["Pune"] == "Pune"
    assert run("clean-data", "many.csv") == 0
    assert pq.read_table(tmp_path / "data/clean/many_clean.parquet").num_rows == 5


def test_presets_are_the_general_form(run: Run, tmp_path: Path) -> None:
    for command, words in {
        "build-category-lookup": (),
        "build-region-lookup": (),
        "build-region-map": (),
        "build-lookup": ("column=region",),
    }.items():
        assert run(command, FEED, "--threshold=0.1", *words, f"data_dir={command}") == 0
    built = {path.parent.name: files_in(path) for path in tmp_path.glob("*/lookups")}
    starters = {path.name: path.read_bytes() for path in STARTERS.glob("*.json")}

    def new(command: str) -> set[str]:
        return {name for name, text in built[command].items() if starters.get(name) != text}

    names = {"common_regions.json", "common_regions.suggested.json"}
    map_ = {"region_map.json", "region_map.suggested.json"}
    assert new("build-category-lookup") == {
        "common_categories.json", "common_categories.suggested.json",
    }  # fmt: skip
    assert new("build-region-lookup") == names
    assert new("build-region-map") == map_
    assert new("build-lookup") == names | map_


def test_several_and_compressed_inputs(run: Run, tmp_path: Path) -> None:
    one = write_feed([row_with(region="Pune")])
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(one))
    (tmp_path / "b.csv").write_bytes(write_feed([row_with(region="Pune ")]) + HEADER)
    assert run("build-region-map", "input=[a.csv.gz,b.csv]") == 0
    marks = json.loads((tmp_path / "data/lookups/region_map.suggested.json").read_text())
    assert {raw: mark["count"] for raw, mark in marks.items()} == {"Pune": 2}
    assert not list((tmp_path / "data" / "reports").rglob(".spool*"))


def test_output_may_be_a_folder_or_one_file(run: Run, tmp_path: Path) -> None:
    assert run("update-lookups", FEED, *QUICK, "output=out") == 0
    assert not (tmp_path / "data" / "lookups").exists()
    assert "common_regions.json" in files_in(tmp_path / "out")
    assert run("build-region-map", FEED, "--output", "mine.json") == 0
    assert read(tmp_path / "mine.json")["West Delhi"] == "UNKNOWN"
    assert "West Delhi" in read(tmp_path / "mine.suggested.json")
    assert not (tmp_path / "data" / "lookups").exists()


def test_another_word_for_unknown_is_built_and_cleaned_by(
    run: Run, lookups: Path, tmp_path: Path
) -> None:
    (lookups / "region_map.json").write_text("{}")
    assert run("build-region-map", FEED, "--unknown-label", "nowhere") == 0
    assert read(lookups / "region_map.json")["West Delhi"] == "nowhere"
    assert run("clean-data", FEED, "unknown_label=nowhere") == 0
    assert run("clean-data", FEED) == 2


def test_lookups_that_are_not_the_contracts_are_not_asked_for(run: Run, tmp_path: Path) -> None:
    """A feed of one column, whose lookups begin with nothing."""
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "dataset" / "towns.yaml").write_text(
        "name: towns\ncolumns:\n"
        "  town: {kind: mapped, map: town_map.json, values: towns.json, reason: bad}\n"
        "reasons: [bad]\n"
    )
    (tmp_path / "feed.csv").write_text("town\n" + "york\n" * 8 + "bath\n" * 8 + "Yorkk\n")
    assert run("update-lookups", "feed.csv", "dataset=towns", "run_tests=false") == 0
    assert json.loads((tmp_path / "data/lookups/towns.json").read_text()) == ["Bath", "York"]
    assert read(tmp_path / "data/lookups/town_map.json") == {"Yorkk": "York"}
    assert run("build-region-map", "feed.csv", "dataset=towns", "column=town") == 0
    assert run("clean-data", "feed.csv", "dataset=towns") == 0


# --- review ------------------------------------------------------------------------------------


def test_the_review_is_the_golden_one_and_writes_nothing_else(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(GOLDEN / "built", tmp_path / "data" / "lookups")
    before = files_in(folder)
    for words in ((), ("partitions=by_count", "partitions.count=9")):
        assert run("review-lookups", FEED, "threshold=0.1", "output=review.csv", *words) == 0
        assert (tmp_path / "review.csv").read_text() == (GOLDEN / "review.csv").read_text()
    assert files_in(folder) == before
    shown = capsys.readouterr().out
    assert "'Garden Tools'" in shown
    assert "199.35" in shown
    assert "12 values are unknown or uncertain" in shown


def test_the_review_goes_by_rows_and_lies_beside_the_report(run: Run, tmp_path: Path) -> None:
    assert run("review-lookups", FEED) == 0
    [path] = (tmp_path / "data" / "reports").rglob("lookup_review.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [int(row["rows"]) for row in csv.DictReader(file)]
    assert rows == sorted(rows, reverse=True)
    assert not (tmp_path / "data" / "lookups").exists()


def test_accepting_by_score_is_one_override(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN / "built", tmp_path / "data" / "lookups")
    assert run("review-lookups", FEED, "threshold=0.1", "column=region", "accept=0.7") == 0
    assert read(folder / "region_map.json")["West Delhi"] == "New Delhi"
    assert read(folder / "region_map.suggested.json") == {}
    assert sorted(read(folder / "common_regions.suggested.json")) == ["Atlantis"]
    # What is accepted is a person's: a later run leaves it alone.
    before = files_in(folder)
    assert run("build-lookup", FEED, "threshold=0.1", "column=region") == 0
    assert files_in(folder) == before


# --- canonical products and repaired categories ------------------------------------------------


def test_cleaning_goes_by_the_optional_lookups_and_comes_to_rest(run: Run, tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "built", tmp_path / "data" / "lookups")
    rows = list(csv.DictReader(FEED.open(encoding="utf-8")))
    odd = row_with(order_id="odd", product_name=" DESK LAMP", category="Books")
    rejected = row_with(order_id="bad", product_name="Desk Lamp", category="Submarine")
    (tmp_path / "more.csv").write_bytes(write_feed([*rows, odd, rejected]))
    tables = []
    for cut in ((), ("partitions=by_count", "partitions.count=6", "cluster=sync")):
        assert run("clean-data", "more.csv", NAMES, REPAIR, *cut) == 0
        tables.append(pq.read_table(tmp_path / "data/clean/more_clean.parquet"))
    assert tables[0].equals(tables[1])
    clean = {row["order_id"]: row for row in tables[0].to_pylist()}
    assert {row["product_name"] for row in clean.values()} >= {"Desk Lamp", "iPhone14", "Rake"}
    assert "desk_lamp" not in {row["product_name"] for row in clean.values()}
    assert (clean["odd"]["product_name"], clean["odd"]["category"]) == ("Desk Lamp", "Office")
    assert "bad" not in clean
    assert run("clean-data", "more.csv") == 0
    plain = pq.read_table(tmp_path / "data/clean/more_clean.parquet").to_pylist()
    assert {row["order_id"]: row["category"] for row in plain}["odd"] == "Books"


# --- mistakes ----------------------------------------------------------------------------------

BAD: dict[str, tuple[list[str], dict[str, str], str]] = {
    "no input": (["build-region-map", "nowhere.csv"], {}, "input nowhere.csv: no such file"),
    "no JSON": (
        ["build-region-map", str(FEED)],
        {"region_map.json": '{\n"a": }'},
        "region_map.json, line 2: is not JSON",
    ),
    "target outside": (
        ["update-lookups", str(FEED)],
        {"region_map.json": '{\n "a": "Mumbay"\n}'},
        "region_map.json, line 2: 'a' is mapped to 'Mumbay'",
    ),
    "disagreement": (
        ["build-region-lookup", str(FEED)],
        {"region_map.json": '{"a": "Delhi",\n "A": "Mumbai"}'},
        "region_map.json, line 2: 'a' and 'A' differ by case only",
    ),
    "names": (
        ["build-category-lookup", str(FEED)],
        {"common_categories.json": '["Books",\n "books"]'},
        "common_categories.json, line 2: 'Books' and 'books' are the same name",
    ),
    "marks": (
        ["review-lookups", str(FEED)],
        {"region_map.suggested.json": "[]"},
        "region_map.suggested.json: should contain an object",
    ),
    "names map": (
        ["build-lookup", str(FEED), "column=product_name", NAMES],
        {"product_names.json": '{"a": "b",\n "b": "c"}'},
        "product_names.json, line 2: 'b' is a name that others are mapped to",
    ),
    "no names to map to": (
        ["build-region-map", str(FEED)],
        {"common_regions.json": "[]", "region_map.json": "{}"},
        "common_regions.json: has no canonical names to map to; begin with build-lookup",
    ),
    "column missing": (["build-lookup", str(FEED)], {}, "column: missing; build-lookup needs one"),
    "column unknown": (
        ["build-lookup", str(FEED), "column=regio"],
        {},
        "column=regio: is not a column of the contract ecommerce; did you mean 'region'?",
    ),
    "column of another kind": (
        ["build-lookup", str(FEED), "column=unit_price"],
        {},
        "column=unit_price: is of kind number, which has no lookup",
    ),
    "preset for another kind": (
        ["build-region-map", str(FEED), "column=category"],
        {},
        "column=category: is of kind category, which has no map",
    ),
    "text without a lookup": (
        ["build-lookup", str(FEED), "column=product_name"],
        {},
        "column=product_name: has no lookup; name the file",
    ),
    "one file for many": (
        ["update-lookups", str(FEED), "output=x.json"],
        {},
        "output=x.json: is one file, but common_categories.json and common_regions.json and",
    ),
    "threshold": (["update-lookups", "threshold=0"], {}, "threshold=0: must be greater than 0"),
    "score": (["review-lookups", "accept=2"], {}, "accept=2: must be less than or equal to 1"),
    "flag": (["clean-data", "--threshold=1"], {}, "--threshold: is for build-category-lookup and"),
}


@pytest.mark.parametrize(("words", "texts", "told"), BAD.values(), ids=list(BAD))
def test_a_mistake_is_one_line_and_changes_nothing(
    words: list[str],
    texts: dict[str, str],
    told: str,
    run: Run,
    lookups: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in texts.items():
        (lookups / name).write_text(text, encoding="utf-8")
    before = files_in(lookups)
    assert run(words[0], *words[1:]) == 2
    err = capsys.readouterr().err
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert told in line
    assert files_in(lookups) == before


def test_a_lookup_that_is_edited_meanwhile_is_left_alone(
    run: Run, lookups: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from toolkit.lookups.planning import Plan

    check = Plan.check

    def edit_then_check(plan: Plan) -> None:
        (lookups / "region_map.json").write_text('{"mine": "Delhi"}')
        check(plan)

    monkeypatch.setattr(Plan, "check", edit_then_check)
    assert run("build-region-map", FEED) == 2
    assert "region_map.json: changed while it was being read" in capsys.readouterr().err
    assert (lookups / "region_map.json").read_text() == '{"mine": "Delhi"}'


# --- scripts and the project's tests -----------------------------------------------------------


@pytest.mark.parametrize(
    "command", [name for name in COMMANDS if "lookup" in name or name == "build-region-map"]
)
def test_each_script_works_from_another_folder(command: str, tmp_path: Path) -> None:
    words = {"build-lookup": ["column=region"], "update-lookups": ["run_tests=false"]}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(command)), str(FEED), *words.get(command, [])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "reports").is_dir()
    assert (tmp_path / "data" / "lookups").is_dir() is (command != "review-lookups")


@pytest.mark.parametrize(
    ("tests", "code", "told"),
    [
        ("tests/test_units.py", 0, "note: the project's tests pass"),
        ("tests/no_such_test.py", 2, "fail (pytest's exit code 4)"),
    ],
)
def test_update_lookups_runs_the_projects_tests(
    tests: str, code: int, told: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("update-lookups")), str(FEED)],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": f"-p no:cacheprovider {tests}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr
    assert (tmp_path / "data" / "lookups" / "region_map.json").is_file()


def test_without_its_source_update_lookups_says_that_no_tests_were_run(tmp_path: Path) -> None:
    """As an installed wheel lies there: the package alone, configs and lookups within."""
    root = Path(__file__).parents[1]
    site = tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "toolkit", site / "toolkit", ignore=ignored)
    shutil.copytree(root / "conf", site / "toolkit" / "shipped" / "conf")
    shutil.copytree(STARTERS, site / "toolkit" / "shipped" / "lookups")
    code = (
        "import sys; from toolkit.command.cli import run_command; "
        "sys.exit(run_command('update-lookups'))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(FEED)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "note: no tests were run: the toolkit is installed without its source" in done.stdout
    assert (tmp_path / "data" / "lookups" / "common_regions.json").is_file()


@pytest.mark.parametrize("name", ["build-region-map", "review-lookups"])
def test_the_limits_of_the_contract_are_those_of_the_lookup_commands(
    name: str, run: Run, lookups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_in(lookups)
    assert run(name, FEED, "dataset.lookup_limits.max_entries=2") == 2
    assert "more than the limit of 2 (dataset.lookup_limits.max_entries)" in capsys.readouterr().err
    assert run(name, FEED, "dataset.lookup_limits.max_bytes=10") == 2
    assert "limit of 10 B (dataset.lookup_limits.max_bytes)" in capsys.readouterr().err
    assert files_in(lookups) == before


@pytest.mark.parametrize("limit", ["max_entries", "max_bytes"])
def test_a_lookup_that_would_pass_a_limit_is_not_written(
    limit: str, run: Run, lookups: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the next run could not read what this one wrote."""
    path = lookups / "region_map.json"
    size = {"max_entries": len(read(path)), "max_bytes": path.stat().st_size}[limit]
    before = files_in(lookups)
    assert run("build-region-map", FEED, f"dataset.lookup_limits.{limit}={size}") == 2
    errors = capsys.readouterr().err
    assert "region_map.json: has" in errors
    assert f"(dataset.lookup_limits.{limit})" in errors
    assert files_in(lookups) == before
