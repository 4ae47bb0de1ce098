"""Files that are not as the contract says, cleaned by the command: encodings, headers, none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.commands import Answer, read
from tests.feeds import GOOD_ROW, row_with, write_feed
from tests.stages.places import Place

pytestmark = pytest.mark.slow

TEXT_CONTRACT = """
name: plain
columns:
  order_id: {kind: text}
  town: {kind: text}
"""
FEED = write_feed([row_with(product_name="Café"), row_with(order_id="2", product_name="Öl")])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A folder with a contract of text columns that says nothing of how files are written."""
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "dataset" / "plain.yaml").write_text(TEXT_CONTRACT)
    return Place(tmp_path)


def clean(place: Place, data: bytes, *words: str, name: str = "feed.csv") -> Answer:
    (place.folder / name).write_bytes(data)
    return place.ask("clean-data", name, "validation=off", *words)


def products(place: Place) -> list[str]:
    table = read(place.folder / "data" / "clean" / "feed_clean.parquet")
    return [str(name) for name in table.column("product_name").to_pylist()]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "cp437", "UTF-32-BE"])
def test_a_file_in_another_encoding_is_cleaned_when_it_is_named(
    encoding: str, place: Place
) -> None:
    answer = clean(place, FEED.decode().encode(encoding), f"dataset.csv.encoding={encoding}")
    assert answer.code == 0, answer.err
    assert products(place) == ["Café", "Öl"]


def test_a_compressed_one_too(place: Place) -> None:
    data = gzip.compress(FEED.decode().encode("utf-16"))
    answer = clean(place, data, "dataset.csv.encoding=utf-16", name="feed.csv.gz")
    assert answer.code == 0, answer.err
    assert products(place) == ["Café", "Öl"]
    assert not [*(place.folder / "data").rglob("*spool*")]


def test_the_override_that_a_refusal_names_is_the_one_to_give(place: Place) -> None:
    data = FEED.decode().encode("utf-16")
    for contract in ("ecommerce", "plain"):
        answer = clean(place, data, f"dataset={contract}")
        assert answer.code == 2
        [line] = answer.errors
        assert "set dataset.csv.encoding=utf-16, or save the file as UTF-8" in line
    assert clean(place, data, "dataset.csv.encoding=utf-16").code == 0
    data = "order_id,town\n1,Köln\n".encode("utf-16")
    answer = clean(place, data, "dataset=plain", "dataset.csv.encoding=utf-16")
    assert answer.code == 0, answer.err


def test_lookups_are_built_from_other_encodings(place: Place) -> None:
    rows = [row_with(order_id=str(n), category="Möbel") for n in range(50)]
    (place.folder / "feed.csv").write_bytes(write_feed(rows).decode().encode("cp1252"))
    words = ("feed.csv", "dataset.csv.encoding=cp1252")
    answer = place.ask("build-category-lookup", *words)
    assert answer.code == 0, answer.err
    path = place.folder / "data" / "lookups" / "common_categories.json"
    assert "Möbel" in path.read_text("utf-8")


def test_an_encoding_that_is_none_is_a_problem_of_the_contract(place: Place) -> None:
    answer = clean(place, FEED, "dataset.csv.encoding=cp1525")
    assert answer.code == 2
    assert "dataset.csv.encoding='cp1525': is not a known text encoding" in answer.err


def test_how_a_header_was_written_is_noted(place: Place) -> None:
    data = FEED.replace(b"order_id", b"Order ID", 1)
    assert clean(place, data).code == 0
    assert products(place) == ["Café", "Öl"]
    assert "the header of feed.csv writes order_id as 'Order ID'" in place.stage("clean")["notes"]


def test_a_header_alone_is_one_line_and_publishes_nothing(place: Place) -> None:
    answer = clean(place, b"order_id,town", "dataset=plain")
    assert answer.code == 2
    [line] = answer.errors
    assert "feed.csv" in line
    assert place.published() == {}


def test_no_header_is_one_line_and_leaves_what_was_published(place: Place) -> None:
    assert clean(place, FEED).code == 0
    before = place.published()
    answer = clean(place, b"")
    assert answer.code == 2
    [line] = answer.errors
    assert line.startswith("error: feed.csv: no header")
    assert place.published() == before
    assert GOOD_ROW["product_name"] not in products(place)


def test_copies_of_a_file_are_read_and_named(place: Place) -> None:
    for name in ("b.csv.gz", "c.csv.gz"):
        (place.folder / name).write_bytes(gzip.compress(FEED, mtime=0))
    (place.folder / "d.csv").write_bytes(FEED)
    answer = place.ask("clean-data", "input=[b.csv.gz,c.csv.gz,d.csv]", "validation=off")
    assert answer.code == 0, answer.err
    stage = place.stage("clean")
    assert stage["rows_in"] == 6
    copies = [note for note in stage["notes"] if "same bytes" in note]
    assert copies == ["c.csv.gz has the same bytes as b.csv.gz; the rows of each are read"]
