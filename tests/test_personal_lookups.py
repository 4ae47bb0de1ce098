"""Lookups of personal columns: messages about them never quote their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import ask
from tests.feeds import row_with, write_feed
from toolkit.lookups.loading import personal_lookups
from toolkit.settings.config import read_contract

pytestmark = pytest.mark.slow

MAPPED = "dataset.columns.product_name={kind:text,map:names.json,personal:true}"
REPAIR = "dataset.columns.category.repair={by:product_name,map:repairs.json}"
OF_THE_REPAIR = ("dataset.columns.product_name.personal=true", REPAIR)
SPELT_TWICE = {"Anna Secret": "Anna", "ANNA SECRET": "Otto"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [row_with(order_id=f"A{n}", product_name="Anna Secret") for n in range(30)]
    (tmp_path / "feed.csv").write_bytes(write_feed(rows))
    return tmp_path


def write(folder: Path, name: str, content: object) -> None:
    lookups = folder / "data" / "lookups"
    lookups.mkdir(parents=True, exist_ok=True)
    (lookups / name).write_text(json.dumps(content), "utf-8")
    # Without marks, all of it is what a person wrote.
    (lookups / name).with_suffix(".suggested.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("clean-data", ()),
        ("review-lookups", ()),
        ("update-lookups", ("run_tests=false",)),
        ("build-lookup", ("column=product_name",)),
    ],
)
def test_an_unsound_one_is_refused_without_its_values(
    command: str, words: tuple[str, ...], folder: Path
) -> None:
    assert ask("update-lookups", "feed.csv", "run_tests=false", MAPPED, cwd=folder).code == 0
    write(folder, "names.json", SPELT_TWICE)
    answer = ask(command, "feed.csv", MAPPED, *words, cwd=folder)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "names.json, line 1: (hidden) and (hidden) differ by case only" in answer.errors[0]
    assert "secret" not in (answer.out + answer.err).lower()


@pytest.mark.parametrize("command", ["clean-data", "review-lookups"])
def test_nor_one_whose_entries_are_of_another_column(command: str, folder: Path) -> None:
    built_first = ask("update-lookups", "feed.csv", "run_tests=false", *OF_THE_REPAIR, cwd=folder)
    assert built_first.code == 0, built_first.err
    write(folder, "repairs.json", {"Anna Secret": "Office", "ANNA SECRET": "Books"})
    answer = ask(command, "feed.csv", *OF_THE_REPAIR, cwd=folder)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "repairs.json, line 1: (hidden) and (hidden)" in answer.errors[0]
    assert "secret" not in (answer.out + answer.err).lower()


def test_building_one_says_what_it_holds(folder: Path) -> None:
    words = ("feed.csv", "run_tests=false", "threshold=0.1")
    answer = ask("update-lookups", *words, MAPPED, cwd=folder)
    assert answer.code == 0, answer.err
    assert (
        "names.json: contains values of product_name, which is personal" in answer.out + answer.err
    )
    assert "common_regions.json: contains" not in answer.out + answer.err
    assert "secret" not in (answer.out + answer.err).lower()


def test_which_files_hold_what_is_personal() -> None:
    values = {
        "name": "people",
        "columns": {
            "who": {"kind": "text", "map": "who.json", "personal": True},
            "where": {
                "kind": "mapped", "map": "where_map.json", "values": "where.json",
                "unknown": "?", "reason": "bad",
            },
            "what": {
                "kind": "category", "values": "what.json", "reason": "bad",
                "repair": {"by": "who", "map": "what_by_who.json"},
            },
            "paid": {"kind": "number", "reason": "bad"},
        },
        "repairs": [{"column": "paid", "by": "who", "map": "paid.json"}],
        "reasons": ["bad"],
    }  # fmt: skip
    assert personal_lookups(read_contract(values)) == dict.fromkeys(
        ("who.json", "what_by_who.json", "paid.json"), "who"
    )
