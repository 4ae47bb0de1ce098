"""A contract of persons, with a personal column of every kind, through every command: their values
are in clean and rejected rows, in lookups of theirs, and nowhere else."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.commands import Answer, everything_in
from tests.stages.places import HOLDS, Expectation, Place, about, read_json, severe
from toolkit.api import aggregate, clean_rows, evaluate_feed, find_key, load_rules, mask_tables

pytestmark = pytest.mark.slow

PEOPLE = """
name: people
columns:
  order_id: {kind: text, required: true, reason: no_order}
  buyer: {kind: text, map: buyers.json, personal: true}
  email: {kind: email, personal: true}
  phone: {kind: text, personal: {mask: partial}}
  number: {kind: integer, personal: true, reason: bad_number}
  born: {kind: date, formats: ["%Y-%m-%d"], personal: true, years_before: 100, reason: bad_born,
         range_reason: bad_born}
  salary: {kind: number, above: 0, personal: true, default: 1, reason: bad_salary}
  city: {kind: category, values: cities.json, max_edits: 1, personal: true, reason: bad_city}
  nick: {kind: unused, personal: true}
  region: {kind: text}
  price: {kind: number, above: 0, reason: bad_price}
derived:
  pay: {formula: salary * 2, decimals: 2}
key: {columns: [order_id, buyer], reason: again}
reasons: [no_order, bad_number, bad_born, bad_salary, bad_city, bad_price, again]
aggregations:
  by_buyer: {kind: summary, by: {who: {column: buyer}}, measures: {n: {count: rows}}}
  by_day: {kind: summary, by: {born: {column: born}}, measures: {n: {count: rows}}}
  by_month: {kind: summary, by: {month: {column: born, unit: month}}, measures: {n: {count: rows}}}
  by_phone: {kind: summary, by: {c: {column: city}, p: {column: phone}},
             measures: {n: {count: rows}}}
  best: {kind: ranking, within: region, item: email, metrics: {s: sold}, limit: 3,
         measures: {sold: {sum: price}}}
  odd: {kind: extremes, highest: {big: price, paid: pay}, tie_break: order_id, limit: 4}
