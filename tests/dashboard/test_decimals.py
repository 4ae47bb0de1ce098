"""The dashboard shows and adds up decimals without a float in between."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from toolkit.contract import Grain, Measure, Summary
from toolkit.dashboard import app
from toolkit.dashboard.files import read_frame
from toolkit.dashboard.published import Table
from toolkit.dashboard.rollup import rolled_up
from toolkit.dashboard.widgets import Style, frame_for_people, number_form

TYPE = pa.decimal128(38, 2)
CENTS = [Decimal("0.10"), Decimal("0.20"), None, Decimal("12345678901234567890.12")]
MEASURES = {
    "revenue": Measure(sum="paid"),
    "dearest": Measure(max="paid"),
    "lines": Measure(count="rows"),
    "each": Measure(ratio=("revenue", "lines")),
}
BY = {"shop": Grain(column="shop"), "item": Grain(column="item")}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    columns = {"shop": [*"AABB"], "item": [*"xyxy"], "lines": [1, 2, 3, 4], "each": [0.1] * 4}
    sums = [value or Decimal(0) for value in CENTS]
    rows = pa.table(columns | {"revenue": pa.array(sums, TYPE), "dearest": pa.array(CENTS, TYPE)})
    pq.write_table(rows, tmp_path / "sales.parquet")
    summary = Summary(kind="summary", by=BY, measures=MEASURES)
    return Table("sales", summary, read_frame(tmp_path / "sales.parquet"))


def test_figures_stay_what_they_are(table: Table) -> None:
    assert table.metrics == [*MEASURES]
    assert table.frame["dearest"].tolist() == [*CENTS[:2], pd.NA, CENTS[3]]
    assert "12345678901234567890.12" in frame_for_people(table.frame).to_csv(index=False)


def test_groups_are_added_up_exactly(table: Table) -> None:
    found = rolled_up(table, ["shop"], {})
    assert found["revenue"].tolist() == [Decimal("0.30"), CENTS[3]]
    assert found["dearest"].tolist() == [Decimal("0.20"), CENTS[3]]
    assert found["each"].tolist() == [0.1, float(Decimal("12345678901234567890.12") / 7)]
    whole = rolled_up(table, [], {"shop": ["A"]})
    assert [whole[name].tolist() for name in ("revenue", "each")] == [[Decimal("0.30")], [0.1]]
    assert rolled_up(table, [], {"shop": []})["revenue"].tolist() == [Decimal(0)]


def test_tables_show_all_places_of_a_decimal(table: Table) -> None:
    assert number_form(table.frame["revenue"]) == "%,.2f"
    mills = pd.Series([Decimal("0.125")], dtype=pd.ArrowDtype(pa.decimal128(18, 3)))
    assert number_form(mills) == "%,.3f"
    assert Style.of("revenue", MEASURES["revenue"], mills).form == "%,.3f"


@pytest.mark.slow
@pytest.mark.parametrize("page", ["Overview", "Explore"])
def test_a_workspace_of_decimals_is_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "aggregations" / "sales"
    folder.mkdir(parents=True)
    by = {"month": {"column": "day", "unit": "month"}}
    aggregations = {
        "months": {
            "kind": "summary", "by": by,
            "measures": {"revenue": {"sum": "paid"}, "each": {"mean": "paid"}},
        },
        "top": {"kind": "extremes", "highest": {"dear": "paid"}, "tie_break": "id"},
        "shops": {
            "kind": "summary", "by": {"shop": {"column": "shop"}},
            "measures": {"revenue": {"sum": "paid"}},
        },
    }  # fmt: skip
    manifest = {
        "dataset": "sales", "run": "run", "cleaned": "clean", "rows_in": 4,
        "finished": "2026-11-01T06:00:00+00:00", "days": {"day": ["2026-01-01", "2026-02-28"]},
        "aggregations": aggregations,
    }  # fmt: skip
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    paid = pa.array([Decimal("0.10"), Decimal("1234567890123456.78")], TYPE)
    tables = {
        "months": {"month": ["2026-01", "2026-02"], "revenue": paid, "each": [0.1, 0.2]},
        "shops": {"shop": ["A", "B"], "revenue": paid},
        "top": {"rank": [1, 2], "anomaly_reason": ["dear"] * 2, "id": ["a", "b"], "paid": paid},
    }
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    monkeypatch.setattr(sys, "argv", ["run-dashboard", str(tmp_path)])
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    for aggregation in ["Shops", "Top"] if page == "Explore" else [""]:
        test = AppTest.from_file(app.__file__, default_timeout=60)
        test.query_params["page"] = page
        if aggregation:
            test.query_params["aggregation"] = aggregation
        test.run()
        assert [error.value for error in test.exception] == []
        if aggregation:
            [shown] = test.dataframe
            column = "revenue" if aggregation == "Shops" else "paid"
            # Beyond what a browser has numbers for it is text, digit by digit.
            assert set(shown.value[column]) == {"0.10", "1,234,567,890,123,456.78"}
        else:
            assert [metric.value for metric in test.metric] == ["1235T", "0.20"]
