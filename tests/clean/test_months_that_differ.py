"""Files of one feed whose headers differ: other names, new columns, and columns that are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.commands import ask, read
from tests.contracts import rules_of
from tests.feeds import clean_files, plain
from toolkit.clean.evaluate import Rules
from toolkit.errors import ConfigError, InputError
from toolkit.read.blocks import header_notes
from toolkit.read.reader import reader_of
from toolkit.read.sources import find_sources

COLUMNS: dict[str, Any] = {
    "order": {"kind": "text", "required": True, "reason": "no_order"},
    "amount": {"kind": "number", "source": ["amount", "Total EUR", "sum"], "reason": "no_amount"},
    "town": {"kind": "text", "personal": False},
}
FILES = {
    "jan.csv": b"order,amount,town\n1,2.5,Lyon\n2,3,Gent\norder,amount,town\n",
    "feb.csv": b"town,total_eur,order\nGraz,4,3\nPorto,x,4\ntown,total_eur,order\n",
    "mar.csv": b"order,sum,town\n5,6,Lyon\n",
}


def rules(**more: Any) -> Rules:
    return rules_of(
        {"name": "shop", "columns": COLUMNS, "reasons": ["no_order", "no_amount"], **more}
    )


def paths_of(folder: Path, files: dict[str, bytes]) -> list[str]:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [str(folder / name) for name in files]


def notes_of(paths: list[str], rules: Rules) -> list[str]:
    blocks = reader_of(rules.contract).plan(find_sources(paths), 1 << 20)
    folder = str(Path(paths[0]).parent)
    return [note.replace(f"{folder}/", "") for note in header_notes(blocks, rules.contract)]


@pytest.mark.parametrize("block_bytes", [1, 20, 1 << 20])
def test_a_column_is_read_by_whichever_name_a_file_has(block_bytes: int, tmp_path: Path) -> None:
    cleaned = clean_files(rules(), paths_of(tmp_path, FILES), block_bytes)
    assert [(row["order"], row["amount"], row["town"]) for row in plain(cleaned.clean)] == [
        ("1", 2.5, "Lyon"), ("2", 3, "Gent"), ("3", 4, "Graz"), ("5", 6, "Lyon"),
    ]  # fmt: skip
    assert [(row["amount"], row["rejection_reason"]) for row in plain(cleaned.rejected)] == [
        ("amount", "repeated_header"), ("x", "no_amount"), ("total_eur", "repeated_header"),
    ]  # fmt: skip


def test_a_note_says_which_file_used_which_name(tmp_path: Path) -> None:
    assert notes_of(paths_of(tmp_path, FILES), rules()) == [
        "the header of feb.csv writes amount as 'total_eur'",
        "the header of mar.csv writes amount as 'sum'",
    ]


def test_the_first_name_that_a_file_has_is_read(tmp_path: Path) -> None:
    [path] = paths_of(tmp_path, {"a.csv": b"order,sum,Total EUR,town\n1,2,3,Lyon\n"})
    cleaned = clean_files(rules(), [path], 1 << 20)
    assert plain(cleaned.clean)[0]["amount"] == 3
    [path] = paths_of(tmp_path, {"b.csv": b"order,cost,town\n1,2,Lyon\n"})
    with pytest.raises(InputError, match="1 of the contract's columns is missing"):
        clean_files(rules(), [path], 1 << 20)
    [path] = paths_of(tmp_path, {"c.csv": b"order,sum,sum,town\n1,2,2,Lyon\n"})
    with pytest.raises(InputError, match="names a column twice: 'sum'"):
        clean_files(rules(), [path], 1 << 20)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (["sum", "town"], "amount, town share the source 'town'"),
        (["sum", "sum"], "amount share the source 'sum'"),
        ([], "columns.amount.source: is empty"),
        ([""], "columns.amount.source: is empty"),
    ],
)
def test_names_that_contradict_are_refused(source: list[str], message: str) -> None:
    columns = COLUMNS | {"amount": {**COLUMNS["amount"], "source": source}}
    with pytest.raises(ConfigError, match=message):
        rules(columns=columns)


def test_new_columns_are_refused_where_the_contract_says_so(tmp_path: Path) -> None:
    paths = paths_of(tmp_path, {**FILES, "apr.csv": b"order,amount,town,tip\n7,1,Lyon,2\n"})
    assert clean_files(rules(), paths, 1 << 20).clean.num_rows == 5
    with pytest.raises(InputError, match=r"apr.csv: the header has 1 column .* lacks: 'tip'"):
        clean_files(rules(on_new_column="refuse"), paths, 1 << 20)


GONE = {
    "jan.csv": FILES["jan.csv"],
    "may.csv": b'amount,order\n1,8\n2,9\n,\namount,order\n3,"a""b"\n"broken"x,1\n1,8\n',
}


@pytest.mark.parametrize("block_bytes", [1, 15, 1 << 20])
@pytest.mark.parametrize("exact", [True, False])
def test_a_column_that_is_gone_is_empty_where_the_contract_allows_it(
    exact: bool, block_bytes: int, tmp_path: Path
) -> None:
    key = {"exact_rows": True} if exact else {"columns": ["order"]}
    lenient = rules(
        on_missing_column=None,
        key={**key, "reason": "repeated"},
        reasons=["no_order", "no_amount", "repeated"],
    )
    paths = paths_of(tmp_path, GONE)
    cleaned = clean_files(lenient, paths, block_bytes)
    assert [(row["order"], row["amount"], row["town"]) for row in plain(cleaned.clean)] == [
        ("1", 2.5, "Lyon"), ("2", 3, "Gent"), ("8", 1, None), ("9", 2, None), ('a"b', 3, None),
    ]  # fmt: skip
    rejected = [(row["source_row"], row["rejection_reason"]) for row in plain(cleaned.rejected)]
    assert rejected == [
        (3, "repeated_header"), (3, "blank_row"), (4, "repeated_header"), (6, "malformed_row"),
        (7, "repeated"),
    ]  # fmt: skip
    said = "there is no column town in may.csv; its cells are empty there"
    assert notes_of(paths, lenient) == [said]
    with pytest.raises(InputError, match="town"):
        clean_files(rules(), paths, 1 << 20)


def test_a_file_that_lacks_most_columns_is_of_another_feed(tmp_path: Path) -> None:
    [path] = paths_of(tmp_path, {"other.csv": b"order,x,y\n1,2,3\n"})
    with pytest.raises(InputError, match="2 of the contract's columns are missing"):
        clean_files(rules(on_missing_column="null"), [path], 1 << 20)


def test_the_commands_read_such_files(tmp_path: Path) -> None:
    paths_of(tmp_path, {"jan.csv": FILES["jan.csv"], "feb.csv": b"order,sum\n7,1\n"})
    folder = tmp_path / "conf" / "dataset"
    folder.mkdir(parents=True)
    (folder / "shop.yaml").write_text(
        "name: shop\n"
        "on_missing_column: null\n"
        "columns:\n"
        "  order: {kind: text}\n"
        "  amount: {kind: number, source: [amount, sum], reason: no_amount}\n"
        "  town: {kind: text}\n"
        "reasons: [no_amount]\n",
        encoding="utf-8",
    )
    words = ["input=[jan.csv,feb.csv]", "dataset=shop", "validation=off"]
    run = ask("run-pipeline", *words, cwd=tmp_path)
    assert run.code == 0, run.err
    said = " ".join((run.out + run.err).split())
    assert "the header of feb.csv writes amount as 'sum'" in said
    assert "there is no column town in feb.csv; its cells are empty there" in said
    clean = read(tmp_path / "data" / "clean" / "shop_clean.parquet")
    assert clean.column("amount").to_pylist() == [2.5, 3, 1]
