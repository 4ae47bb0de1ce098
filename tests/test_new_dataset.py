"""From a file alone to clean rows: new-dataset drafts, run-pipeline runs with what was drafted."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import Answer, ask, everything_in, left_in, read
from toolkit.settings.shipped import shipped_folder

pytestmark = pytest.mark.slow

QUICK = "cluster=sync"


@dataclass(frozen=True)
class Drafted:
    """A workspace in which a dataset was drafted from a feed, and the feed then cleaned by it."""

    folder: Path

    @property
    def text(self) -> str:
        return (self.folder / "conf" / "dataset" / "my_feed.yaml").read_text(encoding="utf-8")

    @property
    def contract(self) -> dict[str, Any]:
        content: dict[str, Any] = yaml.safe_load(self.text)
        return content

    def lookup(self, name: str) -> list[str]:
        names: list[str] = json.loads((self.folder / "data" / "lookups" / name).read_text("utf-8"))
        return names

    def patterns(self) -> list[str]:
        """Those that the suite of the clean rows looks for."""
        path = self.folder / "expectations" / "my_feed" / "clean.json"
        suite = json.loads(path.read_text("utf-8"))
        return [e["kwargs"]["regex"] for e in suite["expectations"] if "regex" in e["kwargs"]]

    def clean(self) -> list[dict[str, Any]]:
        return list(read(self.folder / "data" / "clean" / "feed_clean.parquet").to_pylist())

    def reasons(self) -> list[str]:
        table = read(self.folder / "data" / "rejected" / "feed_rejected.parquet")
        return [str(reason) for reason in table.column("rejection_reason").to_pylist()]


Draft = Callable[[bytes], Drafted]


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    """draft(bytes) -> Drafted; both commands must end well, with validation."""
    monkeypatch.chdir(tmp_path)

    def drafted(feed: bytes) -> Drafted:
        (tmp_path / "feed.csv").write_bytes(feed)
        for words in (
            ("new-dataset", "feed.csv", "name=my_feed", QUICK),
            ("run-pipeline", "dataset=my_feed", "input=feed.csv", QUICK),
        ):
            answer = ask(*words)
            assert answer.code == 0, answer.err
        assert "validated: clean passed" in answer.out
        return Drafted(tmp_path)

    return drafted


def lines(header: str, rows: list[str], encoding: str = "utf-8", end: str = "\n") -> bytes:
    return end.join([header, *rows, ""]).encode(encoding)


def test_semicolons_decimal_commas_and_days_first(draft: Draft) -> None:
    rows = [
        f"A-{n:03};{n % 28 + 1:02}.03.2024;{n},50;{n}.000,00;{'Süd' if n % 2 else 'Nord'}"
        for n in range(1, 61)
    ]
    found = draft(lines("Auftrag-Nr;Datum;Preis;Umsatz;Gebiet", rows, "cp1252", "\r\n"))
    assert found.contract["csv"] == {"delimiter": ";", "quote": '"', "encoding": "cp1252"}
    columns = found.contract["columns"]
    assert columns["preis"] | {"kind": "number", "decimal": ","} == columns["preis"]
    assert columns["umsatz"] | {"decimal": ",", "thousands": "."} == columns["umsatz"]
    assert columns["datum"]["formats"] == ["%d.%m.%Y"]
    clean = found.clean()
    assert len(clean) == 60
    assert clean[0] == {
        "auftrag_nr": "A-001",
        "datum": date(2024, 3, 2),
        "preis": 1.5,
        "umsatz": 1000.0,
        "gebiet": "Süd",
    }
    assert found.lookup("my_feed_gebiet.json") == ["Nord", "Süd"]
    assert found.contract["key"]["columns"] == ["auftrag_nr"]
    [shape] = found.patterns()
    values = ["A-001", "A-001\n", "A-0011", "a-001", "AA-001"]
    assert [value for value in values if re.search(shape, value)] == ["A-001"]


def test_currency_signs_null_words_and_a_stored_total(draft: Draft) -> None:
    rows = []
    for n in range(1, 101):
        quantity, price = n % 7 + 1, n % 5 + 0.25
        total = "ERROR" if n == 3 else "" if n == 4 else f"${quantity * price:.2f}"
        item = "UNKNOWN" if n == 5 else f"Item {n % 4}"
        rows.append(
            f"T{n:04},{item},{quantity},${price:.2f},{total},{n % 12 + 1}/{n % 28 + 1}/2024"
        )
    found = draft(lines("Transaction ID,Item,Quantity,Price Per Unit,Total Spent,Date", rows))
    assert "null_words" not in found.contract
    assert found.contract["columns"]["item"]["null_words"] == ["UNKNOWN"]
    assert found.contract["columns"]["total_spent"]["null_words"] == ["ERROR"]
    assert found.contract["columns"]["price_per_unit"]["prefix"] == ["$"]
    assert found.contract["columns"]["date"]["formats"] == ["%m/%d/%Y"]
    assert found.contract["checks"]["total_spent_matches"]["formula"] == "quantity * price_per_unit"
    clean = {row["transaction_id"]: row for row in found.clean()}
    assert clean["T0003"]["total_spent"] == clean["T0003"]["quantity"] * 3.25
    assert clean["T0004"]["total_spent"] == clean["T0004"]["quantity"] * 4.25
    assert clean["T0001"]["date"] == date(2024, 2, 2)
    assert clean["T0005"]["item"] is None
    assert "2 rows without total_spent get quantity * price_per_unit" in found.text
    assert "# total_spent = quantity * price_per_unit in 98 of 98 rows (100.0 %)" in found.text


def test_lines_of_orders_are_told_apart_by_two_columns(draft: Draft) -> None:
    rows = [f"{1000 + n // 3},{n % 3 + 1},Lamp {n % 9},{n % 4 + 1},2.5" for n in range(90)]
    found = draft(lines("order_id,line_no,product,qty,unit_price", [*rows, rows[10], rows[10]]))
    assert found.contract["key"] == {"exact_rows": True, "reason": "exact_copy"}
    assert "2 of 92 rows repeat an earlier one" in found.text
    assert found.contract["derived"]["revenue"]["formula"] == "qty * unit_price"
    assert len(found.clean()) == 90
    assert found.reasons() == ["exact_copy"] * 2


def test_an_order_of_several_lines_is_counted_once(draft: Draft) -> None:
    rows = [f"{1000 + n // 3},{'ABC'[n % 3]},{n + 1}.5" for n in range(90)]
    found = draft(lines("sales_order_id,shop,amount", rows))
    [measures] = [
        one["measures"] for one in found.contract["aggregations"].values() if "measures" in one
    ]
    assert measures == {
        "total_amount": {"sum": "amount"},
        "order_count": {"count_distinct": "sales_order_id"},
        "avg_order_value": {"ratio": ["total_amount", "order_count"]},
        "line_count": {"count": "rows"},
    }


def test_rows_are_called_rows_where_none_says_what_its_order_is(draft: Draft) -> None:
    rows = [f"{1000 + n},{'ABC'[n % 3]},{n + 1}.5" for n in range(90)]
    found = draft(lines("order_id,shop,amount", rows))
    assert found.contract["key"]["columns"] == ["order_id"]
    [measures] = [
        one["measures"] for one in found.contract["aggregations"].values() if "measures" in one
    ]
    assert measures == {"total_amount": {"sum": "amount"}, "row_count": {"count": "rows"}}


def test_copies_without_a_key_times_and_nullable_numbers(draft: Draft) -> None:
    rows = [
        f"{n % 5},2024-01-{n % 28 + 1:02} 08:{n % 60:02}:00,{'' if n % 3 else f'{17000 + n}.0'},{n}"
        for n in range(80)
    ]
    found = draft(lines("Shop,When,CustomerID,Amount", [*rows, rows[7]]))
    assert found.contract["key"] == {"exact_rows": True, "reason": "exact_copy"}
    clean = found.clean()
    assert clean[0]["customer_id"] == "17000"
    assert clean[1]["customer_id"] is None
    assert clean[61]["when"] == datetime(2024, 1, 6, 8, 1)
    assert found.reasons() == ["exact_copy"]


def test_what_is_broken_is_rejected_for_the_reasons_that_the_draft_tells(draft: Draft) -> None:
    rows = [f"{n},Lamp,{n}.5" for n in range(1, 41)]
    broken = ["41,Lamp", "42,Lamp,1,2", '43,"La"mp,1', "44,Lamp,many", "id,name,price", ",,"]
    found = draft(lines("id,name,price", [*rows, *broken]))
    assert len(found.clean()) == 40
    assert sorted(found.reasons()) == [
        "blank_row", "invalid_price", *["malformed_row"] * 3, "repeated_header",
    ]  # fmt: skip
    text = " ".join(line.strip().removeprefix("#").strip() for line in found.text.splitlines())
    assert "1 others, such as 'many' (row 44)" in text
    assert "1 too few fields, 1 too many fields, 1 broken quotes or bytes" in text


def test_a_key_that_some_rows_lack_or_repeat_is_none(draft: Draft) -> None:
    rows = [f"{'' if n == 7 else f'K-{n}'},Lamp,{n}" for n in range(1, 61)]
    found = draft(lines("code,product,units", [*rows, "K-3,Shade,7"]))
    assert found.contract["key"] is None
    assert "code: 1 of 60 rows repeat an earlier one" in found.text
    assert len(found.clean()) == 61


def test_a_value_that_looks_like_a_null_word_stays_one(draft: Draft) -> None:
    # So many that the one in question is none of the most frequent.
    regions = ["NA", *(f"{letter}{letter}" for letter in "ABCDEFGHIJKL" for _ in range(2))]
    rows = [f"{n},{regions[n % 25]},{'NA' if n == 8 else n}" for n in range(1, 301)]
    found = draft(lines("id,region,units", rows))
    assert "NA" in found.lookup("my_feed_region.json")
    assert sum(row["region"] == "NA" for row in found.clean()) == 12
    assert "null_words" not in found.contract["columns"]["region"]
    assert found.contract["columns"]["units"]["null_words"] == ["NA"]
    assert found.clean()[7]["units"] is None


def test_dates_that_prove_both_orders_are_doubted_and_still_run(draft: Draft) -> None:
    rows = [f"{n},{n % 28 + 1:02}/0{n % 9 + 1}/2024" for n in range(1, 101)]
    found = draft(lines("id,day", [*rows, "101,05/31/2024"]))
    day = found.contract["columns"]["day"]
    assert day["formats"] == ["%d/%m/%Y"]
    assert 0 < day["max_contradictions"] < 0.1
    assert found.reasons() == ["invalid_day"]


def test_spellings_that_are_near_to_a_name_are_brought_to_it(draft: Draft) -> None:
    names = ["Electronics", "Gardening", "Furniture"]
    rows = [f"{n},{names[n % 3]}" for n in range(900)]
    found = draft(lines("id,department", [*rows, "900,Electronisc", "901,Gardning", "902,Toys"]))
    assert found.contract["columns"]["department"]["max_edits"] == 2
    assert [row["department"] for row in found.clean()[-2:]] == ["Gardening", "Toys"]
    assert found.clean()[-3]["department"] == "Electronics"


# --- nothing is changed or dropped by a guess ---------------------------------------------------


def test_a_stored_total_stays_where_a_formula_fits_most_rows(draft: Draft) -> None:
    totals = [(n % 4 + 1) * (n % 13 + 10) - (5 if n % 20 == 0 else 0) for n in range(100)]
    rows = [f"A{n},{n % 4 + 1},{n % 13 + 10},{total}" for n, total in enumerate(totals)]
    found = draft(lines("order,qty,price,total", rows))
    assert "checks" not in found.contract
    assert sum(row["total"] for row in found.clean()) == sum(totals)
    text = " ".join(line.strip("# ") for line in found.text.splitlines())
    assert "doubt: total = qty * price in 95 of 100 rows (95.0 %); 5 rows differ, by -25.00" in text
    assert "5.00 instead of 10.00 (row 1)" in text


def test_a_formula_that_holds_only_where_a_column_is_constant_is_none(draft: Draft) -> None:
    rows = [
        f"A{n},{1000 + n * 7},{n % 3 * 25 + 50},{1050 + n * 7 + n % 3 * 25},{1 + (n % 50 == 7)}"
        for n in range(100)
    ]
    found = draft(lines("id,subtotal,shipping,total,qty", rows))
    assert found.contract["checks"]["total_matches"]["formula"] == "subtotal + shipping"
    assert "derived" not in found.contract
    assert len(found.clean()) == 100


def test_lines_of_an_order_under_one_number_are_all_kept(draft: Draft) -> None:
    rows = [f"{5000 + n},P{n % 7},1,10.5" for n in range(100)]
    more = [f"{5000 + n},Q{n % 5},2,20.5" for n in range(0, 100, 25)]
    found = draft(lines("Order ID,Product,Quantity,Price", [*rows, *more]))
    assert found.contract["key"] is None
    assert len(found.clean()) == 104
    assert "doubt: order_id: 4 of 104 rows repeat an earlier one" in found.text


def test_copies_that_nothing_tells_apart_are_kept(draft: Draft) -> None:
    rows = [f"2024-01-{n % 9 + 1:02},{'Tea' if n % 2 else 'Cake'},{n % 3 + 1}.5" for n in range(90)]
    found = draft(lines("day,item,amount", rows))
    assert found.contract["key"] is None
    assert len(found.clean()) == 90


def test_empty_cells_and_rare_names_are_kept(draft: Draft) -> None:
    states = ["Texas", "Ohio", "Chad", ""]
    rows = [
        f"{n},{states[n % 2] if n > 2 else states[n + 1]},{'' if n % 10 == 0 else n},"
        f"{'' if n % 3 else 4.9},{'' if n == 9 else '2024-01-20'}"
        for n in range(100)
    ]
    found = draft(lines("id,state,units,shipping,day", rows))
    assert len(found.clean()) == 100
    assert "Chad" in found.lookup("my_feed_state.json")
    assert "default" not in found.text
    assert "doubt: 66 rows (66.0 %) have none and are kept" in found.text


def test_long_digits_leading_zeros_and_rounded_numbers_are_text(draft: Draft) -> None:
    rows = [
        f"{1582218195625938900 + n},{'00700' if n == 3 else 10000 + n % 40},{n + 1}.50000E+12,{n}"
        for n in range(80)
    ]
    found = draft(lines("ledger,shelf,ean,units", rows))
    kinds = {name: column["kind"] for name, column in found.contract["columns"].items()}
    assert kinds == {"ledger": "text", "shelf": "text", "ean": "text", "units": "integer"}
    assert len({row["ledger"] for row in found.clean()}) == 80
    assert found.clean()[3]["shelf"] == "00700"
    text = " ".join(line.strip("# ") for line in found.text.splitlines())
    assert "80 cells have 16 digits or more" in text
    assert "1 cell begins with a zero" in text
    assert "cells of whole numbers that a spreadsheet has rounded" in text


def test_days_far_from_all_others_widen_no_limits(draft: Draft) -> None:
    days = {50: "9999-12-31", 70: "1899-12-30"}
    rows = [f"{n},{days.get(n, f'2025-{n % 12 + 1:02}-{n % 28 + 1:02}')},{n}" for n in range(100)]
    found = draft(lines("id,day,units", rows))
    day = found.contract["columns"]["day"]
    assert (day["years_before"], day["years_after"]) == (20, 1)
    assert found.reasons() == ["day_out_of_range"] * 2
    text = " ".join(line.strip("# ") for line in found.text.splitlines())
    assert "2 cells far from all other days: '9999-12-31' (row 51), '1899-12-30' (row 71)" in text


def test_null_words_that_make_much_of_a_category_are_one_of_its_values(draft: Draft) -> None:
    rows = [f"{n},{['Card', 'Unknown', 'Cash'][n % 3]}" for n in range(90)]
    found = draft(lines("id,method", rows))
    assert found.lookup("my_feed_method.json") == ["Card", "Cash", "Unknown"]
    assert "doubt: 'Unknown' (30 rows) is taken for a value" in found.text


def test_values_too_long_for_a_shape_are_expected_to_have_none(draft: Draft) -> None:
    note = "Lot {:03} of the very long standard consignment note text number code"
    found = draft(lines("id,note,units", [f"{n},{note.format(n)},{n}" for n in range(99)]))
    assert found.patterns() == []


# --- what is written, and what is never replaced ------------------------------------------------

FEED = lines("id,shop,price", [f"{n},{'North' if n % 2 else 'South'},{n}" for n in range(1, 41)])


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feed.csv").write_bytes(FEED)
    return tmp_path


def new_dataset(*words: str) -> Answer:
    return ask("new-dataset", "feed.csv", QUICK, *words)


def test_a_new_lookups_folder_begins_with_what_other_datasets_found_before(workspace: Path) -> None:
    assert new_dataset("name=my_feed").code == 0
    shipped = everything_in(shipped_folder("lookups"))
    found = everything_in(workspace / "data" / "lookups")
    assert found == {**shipped, "my_feed_shop.json": b'[\n  "North",\n  "South"\n]\n'}


def test_own_lookups_gain_only_those_of_the_draft(workspace: Path) -> None:
    own = workspace / "data" / "lookups"
    own.mkdir(parents=True)
    (own / "mine.json").write_text("[]")
    assert new_dataset("name=my_feed").code == 0
    assert sorted(everything_in(own)) == ["mine.json", "my_feed_shop.json"]


@pytest.mark.parametrize(
    "path",
    [
        "conf/dataset/my_feed.yaml",
        "expectations/my_feed/clean.json",
        "expectations/my_feed/rejected.json",
        "data/lookups/my_feed_shop.json",
    ],
)
def test_what_is_there_is_never_replaced(path: str, workspace: Path) -> None:
    edited = workspace / path
    edited.parent.mkdir(parents=True)
    edited.write_text("edited")
    before = left_in(workspace)
    answer = new_dataset("name=my_feed")
    assert answer.code == 2
    [line] = answer.errors
    assert line.startswith("error: name=my_feed: 1 of its files already exist and were left")
    assert path in line
    assert edited.read_text() == "edited"
    reports = [one for one in left_in(workspace) if not one.startswith("data/reports")]
    assert [one for one in reports if one != "data"] == [one for one in before if one != "data"]


def test_the_command_to_go_on_with_takes_all_files_and_is_quoted(workspace: Path) -> None:
    (workspace / "My feed.csv").write_bytes(FEED.replace(b",North,", b",East,"))
    answer = ask("new-dataset", "feed.csv", "My feed.csv", "name=both", QUICK)
    assert answer.code == 0
    [line] = [one for one in answer.out.splitlines() if one.startswith("note: ")]
    command = shlex.split(line.split(": ", 2)[2])
    done = ask(*command, QUICK)
    assert done.code == 0, done.err
    assert re.search(r"^clean +80 +80 +0", done.out, re.MULTILINE)


def test_a_number_that_is_not_finite_is_none(workspace: Path) -> None:
    cells = [f"{n},{'1e999' if n == 2 else n / 4},{'-1e400' if n == 3 else n}" for n in range(40)]
    (workspace / "feed.csv").write_bytes(lines("id,amount,units", cells))
    answer = ask("new-dataset", "feed.csv", "name=mine", QUICK)
    assert answer.code == 0, answer.err
    draft = (workspace / "conf" / "dataset" / "mine.yaml").read_text("utf-8")
    assert "1 cell cannot be read as number, such as '1e999' (row 3)" in draft
    done = ask("run-pipeline", "feed.csv", "dataset=mine", QUICK)
    assert done.code == 0, done.err
    assert re.search(r"^clean +40 +38 +2", done.out, re.MULTILINE)


def test_a_file_whose_name_acts_on_terminals_is_drafted_from(workspace: Path) -> None:
    (workspace / "fe\x1b[31med\u202e.csv").write_bytes(FEED)
    answer = ask("new-dataset", "fe\x1b[31med\u202e.csv", "name=mine", QUICK)
    assert answer.code == 0, answer.err
    draft = (workspace / "conf" / "dataset" / "mine.yaml").read_text("utf-8")
    assert r"fe\u001b[31med\u202e.csv" in draft.splitlines()[0]
    assert not {"\x1b", "\u202e"} & {*(draft + answer.out + answer.err)}


def test_the_terminal_lists_every_doubt_and_those_of_most_rows_first(workspace: Path) -> None:
    (workspace / "feed.csv").write_bytes(
        lines(
            "id,units,price",
            [f"{n},{'' if n < 5 else n},{'x' if n == 7 else n}" for n in range(40)],
        )
    )
    answer = new_dataset("name=my_feed")
    listed = re.findall(
        r"^  (\w+): (.*)$", answer.out.split("in doubt\n")[1].split("\n\n")[0], re.M
    )
    assert [where for where, _ in listed] == ["revenue", "units", "price"]
    assert "3 doubts are in the contract; read them, then: run-pipeline" in answer.out
    contract = (workspace / "conf" / "dataset" / "my_feed.yaml").read_text("utf-8")
    assert contract.count("doubt:") == 3


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "error: name: missing; give the new dataset a name: name=my_feed"),
        (("name=My-Feed",), "error: name=My-Feed: must be lower-case letters, digits and _"),
        (("name=ecommerce",), "error: name=ecommerce: 1 of its files already exist"),
    ],
)
def test_a_name_that_will_not_do_is_one_line(
    words: tuple[str, ...], line: str, workspace: Path
) -> None:
    answer = new_dataset(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.errors[0].startswith(line)
    assert left_in(workspace) == ["feed.csv"]


def test_a_header_without_records_drafts_nothing(workspace: Path) -> None:
    (workspace / "feed.csv").write_bytes(b"id,name\n")
    answer = new_dataset("name=my_feed")
    assert answer.code == 2
    assert "has a header but no valid record (0)" in answer.errors[0]
    assert left_in(workspace) == ["feed.csv"]


# --- the profile alone --------------------------------------------------------------------------


def profile_of(workspace: Path, *words: str) -> tuple[dict[str, Any], str]:
    for old in workspace.glob("data/reports/*/profile.json"):
        old.unlink()
    answer = ask("profile-data", *words)
    assert answer.code == 0, answer.err
    [path] = workspace.glob("data/reports/*/profile.json")
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content, answer.out


def test_the_profile_is_printed_and_written(workspace: Path) -> None:
    content, out = profile_of(workspace, "feed.csv")
    assert content["file"]["n_records"] == 40
    assert [column["kind"] for column in content["columns"]] == ["integer", "category", "integer"]
    assert content["columns"][2]["spread"]["quartiles"] == [10.0, 20.0, 30.0]
    assert re.search(r"^  shop +category +- +2 +North, South$", out, re.MULTILINE)
    assert next(workspace.glob("data/reports/*/profile.html")).read_text("utf-8").count("<svg") == 2


def test_it_is_the_same_however_the_file_is_cut_and_on_every_cluster(workspace: Path) -> None:
    rows = [
        f"{n},{n % 31 + 1:02}/0{n % 7 + 1}/2024,x{n % 13},{n * 0.5},{'é' * (n % 3)}"
        for n in range(900)
    ]
    (workspace / "feed.csv").write_bytes(lines("id,day,code,price,note", [*rows, "1,2", *rows[:9]]))
    whole, _ = profile_of(workspace, "feed.csv", "partitions=by_count", "partitions.count=1", QUICK)
    for words in (("partitions.block_bytes=700", QUICK), ("partitions.block_bytes=5000",)):
        assert profile_of(workspace, "feed.csv", "partitions=by_size", *words)[0] == whole


def test_several_files_and_packed_ones_are_one_feed(workspace: Path) -> None:
    (workspace / "other.csv.gz").write_bytes(gzip.compress(FEED))
    content, _ = profile_of(workspace, "feed.csv", "other.csv.gz", QUICK)
    assert content["file"]["n_records"] == 80
    assert content["keys"][0] == {"columns": [], "n_rows": 80, "n_repeated": 40}


def test_what_a_person_says_of_the_file_counts(workspace: Path) -> None:
    (workspace / "feed.csv").write_bytes("a;b,c\n1;é,3\n2;x,4\n".encode("cp850"))
    content, _ = profile_of(workspace, "feed.csv", "encoding=cp850", 'delimiter=";"', QUICK)
    assert [column["source"] for column in content["columns"]] == ["a", "b,c"]
    assert content["columns"][1]["top"][0]["value"] == "x,4"
    assert content["columns"][1]["top"][1]["value"] == "é,3"


@pytest.mark.parametrize(
    ("feed", "line"),
    [
        (b"", "no header, the file is empty"),
        (b"1,2\n3,4\n", "has no header"),
        (b"\x01\x02\x03\x04" * 100, "is full of control characters"),
        (b"a,a\n1,2\n", "names a column twice"),
    ],
)
def test_what_is_no_feed_is_one_line_and_leaves_nothing(
    feed: bytes, line: str, workspace: Path
) -> None:
    (workspace / "feed.csv").write_bytes(feed)
    answer = ask("profile-data", "feed.csv", QUICK)
    assert answer.code == 2
    assert line in answer.errors[0]
    assert left_in(workspace) == ["feed.csv"]


HEADER_CELLS = [
    "1e3",
    "1_0.5e-3",
    "a\\${b}",
    "${c}",
    "\\\\${d}",
    "x" * 5000,
    "nu\0l",
    "e\x1bsc",
    "é",
]


def test_a_draft_of_odd_headers_can_be_read_and_is_no_wider(tmp_path: Path) -> None:
    rows = [",".join(f"{letter}{n}" for letter in "abcdefghi") for n in range(20)]
    (tmp_path / "feed.csv").write_text("\n".join([",".join(HEADER_CELLS), *rows]) + "\n")
    drafted = ask("new-dataset", "feed.csv", "name=odd", cwd=tmp_path)
    assert drafted.code == 0, drafted.err
    assert max(map(len, drafted.out.splitlines())) < 200
    cleaned = ask("clean-data", "feed.csv", "dataset=odd", cwd=tmp_path)
    assert cleaned.code == 0, cleaned.err
    assert "x" * 100 not in cleaned.out
