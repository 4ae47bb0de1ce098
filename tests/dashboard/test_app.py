"""The app's pages in the states that a workspace can be in, run without a browser."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from tests.commands import ask
from tests.dashboard.workspaces import write_run
from tests.feeds import write_feed
from toolkit.dashboard import app
from toolkit.dashboard.history import RULE
from toolkit.settings.workspace import Workspace

pytestmark = pytest.mark.slow

PAGES = ("Overview", "Explore", "Data quality")
Open = Callable[..., AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """opened(workspace, page="Explore", region="Delhi"): the app at that address."""

    def open_app(workspace: Workspace, **address: str) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["run-dashboard", str(workspace.data_dir)])
        test = AppTest.from_file(app.__file__, default_timeout=30)
        for key, value in address.items():
            test.query_params[key] = value
        return checked(test.run())

    return open_app


def checked(test: AppTest) -> AppTest:
    assert [error.value for error in test.exception] == []
    return test


def headings(test: AppTest) -> list[str]:
    return [heading.value for heading in test.subheader]


def said(test: AppTest) -> str:
    """All sentences of the page."""
    parts = (*test.caption, *test.markdown, *test.info, *test.warning)
    return "\n".join(str(part.value).replace("\\", "") for part in parts)


def figures(test: AppTest) -> pd.DataFrame:
    [table] = test.dataframe
    frame: pd.DataFrame = table.value
    return frame


def sold(workspace: Workspace) -> pd.DataFrame:
    """The clean rows, with their months."""
    folder = workspace.clean_dataset(workspace.generated_feed.stem)
    frames = [pq.read_table(part).to_pandas() for part in sorted(folder.glob("*.parquet"))]
    rows = pd.concat(frames)
    return rows.assign(month=rows["sale_date"].astype(str).str[:7])


def test_the_overview_tells_the_newest_whole_month_and_the_change(
    full: Workspace, opened: Open
) -> None:
    test = opened(full)

    rows = sold(full)
    new, old = (rows[rows["month"] == month] for month in ("2026-10", "2026-09"))
    assert "October 2026" in headings(test)
    told = {metric.label: (metric.value, metric.delta) for metric in test.metric}
    assert list(told) == ["Revenue", "Quantity", "Average discount", "Orders"]
    assert told["Orders"] == (str(len(new)), f"{100 * (len(new) / len(old) - 1):+.1f} %")
    points = 100 * (new["discount_percent"].mean() - old["discount_percent"].mean())
    assert told["Average discount"][1] == f"{points:+.1f} pp"
    assert "Change against September 2026" in said(test)
    assert "November 2024 and November 2026 are not complete" in said(test)
    assert "Which region has the most revenue?" in headings(test)
    assert f"{len(rows):,} clean rows" in said(test)


def test_an_address_shows_what_choosing_shows(full: Workspace, opened: Open) -> None:
    """The other way round, choices put into the address, is the browser's to show."""
    test = opened(full, page="Explore")
    assert headings(test)[0] == "Revenue by category"
    for key, choice in {
        "metric": "order_count",
        "region": "Delhi",
        "category": "Books",
        "by": "region",
    }.items():
        checked(test.selectbox(key=key).select(choice).run())

    there = opened(
        full, page="Explore", metric="Orders", region="Delhi", category="Books", by="Region"
    )

    assert headings(test)[0] == "Orders by region in Books"
    assert headings(there) == headings(test)
    assert there.dataframe[0].value.equals(test.dataframe[0].value)


@pytest.mark.parametrize("by", ["category", "region", "month"])
def test_filters_keep_what_they_say(full: Workspace, opened: Open, by: str) -> None:
    filters = {"region": "Mumbai", "category": "Electronics"}
    test = opened(full, page="Explore", by=by.capitalize(), **filters)
    checked(test.select_slider(key="month").set_range("2026-03", "2026-06").run())

    rows = sold(full)
    for grain, kept in filters.items():
        if grain != by:
            rows = rows[rows[grain] == kept]
    rows = rows[rows["month"].between("2026-03", "2026-06")]
    groups = rows.groupby(by, observed=True)
    found = figures(test).set_index(by).sort_index()
    assert found["order_count"].to_dict() == groups.size().to_dict()
    assert found["total_revenue"].tolist() == pytest.approx(groups["revenue"].sum().tolist())
    means = groups["discount_percent"].mean().tolist()
    assert found["avg_discount_percent"].tolist() == pytest.approx(means)


