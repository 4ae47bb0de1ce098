"""What is published, however much of it is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from tests.commands import ask
from toolkit.dashboard.files import Unreadable, read_frame
from toolkit.dashboard.published import NO_LABEL, read_published
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.slow

MONTHLY = "monthly_sales_summary"


def test_the_manifest_says_what_the_tables_hold(full: Workspace) -> None:
    published = read_published(full)

    assert (published.dataset, published.problems) == ("ecommerce", {})
    assert published.run in {path.name for path in full.reports.iterdir()}
    assert published.cleaned == full.clean_dataset(full.generated_feed.stem)
    by_month = published.by_month()
    assert by_month is not None
    assert (by_month.name, by_month.main_measure) == (MONTHLY, "total_revenue")
    assert {table.name for table in published.by_label()} == {
        "region_wise_performance",
        "top_categories",
    }
    assert [table.grains for table in published.summaries(3)] == [["month", "region", "category"]]
    ranking = published.ranking_within("category")
    assert ranking is not None
    assert ranking.name == "top_products_by_category"
    assert published.ranking_within("region") is None
    assert [table.name for table in published.extremes()] == ["anomaly_records"]


def test_the_days_of_the_months_are_those_of_the_clean_rows(full: Workspace) -> None:
    published = read_published(full)
    parts = sorted(published.cleaned.glob("*.parquet"))
    days = [day for part in parts for day in pq.read_table(part).column("sale_date").to_pylist()]
    table = published.by_month()
    assert table is not None

    assert published.days_of(table) == (min(days), max(days))
    assert max(days) <= date(2026, 11, 23)


def gap_of(workspace: Workspace) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_published(workspace)
    return caught.value


def test_an_empty_workspace_is_filled_by_the_pipeline(tmp_path: Path) -> None:
    gap = gap_of(Workspace(tmp_path))

    assert "There are no aggregations" in gap.sentence
    assert gap.command == f"run-pipeline data_dir={tmp_path}"


def test_the_command_that_fills_the_gap_fills_it(own: Workspace) -> None:
    for path in own.aggregations_of("ecommerce").iterdir():
        path.unlink()
    command, *words = gap_of(own).command.split()

    assert ask(command, *words, "log_level=ERROR").code == 0
    assert read_published(own).problems == {}


def test_a_dataset_of_another_name_is_named_in_the_command(own: Workspace) -> None:
    other = own.clean_dataset("other")
    own.clean_dataset(own.generated_feed.stem).rename(other)
    (own.aggregations_of("ecommerce") / "_manifest.json").unlink()
    command, *words = gap_of(own).command.split()

    assert f"cleaned={other}" in words
    assert ask(command, *words, "log_level=ERROR").code == 0


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"aggregations": ["top_categories"]}', '{"aggregations": {"x": {}}}'],
)
def test_a_manifest_that_is_damaged_or_old_is_reported(own: Workspace, content: str) -> None:
    (own.aggregations_of("ecommerce") / "_manifest.json").write_text(content)

    gap = gap_of(own)

    assert str(own.aggregations_of("ecommerce") / "_manifest.json") in gap.sentence
    assert gap.command == f"build-aggregations data_dir={own.data_dir}"


def drop(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def lose_a_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["order_count"]), path)


def turn_into_words(path: Path) -> None:
    table = pq.read_table(path)
    words = table.column("order_count").cast(pa.string())
    at = table.column_names.index("order_count")
    pq.write_table(table.set_column(at, "order_count", words), path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (drop, "There is no "),
        (cut, "is damaged or half-written"),
        (lose_a_column, "lacks order_count, which its manifest promises"),
        (turn_into_words, "has no numbers in order_count"),
    ],
)
def test_one_unusable_table_leaves_the_others(
    own: Workspace, damage: Callable[[Path], None], said: str
) -> None:
    damage(own.aggregations_of("ecommerce") / f"{MONTHLY}.parquet")

    published = read_published(own)

    [(name, gap)] = published.problems.items()
    assert name == MONTHLY
    assert said in gap.sentence
    assert len(published.tables) == 5
    assert published.by_month() is None


def test_what_is_published_meanwhile_is_read(own: Workspace) -> None:
    before = read_published(own)
    assert ask("run-pipeline", f"data_dir={own.data_dir}", "rows=500", "validation=off").code == 0

    after = read_published(own)

    assert after.run != before.run
    assert after.n_rows < 500 < before.n_rows
    assert after.tables[MONTHLY].frame["order_count"].sum() == after.n_rows


def test_rows_without_a_label_have_one(own: Workspace) -> None:
    path = own.aggregations_of("ecommerce") / "top_categories.parquet"
    table = pq.read_table(path)
    names = [None, *table.column("category").to_pylist()[1:]]
    pq.write_table(table.set_column(0, "category", pa.array(names, pa.string())), path)

    assert read_published(own).tables["top_categories"].frame["category"][0] == NO_LABEL


def test_extra_facts_in_a_manifest_do_no_harm(own: Workspace) -> None:
    path = own.aggregations_of("ecommerce") / "_manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"new": 1}))

    assert read_published(own).problems == {}


def test_whole_numbers_beside_missing_ones_stay_whole(tmp_path: Path) -> None:
    large = 2**53 + 1
    pq.write_table(pa.table({"n": [large, None], "x": [0.5, None]}), tmp_path / "t.parquet")
    frame = read_frame(tmp_path / "t.parquet")
    assert frame["n"].tolist()[0] == large
    assert frame.to_csv(index=False) == f"n,x\n{large},0.5\n,\n"


def test_whole_numbers_that_browsers_lack_are_written_out() -> None:
    numbers = pd.array([2**53 + 1, -(2**63), None], dtype="Int64")
    frame = pd.DataFrame({"n": numbers, "small": [2**53 - 1, 1, 2]})
    shown = AppTest.from_function(_show, kwargs={"frame": frame}).run()
    assert [error.value for error in shown.exception] == []
    [table] = shown.dataframe
    assert table.value["n"].fillna("").tolist() == [
        "9,007,199,254,740,993", "-9,223,372,036,854,775,808", "",
    ]  # fmt: skip
    assert table.value["small"].tolist() == [2**53 - 1, 1, 2]


def _show(frame: object) -> None:
    import pandas
    import streamlit

    from toolkit.dashboard.widgets import small_table

    assert isinstance(frame, pandas.DataFrame)
    small_table(frame, {"n": streamlit.column_config.NumberColumn("N", format="%,d")})
