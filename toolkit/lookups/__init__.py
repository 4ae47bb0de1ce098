"""The lookups that people edit, and what may be added to them for people to accept.

Loading gives cleaning what it goes by; building proposes new entries for what the data holds.
Both compare spellings by the same match key and find labels by the same function.
"""

from __future__ import annotations

from toolkit.lookups.loading import load_lookups, load_numbers
from toolkit.lookups.lookup import Lookup
from toolkit.lookups.spelling import match_key

__all__ = ["Lookup", "load_lookups", "load_numbers", "match_key"]