def test_a_category_has_its_best_products(full: Workspace, opened: Open) -> None:
    test = opened(full, page="Explore")
    assert "best products" in said(test)

    checked(test.selectbox(key="category").select("Books").run())

    assert "Books" in headings(test)
    assert "**Best products by revenue**" in said(test)
    assert "**Best products by units**" in said(test)


def test_only_grains_that_a_table_has_can_be_filtered(full: Workspace, opened: Open) -> None:
    test = opened(full, page="Explore", aggregation="Region wise performance")

    keys = {box.key for box in test.selectbox}
    assert keys == {"aggregation", "metric", "region"}
    assert not test.select_slider


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("Sales by month region category", "Revenue by category"),
        ("Monthly sales summary", "Revenue by month"),
        ("Top products by category", "Automotive"),
        ("Region wise performance", "Revenue by region"),
        ("Top categories", "Revenue by category"),
    ],
)
def test_every_aggregation_can_be_explored(
    full: Workspace, opened: Open, table: str, shown: str
) -> None:
    test = opened(full, page="Explore", aggregation=table)

    assert headings(test)[0] == shown
    assert len(figures(test))


def test_orders_that_stand_out_are_shown_whole(full: Workspace, opened: Open) -> None:
    test = opened(full, page="Explore", aggregation="Anomaly records")

    rows = sold(full)
    by_revenue, by_discount = (table.value for table in test.dataframe)
    best = rows.sort_values(["revenue", "order_id"], ascending=[False, True]).head(5)
    assert by_revenue["order_id"].tolist() == best["order_id"].tolist()
    assert by_revenue["product_name"].tolist() == best["product_name"].tolist()
    assert by_discount["discount_percent"].min() >= rows["discount_percent"].nlargest(5).min()


@pytest.mark.parametrize("page", PAGES)
def test_an_address_of_things_that_are_not_there_shows_the_page(
    full: Workspace, opened: Open, page: str
) -> None:
    wrong = dict.fromkeys(
        ("aggregation", "metric", "by", "category", "region", "month", "reason", "run"), "nonsense"
    )
    plain, odd = opened(full, page=page), opened(full, page=page, rows="-7", **wrong)

    assert headings(odd) == headings(plain)


def test_rejected_rows_by_reason_and_text(full: Workspace, opened: Open) -> None:
    test = opened(full, page="Data quality", reason="zero_quantity")
    rows = test.dataframe[0].value
    assert set(rows["rejection_reason"]) == {"zero_quantity"}
    number = str(rows["order_id"].iloc[7])

    checked(test.text_input(key="text").set_value(number).run())

    assert test.dataframe[0].value["order_id"].unique().tolist() == [number]
    checked(test.text_input(key="text").set_value("no such text").run())
    assert "No such row" in said(test)


def test_counts_and_validation_are_those_of_the_published_run(
    full: Workspace, opened: Open
) -> None:
    test = opened(full, page="Data quality")

    manifest = json.loads(
        (full.rejected_dataset(full.generated_feed.stem) / "_manifest.json").read_text()
    )
    told = {metric.label: metric.value for metric in test.metric}
    assert told["Rows in"] == f"{manifest['rows_in']:,}"
    assert told["Rejected"] == f"{manifest['rows_rejected']:,}"
    assert "ecommerce.clean" in said(test)
    assert "[Data Docs](/reports/data_docs/runs/" in said(test)
    assert "High revenue" in said(test)
    assert RULE in said(test)


