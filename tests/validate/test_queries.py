"""Row conditions for pandas: what they may hold, and that the rest never runs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
import pytest
from great_expectations.expectations.row_conditions import Column, ComparisonCondition

from tests.validate.same_as_stock import (
    dask_frame_batch,
    differences,
    new_context,
    run_checks,
    stock_batch,
)
from tests.validate.test_batches import frame_of
from tests.validate.test_engine import batch_of
from toolkit.validate.columns import Domain, LoadedColumns
from toolkit.validate.pandas_types import Facts
from toolkit.validate.queries import SCOPE, ConditionError, read_condition

FRAME = pd.DataFrame(
    {
        "n": [3, 1, 2, 5],
        "m": [1.5, None, 2.0, 4.0],
        "region": ["Delhi", "Goa", None, "it's `x`"],
        "order id": ["A1", "B2", "A3", "C4"],
        "class": ["x", "y", "z", "x"],
        "sold": pd.to_datetime(["2024-01-01", "2024-05-02", "2023-01-01", "2024-12-31"]),
        "late": [True, False, True, False],
    }
)

TAKEN = [
    "n > 1 and m < 3",
    "n > 1 & m < 3 | late",
    "(n > 1) & (m < 3)",
    "(late & n) == 1",
    "not late or ~(n == 2)",
    "1 < n <= 3",
    "n in [1, 2] or region not in ['Goa']",
    "region == ['Goa', 'Delhi']",
    'region == "it\'s `x`"',
    "region == 'Delhi'  # it's here",
    "`order id`.str.startswith('A') or `class` in ('x', 'y')",
    "`order id`.str[:1] == 'A' and `order id`.str.len() == 2",
    "region.str.contains('^De', na=False)",
    "region.str.contains('it(', regex=False, na=False)",
    "region.isnull() or m.notna()",
    "n.between(2, 3) and n.isin([3])",
    "-n + 2 * 3 < m - n / 2",
    "n ** 2 > 4 and n % 2 == 1 and n // 2 == 1",
    "abs(n - 3) < 2 and sqrt(n) > 1",
    "n > n.mean() and n >= n.iloc[0] and n > n.shift().fillna(0)",
    "sold < datetime.datetime(2024, 5, 2, 0, 0) or sold == datetime.datetime(2024, 12, 31)",
    "sold.dt.date >= datetime.date(2024, 5, 2)",
    "sold.dt.year == 2024 and sold > '2024-02-01'",
    "index % 2 == 0",
    "(n > 1 and\n n < 5)",
]

REFUSED = [
    "@pd.io.common.os.system('true') == 0",
    "n > @limit",
    "n.to_csv('pwned') == 0",
    "n.to_pickle('pwned') == 0",
    "n.apply('x') == 0",
    "n.pipe('x') == 0",
    "n.__class__ == 1",
    "n.isnull.__globals__ == 1",
    "n.isnull().__class__ == 1",
    "n.array._ndarray == 1",
    "__pd_eval_local_pd.io == 1",
    "`__pd_eval_local_pd` == 1",
    "__import__('os') == 1",
    "eval('1') == 1",
    "'{0.__class__}'.format(n) == 1",
    "region.str.format(1) == 'x'",
    "'%s' % n == 'x'",
    "f'{n}' == 'x'",
    "'x' * 1000000000 == region",
    "region.str.repeat(1000000000) == 'x'",
    "9 ** 9 ** 9 ** 9 > n",
    "((9 ** 9) ** 9) ** 9 > n",
    "n ** 100 > 1",
    "sold > datetime.datetime.now()",
    "sold > datetime.datetime(*n)",
    "sold > datetime.datetime(2024, 1, 1).__class__",
    "sold > datetime.datetime(2024, 1, 1, tzinfo=datetime.sys)",
    "datetime.sys.modules == 1",
    "[x for x in n]",
    "lambda: n",
    "n if late else m",
    "(k := n) > 1",
    "n.isin({1, 2})",
    "n[n.mean()] > 1",
    "n.iloc[n] > 1",
    "region == b'x'",
    "region == '''x'''",
    "region.str.contains('(a+)+$')",
    "region.str.contains('a|aa')",
    "region.str.contains('a', flags=2)",
    "region.str.match(region)",
    "region.str.contains('(?=x)')",
    "-" * 5_000 + "n > 1",
    "(" * 300 + "n" + ")" * 300,
    "n > 1" + " and n > 1" * 5_000,
    "n + " * 200 + "n > 1",
    "n > 1\x00",
    "n = 1",
    "",
]


@pytest.mark.parametrize("condition", TAKEN)
def test_what_is_taken_selects_what_pandas_selects(condition: str) -> None:
    asked = condition.replace("\n", "")
    pd.testing.assert_frame_equal(
        FRAME.query(read_condition(condition), **SCOPE), FRAME.query(asked, **SCOPE)
    )


@pytest.mark.parametrize("condition", REFUSED)
def test_everything_else_is_refused(condition: str) -> None:
    with pytest.raises(ConditionError):
        read_condition(condition)


def test_a_part_reads_its_condition_itself(tmp_path: Path) -> None:
    """A worker is given a domain by whoever plans it."""
    written = tmp_path / "written.csv"
    table = pa.table({"n": [1, 2]})
    view = LoadedColumns(table, 0, Facts(table.schema, frozenset()))
    query = f"n.to_csv({str(written)!r}) == 0"
    with pytest.raises(ConditionError, match=r"n\.to_csv\(\) is not taken"):
        view.rows(Domain(("n",), query=query, query_columns=("n",)))
    assert not written.exists()


@pytest.mark.parametrize(
    "check",
    [
        gxe.ExpectColumnValuesToNotBeNull,
        gxe.ExpectColumnValuesToBeIncreasing,
        gxe.ExpectColumnMedianToBeBetween,
    ],
)
@pytest.mark.filterwarnings("ignore:.*(row_condition|condition_parser):DeprecationWarning")
def test_python_users_are_refused_too(check: type, tmp_path: Path) -> None:
    written = tmp_path / "written.csv"
    asked = check(
        column="n", row_condition=f"n.to_csv({str(written)!r}) == 0", condition_parser="pandas"
    )
    found = batch_of(new_context()).validate(asked)
    reasons = {one["exception_message"] for one in found.exception_info.values()}
    assert not found.success
    assert [reason.partition(";")[0] for reason in reasons] == ["n.to_csv() is not taken"]
    assert not written.exists()


@pytest.mark.parametrize("name", ["x` == 1 or @pd.io.common.os.system('true", "__pd_eval_local_pd"])
def test_a_column_of_a_structured_condition_is_a_name_and_no_code(name: str) -> None:
    condition = Column(name) == 1
    found = batch_of(new_context()).validate(
        gxe.ExpectColumnValuesToNotBeNull(column="n", row_condition=condition)
    )
    assert not found.success
    assert "is not taken" in str(found.exception_info)


@pytest.mark.parametrize(
    "condition",
    [
        Column("t") < dt.datetime(2024, 6, 1, 12, 30, 0, 5),
        Column("t") < "2024-06-01",
        Column("z") < dt.datetime(2024, 6, 1, tzinfo=dt.UTC),
        Column("z") >= dt.datetime(2024, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=-5.5))),
        Column("z") >= dt.datetime(2024, 6, 1, tzinfo=dt.timezone(dt.timedelta(hours=5.5))),
        (Column("d") < dt.date(2024, 6, 1)) | Column("t").is_null(),
    ],
)
def test_moments_in_structured_conditions(condition: ComparisonCondition) -> None:
    times = pd.to_datetime(["2024-01-01", "2024-06-01", "2025-01-01", "NaT"])
    frame = frame_of(n=range(4), t=times, z=times.tz_localize("UTC"), d=pd.Series(times.date))
    check = gxe.ExpectColumnValuesToBeInSet(column="n", value_set=[9], row_condition=condition)
    checks, context = {"moments": check}, new_context()
    ours = run_checks(dask_frame_batch(context, frame), checks, "SUMMARY")
    stock = run_checks(stock_batch(context, frame.compute()), checks, "SUMMARY")
    assert differences(ours, stock) == {}
    assert 1 <= ours["moments"]["result"]["unexpected_count"] <= 3


@pytest.mark.slow
def test_a_structured_condition_may_list_many_values() -> None:
    condition = Column("n").is_in(range(20_000))
    found = batch_of(new_context()).validate(
        gxe.ExpectColumnValuesToNotBeNull(column="n", row_condition=condition)
    )
    assert found.success
    assert not found.exception_info.get("raised_exception")