"""
COLUMNS = tuple(yaml.safe_load(PEOPLE)["columns"])
PERSONAL = tuple(n for n, c in yaml.safe_load(PEOPLE)["columns"].items() if "personal" in c)
RAW = re.compile(
    r"secret|hush|0800 55|9182736|19[5]\d-0[1-9]-1\d|5200\d\.5|1040\d\d\.0|quietv", re.IGNORECASE
)
"""What tells that a value of theirs is there."""


def cells(n: int, **others: str) -> dict[str, str]:
    m = n % 6
    return {
        "order_id": f"A{n}", "buyer": f"Hush{m} Secret{m}", "email": f"hush{m}@private.example",
        "phone": f"+49 0800 55{m}", "number": f"9182736{m}", "born": f"195{m}-0{m + 1}-1{m}",
        "salary": f"5200{m}.5", "city": "Quietville", "nick": f"hush{m}", "region": "North",
        "price": str(10 + n), **others,
    }  # fmt: skip


def feed() -> str:
    """Sound rows, and one of every way to be repaired or rejected."""
    rows = [cells(n) for n in range(30)]
    for column, value in {
        "number": "9182736x", "born": "hush 1951-02-11", "salary": "-52001.5",
        "city": "Nowhere Secret", "email": "hush at secret", "phone": "", "buyer": "hush0 SECRET0",
        "order_id": "", "price": "none",
    }.items():  # fmt: skip
        rows.append(cells(len(rows), **{column: value}))
    rows += [cells(40, born="1821-02-03"), cells(41, city="Quietvile"), cells(42, salary="")]
    rows += [cells(0), cells(1), cells(43, buyer="=hush()"), cells(44, buyer="hush\x1b[1msecret")]
    lines = [",".join(COLUMNS), *(",".join(row.values()) for row in rows)]
    return "\n".join([*lines, "Z1,Hush Secret,too few", lines[0]]) + "\n"


def suite(*columns: str) -> list[Expectation]:
    """Expectations that show values when they fail, about each of the columns."""
    found = []
    for name in columns:
        one = {"column": name}
        found += [
            about(name, "be_in_set", value_set=["x"]),
            about(name, "be_unique"),
            about(name, "match_regex", regex="^nobody"),
            about(name, "match_regex", regex="("),
            about(name, "be_between", min_value=0, max_value=1),
        ]
        for kind in ("distinct_values_to_equal_set", "most_common_value_to_be_in_set"):
            found.append(
                {"type": f"expect_column_{kind}", "kwargs": {**one, "value_set": ["x"]}},
            )
        for kind in ("max", "min", "median"):
            kwargs = {**one, "max_value": 0}
            found.append({"type": f"expect_column_{kind}_to_be_between", "kwargs": kwargs})
        found.append(
            {
                "type": "expect_column_pair_values_to_be_equal",
                "kwargs": {"column_A": "order_id", "column_B": name},
            }
        )
    return [severe("warning", one) for one in found] + [HOLDS]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("people"))
    (place.folder / "feed.csv").write_text(feed(), "utf-8")
    for path, text in {
        "conf/dataset/people.yaml": PEOPLE,
        "data/lookups/cities.json": '["Quietville"]\n',
        "data/lookups/buyers.json": '{"hush0 secret0": "Hush0 Secret0"}\n',
    }.items():
        (place.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / path).write_text(text, "utf-8")
    rejected = [name for name in PERSONAL if name != "nick"]
    place.write_suites(suite(*rejected, "pay"), suite(*PERSONAL, "raw_line"), "people")
    return place


@pytest.fixture(scope="module")
def answers(place: Place) -> dict[str, Answer]:
    """All commands that read the feed or what was made of it."""
    clean, rejected = (f"data/{k}/feed_{k}.parquet" for k in ("clean", "rejected"))
    mine = f"personal=[{','.join(PERSONAL)}]"
    of = "dataset=people"
    return {
        "run": place.ask("run-pipeline", "input=feed.csv", of, "validation=watch"),
        "processes": place.ask("clean-data", "feed.csv", of, "cluster=processes"),
        "validate": place.ask("validate-data", f"cleaned={clean}", f"rejected={rejected}", of,
                              "validation=watch"),
        "aggregate": place.ask("build-aggregations", f"cleaned={clean}", of),
        "review": place.ask("review-lookups", "feed.csv", of),
        "profile": place.ask("profile-data", "feed.csv", of),
        "profile as told": place.ask("profile-data", "feed.csv", mine),
        "draft": place.ask("new-dataset", "feed.csv", "name=drafted", mine),
        "drafted": place.ask("run-pipeline", "feed.csv", "dataset=drafted", "validation=watch"),
        "held back": place.ask("run-pipeline", "feed.csv", of, "validation=strict"),
        "sweep": place.ask("run-pipeline", "input=feed.csv", of, "--multirun", "validation=watch",
                           "cluster=threads,sync"),
    }  # fmt: skip


def content(name: str, raw: bytes, path: Path) -> str:
    """A file as text; parquet as its rows, with the statistics of its footer."""
    if not name.endswith(".parquet"):
        return raw.decode("utf-8", "replace")
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    statistics = [
        (column.statistics.min, column.statistics.max)
        for group in groups
        for column in (group.column(n) for n in range(group.num_columns))
        if column.statistics is not None and column.statistics.has_min_max
    ]
    return str([pq.read_table(path).to_pylist(), statistics])


def with_values(place: Place) -> dict[str, set[str]]:
    """The files of the workspace in which values are, or whose names hold some."""
    found = {}
    for name, raw in everything_in(place.folder).items():
        # Figures are of several rows; whether a mean looks like one of them is chance.
        text = name + re.sub(r"\d+\.\d{3,}", "", content(name, raw, place.folder / name))
        if hits := {*RAW.findall(text)}:
            found[name] = hits
    return found


def test_values_are_in_rows_and_lookups_alone(place: Place, answers: dict[str, Answer]) -> None:
    codes = {name: answer.code for name, answer in answers.items()}
    assert codes == {**dict.fromkeys(answers, 0), "held back": 3}, answers
    rows = re.compile(
        r"feed\.csv$|expectations/drafted/|data/lookups/(cities|buyers)"
        r"|(?:data|sweep_[^/]*/\d)/(?:\.versions/[^/]+/)?(?:clean|rejected)/|/held/"
    )
    assert {n: v for n, v in with_values(place).items() if not rows.search(n)} == {}


def test_nothing_of_them_is_printed_or_logged(answers: dict[str, Answer]) -> None:
    for name, answer in answers.items():
        shown = re.sub(r"\d+\.\d{3,}", "", answer.out + answer.err)
        assert RAW.findall(shown) == [], name
    assert "masked:" in answers["profile as told"].out
    assert "masked:" in answers["review"].out


def test_labels_of_groups_are_hashed_and_stay_apart(
    place: Place, answers: dict[str, Answer]
) -> None:
    del answers
    folder = place.folder / "data" / "aggregations" / "people"
    tables = {path.stem: pq.read_table(path) for path in folder.glob("*.parquet")}
    for name, label, n_groups in (
        ("by_buyer", "who", 8),
        ("by_day", "born", 6),
        ("by_phone", "p", 6),
    ):
        labels = [one for one in tables[name].column(label).to_pylist() if one is not None]
        assert len({*labels}) == len(labels) == n_groups, name
        assert all(re.fullmatch("masked:[0-9a-f]{16}", one) for one in labels)
    assert all("@masked.invalid" in one for one in tables["best"].column("email").to_pylist())
    # Months speak of several persons; the first and the last day of a column are of one each.
    assert "1950-01" in tables["by_month"].column("month").to_pylist()
    assert read_json(folder / "_manifest.json")["days"] == {}
    assert {*tables["odd"].column("phone").to_pylist()} == {"***~16"}


def test_programs_get_the_values_and_may_mask_them(place: Place) -> None:
    data = place.folder / "data"
    rules = load_rules("people", as_of=date(2026, 11, 23), data_dir=data)
    evaluated = evaluate_feed(rules, [str(place.folder / "feed.csv")])
    tables = aggregate(clean_rows(evaluated, rules.contract), rules.contract)
    assert "Hush0 Secret0" in tables["by_buyer"].column("who").to_pylist()
    assert RAW.search(str(tables["odd"].to_pylist()))

    key = find_key(data)
    masked = mask_tables(tables, rules.contract, key)
    folder = data / "aggregations" / "people"
    written = {path.stem: pq.read_table(path) for path in folder.glob("*.parquet")}
    assert {n: t.to_pylist() for n, t in masked.items()} == {
        name: table.to_pylist() for name, table in written.items()
    }
    hidden = mask_tables(tables, rules.contract, None)
    assert {*hidden["by_buyer"].column("who").to_pylist()} == {"(hidden)"}