def test_the_limits_behind_reasons_are_shown_with_what_sets_them(
    own: Workspace, opened: Open
) -> None:
    too_late = "later than 2027-11-23 (as_of 2026-11-23 + 1 year, dataset.columns.day.years_after)"
    limits = {"no_quantity": "not above 0 (dataset.columns.quantity.above)", "late": too_late}
    stage = {
        "rejected_by_reason": {"no_quantity": 60, "no_id": 30, "late": 10},
        "limits": limits,
        "as_of": "2026-11-23",
    }
    write_run(own, 5, dataset="ecommerce", stage=stage)
    test = opened(own, page="Data quality")
    run = next(o for o in test.selectbox(key="run").options if o.startswith("6 Nov 2026"))
    test.selectbox(key="run").select_index(test.selectbox(key="run").options.index(run))

    def shown(reason: str | None) -> tuple[list[str], bool]:
        checked(test.selectbox(key="reason").set_value(reason).run())
        lines = [line for line in said(test).splitlines() if " rejects what is " in line]
        return lines, "count from 2026-11-23 (as_of)" in said(test)

    checked(test.run())
    lines = [f"**{reason}** rejects what is {words}" for reason, words in limits.items()]
    assert shown(None) == (lines, True)
    assert shown("late") == (lines[1:], True)
    assert shown("no_id") == ([], False)


def test_an_unusual_run_is_marked_and_can_be_looked_at(own: Workspace, opened: Open) -> None:
    stem = own.generated_feed.stem
    for number in range(7):
        stage = {"paths": {"rejected": str(own.rejected_dataset(stem))}}
        rejected = 500 if number == 6 else 100
        write_run(own, number, rejected=rejected, stage=stage, dataset="ecommerce")

    test = opened(own, page="Data quality")
    run = next(o for o in test.selectbox(key="run").options if o.startswith("7 Nov 2026"))
    checked(
        test.selectbox(key="run").select_index(test.selectbox(key="run").options.index(run)).run()
    )

    assert "50.0 % rejected, usually 10.0 %" in said(test)
    assert "gave way to those of a later one" in said(test)
    assert "was not validated" in said(test)


def test_a_run_that_was_held_back_is_reported_on_the_overview(own: Workspace, opened: Open) -> None:
    stage = {"paths": {"rejected, held back": "/x/feed_rejected.parquet"}}
    later: dict[str, Any] = {"status": "held back", "error": "1 expectation does not hold"}
    write_run(own, 2000, stage=stage, **later)

    assert "held back, not shown here: 1 expectation does not hold" in said(opened(own))


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_says_which_command_fills_it(
    tmp_path: Path, opened: Open, page: str
) -> None:
    test = opened(Workspace(tmp_path), page=page)

    assert len(test.info) == 1
    assert [code.value for code in test.code] == [f"run-pipeline data_dir={tmp_path}"]


