"""The contract of a dataset: conf/dataset/<name>.yaml as frozen dataclasses.

toolkit.settings.config builds them from YAML and reports every problem at once; everything else
only reads them. The docstrings of classes and keys are the text of docs/contract.md.
"""

from __future__ import annotations

from toolkit.contract.aggregations import (
    AnyAggregation,
    Extremes,
    Grain,
    Ranking,
    Summary,
)
from toolkit.contract.column import Column, LookupPart, Personal
from toolkit.contract.columns import (
    KINDS,
    AnyColumn,
    Category,
    Email,
    Mapped,
    Repair,
    Text,
    Unused,
)
from toolkit.contract.contract import (
    Contract,
    CsvFormat,
    Delimiter,
    LookupLimits,
    delimiter_problem,
    text_contract,
)
from toolkit.contract.dated import Date, Dated, Timestamp
from toolkit.contract.measures import Measure
from toolkit.contract.names import (
    BLANK_ROW,
    EXTREME_COLUMN,
    MALFORMED,
    METRIC_COLUMN,
    RANK_COLUMN,
    RAW_LINE_COLUMN,
    REASON_COLUMN,
    REPEATED_HEADER,
    ROW_FACTS,
    SOURCE_FILE_COLUMN,
    SOURCE_ROW_COLUMN,
    STRUCTURAL_REASONS,
    SUGGESTED,
)
from toolkit.contract.numeric import Integer, Number, Numeric
from toolkit.contract.part import Limits
from toolkit.contract.rules import Check, Derived, Fill, Flag, Key

__all__ = [
    "BLANK_ROW",
    "EXTREME_COLUMN",
    "KINDS",
    "MALFORMED",
    "METRIC_COLUMN",
    "RANK_COLUMN",
    "RAW_LINE_COLUMN",
    "REASON_COLUMN",
    "REPEATED_HEADER",
    "ROW_FACTS",
    "SOURCE_FILE_COLUMN",
    "SOURCE_ROW_COLUMN",
    "STRUCTURAL_REASONS",
    "SUGGESTED",
    "AnyAggregation",
    "AnyColumn",
    "Category",
    "Check",
    "Column",
    "Contract",
    "CsvFormat",
    "Date",
    "Dated",
    "Delimiter",
    "Derived",
    "Email",
    "Extremes",
    "Fill",
    "Flag",
    "Grain",
    "Integer",
    "Key",
    "Limits",
    "LookupLimits",
    "LookupPart",
    "Mapped",
    "Measure",
    "Number",
    "Numeric",
    "Personal",
    "Ranking",
    "Repair",
    "Summary",
    "Text",
    "Timestamp",
    "Unused",
    "delimiter_problem",
    "text_contract",
]
