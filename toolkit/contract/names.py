"""Names that the toolkit itself adds, whatever the contract."""

from __future__ import annotations

MALFORMED = "malformed_row"
REPEATED_HEADER = "repeated_header"
BLANK_ROW = "blank_row"
STRUCTURAL_REASONS = (MALFORMED, REPEATED_HEADER, BLANK_ROW)

REASON_COLUMN = "rejection_reason"
SOURCE_FILE_COLUMN = "source_file"
SOURCE_ROW_COLUMN = "source_row"
RAW_LINE_COLUMN = "raw_line"
ROW_FACTS = (REASON_COLUMN, SOURCE_FILE_COLUMN, SOURCE_ROW_COLUMN, RAW_LINE_COLUMN)
"""Columns added to a rejected row."""

RANK_COLUMN, METRIC_COLUMN, EXTREME_COLUMN = "rank", "metric_type", "anomaly_reason"
"""Columns added to rankings and extremes."""

SUGGESTED = ".suggested.json"
"""Suffix of the file beside a lookup with the entries that the toolkit added."""
