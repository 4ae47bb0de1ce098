"""Masks of single values and columns, and messages that would quote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.commands import ask, read
from tests.contracts import AS_OF
from tests.feeds import row_with, write_feed
from tests.stages.places import Place
from toolkit.clean.evaluate import Rules
from toolkit.errors import ConfigError, LookupFileError
from toolkit.pages.masking import How, Mask, Masks, hide_addresses, hide_quoted
from toolkit.settings.config import read_contract

pytestmark = pytest.mark.slow

KEY = b"k" * 32
PARTIAL = [
    ("email", "jane@example.com", "j***@e***.com"),
    ("email", "j@x.org", "***@***.org"),
    ("email", "jane@localhost", "j***@l***"),
    ("text", "Jane Miller", "J***~16"),
    ("text", "+49 30 1234567", "***~16"),
    ("text", "ab", "***~4"),
    ("text", "Ä" * 65, "Ä***~64+"),
    ("integer", "17850", "***~8"),
    ("number", 1234.5, "***~8"),
    ("date", "16/05/1984", "1984-**-**"),
    ("timestamp", "1984-05-16 10:00", "1984-**-**"),
    ("date", "16.5.84", "***~8"),
]


@pytest.mark.parametrize(("kind", "value", "mask"), PARTIAL)
def test_a_partial_mask_of_any_kind(kind: str, value: object, mask: str) -> None:
    assert Mask("partial", kind).of(value, None) == mask
    assert Mask("partial", kind).of(mask, None) == mask


@pytest.mark.parametrize("kind", ["text", "email", "integer", "date", "category", "unused"])
def test_a_hash_is_the_same_for_the_same_value_and_a_mask_of_itself(kind: str) -> None:
    mask = Mask("hash", kind)
    for value in ("a", "ab", "jane@example.com", "ÄÖ\udc80", "17850"):
        hidden = mask.of(value, KEY)
        assert hidden is not None
        assert hidden != value
        assert mask.of(f" {value}\t", KEY) == hidden
        assert mask.of(hidden, KEY) == hidden
        assert mask.of(value, b"x" * 32) != hidden
        assert mask.of(value, None) == "(hidden)"
    assert len({mask.of(str(n), KEY) for n in range(10_000)}) == 10_000


def test_addresses_have_masks_that_are_addresses_and_no_case() -> None:
    mask = Mask("hash", "email")
    assert mask.of("Jane@Example.COM ", KEY) == mask.of("jane@example.com", KEY)
    assert str(mask.of("jane@example.com", KEY)).endswith("@masked.invalid")
    assert str(mask.of("jane@", KEY)).startswith("masked:")


@pytest.mark.parametrize("how", ["hash", "partial", "line"])
def test_nothing_and_null_words_are_shown(how: How) -> None:
    mask = Mask(how, "text", ("n/a",))
    assert [mask.of(value, KEY) for value in (None, "", "  ", "n/a")] == [None, "", "  ", "n/a"]


def test_columns_are_masked_as_dictionaries_chunks_and_other_types() -> None:
    masks = Masks({"a": Mask("partial"), "b": Mask("partial", "integer")})
    plain = pa.table(
        {
            "a": pa.chunked_array([["Jane Miller"], ["John", None]]),
            "b": pa.array([17850, None, 3]),
            "c": pa.array(["x", "y", "z"]),
        }
    )
    wanted = {"a": ["J***~16", "J***~4", None], "b": ["***~8", None, "***~4"]}
    for table in (plain, plain.set_column(0, "a", plain.column("a").dictionary_encode())):
        masked = masks.table(table)
        assert masked.select(["a", "b"]).to_pydict() == wanted
        assert masked.column("c").equals(plain.column("c"))
    assert masks.table(plain.slice(0, 0)).num_rows == 0


def contract_of(columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    reasons = ["bad_salary", "bad_day", "bad_name"]
    return {"name": "people", "columns": columns, "reasons": reasons, **more}


COLUMNS: dict[str, Any] = {
    "name": {
        "kind": "mapped", "map": "m.json", "values": "v.json", "reason": "bad_name",
        "personal": True,
    },
    "salary": {"kind": "number", "reason": "bad_salary", "personal": {"mask": "partial"}},
    "born": {"kind": "date", "formats": ["%d/%m/%Y"], "reason": "bad_day", "personal": {}},
    "town": {"kind": "text", "personal": False},
}  # fmt: skip


def test_what_is_computed_from_a_personal_number_is_personal() -> None:
    derived = {"yearly": {"formula": "salary * 12"}}
    contract = read_contract(contract_of(COLUMNS, derived=derived, personal_mask="partial"))
    assert contract.personal_columns() == dict.fromkeys(("name", "salary", "born"), "partial")
    assert set(contract.personal_clean_columns()) == {"name", "salary", "born", "yearly"}


def test_a_mark_that_is_none_is_refused_in_one_line() -> None:
    for mark, said in (("yes", "must be"), ({"mask": "rot13"}, "'hash' or 'partial'")):
        columns = {**COLUMNS, "town": {"kind": "text", "personal": mark}}
        with pytest.raises(ConfigError, match=said):
            read_contract(contract_of(columns))


def test_a_lookup_of_a_personal_column_is_refused_without_its_values(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text('["Jane Miller"]')
    (tmp_path / "m.json").write_text('{"jenny secret": "Nobody Known"}')
    with pytest.raises(LookupFileError) as error:
        Rules.load(read_contract(contract_of(COLUMNS)), tmp_path, AS_OF)
    assert "m.json, line 1: (hidden) is mapped to (hidden)" in str(error.value)
    assert not any(word in str(error.value) for word in ("jenny", "Nobody", "Jane"))


def test_a_refused_order_of_days_shows_no_day(tmp_path: Path) -> None:
    feed = [row_with(order_id=str(n), sale_date=day) for n, day in
            enumerate(["31/12/1977", "01/02/2026"])]  # fmt: skip
    (tmp_path / "feed.csv").write_bytes(write_feed(feed))
    column = "dataset.columns.sale_date"
    words = (f"{column}.personal={{mask: partial}}", f"{column}.max_contradictions=0")
    answer = ask("clean-data", "input=feed.csv", *words, cwd=tmp_path)
    assert answer.code == 2
    assert "(first '1977-**-**' in row 1)" in answer.errors[0]
    assert "31/12" not in answer.out + answer.err


def test_a_file_without_a_header_is_refused_without_its_first_record(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"A1,Lamp,jane@private.example\n")
    answer = ask("clean-data", "input=feed.csv", cwd=tmp_path)
    assert answer.code == 2
    assert "it contains an e-mail address, so it is a record, not a header" in answer.errors[0]
    assert "jane" not in answer.out + answer.err


@pytest.mark.parametrize("record", [b"Lamp,+49 30 123456,x\n", b"Lamp,1951-07-03,17850123\n"])
@pytest.mark.parametrize("command", ["clean-data", "review-lookups", "profile-data", "new-dataset"])
def test_nor_is_one_with_a_telephone_number_in_it(
    command: str, record: bytes, tmp_path: Path
) -> None:
    (tmp_path / "feed.csv").write_bytes(record * 3)
    words = ("name=mine",) if command == "new-dataset" else ()
    answer = ask(command, "input=feed.csv", *words, cwd=tmp_path)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "a long number, so it is a record" in answer.errors[0] or (
        "its first record reads like data: " in answer.errors[0]
    )
    for value in ("123456", "1951", "17850123"):
        assert value not in answer.out + answer.err


def test_a_header_may_hold_days(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"region,2026-01-01,2026-02-01\nDelhi,1,2\n")
    answer = ask("clean-data", "input=feed.csv", cwd=tmp_path)
    assert "the header has 3 columns: 'region', '2026-01-01', '2026-02-01'" in answer.errors[0]


def test_what_a_repair_computes_from_a_personal_number_is_hidden_in_examples(place: Place) -> None:
    rows = [row_with(unit_price="4321.5"), row_with(order_id="B", unit_price="77", quantity="")]
    (place.folder / "feed.csv").write_bytes(write_feed(rows))
    words = (
        "dataset.columns.unit_price.personal=true",
        "dataset.repairs=[{column: quantity, formula: unit_price * 3}]",
    )
    answer = place.ask("clean-data", "input=feed.csv", *words)
    assert answer.code == 0, answer.err
    [repaired] = place.stage("clean")["repaired"]
    [example] = repaired["examples"]
    assert (repaired["column"], repaired["how"], repaired["rows"]) == ("quantity", "formula", 1)
    assert (example["raw"], example["clean"]) == ("", "(hidden)")
    assert read(place.folder / "data/clean/feed_clean.parquet")["quantity"].to_pylist() == [2, 231]


def test_the_highest_value_of_a_personal_number_is_not_observed(place: Place) -> None:
    figure = {"column": "unit_price", "min_value": 0, "max_value": 0.5}
    place.write_suites([{"type": f"expect_column_{what}_to_be_between", "kwargs": figure}
                        for what in ("max", "mean")])  # fmt: skip
    (place.folder / "feed.csv").write_bytes(write_feed([row_with(unit_price="4321.5")] * 1))
    words = ("input=feed.csv", "validation=watch", "outputs.rejected=false")
    mark = "dataset.columns.unit_price.personal={mask: partial}"
    answer = place.ask("run-pipeline", *words, mark)
    assert answer.code == 0, answer.err
    highest, mean = place.suites()["clean"]["expectations"]
    assert (highest["observed"], mean["observed"]) == ("***~8", "4321.5")


def test_masked_clean_rows_without_the_numbers_that_aggregations_sum_are_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "feed.csv").write_bytes(write_feed([row_with()]))
    words = ("input=feed.csv", "outputs.mask_personal=clean")
    answer = ask("clean-data", *words, "dataset.columns.unit_price.personal=true", cwd=tmp_path)
    assert answer.code == 2
    assert "revenue would be empty, which aggregation monthly_sales_summary needs" in answer.err
    assert not (tmp_path / "data").exists()


def test_messages_without_what_they_quote() -> None:
    assert hide_quoted("'a' and \"b's\" in 2 rows") == "(hidden) and (hidden) in 2 rows"
    assert hide_quoted("the file's 'a'") == "(hidden)"
    assert hide_addresses("ask Jane <jane@example.com>, please") == (
        "ask Jane <j***@e***.com>, please"
    )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
