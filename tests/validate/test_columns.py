"""The columns of one part as pandas would have them, and which of its rows are looked at."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.validate.in_parts import facts_of, view_of
from toolkit.validate.columns import ColumnValues, Domain, LoadedColumns, truth
from toolkit.validate.pandas_types import Facts, stock_frame

DAYS = [dt.date(2024, 1, 1), None, dt.date(1969, 12, 31), dt.date(2024, 1, 1), None]
TABLE = pa.table(
    {
        "word": ["a", None, "", "日本", "a"],
        "kind": pa.array(["x", None, "y", "x", "z"]).dictionary_encode(),
        "n": [1, 2, 3, 4, 5],
        "gap": [None, 2, None, 4, 5],
        "float": [0.5, float("nan"), None, -0.0, float("inf")],
        "flag": [True, None, False, True, True],
        "sure": [True, False, False, True, True],
        "day": pa.array(DAYS, pa.date32()),
        "moment": pa.array([0, 1, None, 3, 0], pa.timestamp("us")),
    }
)
ENCODED = ("kind", "flag", "sure", "day", "moment")


def own_column(values: pa.ChunkedArray, nullable: bool) -> ColumnValues:
    facts = Facts(pa.schema([("own", values.type)]), frozenset(["own"] if nullable else []))
    return ColumnValues.of(values, "own", facts)


FRAME = stock_frame(TABLE, facts_of(TABLE))


def column_of(name: str) -> ColumnValues:
    return view_of(TABLE).column(name)


def all_values(column: ColumnValues) -> list[Any]:
    """The values row by row, missing ones as None."""
    values = column.values if column.codes is None else column.values.reindex(column.codes)
    return [None if pd.isna(value) else value for value in values]


class TestColumn:
    @pytest.mark.parametrize("name", TABLE.column_names)
    def test_values_are_those_of_pandas(self, name: str) -> None:
        expected = [None if pd.isna(value) else value for value in FRAME[name]]
        column = column_of(name)
        assert all_values(column) == expected
        assert (column.codes is not None) == (name in ENCODED)
        if not isinstance(FRAME[name].dtype, pd.CategoricalDtype):
            assert column.values.dtype == FRAME[name].dtype

    @pytest.mark.parametrize("name", TABLE.column_names)
    def test_what_has_a_value(self, name: str) -> None:
        assert column_of(name).is_valid.tolist() == FRAME[name].notna().tolist()

    def test_distinct_values_are_there_once(self) -> None:
        assert column_of("day").values.tolist() == [dt.date(2024, 1, 1), dt.date(1969, 12, 31)]
        assert column_of("kind").values.tolist() == ["x", "y", "z"]

    @pytest.mark.parametrize(("name", "type_"), [("n", "float64"), ("sure", "object")])
    def test_a_null_elsewhere_in_the_dataset_decides_the_type(self, name: str, type_: str) -> None:
        assert own_column(TABLE.column(name), nullable=True).values.dtype == type_
        assert own_column(TABLE.column(name), nullable=False).values.dtype != type_

    def test_chunks_with_dictionaries_of_their_own(self) -> None:
        chunks = [pa.array(words).dictionary_encode() for words in (["a", "b"], [None, "b", "a"])]
        column = own_column(pa.chunked_array(chunks), nullable=True)
        assert column.values.tolist() == ["a", "b"]
        assert column.codes is not None
        assert column.codes.tolist() == [0, 1, -1, 1, 0]

    @pytest.mark.parametrize("name", TABLE.column_names)
    @pytest.mark.parametrize("n_chunks", [0, 1])
    def test_no_rows(self, name: str, n_chunks: int) -> None:
        chunks = [TABLE.column(name).chunk(0).slice(0, 0)] * n_chunks
        column = own_column(pa.chunked_array(chunks, TABLE.schema.field(name).type), nullable=False)
        assert all_values(column) == column.is_valid.tolist() == []
        assert column.failing(lambda values: values.isna(), None).tolist() == []


class TestFailing:
    def test_a_kernel_sees_each_value_that_occurs_once(self) -> None:
        seen: list[list[str]] = []

        def kernel(values: pd.Series[str]) -> Any:
            seen.append(values.tolist())
            return values != "x"

        rows = np.array([0, 3, 4])
        assert column_of("kind").failing(kernel, rows).tolist() == [0, 3]
        assert seen == [["x", "z"]]

    @pytest.mark.parametrize("rows", [None, [3, 4], []])
    def test_plain_values_are_seen_as_they_are(self, rows: list[int] | None) -> None:
        wanted = None if rows is None else np.array(rows, np.int64)
        found = column_of("n").failing(lambda values: values < 5, wanted)
        assert found.tolist() == ([] if rows == [] else [4])

    @given(st.data())
    def test_the_same_rows_fail_however_the_column_is_stored(self, data: st.DataObject) -> None:
        words = data.draw(st.lists(st.none() | st.sampled_from(["a", "b", "c", ""]), max_size=20))
        accepted = data.draw(st.sets(st.sampled_from(["a", "b", "c", ""])))
        plain = pa.chunked_array([pa.array(words, pa.string())])
        given_rows = [row for row, word in enumerate(words) if word is not None]
        rows = np.array([row for row in given_rows if data.draw(st.booleans())], np.int64)

        def kernel(values: pd.Series[str]) -> Any:
            return values.isin(accepted)

        expected = [row for row in rows.tolist() if words[row] not in accepted]
        for column in (plain, plain.dictionary_encode()):
            assert own_column(column, nullable=True).failing(kernel, rows).tolist() == expected


def test_what_is_neither_true_nor_false_is_not_accepted() -> None:
    assert truth(np.array([True, False])).tolist() == [True, False]
    for accepted in (
        pd.array([True, None, False], dtype="boolean"),
        pd.Series([True, None, False], dtype=object),
        pd.Series([True, None, False], dtype=pd.ArrowDtype(pa.bool_())),
        [True, None, False],
    ):
        assert truth(accepted).tolist() == [True, False, False]


class TestRows:
    @pytest.mark.parametrize(
        ("left_out", "expected"),
        [
            ("any", [3, 4]),
            ("all", [0, 1, 3, 4]),
            ("none", [0, 1, 2, 3, 4]),
        ],
    )
    def test_rows_that_lack_values_are_left_out(self, left_out: Any, expected: list[int]) -> None:
        table = pa.table({"a": [None, 1, None, 1, 1], "b": ["x", None, None, "", "x"]})
        assert places(view_of(table), Domain(("a", "b"), left_out)) == expected

    def test_all_rows_are_no_list_of_them(self) -> None:
        assert view_of(TABLE).rows(Domain(("n",), "any")) is None
        assert view_of(TABLE).rows(Domain(("word",), "none")) is None
        assert view_of(TABLE).rows(Domain(())) is None

    @pytest.mark.parametrize(
        ("query", "columns"),
        [
            ('kind == "x"', ["kind"]),
            ('kind != "x"', ["kind"]),
            ("kind.isnull()", ["kind"]),
            ("kind.notnull()", ["kind"]),
            ('kind.isnull() | kind == "z"', ["kind"]),
            ('kind == "nowhere"', ["kind"]),
            ("flag == True", ["flag"]),
            ("flag != True", ["flag"]),
            ("moment.isnull()", ["moment"]),
            ("float > 0", ["float"]),
            ("float != float", ["float"]),
            ('n >= 2 and kind != "y"', ["n", "kind"]),
            ("gap > n - 1 or word.isnull()", ["gap", "n", "word"]),
            ("day == day and n < 4", ["day", "n"]),
        ],
    )
    def test_a_query_selects_what_it_selects_in_pandas(
        self, query: str, columns: list[str]
    ) -> None:
        domain = Domain(("n",), query=query, query_columns=tuple(columns))
        expected = FRAME.query(query, parser="pandas").index.tolist()
        assert places(view_of(TABLE), domain) == expected

    @pytest.mark.parametrize("name", ["order id", "class", "größe", "1st", "index"])
    def test_any_name_can_stand_in_a_query(self, name: str) -> None:
        domain = Domain((name,), query=f"`{name}` > 1", query_columns=(name,))
        assert places(view_of(pa.table({name: [1, 2, None, 3]})), domain) == [1, 3]

    @pytest.mark.parametrize("parser", ["pandas", "python"])
    def test_a_column_of_truths_is_a_query(self, parser: Any) -> None:
        domain = Domain(("n",), query="sure", parser=parser, query_columns=("sure", "n"))
        assert places(view_of(TABLE), domain) == [0, 3, 4]

    def test_a_query_comes_on_top_of_what_is_left_out(self) -> None:
        domain = Domain(("gap",), "any", "n < 5", query_columns=("n",))
        assert places(view_of(TABLE), domain) == [1, 3]
        assert domain.needed == ("gap", "n")

    def test_a_query_that_can_not_be_evaluated_says_so(self) -> None:
        domain = Domain(("n",), query="missing > 1", query_columns=("n",))
        with pytest.raises(Exception, match="missing"):
            view_of(TABLE).rows(domain)


def places(view: LoadedColumns, domain: Domain) -> list[int]:
    rows = view.rows(domain)
    return list(range(view.n_rows)) if rows is None else rows.tolist()


class TestTables:
    def test_frames_are_those_of_pandas_with_the_rows_of_the_dataset(self) -> None:
        view = view_of(TABLE, first_row=100)
        expected = FRAME.set_axis(pd.RangeIndex(100, 105))
        for columns in (["n", "gap", "float", "word"], ["day", "n"], TABLE.column_names):
            pd.testing.assert_frame_equal(
                view.frame(columns, None), expected[columns], check_index_type=False
            )

    @pytest.mark.parametrize("columns", [["word", "gap"], ["day", "gap"]])
    def test_frames_of_some_rows(self, columns: list[str]) -> None:
        found = view_of(TABLE, first_row=100).frame(columns, np.array([1, 4]))
        expected = FRAME[columns].iloc[[1, 4]].set_axis([101, 104])
        pd.testing.assert_frame_equal(found, expected)

    @pytest.mark.parametrize("columns", [["n", "n"], ["day", "n", "day"]])
    def test_a_column_that_is_asked_for_twice_is_there_twice(self, columns: list[str]) -> None:
        assert view_of(TABLE).frame(columns, None).columns.tolist() == columns

    def test_a_frame_of_the_view_can_not_change_it(self) -> None:
        view = view_of(TABLE)
        frame = view.frame(["n"], None)
        frame.loc[:, "n"] = 0
        assert view.column("n").values.tolist() == [1, 2, 3, 4, 5]

    def test_text_that_was_read_as_a_dictionary_is_plain_again(self) -> None:
        facts = Facts(pa.schema({"kind": pa.string(), "n": pa.int64()}), frozenset(["kind"]))
        found = LoadedColumns(TABLE.select(["kind", "n"]), 0, facts).arrow(
            ["kind"], np.array([1, 2])
        )
        assert found == pa.table({"kind": [None, "y"]})

    def test_columns_are_converted_when_they_are_first_asked_for(self) -> None:
        view = view_of(TABLE)
        assert view.column("n") is view.column("n")
        assert view.rows(Domain(("gap",), "any")) is view.rows(Domain(("gap",), "any"))