def test_without_aggregations_the_runs_are_shown_all_the_same(own: Workspace, opened: Open) -> None:
    for path in own.aggregations_of("ecommerce").iterdir():
        path.unlink()

    test = opened(own, page="Data quality")

    assert next(metric.value for metric in test.metric if metric.label == "Rows in") == "3,000"
    assert "Which clean rows stand out?" not in headings(test)
    assert [code.value for code in opened(own).code] == [
        f"build-aggregations data_dir={own.data_dir}"
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_table_is_reported_and_the_rest_is_shown(
    own: Workspace, opened: Open, page: str
) -> None:
    (own.aggregations_of("ecommerce") / "top_categories.parquet").write_bytes(b"PAR1")
    (own.aggregations_of("ecommerce") / "monthly_sales_summary.parquet").unlink()

    test = opened(own, page=page)

    assert headings(test)
    if page != "Data quality":
        assert len(test.info) == 2
        assert "There is no" in said(test)
        assert "is damaged or half-written" in said(test)


def test_reports_and_rejected_rows_may_be_missing_or_damaged(own: Workspace, opened: Open) -> None:
    for part in own.rejected_dataset(own.generated_feed.stem).glob("*.parquet"):
        part.write_bytes(b"PAR1")
    for results in own.reports.glob("*/validation.json"):
        results.unlink()
    (own.reports / "odd").mkdir()
    (own.reports / "odd" / "run.json").write_text("{")

    test = opened(own, page="Data quality")

    told = said(test)
    assert "is damaged or being replaced" in told
    assert "validation.json" in told
    assert "odd/run.json is damaged or half-written" in told


def test_what_a_run_publishes_is_shown_without_a_restart(own: Workspace, opened: Open) -> None:
    test = opened(own)
    before = said(test)
    assert ask("run-pipeline", f"data_dir={own.data_dir}", "rows=700", "validation=off").code == 0

    checked(test.run())

    assert f"{len(sold(own)):,} clean rows" in said(test)
    assert f"{len(sold(own)):,} clean rows" not in before


WEATHER = """
name: weather
columns:
  station: {kind: text, required: true, reason: no_station}
  day: {kind: date, formats: ["%Y-%m-%d"], reason: no_day}
  page: {kind: text}
  rain: {kind: number, reason: no_rain}
reasons: [no_station, no_day, no_rain]
aggregations:
  by_page: {kind: summary, by: {page: {column: page}}, measures: {mean_rain: {mean: rain}}}
  days: {kind: summary, by: {day: {column: day}}, measures: {rain: {sum: rain}}}
"""


@pytest.fixture
def weather(tmp_path: Path) -> Workspace:
    """A feed that has nothing to do with sales, by a contract without months or rankings."""
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    (tmp_path / "conf" / "dataset" / "weather.yaml").write_text(WEATHER)
    rows = [
        {"station": "Kew", "day": "2026-01-02", "page": "*a*", "rain": "-4"},
        {"station": "Ely", "day": "2026-01-03", "page": "", "rain": "2.5"},
        {"station": "", "day": "2026-01-03", "page": "b", "rain": "1"},
    ]
    (tmp_path / "rain.csv").write_bytes(write_feed(rows, ["station", "day", "page", "rain"]))
    words = ("rain.csv", "dataset=weather", "validation=off", "data_dir=data")
    answer = ask("run-pipeline", *words, cwd=tmp_path)
    assert answer.code == 0, answer.err
    return Workspace(tmp_path / "data")


@pytest.mark.parametrize("page", PAGES)
def test_another_contract_shows_what_it_has(weather: Workspace, opened: Open, page: str) -> None:
    test = opened(weather, page=page)

    assert not test.info
    if page == "Overview":
        assert "no summary by month" in said(test)
        assert "Which page has the most average rain?" in headings(test)
    if page == "Explore":
        assert [box.key for box in test.selectbox] == ["aggregation", "metric", "page_"]
    if page == "Data quality":
        assert test.dataframe[0].value["rejection_reason"].tolist() == ["no_station"]


def test_a_feed_without_a_clean_row_is_reported(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "feed.csv").write_bytes(write_feed([{**dict.fromkeys(
        ("order_id", "product_name", "category", "quantity", "unit_price", "discount_percent",
         "region", "sale_date", "customer_email", "revenue"), "x")}]))  # fmt: skip
    answer = ask("run-pipeline", "feed.csv", "validation=off", "data_dir=data", cwd=tmp_path)
    assert answer.code == 3, answer.err

    for page in ("Overview", "Explore"):
        assert "There are no aggregations" in said(opened(Workspace(tmp_path / "data"), page=page))


def test_one_of_several_datasets_is_chosen(own: Workspace, opened: Open, tmp_path: Path) -> None:
    assert not [box for box in opened(own).selectbox if box.key == "dataset"]
    other = own.aggregations / "shop"
    shutil.copytree(own.aggregations_of("ecommerce"), other)
    manifest = other / "_manifest.json"
    content = json.loads(manifest.read_text()) | {"dataset": "shop"}
    manifest.write_text(json.dumps(content | {"finished": "2001-01-01T00:00:00+00:00"}))

    test = opened(own)
    assert list(test.selectbox(key="dataset").options) == ["ecommerce", "shop"]
    assert "ecommerce" in said(test)
    test = checked(test.selectbox(key="dataset").select("shop").run())
    assert "shop" in said(test)
