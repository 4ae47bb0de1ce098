"""Names that the toolkit gives of itself, whatever the contract."""

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
"""The columns that a rejected row gains."""

RANK_COLUMN, METRIC_COLUMN, EXTREME_COLUMN = "rank", "metric_type", "anomaly_reason"
"""The columns that rankings and extremes gain."""

SUGGESTED = ".suggested.json"
"""What follows the name of a lookup in that of the file which says what a machine put into it."""
