"""Whole feeds whose dates keep to the declared order, and that contradict it; and timestamps."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dask
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.conftest import AS_OF
from tests.feeds import clean_files, write_feed
from tests.real_feeds import MAKES, dirty_cafe
from toolkit.clean.evaluate import Rules
from toolkit.clean.feed import evaluate_feed, make_job, stage_tasks
from toolkit.clean.order_check import check_date_orders
from toolkit.contract import Contract, Key
from toolkit.errors import InputError
from toolkit.read.blocks import plan_blocks
from toolkit.read.sources import find_sources


def rules_with(formats: Sequence[str], header: str = "Paid", **column: Any) -> Rules:
    """For feeds of sales with an id and a day."""
    values = {
        "name": "till",
        "columns": {
            "id": {"kind": "text", "source": "Id"},
            "paid": {
                "kind": "date", "source": header, "formats": list(formats), "reason": "no_day",
                "null_words": ["ERROR", "UNKNOWN"], **column,
            },
        },
        "key": {"columns": ["id"], "reason": "again"},
        "reasons": ["no_day", "again"],
    }  # fmt: skip
    return Rules(TypeAdapter(Contract).validate_python(values), {}, AS_OF)


def rows_of(cells: Sequence[str]) -> bytes:
    return write_feed([[str(row), cell] for row, cell in enumerate(cells)], ["Id", "Paid"])


@dataclass(frozen=True)
class Judge:
    """Says of feeds what `check_date_orders` says, the folder of the files apart."""

    folder: Path

    def __call__(
        self, feed: bytes | Mapping[str, bytes], rules: Rules, block_bytes: int = 1 << 20
    ) -> list[str] | str:
        """The notes, or the error."""
        feeds = {"feed.csv": feed} if isinstance(feed, bytes) else feed
        for name, data in feeds.items():
            (self.folder / name).write_bytes(data)
        sources = find_sources([str(self.folder / name) for name in feeds])
        blocks = plan_blocks(sources, rules.contract, block_bytes)
        tasks = stage_tasks(blocks, make_job(rules, blocks, self.folder), [None] * len(blocks))
        staged = dask.compute(*tasks, scheduler="sync")  # type: ignore[attr-defined, no-untyped-call]
        try:
            return check_date_orders(staged, rules.contract)
        except InputError as error:
            return str(error).replace(f"{self.folder}/", "")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(tmp_path_factory.mktemp("judged"))


MIXED = [
    "05/06/2023",
    "16/05/2023",
    "ERROR",
    "5/17/2023",
    "",
    "17/05/2023",
    "UNKNOWN",
    "16/05/2023",
]


def test_contradictions_are_refused_with_counts_and_an_example(judge: Judge) -> None:
    assert judge(rows_of(MIXED), rules_with(["%m/%d/%Y"])) == (
        "feed.csv: column Paid: read as %m/%d/%Y, but 3 cells can only be day/month "
        "(first '16/05/2023' in row 2) and 1 only month/day; set dataset.columns.paid.formats, "
        "or max_contradictions to reject those rows one by one"
    )
    assert judge(rows_of(MIXED), rules_with(["%d/%m/%Y"])) == (
        "feed.csv: column Paid: read as %d/%m/%Y, but 1 cell can only be month/day "
        "(first '5/17/2023' in row 4) and 3 only day/month; set dataset.columns.paid.formats, "
        "or max_contradictions to reject those rows one by one"
    )


@pytest.mark.parametrize(
    ("allowed", "refused"), [(0.0, True), (0.74, True), (0.75, False), (1, False)]
)
def test_a_share_of_the_deciding_cells_may_contradict(
    allowed: float, refused: bool, judge: Judge
) -> None:
    said = judge(rows_of(MIXED), rules_with(["%m/%d/%Y"], max_contradictions=allowed))
    if refused:
        assert isinstance(said, str)
    else:
        assert said == [
            "column Paid: read as %m/%d/%Y; 3 cells can only be day/month (first '16/05/2023' in "
            "row 2) and 1 only month/day; the former are rejected"
        ]


def test_rows_that_are_rejected_anyway_are_evidence_too(judge: Judge) -> None:
    rows = [["1", "5/6/2023"], ["1", "6/5/2023"], ["x", "16/5/2023"], ["y", "5/16/1970"]]
    rules = rules_with(["%m/%d/%Y"], years_before=1, range_reason="no_day")
    said = judge(write_feed(rows, ["Id", "Paid"]), rules)
    assert "1 cell can only be day/month (first '16/5/2023' in row 3) and 1 only month/day" in said


def test_records_that_are_none_keep_their_place_and_say_nothing(judge: Judge) -> None:
    feed = (
        rows_of(["5/6/2023"]) + b'Id,Paid\n"broken" x,16/05/2023\n,\n2,16/05/2023,3\n7,16/05/2023\n'
    )
    assert "1 cell can only be day/month (first '16/05/2023' in row 6)" in judge(
        feed, rules_with(["%m/%d/%Y"])
    )


def test_each_format_is_judged_by_itself(judge: Judge) -> None:
    cells = ["2023-05-16"] * 50 + ["16.05.2023", "17.05.2023"]
    said = judge(rows_of(cells), rules_with(["%Y-%m-%d", "%m.%d.%Y"], max_contradictions=0.5))
    assert isinstance(said, str)
    assert "read as %m.%d.%Y, but 2 cells can only be day/month" in said
    assert judge(rows_of(cells), rules_with(["%Y-%m-%d", "%d.%m.%Y"])) == []


def test_the_first_file_that_contradicts_is_named(judge: Judge) -> None:
    feeds = {
        "a.csv": rows_of(["5/6/2023", "5/16/2023"]),
        "b.csv": rows_of(["6/5/2023", "x", "16/5/2023"]),
    }
    said = judge(feeds, rules_with(["%m/%d/%Y"]))
    assert isinstance(said, str)
    assert said.startswith("b.csv: column Paid: ")
    assert "(first '16/5/2023' in row 3) and 1 only month/day" in said


def test_a_doubt_is_a_note(judge: Judge) -> None:
    weekly = ["05.01.2023", "12.01.2023", "02.02.2023", "09.02.2023"]
    assert judge(rows_of(weekly), rules_with(["%d.%m.%Y"])) == []
    said = judge(rows_of(weekly), rules_with(["%m.%d.%Y"]))
    assert isinstance(said, list)
    [note] = said
    assert note.startswith("column Paid: read as %m.%d.%Y, which no cell proves; as month/day ")
    assert note.endswith("see that dataset.columns.paid.formats is right")


DAYS = st.integers(1, 13) | st.integers(1, 12)
FEEDS = st.lists(
    st.builds("{}/{}/202{}".format, DAYS, DAYS, st.integers(3, 4)) | st.just("ERROR"), max_size=25
)


@settings(max_examples=60)
@given(
    cells=FEEDS,
    block_bytes=st.integers(1, 120),
    allowed=st.sampled_from([0, 0.3, 1]),
)
@pytest.mark.slow
def test_what_is_said_does_not_depend_on_the_cut(
    cells: list[str], block_bytes: int, allowed: float, judge: Judge
) -> None:
    rules = rules_with(["%m/%d/%Y"], max_contradictions=allowed)
    feed = rows_of(cells)
    assert judge(feed, rules, block_bytes) == judge(feed, rules)


def test_the_lazy_frame_raises_when_any_of_it_is_computed(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(rows_of(["5/6/2023"] * 40 + ["16/05/2023"]))
    frame = evaluate_feed(rules_with(["%m/%d/%Y"]), [str(path)], block_bytes=100, spill=tmp_path)
    assert frame.npartitions > 3
    with pytest.raises(InputError, match="read as %m/%d/%Y, but 1 cell can only be day/month"):
        frame.partitions[0].compute(scheduler="sync")


# --- the same rows as two people's spreadsheets save them ---------------------------------------


def saved_as(days: Sequence[date | None], date_format: str) -> bytes:
    """A feed of the days in a format without leading zeros; None is a null word."""
    fields = (("%Y", "year"), ("%m", "month"), ("%d", "day"))
    cells = []
    for row, day in enumerate(days):
        cell = date_format
        for directive, field in fields:
            cell = cell.replace(directive, str(getattr(day, field, "")))
        cells.append(cell if day else ("ERROR", "UNKNOWN", "")[row % 3])
    return rows_of(cells)


def test_saved_copies_read_as_the_original_or_are_refused(judge: Judge, tmp_path: Path) -> None:
    chance = random.Random(7)
    days = [
        date(2023, 1, 1).fromordinal(date(2023, 1, 1).toordinal() + chance.randrange(365))
        if chance.random() > 0.05
        else None
        for _ in range(300)
    ]
    kept = [day for day in days if day]
    for right, wrong in (("%m/%d/%Y", "%d/%m/%Y"), ("%d.%m.%Y", "%m.%d.%Y")):
        copy = saved_as(days, right)
        n_certain = sum(day.day > 12 for day in kept)
        said = judge(copy, rules_with([wrong]))
        assert f"read as {wrong}, but {n_certain} cells can only be " in said
        assert judge(copy, rules_with([right])) == []
        (tmp_path / "copy.csv").write_bytes(copy)
        cleaned = clean_files(rules_with([right]), [str(tmp_path / "copy.csv")], 700)
        assert cleaned.clean.column("paid").to_pylist() == kept


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize(
    ("name", "right", "wrong", "header"),
    [
        ("cafe_mdy_slash.csv", "%m/%d/%Y", "%d/%m/%Y", "transaction_date"),
        ("cafe_dmy_dot.csv", "%d.%m.%Y", "%m.%d.%Y", "Transaction Date"),
    ],
)
def test_a_cafe_s_copies(
    make: str, name: str, right: str, wrong: str, header: str, judge: Judge, tmp_path: Path
) -> None:
    cafe = dirty_cafe(make, tmp_path)

    def of_cafe(file: str, date_format: str, header: str) -> tuple[Rules, bytes]:
        rules = rules_with([date_format], header)
        text = (cafe.folder / file).read_text("utf-8-sig")
        rows = [[str(n), row[header]] for n, row in enumerate(csv.DictReader(text.splitlines()))]
        return rules, write_feed(rows, ["Id", header])

    rules, feed = of_cafe(name, wrong, header)
    said = judge(feed, rules)
    assert isinstance(said, str)
    n_cells = f"{cafe.answers['only month/day']:,}"
    assert f"feed.csv: column {header}: read as {wrong}, but {n_cells} cells can only" in said
    assert " and 0 only " in said
    original = of_cafe("dirty_cafe_sales.csv", "%Y-%m-%d", "Transaction Date")
    days = []
    for rules, feed in (original, of_cafe(name, right, header)):
        assert judge(feed, rules) == []
        cleaned = clean_files(rules, [str(judge.folder / "feed.csv")], 1 << 16)
        days.append(cleaned.clean.column("paid").to_pylist())
    # The original has its first two rows twice.
    assert days[1] == days[0][0:1] + days[0][2:3] + days[0][4:]


# --- timestamps ---------------------------------------------------------------------------------


def test_timestamps_keep_their_time(tmp_path: Path) -> None:
    rules = rules_with(["%m/%d/%Y %H:%M", "%Y-%m-%d"], kind="timestamp")
    cells = ["12/1/2010 8:26", "2010-12-01", "12/1/2010 24:00", "12/13/2010 0:05"]
    (tmp_path / "feed.csv").write_bytes(rows_of(cells))
    for block_bytes in (1, 1 << 20):
        cleaned = clean_files(rules, [str(tmp_path / "feed.csv")], block_bytes)
        assert cleaned.clean.schema.field("paid").type == pa.timestamp("us")
        assert cleaned.clean.column("paid").to_pylist() == [
            datetime(2010, 12, 1, 8, 26), datetime(2010, 12, 1), datetime(2010, 12, 13, 0, 5),
        ]  # fmt: skip
        assert cleaned.rejected.column("Paid").to_pylist() == ["12/1/2010 24:00"]
    frame = evaluate_feed(rules, [str(tmp_path / "feed.csv")], spill=tmp_path)
    moments = frame.compute(scheduler="sync")["paid"]
    assert str(moments.dtype) == "timestamp[us][pyarrow]"
    assert moments.notna().tolist() == [True, True, False, True]


def test_moments_and_days_can_be_keys(tmp_path: Path) -> None:
    cells = ["2010-12-01 8:26", "2010-12-01 08:26", "2010-12-01 8:27", "2010-12-02 8:26"]
    (tmp_path / "feed.csv").write_bytes(rows_of(cells))
    kept = {"timestamp": ["0", "2", "3"], "date": ["0", "3"]}
    for kind, ids in kept.items():
        rules = rules_with(["%Y-%m-%d %H:%M"], kind=kind)
        by_day = replace(rules.contract, key=Key(columns=("paid",), reason="again"))
        for block_bytes in (1, 1 << 20):
            cleaned = clean_files(
                replace(rules, contract=by_day), [str(tmp_path / "feed.csv")], block_bytes
            )
            assert cleaned.clean.column("id").to_pylist() == ids
