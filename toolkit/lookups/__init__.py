"""Lookup files that users edit: loading them for cleaning, and drafting new entries from data.

Both compare spellings by the same match key and find names by the same function.
"""

from __future__ import annotations

from toolkit.lookups.loading import load_lookups, load_numbers
from toolkit.lookups.lookup import Lookup
from toolkit.lookups.spelling import match_key

__all__ = ["Lookup", "load_lookups", "load_numbers", "match_key"]
