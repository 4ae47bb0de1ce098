"""Great Expectations' pandas engine, limited to row conditions that were parsed and found safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.row_conditions import Condition, PassThroughCondition

from toolkit.contract.python_syntax import PARSING
from toolkit.validate.plan import row_condition
from toolkit.validate.queries import SCOPE, read_condition


class CarefulEngine(PandasExecutionEngine):
    """The stock engine, but a row condition is parsed before pandas runs it."""

    def _apply_row_condition_filter(
        self, data: pd.DataFrame, row_condition: Any, domain_kwargs: dict[str, Any]
    ) -> pd.DataFrame:
        query = self.query_of({**domain_kwargs, "row_condition": row_condition})
        if query is None:
            return data
        with PARSING:
            return data.query(read_condition(query, None), **SCOPE)

    def query_of(self, domain_kwargs: Mapping[str, Any]) -> str | None:
        """Return the row condition as text. Raises ConditionError, or what stock raises, about an
        invalid one.

        It goes to pandas as read_condition rewrites it.
        """
        if not domain_kwargs.get("row_condition"):
            return None
        condition = row_condition(domain_kwargs["row_condition"])
        if isinstance(condition, Condition) and not isinstance(condition, PassThroughCondition):
            # Great Expectations' own conditions may have lists of values of any length.
            query = str(self.condition_to_filter_clause(condition))
            read_condition(query, None)
            return query
        if isinstance(condition, PassThroughCondition):
            query = str(condition.pass_through_filter)
        elif domain_kwargs.get("condition_parser") == "pandas":
            query = str(condition)
        else:
            # Stock code reports the error.
            super()._apply_row_condition_filter(pd.DataFrame(), condition, dict(domain_kwargs))
            raise AssertionError("a condition without a parser")
        read_condition(query)
        return query
