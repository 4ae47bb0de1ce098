"""What is read of a dataset before any row is: its parts, its types, and what it lacks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.validate.in_parts import run_here
from tests.validate.sample import write_parts
from toolkit.errors import InputError
from toolkit.storage.datasets import part_name
from toolkit.validate.dataset import (
    ROWS_A_PART,
    Dataset,
    ParquetSource,
    load,
    open_dataset,
)
from toolkit.validate.frames import open_frame
from toolkit.validate.pandas_types import stock_frame

# Rows of each file; some of them have none, and few end where a row group or a part does.
FILES = (10, 0, 3, 25, 0, 1, 1, 1, 8)
GROUP_ROWS = 4


def numbered(sizes: Sequence[int]) -> list[pa.Table]:
    """Tables of so many rows, all rows numbered from 0 on."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [pa.table({"n": pa.array(range(a, b), pa.int64())}) for a, b in pairwise(ends)]


def rows_of(dataset: Dataset, columns: Sequence[str] | None = None) -> pa.Table:
    """All parts one after the other, with the dataset's types."""
    names = dataset.columns if columns is None else list(columns)
    tables = [load(source_of(part.source), names) for part in dataset.parts]
    schema = pa.schema([dataset.facts.schema.field(name) for name in names])
    return pa.concat_tables([table.select(names).cast(schema) for table in tables])


def source_of(source: Any) -> Any:
    return source if isinstance(source, ParquetSource) else source.compute(scheduler="sync")


def piece_of(dataset: Dataset) -> ParquetSource:
    [part] = dataset.parts
    assert isinstance(part.source, ParquetSource)
    return part.source


class TestParts:
    @pytest.mark.parametrize("rows_a_part", [1, 4, 5, 9, 12, 1000])
    def test_row_groups_are_put_together_and_no_row_is_lost(
        self, rows_a_part: int, tmp_path: Path
    ) -> None:
        folder = write_parts(numbered(FILES), tmp_path / "parts", GROUP_ROWS)
        dataset = open_dataset(folder, rows_a_part)
        sizes = [part.n_rows for part in dataset.parts]
        assert rows_of(dataset).column("n").to_pylist() == list(range(sum(FILES)))
        assert [part.first_row for part in dataset.parts] == [0, *np.cumsum(sizes)[:-1]]
        assert dataset.n_rows == sum(FILES)
        for part in dataset.parts:
            assert load(source_of(part.source), ["n"]).num_rows == part.n_rows
            # A row group is not split.
            assert part.n_rows <= max(rows_a_part, GROUP_ROWS)
        for one, following in pairwise(dataset.parts):
            assert one.n_rows + first_group_of(following.source) > rows_a_part

    def test_a_part_has_so_many_rows_by_default(self, tmp_path: Path) -> None:
        group = ROWS_A_PART // 4
        folder = write_parts(numbered([5 * group, group + 1]), tmp_path / "parts", group)
        dataset = open_dataset(folder)
        assert [part.n_rows for part in dataset.parts] == [4 * group, 2 * group + 1]

    def test_files_of_a_folder_are_taken_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        folder = write_parts(numbered([2] * 11), tmp_path / "parts")
        (folder / "_metadata.parquet").write_text("no part")
        (folder / ".part-000003.parquet.swp").write_text("no part either")
        (folder / "_manifest.json").write_text("{}")
        assert rows_of(open_dataset(folder)).column("n").to_pylist() == list(range(22))

    def test_paths_of_a_list_are_taken_in_its_order(self, tmp_path: Path) -> None:
        folder = write_parts(numbered([2, 3]), tmp_path / "parts")
        paths: list[Path | str] = [str(folder / part_name(1)), folder / part_name(0)]
        dataset = open_dataset(paths)
        assert rows_of(dataset).column("n").to_pylist() == [2, 3, 4, 0, 1]
        assert dataset.name == f"{paths[0]}, {paths[1]}"

    def test_no_row_at_all_makes_one_part_without_rows(self, tmp_path: Path) -> None:
        tables = [pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})] * 3
        dataset = open_dataset(write_parts(tables, tmp_path / "parts"))
        assert [(part.first_row, part.n_rows) for part in dataset.parts] == [(0, 0)]
        assert rows_of(dataset) == tables[0]
        assert dataset.facts.nullable == set()
        assert dataset.empty_columns == {"a", "b"}
        assert dataset.empty_frame().dtypes.tolist() == tables[0].to_pandas().dtypes.tolist()


