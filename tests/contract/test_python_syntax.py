"""Several threads may read expressions at once, where Python itself cannot parse in two of them."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import great_expectations.expectations as gxe
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from toolkit.contract import python_syntax
from toolkit.contract.formula import formula_columns
from toolkit.validate.careful import CarefulEngine
from toolkit.validate.columns import Domain, LoadedColumns
from toolkit.validate.pandas_types import Facts
from toolkit.validate.queries import read_condition
from toolkit.validate.suites import _unreadable

NUMBERS = np.arange(10)
MANY = 1_400


@pytest.fixture
def switching(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads take turns in the midst of a parse, which happens rarely where garbage is rare."""

    def give_way(phase: str, info: dict[str, int]) -> None:
        time.sleep(0)

    monkeypatch.setattr(python_syntax, "_TRIES", 1)
    rarely = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(100)
    try:
        yield
    finally:
        gc.set_threshold(*rarely)
        gc.callbacks.remove(give_way)


def formula(number: int) -> int:
    return len(formula_columns(f"n + ({number}" + " * 2" * 190 + ")"))


def reading(number: int) -> int:
    return len(read_condition(condition(number))) // len(condition(number))


def in_a_part(number: int, column: str = "n") -> int:
    """Of a column with a plain name pandas.eval is asked, of others DataFrame.query."""
    table = pa.table({column: NUMBERS})
    name = column if column == "n" else f"`{column}`"
    domain = Domain((column,), query=condition(number, name), query_columns=(column,))
    rows = LoadedColumns(table, 0, Facts(table.schema, frozenset())).rows(domain)
    return 0 if rows is None else len(rows)


def in_a_part_by_query(number: int) -> int:
    return in_a_part(number, "n n")


def of_whole_columns(number: int) -> int:
    engine = CarefulEngine(batch_data_dict={"all": pd.DataFrame({"n": NUMBERS})})
    asked = {"batch_id": "all", "row_condition": condition(number), "condition_parser": "pandas"}
    return len(engine.get_domain_records(asked))


def in_a_suite(number: int) -> int:
    """A condition on a column that there is not, which takes a parse to be seen."""
    check = gxe.ExpectColumnValuesToNotBeNull(
        column="n", row_condition=condition(number, "m"), condition_parser="pandas"
    )
    return len(list(_unreadable(1, check, pd.DataFrame({"n": NUMBERS}))))


def condition(number: int, name: str = "n") -> str:
    return f"{name} in {[1, *range(number, number + MANY)]}"


@pytest.mark.filterwarnings("ignore:.*(row_condition|condition_parser):DeprecationWarning")
@pytest.mark.usefixtures("switching")
@pytest.mark.parametrize(
    "ask", [formula, reading, in_a_part, in_a_part_by_query, of_whole_columns, in_a_suite]
)
@pytest.mark.slow
def test_threads_parse_at_once(ask: Callable[[int], int]) -> None:
    read_condition.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(1_000, 1_016))) == [1] * 16
