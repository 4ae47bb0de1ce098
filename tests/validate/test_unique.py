"""Values that repeat anywhere in a dataset, however it is cut: those that pandas finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.validate.in_parts import (
    HERE,
    cut_at,
    ends_of_parts,
    in_this_thread,
    merged,
    view_of,
)
from tests.validate.sample import write_parts
from toolkit.errors import OutputError
from toolkit.validate.checks import Found
from toolkit.validate.columns import Domain
from toolkit.validate.dataset import open_dataset
from toolkit.validate.passes import computing, run_pass
from toolkit.validate.unique import Keep, KeySpill, find_repeats

NAN = float("nan")
ALL_ROWS = 1000


def repeats(
    parts: Sequence[pa.Table], domain: Domain, keep: Keep = False, n: int = ALL_ROWS
) -> Found:
    """What is found of the parts, the first n rows of it by number."""
    with TemporaryDirectory() as folder, computing(replace(HERE, n_workers=3)):
        job = KeySpill(domain, keep, n, Path(folder) / "spill")
        return find_repeats(merged(parts, job), job)


def repeated_rows(values: Sequence[Any], kind: pa.DataType, ends: Sequence[int] = ()) -> list[int]:
    """The rows of one column whose values are there more than once, nulls left out."""
    parts = cut_at(pa.table({"x": pa.array(values, kind)}), ends)
    return repeats(parts, Domain(("x",), "any")).rows.tolist()


class TestOneColumn:
    @pytest.mark.parametrize("ends", [[], [1], [3, 3, 4], [1, 2, 3, 4, 5, 6]])
    def test_repeats_within_a_part_and_across_parts(self, ends: list[int]) -> None:
        values = ["a", "b", "a", "c", "b", None, "a"]
        assert repeated_rows(values, pa.string(), ends) == [0, 1, 2, 4, 6]

    def test_repeats_across_files(self, tmp_path: Path) -> None:
        tables = [pa.table({"x": x}) for x in (["a", "b"], [], ["c", "a"], ["d"], ["d"])]
        tables[1] = tables[0].slice(0, 0)
        dataset = open_dataset(write_parts(tables, tmp_path / "parts"), rows_a_part=2)
        assert len(dataset.parts) == 3
        with in_this_thread():
            job = KeySpill(Domain(("x",), "any"), False, ALL_ROWS, tmp_path / "spill")
            [spilled] = run_pass(dataset, [job])
            found = find_repeats(spilled, job)
        assert (found.n_rows, found.n_unexpected, found.rows.tolist()) == (6, 4, [0, 3, 4, 5])

    def test_repeats_across_chunks_with_dictionaries_of_their_own(self) -> None:
        chunks = [pa.array(words).dictionary_encode() for words in (["a", "b"], ["b", "c"], ["c"])]
        part = pa.table({"x": pa.chunked_array(chunks)})
        assert repeats([part], Domain(("x",), "any")).rows.tolist() == [1, 2, 3, 4]

    def test_nothing_repeats(self) -> None:
        assert repeated_rows(range(40), pa.int64(), [10, 20]) == []

    @pytest.mark.parametrize("ends", [[], [10, 20, 20]])
    def test_all_rows_are_the_same(self, ends: list[int]) -> None:
        assert repeated_rows([7] * 40, pa.int64(), ends) == [*range(40)]

    @pytest.mark.parametrize("values", [[], [None, None], [None]])
    def test_no_values(self, values: list[Any]) -> None:
        parts = cut_at(pa.table({"x": pa.array(values, pa.string())}), [1])
        found = repeats(parts, Domain(("x",), "any"))
        assert (found.n_rows, found.n_unexpected, found.rows.tolist()) == (0, 0, [])

    def test_no_text_is_not_the_empty_text(self) -> None:
        parts = cut_at(pa.table({"x": ["", None, "a", None, ""]}), [2])
        assert repeats(parts, Domain(("x",), "any")).rows.tolist() == [0, 4]
        assert repeats(parts, Domain(("x",), "none")).rows.tolist() == [0, 1, 3, 4]
        assert repeats(parts[:1], Domain(("x",), "none")).rows.tolist() == []

    def test_zero_has_no_sign_and_nan_is_no_value(self) -> None:
        values = [0.0, NAN, -0.0, None, NAN, 1e22, 0.1, 0.1 + 2**-56, 1e22]
        assert repeated_rows(values, pa.float64(), [2, 4]) == [0, 2, 5, 8]
        parts = cut_at(pa.table({"x": values}), [4])
        assert repeats(parts, Domain(("x",), "none")).rows.tolist() == [0, 1, 2, 3, 4, 5, 8]

    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            (pa.int64(), [2**63 - 1, 2**63 - 2, -(2**63), 0]),
            (pa.float64(), [1.0, 1.0 + 2**-52, 5e-324, float("inf"), float("-inf")]),
            (pa.float32(), [1.0, 1.0 + 2**-23, 0.5]),
            (pa.date32(), [dt.date(2024, 1, 1), dt.date(1969, 1, 1), dt.date(1, 1, 1)]),
            (pa.timestamp("us"), [dt.datetime(2024, 1, 1, 0, 0, 0, n) for n in range(3)]),
            (pa.timestamp("us", "UTC"), [dt.datetime(2024, 1, n, tzinfo=dt.UTC) for n in (1, 2)]),
            (pa.bool_(), [True, False]),
            (pa.decimal128(10, 2), [Decimal("0.10"), Decimal("0.01"), Decimal("-0.10")]),
            (pa.dictionary(pa.int32(), pa.string()), ["", "a", "A", "á", "a\u0301"]),
            (pa.large_string(), ["x" * 8, "x" * 9, "x" * 7 + "\x00", "x" * 7]),
        ],
        ids=str,
    )  # fmt: skip
    def test_values_of_any_kind_that_are_nearly_the_same(
        self, kind: pa.DataType, values: list[Any]
    ) -> None:
        n = len(values)
        assert repeated_rows([*values, None], kind, [1, 2]) == []
        assert repeated_rows([*values, None, values[-1]], kind, [2]) == [n - 1, n + 1]


class TestSeveralColumns:
    KEYS = pa.table(
        {
            "a": ["x", "x", "xy", "x", None, None, "", "x"],
            "b": ["yz", "yz", "z", None, None, None, None, "yz"],
            "n": [1, 1, 1, 1, 1, 1, 1, 2],
        }
    )

    @pytest.mark.parametrize("ends", [[], [1, 5], [4, 4]])
    @pytest.mark.parametrize(
        ("left_out", "expected", "n_rows"),
        [("none", [0, 1, 4, 5], 8), ("any", [0, 1], 4), ("all", [0, 1, 4, 5], 8)],
    )
    def test_they_repeat_together(
        self, left_out: Any, expected: list[int], n_rows: int, ends: list[int]
    ) -> None:
        found = repeats(cut_at(self.KEYS, ends), Domain(("a", "b", "n"), left_out))
        assert (found.n_rows, found.rows.tolist()) == (n_rows, expected)

    def test_cells_do_not_run_into_each_other(self) -> None:
        parts = [self.KEYS.slice(0, 1), self.KEYS.slice(2, 1)]
        assert repeats(parts, Domain(("a", "b", "n"))).rows.tolist() == []

    def test_a_column_may_be_called_as_the_rows_are(self) -> None:
        table = pa.table({"row": [1, 2, 1], "key0": ["a", "a", "a"]})
        assert repeats(cut_at(table, [2]), Domain(("row", "key0"))).rows.tolist() == [0, 2]


class TestWhatIsTold:
    VALUES = pa.table({"x": [9, 1, 9, 2, 1, 3, 9, 9], "n": range(8)})

    @pytest.mark.parametrize("ends", [[], [3], [1, 2, 3, 4, 5, 6, 7]])
    @pytest.mark.parametrize("n", [0, 1, 3, 6, 100])
    def test_the_first_rows_are_kept_and_all_are_counted(self, n: int, ends: list[int]) -> None:
        found = repeats(cut_at(self.VALUES, ends), Domain(("x",), "any"), n=n)
        assert found.rows.tolist() == [0, 1, 2, 4, 6, 7][:n]
        assert (found.n_rows, found.n_unexpected) == (8, 6)

    def test_but_for_the_first_of_each_value(self) -> None:
        found = repeats(cut_at(self.VALUES, [3]), Domain(("x",), "any"), keep="first")
        assert (found.n_unexpected, found.rows.tolist()) == (4, [2, 4, 6, 7])

    def test_only_rows_of_the_domain_are_compared(self) -> None:
        domain = Domain(("x",), "any", "n > 1", query_columns=("n",))
        found = repeats(cut_at(self.VALUES, [3]), domain)
        assert (found.n_rows, found.rows.tolist()) == (6, [2, 6, 7])

    def test_a_part_without_rows_spills_nothing(self, tmp_path: Path) -> None:
        empty = self.VALUES.slice(0, 0)
        assert KeySpill(Domain(("x",)), False, 1, tmp_path / "spill").examine(view_of(empty)) == []
        assert not (tmp_path / "spill").exists()

    def test_a_folder_that_can_not_be_written_to(self, tmp_path: Path) -> None:
        (tmp_path / "spill").write_text("a file")
        job = KeySpill(Domain(("x",)), False, 1, tmp_path / "spill")
        with pytest.raises(OutputError, match=f"^cannot write {tmp_path / 'spill'}: "):
            job.examine(view_of(self.VALUES))


numbers = st.none() | st.sampled_from([0.0, -0.0, NAN, 1.5]) | st.floats()
words = st.none() | st.sampled_from(["", "a", "b", "ab"])


@st.composite
def keyed_tables(draw: st.DrawFn) -> tuple[pa.Table, list[str]]:
    """A table and the columns that are its key; many rows repeat others."""
    n = draw(st.integers(0, 30))

    def column(values: st.SearchStrategy[Any]) -> Any:
        return draw(st.lists(values, min_size=n, max_size=n))

    table = pa.table(
        {
            "word": pa.array(column(words), pa.string()),
            "kind": pa.array(column(words), pa.string()).dictionary_encode(),
            "size": pa.array(column(st.none() | st.integers(0, 3)), pa.int64()),
            "share": pa.array(column(numbers), pa.float64()),
        }
    )
    names = st.lists(st.sampled_from(table.column_names), min_size=1, max_size=3, unique=True)
    return table, draw(names)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Any, Keep, int]:
    """Which rows are left out, which of those that repeat are wanted, and how many."""
    left_out = draw(st.sampled_from(["any", "all", "none"]))
    keep: Keep = draw(st.sampled_from(["first", False]))
    return left_out, keep, draw(st.integers(0, 12))


@settings(max_examples=50)
@given(keyed_tables(), ends_of_parts, questions())
@example((pa.table({"word": ["a"] * 12}), ["word"]), [1, 2, 3, 4], ("none", False, 5))
@pytest.mark.slow
def test_the_rows_that_pandas_finds(
    drawn: tuple[pa.Table, list[str]], ends: list[int], question: tuple[Any, Keep, int]
) -> None:
    (table, names), (left_out, keep, n) = drawn, question
    frame = table.to_pandas()
    kept = frame if left_out == "none" else frame.dropna(subset=names, how=left_out)
    expected = kept.index[pandas_duplicated(kept[names], keep)].tolist()
    found = repeats(cut_at(table, ends), Domain(tuple(names), left_out), keep, n)
    assert (found.n_rows, found.n_unexpected) == (len(kept), len(expected))
    assert found.rows.tolist() == expected[:n]


def pandas_duplicated(keys: pd.DataFrame, keep: Keep) -> Any:
    return keys.astype(object).where(keys.notna(), None).duplicated(keep=keep).to_numpy()