def first_group_of(source: Any) -> int:
    path, groups = source.row_groups[0]
    return int(pq.read_metadata(path).row_group(groups[0]).num_rows)


class TestTypes:
    """Files that were written apart from each other need not agree."""

    def test_the_wider_type_holds_for_all(self, tmp_path: Path) -> None:
        tables = [
            pa.table({"n": pa.array([1, None], pa.int32()), "x": pa.array([1.5, 2], pa.float32())}),
            pa.table({"n": pa.array([2**40], pa.int64()), "x": pa.array([0.1], pa.float64())}),
        ]
        dataset = open_dataset(write_parts(tables, tmp_path / "parts"))
        assert dataset.facts.schema == tables[1].schema
        assert rows_of(dataset).to_pydict() == {"n": [1, None, 2**40], "x": [1.5, 2.0, 0.1]}

    def test_a_column_without_type_takes_that_of_the_others(self, tmp_path: Path) -> None:
        tables = [
            pa.table({"a": pa.nulls(2), "b": pa.nulls(2)}),
            pa.table({"a": ["x", "x"], "b": pa.nulls(2)}),
        ]
        dataset = open_dataset(write_parts(tables, tmp_path / "parts"))
        assert rows_of(dataset).to_pydict() == {"a": [None, None, "x", "x"], "b": [None] * 4}
        assert dataset.facts.nullable == {"a", "b"}
        assert dataset.empty_columns == {"b"}

    def test_a_column_that_a_file_lacks_is_null_there(self, tmp_path: Path) -> None:
        tables = [
            pa.table({"a": [1, 2], "n": [1, 2]}),
            pa.table({"b": ["x"], "n": [3]}),
            pa.table({"c": pa.array([], pa.date32()), "n": pa.array([], pa.int64())}),
        ]
        dataset = open_dataset(write_parts(tables, tmp_path / "parts"))
        assert rows_of(dataset, ["n", "b", "a", "c"]).to_pydict() == {
            "n": [1, 2, 3],
            "b": [None, None, "x"],
            "a": [1, 2, None],
            "c": [None] * 3,
        }
        assert dataset.columns == ["a", "n", "b", "c"]
        assert dataset.facts.nullable == {"a", "b", "c"}
        assert dataset.empty_columns == {"c"}

    def test_a_file_without_rows_takes_no_part_in_nulls(self, tmp_path: Path) -> None:
        tables = [pa.table({"n": pa.array([], pa.int64())}), pa.table({"n": [1], "a": [1]})]
        assert open_dataset(write_parts(tables, tmp_path / "parts")).facts.nullable == set()

    def test_text_and_numbers_can_not_be_brought_together(self, tmp_path: Path) -> None:
        tables = [pa.table({"n": [1]}), pa.table({"n": ["one"]})]
        folder = write_parts(tables, tmp_path / "parts")
        assert_refused(folder, folder, "its parts differ")

    def test_numbers_with_nulls_are_floats_in_every_part(self, tmp_path: Path) -> None:
        tables = [
            pa.table({"n": [1, 2], "is": [True, False]}),
            pa.table({"n": [3, None], "is": [None, True]}),
        ]
        folder = write_parts(tables, tmp_path / "parts")
        dataset = open_dataset(folder, rows_a_part=2)
        whole = pd.read_parquet(folder)
        frames = [
            stock_frame(load(source_of(part.source), dataset.columns), dataset.facts)
            for part in dataset.parts
        ]
        pd.testing.assert_frame_equal(pd.concat(frames, ignore_index=True), whole)
        assert [frame.dtypes.tolist() for frame in frames] == [whole.dtypes.tolist()] * 2


