"""Drafted columns, from facts made by hand."""

from __future__ import annotations

from datetime import date

import pytest

from tests.profile.facts import column
from toolkit.profile.draft_columns import draft_column

AS_OF = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "n", "doubted"), [("order_id", 20, 1), ("order_id", 0, 0), ("note", 20, 0)]
)
def test_invisible_characters_in_ids_are_in_doubt(name: str, n: int, doubted: int) -> None:
    drafted = draft_column(column(name, n_odd_characters=n), "d", AS_OF)
    assert [one.rows for one in drafted.doubts] == [n] * doubted
    assert all("a repeated key may be missed" in str(one) for one in drafted.doubts)
