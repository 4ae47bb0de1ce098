"""What somebody new types first: each answer names the next step, and promises what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import ask
from tests.feeds import GOOD_ROW, row_with, write_feed
from toolkit.settings.shipped import shipped_folder

pytestmark = pytest.mark.slow

GERMAN = "Bestellnummer;Datum;Menge\r\nB-1;28.05.2026;2\r\n"
CAFE = (
    "Transaction ID,Item,Quantity,Price Per Unit,Total Spent,Payment Method,Location,"
    "Transaction Date\nTXN_1,Coffee,2,2.0,4.0,Cash,Takeaway,2023-09-08\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [GOOD_ROW | {"order_id": f"R{n}"} for n in range(3)]
    (tmp_path / "feed.csv").write_bytes(write_feed([*rows, row_with(quantity="none")]))
    return tmp_path


def refused(place: Path, command: str, *words: str) -> str:
    answer = ask(command, *words, cwd=place)
    assert answer.code == 2, answer
    [line] = answer.errors
    return line


NOTHING_GIVEN = {
    "clean-data": "input: missing, and there is no generated data/input/raw_ecommerce_data.csv; "
    "name yours: clean-data feed.csv",
    "update-lookups": "input: missing, and there is no generated "
    "data/input/raw_ecommerce_data.csv; name yours: update-lookups feed.csv",
    "validate-data": "cleaned: missing, and there is no generated "
    "data/clean/raw_ecommerce_data_clean.parquet; "
    "name yours: validate-data cleaned=data/clean/feed_clean.parquet",
    "build-aggregations": "cleaned: missing, and there is no generated "
    "data/clean/raw_ecommerce_data_clean.parquet; "
    "name yours: build-aggregations cleaned=data/clean/feed_clean.parquet",
}


@pytest.mark.parametrize("command", NOTHING_GIVEN)
def test_a_command_without_a_file_says_how_to_name_one(command: str, tmp_path: Path) -> None:
    assert refused(tmp_path, command) == f"error: {NOTHING_GIVEN[command]}"


def test_nothing_is_generated_for_a_contract_that_it_does_not_fit(tmp_path: Path) -> None:
    for dataset in ("online_retail", "dirty_cafe"):
        line = refused(tmp_path, "run-pipeline", f"dataset={dataset}")
        assert line.endswith(f"name a file: run-pipeline feed.csv dataset={dataset}")
    assert not (tmp_path / "data" / "input").exists()


def test_a_feed_of_another_kind_leads_to_its_own_contract(place: Path) -> None:
    (place / "umsatz.csv").write_text(GERMAN)
    line = refused(place, "clean-data", "umsatz.csv")
    assert "the header has 1 column: 'Bestellnummer;Datum;Menge'" in line
    assert "if ';' separates them, set dataset.csv.delimiter=';'; else choose" in line
    assert line.endswith("or draft one: new-dataset")
    (place / "short.csv").write_bytes((place / "feed.csv").read_bytes().replace(b"region", b"area"))
    line = refused(place, "clean-data", "short.csv")
    assert "1 of the contract's columns is missing from the header: region;" in line
    assert "write those as source in the contract" in line


def test_what_is_there_already_under_its_name_is_not_suggested_for_another(place: Path) -> None:
    renamed = (place / "feed.csv").read_bytes().replace(b"discount_percent", b"rebate")
    (place / "renamed.csv").write_bytes(renamed)
    assert "did you mean" not in refused(place, "clean-data", "renamed.csv")


def test_rows_are_called_replaced_by_a_run_that_replaces_them_only(place: Path) -> None:
    assert ask("clean-data", "feed.csv", cwd=place).code == 0
    other = place / "feb"
    other.mkdir()
    (other / "feed.csv").write_text(GERMAN)
    answer = ask("clean-data", "feb/feed.csv", cwd=place)
    assert answer.code == 2
    assert "this run replaces them" not in answer.err + answer.out
    (other / "feed.csv").write_bytes((place / "feed.csv").read_bytes())
    answer = ask("clean-data", "feb/feed.csv", cwd=place)
    assert answer.code == 0
    note = "note: data/clean/feed_clean.parquet had the rows of feed.csv; this run replaces them"
    assert note in answer.out


def test_a_lookup_that_ships_is_copied_by_the_command_that_the_line_names(place: Path) -> None:
    (place / "data" / "lookups").mkdir(parents=True)
    (place / "cafe.csv").write_text(CAFE)
    line = refused(place, "clean-data", "cafe.csv", "dataset=dirty_cafe")
    starter = shipped_folder("lookups") / "cafe_items.json"
    own = "data/lookups/cafe_items.json"
    assert line == f"error: lookup {own}: no such file; copy the starter file: cp {starter} {own}"


def test_a_lookup_that_nobody_has_made_leads_to_what_builds_it(place: Path) -> None:
    names = "dataset.columns.product_name.map=product_names.json"
    line = refused(place, "clean-data", "feed.csv", names)
    assert line.endswith(
        "product_names.json: no such file; write it, or build it with update-lookups"
    )


def test_suggestions_that_cannot_be_accepted_are_named(place: Path) -> None:
    # The nearest name is Tv, but no one takes that for a slip of the pen of it.
    lookups = place / "data" / "lookups"
    lookups.mkdir(parents=True)
    for name in ("common_regions.json", "region_map.json"):
        (lookups / name).write_bytes((shipped_folder("lookups") / name).read_bytes())
    (lookups / "common_categories.json").write_text('["Office", "Toys & Games"]')
    rows = [row_with(order_id="1"), row_with(order_id="2", category="Toyss & Gamess & Co")]
    (place / "odd.csv").write_bytes(write_feed(rows))
    words = ("odd.csv", "column=category", "threshold=0.9")
    answer = ask("review-lookups", *words, "accept=0.5", cwd=place)
    assert answer.code == 0, answer.err
    assert "note: 1 suggestion for category cannot be accepted, as there is no map" in answer.out
    assert "cannot be accepted" not in ask("review-lookups", *words, cwd=place).out


def test_a_file_whose_name_looks_like_an_override_is_found_by_its_path(place: Path) -> None:
    (place / "a=b.csv").write_bytes((place / "feed.csv").read_bytes())
    line = refused(place, "clean-data", "a=b.csv")
    assert line == "error: a='b.csv': unknown key; for the file of that name write ./a=b.csv"
    assert ask("clean-data", "./a=b.csv", cwd=place).code == 0


def test_a_mistyped_column_of_the_contract_leads_to_the_real_one(place: Path) -> None:
    line = refused(place, "clean-data", "feed.csv", "dataset.columns.quantiti.above=1")
    assert line.endswith("unused; did you mean 'quantity'?")
    line = refused(place, "clean-data", "feed.csv", "dataset.columns.zzz.above=1")
    assert "; others are order_id, product_name, category, " in line


def test_space_is_to_be_freed_only_where_it_is_what_is_missing(place: Path) -> None:
    line = refused(place, "clean-data", "feed.csv", "data_dir=feed.csv")
    assert "choose another data_dir" in line
    assert "free space" not in line


def test_names_of_columns_are_shown_beside_personal_ones(place: Path) -> None:
    answer = ask("run-pipeline", "feed.csv", "as_of=2026-11-23", cwd=place)
    assert answer.code == 0, answer.err
    [path] = (place / "data" / "reports").glob("*run-pipeline/validation.json")
    text = path.read_text()
    assert '"customer_email"' in text
    assert "masked:" not in text


def test_a_closed_gate_says_what_was_seen_and_why_it_is_looked_at(place: Path) -> None:
    bad = [row_with(order_id=f"Z{n}", quantity="0") for n in range(9)]
    (place / "bad.csv").write_bytes(write_feed([GOOD_ROW, *bad]))
    answer = ask("run-pipeline", "bad.csv", "as_of=2026-11-23", cwd=place)
    assert answer.code == 3
    [line] = answer.errors
    assert line.startswith("error: 1 expectation did not pass (severity critical): ")
    assert (
        "rejected 3 expect_table_row_count_to_be_between, observed 9 (When more than half" in line
    )
    assert "the new outputs are in data/reports/" in line
    assert line.endswith("/held, published outputs are unchanged")
