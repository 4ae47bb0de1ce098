"""Lookup files: what they make of a value, and what a person can get wrong in them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.contract import AnyColumn, Category, Contract, Fill, Number, Repair, Text
from toolkit.errors import LookupFileError
from toolkit.lookups import load_lookups, load_numbers, match_key

CATEGORIES, REGIONS, REGION_MAP = (
    "common_categories.json",
    "common_regions.json",
    "region_map.json",
)
SOUND = {
    CATEGORIES: '["Toys", "Books"]',
    REGIONS: '["Mumbai", "Delhi", "Zürich"]',
    REGION_MAP: '{"": "UNKNOWN", "Bombay": "Mumbai", "N/A": "UNKNOWN"}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SOUND.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_sound_files_give_places_by_match_key(folder: Path, contract: Contract) -> None:
    lookups = load_lookups(contract, folder)
    assert sorted(lookups) == ["category", "region"]
    assert lookups["category"].names == ("Books", "Toys")
    assert dict(lookups["category"].places) == {"books": 0, "toys": 1}
    assert lookups["region"].names == ("Delhi", "Mumbai", "Zürich")
    assert dict(lookups["region"].places) == {
        "delhi": 0, "mumbai": 1, "zürich": 2, "": -1, "bombay": 1, "n/a": -1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [("New Delhi", " new DELHI\u00a0"), ("Stra\u00dfe", "STRASSE"), ("\u00fc", "U\u0308")],
)
def test_spellings_of_one_name_share_their_key(one: str, other: str) -> None:
    assert match_key(one) == match_key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("New Delhi", "NewDelhi"), ("u", "\u00fc")])
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert match_key(one) != match_key(other)


def test_the_starter_files_are_sound(lookups_folder: Path, contract: Contract) -> None:
    lookups = load_lookups(contract, lookups_folder)
    assert len(lookups["category"].names) == 19
    assert len(lookups["region"].names) == 12
    known = lookups["region"].places
    assert {raw for raw, place in known.items() if place < 0} == {"", "n/a", "null"}


# File, its text, the line that the message names, and what it says.
WRONG: dict[str, tuple[str, str | bytes | None, int | None, str]] = {
    "missing": (CATEGORIES, None, None, "no such file"),
    "empty": (REGION_MAP, "", 1, "is not JSON"),
    "no JSON": (REGIONS, '[\n "Mumbai",\n "Delhi"\n "Pune"]', 4, "is not JSON"),
    "trailing comma": (REGION_MAP, '{\n "a": "Mumbai",\n}', None, "is not JSON"),
    "not UTF-8": (CATEGORIES, b'["B\xfccher"]', None, "cannot be read"),
    "object for a list": (CATEGORIES, '{"Books": 1}', None, "array of names"),
    "list for an object": (REGION_MAP, '["Mumbai"]', None, "an object, raw value -> name"),
    "null": (REGIONS, "null", None, "array of names"),
    "number in a list": (CATEGORIES, '["Books", 7]', None, "7 is not a name"),
    "blank name": (CATEGORIES, '["Books",\n "  "]', None, "is not a name"),
    "blanks at the ends": (CATEGORIES, '["Books",\n "Toys "]', 2, "blanks at its ends"),
    "the same name twice": (CATEGORIES, '["Books",\n "Toys",\n "Books"]', 3, "same name"),
    "differ by case": (REGIONS, '["Mumbai",\n\n "MUMBAI"]', 3, "same name"),
    "unknown target": (
        REGION_MAP, '{\n "a": "Mumbai",\n "Bombay": "Mumbay"\n}', 3, "did you mean 'Mumbai'",
    ),
    "target of another case": (REGION_MAP, '{\n "Bombay": "mumbai"}', 2, "'mumbai', which is"),
    "target no text": (REGION_MAP, '{\n "Bombay": 7}', 2, "mapped to 7"),
    "target a list": (REGION_MAP, '{"Bombay": ["Mumbai"]}', 1, "mapped to ['Mumbai']"),
    "target null": (REGION_MAP, '{"Bombay": null}', 1, "mapped to None"),
    "entry twice": (
        REGION_MAP, '{\n "a": "Mumbai",\n "b": "Delhi",\n "a": "Delhi"}', 4, "twice",
    ),
    "entries that contradict": (
        REGION_MAP, '{\n "Bombay": "Mumbai",\n "BOMBAY": "Delhi"}', 3, "differ by case only",
    ),
    "canonical name mapped elsewhere": (
        REGION_MAP, '{\n "Bombay": "Mumbai",\n "mumbai": "Delhi"}', 3, "is a canonical name",
    ),
    "canonical name unknown": (REGION_MAP, '{"Delhi": "UNKNOWN"}', 1, "is a canonical name"),
    "escaped letters": (REGION_MAP, '{\n "Z\\u00fcri": "Bern"}', 2, "'Züri' is mapped to 'Bern'"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line", "told"), WRONG.values(), ids=list(WRONG))
def test_each_mistake_is_named_with_file_and_line(
    name: str, text: str | bytes | None, line: int | None, told: str, folder: Path,
    contract: Contract,
) -> None:  # fmt: skip
    path = folder / name
    if text is None:
        path.unlink()
    elif isinstance(text, bytes):
        path.write_bytes(text)
    else:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(LookupFileError) as caught:
        load_lookups(contract, folder)
    message = str(caught.value)
    assert "\n" not in message
    assert told in message
    where = f"lookup {path}, line {line}: " if line else f"lookup {path}"
    assert message.startswith(where)


def test_a_misspelt_file_name_is_answered_with_the_nearest(
    folder: Path, contract: Contract
) -> None:
    (folder / REGION_MAP).rename(folder / "regions_map.json")
    with pytest.raises(LookupFileError, match=r"did you mean 'regions_map\.json'"):
        load_lookups(contract, folder)


def test_a_folder_in_the_place_of_a_file(folder: Path, contract: Contract) -> None:
    (folder / CATEGORIES).unlink()
    (folder / CATEGORIES).mkdir()
    with pytest.raises(LookupFileError, match="cannot be read"):
        load_lookups(contract, folder)


def test_a_byte_order_mark_is_passed_over(folder: Path, contract: Contract) -> None:
    """Editors on Windows write one."""
    text = "\ufeff" + json.dumps(["Books", "Toys"])
    (folder / CATEGORIES).write_text(text, encoding="utf-8")
    assert load_lookups(contract, folder)["category"].names == ("Books", "Toys")


def test_repeating_a_canonical_name_or_an_equal_entry_is_harmless(
    folder: Path, contract: Contract
) -> None:
    entries = '{"mumbai": "Mumbai", "Bombay": "Mumbai", "BOMBAY": "Mumbai", "Delhi": "Delhi"}'
    (folder / REGION_MAP).write_text(entries, encoding="utf-8")
    assert load_lookups(contract, folder)["region"].places["bombay"] == 1


# --- canonical spellings, and what repairs a category ------------------------------------------


def with_options(contract: Contract) -> Contract:
    columns = dict(contract.columns)
    product, category = columns["product_name"], columns["category"]
    assert isinstance(product, Text)
    assert isinstance(category, Category)
    columns["product_name"] = replace(product, map="names.json")
    columns["category"] = replace(category, repair=Repair(by="product_name", map="usual.json"))
    return replace(contract, columns=columns)


def test_spellings_and_repairs_are_found_by_match_key(folder: Path, contract: Contract) -> None:
    (folder / "names.json").write_text('{"desklamp": "Desk Lamp", "DESKLAMP": "Desk Lamp"}')
    (folder / "usual.json").write_text('{"Desk Lamp": "Toys"}')
    lookups = load_lookups(with_options(contract), folder)
    assert lookups["product_name"].names == ("Desk Lamp",)
    assert dict(lookups["product_name"].places) == {"desk lamp": 0, "desklamp": 0}
    assert dict(lookups["category"].repairs) == {"desk lamp": 1}


@pytest.mark.parametrize(
    ("name", "text", "line", "told"),
    [
        ("names.json", '{"a": "b",\n "b": "c"}', 2, "'b' is a name that others are mapped to"),
        ("names.json", '{"a": "B",\n "c": "b"}', 2, "'B' and 'b' differ by case only"),
        ("names.json", '{"a": "x",\n "A": "y"}', 2, "'a' and 'A' differ by case only"),
        ("names.json", '{\n "a": " b"}', 2, "both must be text, without outer"),
        ("names.json", '{\n "a": 5}', 2, "both must be text, without outer"),
        ("names.json", '{\n " ": "b"}', 2, "both must be text, without outer"),
        ("usual.json", '{\n "a": "Toyz"}', 2, "did you mean 'Toys'"),
        ("usual.json", '{"a": "Toys",\n "A": "Books"}', 2, "'a' and 'A' differ by case only"),
        ("usual.json", "[]", None, "an object, raw value -> name"),
    ],
)
def test_their_mistakes_are_named_too(
    name: str, text: str, line: int | None, told: str, folder: Path, contract: Contract
) -> None:
    for other in ("names.json", "usual.json"):
        (folder / other).write_text("{}")
    (folder / name).write_text(text)
    with pytest.raises(LookupFileError) as caught:
        load_lookups(with_options(contract), folder)
    assert told in str(caught.value)
    assert str(caught.value).startswith(
        f"lookup {folder / name}" + (f", line {line}" if line else "")
    )


def test_the_word_for_unknown_is_no_canonical_name(folder: Path, contract: Contract) -> None:
    (folder / REGIONS).write_text('["Unknown", "Mumbai"]')
    with pytest.raises(LookupFileError, match="so it cannot be a canonical name"):
        load_lookups(contract, folder)


def prices(text: str, tmp_path: Path) -> dict[str, float]:
    """What a map of prices says."""
    (tmp_path / "prices.json").write_text(text, encoding="utf-8")
    columns: dict[str, AnyColumn] = {
        "item": Text(kind="text"),
        "price": Number(kind="number", default=0),
    }
    fill = Fill(column="price", by="item", map="prices.json")
    contract = Contract(name="n", columns=columns, repairs=(fill,))
    return load_numbers(contract, tmp_path)["prices.json"]


def test_numbers_are_known_by_match_key(tmp_path: Path) -> None:
    text = '{"Tea": 1.5, "TEA ": 1.5, "Cake": 3, "Loss": -2e3}'
    assert prices(text, tmp_path) == {"tea": 1.5, "cake": 3.0, "loss": -2000.0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Tea": "1.5"}', "line 1: 'Tea' is mapped to '1.5'; it must be text -> finite number"),
        ('{"a": 1,\n"Tea": true}', "line 2: 'Tea' is mapped to True; it must be text -> finite"),
        ('{"Tea": null}', "'Tea' is mapped to None; it must be text -> finite number"),
        ('{"Tea": NaN}', "'Tea' is mapped to nan; it must be text -> finite number"),
        ('{"Tea": 1e999}', "'Tea' is mapped to inf; it must be text -> finite number"),
        ('{"Tea": 1%s}' % ("0" * 400), "it must be text -> finite number"),
        ('{"Tea": 1%s}' % ("0" * 5000), "should contain an object, raw value -> name"),
        ('{" ": 1}', "' ' is mapped to 1; it must be text -> finite number"),
        ('{"Tea": 1,\n"tea": 2}', "line 2: 'Tea' and 'tea' differ by case only, yet one is 1 and"),
        ('{"Tea": 1,\n"Tea": 1}', "line 2: 'Tea' is in it twice"),
        ('["Tea"]', "should contain an object, raw value -> name"),
        ('{"Tea": 1', "is not JSON"),
    ],
)
def test_an_unsound_map_of_numbers_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(LookupFileError) as caught:
        prices(text, tmp_path)
    assert problem in str(caught.value)
    assert "prices.json" in str(caught.value)
