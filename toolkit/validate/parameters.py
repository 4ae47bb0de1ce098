"""Values of the $PARAMETER expressions in suites.

From the manifest that a dataset was published with, counts of the whole run it came from:
    rows_in, rows_clean, rows_rejected  rows
From the contract:
    reasons            every reason that a row can be rejected for
    <column>_earliest  for a date column with years_before: its first day, `YYYY-MM-DD`
    <column>_latest    for a date column with years_after: its last day, `YYYY-MM-DD`
                       (for a timestamp column the first and the last moment of these days)
From the lookups, for a category or mapped column:
    <column>_values    its canonical names
    <column>_count     how many they are

A suite may calculate with numbers, such as {"$PARAMETER": "rows_in * 0.3"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from toolkit.contract import Contract
from toolkit.lookups import Lookup

_COUNTS = ("rows_in", "rows_clean", "rows_rejected")


def suite_parameters(
    contract: Contract,
    lookups: Mapping[str, Lookup],
    as_of: date,
    manifest: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return parameters by name, as plain JSON values.

    `lookups` is the result of load_lookups for the contract, `as_of` the day that the dataset's
    date limits count from, `manifest` the content of its _manifest.json. A count that the manifest
    lacks, or a dataset without a manifest, gives no parameter.
    """
    parameters: dict[str, Any] = {"reasons": list(contract.all_reasons)}
    for name, column in contract.columns.items():
        for end, value in column.parameters(as_of).items():
            parameters[f"{name}_{end}"] = value
        if name in lookups:
            parameters[f"{name}_values"] = list(lookups[name].names)
            parameters[f"{name}_count"] = len(lookups[name].names)
    return parameters | {name: manifest[name] for name in _COUNTS if name in manifest}