class TestRefused:
    def test_a_path_that_is_missing(self, tmp_path: Path) -> None:
        write_parts(numbered([1]), tmp_path / "feed_clean.parquet")
        path = tmp_path / "feed_claen.parquet"
        assert_refused(path, path, "no such file or folder; did you mean 'feed_clean.parquet'?")

    def test_a_folder_without_parts(self, tmp_path: Path) -> None:
        (tmp_path / "rows.csv").write_text("a,b\n")
        assert_refused(tmp_path, tmp_path, "the folder has no *.parquet parts")

    @pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1", b"PAR1 but no more PAR1"])
    def test_a_file_that_is_no_parquet(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        path.write_bytes(content)
        assert_refused(path, path, "cannot be read: ")

    def test_a_part_that_was_cut_off(self, tmp_path: Path) -> None:
        folder = write_parts(numbered([100, 100, 100]), tmp_path / "parts")
        path = folder / part_name(1)
        path.write_bytes(path.read_bytes()[:-20])
        assert_refused(folder, path, "cannot be read: ")

    def test_a_part_whose_rows_are_damaged_when_they_are_read(self, tmp_path: Path) -> None:
        folder = write_parts(numbered([100, 100]), tmp_path / "parts")
        path = folder / part_name(1)
        content = path.read_bytes()
        path.write_bytes(content[:4] + b"\xff" * 200 + content[204:])
        source = piece_of(open_dataset(folder))
        assert_one_line(lambda: load(source, ["n"]), path, "cannot be read: ")

    def test_a_part_that_is_gone_when_it_is_read(self, tmp_path: Path) -> None:
        folder = write_parts(numbered([2, 2]), tmp_path / "parts")
        source = piece_of(open_dataset(folder))
        (folder / part_name(1)).unlink()
        assert_one_line(lambda: load(source, ["n"]), folder / part_name(1), "cannot be read: ")


def assert_refused(given: Path, named: Path, why: str) -> None:
    assert_one_line(lambda: open_dataset(given), named, why)


def assert_one_line(act: Callable[[], object], named: Path, why: str) -> None:
    with pytest.raises(InputError) as refusal:
        act()
    message = str(refusal.value)
    assert message.startswith(f"dataset {named}: {why}")
    assert "\n" not in message


class TestNulls:
    ROWS = pa.table(
        {
            "whole": [1, 2, 3],
            "some": ["a", None, "b"],
            "none": pa.array([None] * 3, pa.float64()),
            "nan": [float("nan")] * 3,
            "list": [[1], [2], [3]],
        }
    )

    def test_footers_tell(self, tmp_path: Path) -> None:
        folder = write_parts([self.ROWS, self.ROWS.slice(0, 1)], tmp_path / "parts", 2)
        dataset = open_dataset(folder)
        # Of a nested column they tell nothing.
        assert dataset.facts.nullable == {"some", "none", "list"}
        assert dataset.empty_columns == {"none"}

    def test_nulls_are_expected_where_footers_do_not_tell(self, tmp_path: Path) -> None:
        folder = write_parts([self.ROWS], tmp_path / "parts")
        pq.write_table(self.ROWS, folder / part_name(1), write_statistics=["some", "none"])
        dataset = open_dataset(folder)
        assert dataset.facts.nullable == {*self.ROWS.column_names}
        assert dataset.empty_columns == {"none"}
        pq.write_table(self.ROWS, folder / part_name(1), write_statistics=False)
        assert open_dataset(folder).empty_columns == set()


# The same words, so that a dictionary holds few of them; or each row its own.
FEW = [("red", "green", "", None, "日本")[n * 7 % 5] for n in range(2000)]
RARE = ["seldom" if n % 100 == 0 else None for n in range(2000)]
MANY = [f"a word that no other row has {random.Random(n).random()}" for n in range(2000)]


def write_texts(folder: Path, plain_from: int = 2) -> Path:
    """Two files; from this one on words are stored as they stand, without a dictionary."""
    table = pa.table({"few": FEW, "rare": RARE, "many": MANY, "n": range(2000)})
    folder.mkdir()
    for number in range(2):
        pq.write_table(table, folder / part_name(number), use_dictionary=number < plain_from)
    return folder


class TestDictionaries:
    def test_text_of_few_values_is_read_as_one(self, tmp_path: Path) -> None:
        dataset = open_dataset(write_texts(tmp_path / "parts"))
        loaded = load(piece_of(dataset), dataset.columns)
        assert pa.types.is_dictionary(loaded.schema.field("few").type)
        assert loaded.schema.field("many").type == pa.string()
        assert [name for name in dataset.columns if dataset.has_few_values(name)] == [
            "few",
            "rare",
        ]
        assert dataset.facts.schema.field("few").type == pa.string()

    @pytest.mark.parametrize("plain_from", [0, 1])
    def test_not_where_a_file_stores_it_otherwise(self, plain_from: int, tmp_path: Path) -> None:
        dataset = open_dataset(write_texts(tmp_path / "parts", plain_from))
        assert load(piece_of(dataset), ["few"]).schema.field("few").type == pa.string()
        assert not dataset.has_few_values("few")
        assert not dataset.has_few_values("rare")

    @pytest.mark.parametrize("plain_from", [0, 1, 2])
    def test_values_are_the_same_either_way(self, plain_from: int, tmp_path: Path) -> None:
        dataset = open_dataset(write_texts(tmp_path / "parts", plain_from), rows_a_part=1)
        found = rows_of(dataset)
        assert found.column("few").to_pylist() == FEW * 2
        assert found.column("many").to_pylist() == MANY * 2

    def test_a_file_without_rows_does_not_take_it_away_from_the_values(
        self, tmp_path: Path
    ) -> None:
        folder = write_texts(tmp_path / "parts")
        pq.write_table(pa.table({"n": pa.array([], pa.int64())}), folder / part_name(2))
        assert rows_of(open_dataset(folder)).column("few").to_pylist() == FEW * 2

    def test_what_the_writer_called_a_dictionary_is_one(self, tmp_path: Path) -> None:
        table = pa.table({"few": pa.array(FEW).dictionary_encode()})
        dataset = open_dataset(write_parts([table, table], tmp_path / "parts"))
        assert dataset.has_few_values("few")
        assert rows_of(dataset).column("few").to_pylist() == FEW * 2


def test_the_bytes_of_columns_are_reported_about_right(tmp_path: Path) -> None:
    n = 2000
    table = pa.table(
        {
            "number": pa.array(range(n), pa.int64()),
            "small": pa.array([1] * n, pa.int8()),
            "flag": pa.array([True] * n),
            "long": [f"{number:05d}" * 100 for number in range(n)],
            "word": ["a"] * n,
        }
    )
    folder = write_parts([table, table.select(["number"])], tmp_path / "parts")
    found = open_dataset(folder).column_bytes
    assert found["number"] == 2 * 8 * n
    assert found["small"] == found["flag"] == n + 8 * n
    assert 500 * n <= found["long"] < 600 * n
    # What pandas takes for any text.
    assert found["word"] == 64 * n + 8 * n


# A Dask DataFrame whose index counts backwards; the last columns are objects.
FRAME = pd.DataFrame(
    {
        "n": range(10),
        "maybe": pd.array([1, None, 3, 4, 5, 6, 7, 8, 9, 2**60], dtype="Int64"),
        "sure": pd.array(range(10), dtype="Int32"),
        "word": pd.array(["a", "", None, "b", "a", "日本", "a", "b", "c", "c"], dtype="str"),
        "kind": pd.Categorical(["x", "y", None, "x", "y", "x", "y", "x", "y", "x"]),
        "day": pd.date_range("2024-01-01", periods=10),
        "float": [0.5, float("nan"), 1, 2, 3, 4, 5, 6, 7, 8],
        "object": pd.Series(["a", None] * 5, dtype=object),
        "nothing": pd.Series([None] * 10, dtype=object),
    },
).set_index(pd.Index(range(10, 0, -1), name="back"))


def framed(ends: Sequence[int]) -> dd.DataFrame:
    """FRAME in parts that end there."""
    parts = [FRAME.iloc[start:end] for start, end in pairwise(ends)]
    return dd.from_map(lambda number: parts[number], range(len(parts)), meta=FRAME.iloc[:0])


class TestDaskFrames:
    def test_more_categories_than_an_empty_frame_tells_of(self) -> None:
        words = [f"word {n}" for n in range(200)]
        frame = dd.from_pandas(pd.DataFrame({"word": words}), npartitions=1).astype("category")
        assert rows_of(open_frame(frame, run_here)).to_pydict() == {"word": words}

    @pytest.mark.parametrize("names", [[0, 1], ["n", "n"]])
    def test_columns_without_a_name_of_their_own_are_refused(self, names: list[Any]) -> None:
        table = pd.DataFrame([[1, 2]], columns=names)
        frame = dd.from_map(lambda _: table, range(1), meta=table)
        with pytest.raises(InputError, match="cannot be read as a table: a column is named"):
            open_frame(frame, run_here)

    @pytest.mark.parametrize("ends", [(0, 10), (0, 3, 3, 9, 10), (0, 0, 1, 10, 10)])
    def test_rows_are_those_of_the_frame(self, ends: tuple[int, ...]) -> None:
        dataset = open_frame(framed(ends), run_here)
        expected = pa.Table.from_pandas(FRAME, preserve_index=False).to_pydict()
        assert rows_of(dataset).to_pydict() == expected
        assert [part.first_row for part in dataset.parts] == list(ends[:-1])
        assert [part.n_rows for part in dataset.parts] == [b - a for a, b in pairwise(ends)]

    def test_types_and_nulls_are_those_of_all_parts(self) -> None:
        dataset = open_frame(framed((0, 1, 2, 10)), run_here)
        assert dataset.columns == [*FRAME.columns]
        types = {field.name: field.type for field in dataset.facts.schema}
        assert types["maybe"] == pa.int64()
        assert types["sure"] == pa.int32()
        assert types["word"] == types["object"] == types["nothing"] == pa.large_string()
        assert pa.types.is_dictionary(types["kind"])
        assert pa.types.is_timestamp(types["day"])
        with_nulls = {"maybe", "word", "kind", "float", "object", "nothing"}
        assert dataset.facts.nullable == with_nulls
        assert dataset.empty_columns == {"nothing"}

    def test_objects_are_taken_for_text(self) -> None:
        with dask.config.set({"dataframe.convert-string": False}):
            frame = framed((0, 1, 10))[["object", "nothing"]]
            assert frame.dtypes.tolist() == [object, object]
            dataset = open_frame(frame, run_here)
            assert rows_of(dataset).to_pydict() == {
                "object": ["a", None] * 5,
                "nothing": [None] * 10,
            }
        assert dataset.facts.schema.types == [pa.string(), pa.string()]
        assert dataset.empty_columns == {"nothing"}

    def test_bytes_are_counted(self) -> None:
        found = open_frame(framed((0, 4, 10)), run_here).column_bytes
        assert found["n"] == 80
        assert found["day"] == 80

    def test_a_frame_without_rows(self) -> None:
        dataset = open_frame(framed((0, 0)), run_here)
        assert (dataset.n_rows, len(dataset.parts)) == (0, 1)
        assert dataset.empty_columns == {*FRAME.columns}

    def test_a_frame_of_dasks_own_reading(self, tmp_path: Path) -> None:
        table = pa.table(
            {
                "word": ["a", None, "b"],
                "day": pa.array([0, 1, None], pa.date32()),
                "n": [1, 2, 3],
            }
        )
        folder = write_parts([table, table], tmp_path / "parts")
        found = open_frame(dd.read_parquet(folder), run_here)
        assert rows_of(found).to_pydict() == {k: v * 2 for k, v in table.to_pydict().items()}
