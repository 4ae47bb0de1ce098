"""Format names and figures for display."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from toolkit.units import human_figure, human_number

_SHARES = ("percent", "share", "rate", "ratio")


def label(name: str) -> str:
    """Label a measure: 'total_revenue' -> 'Revenue', 'order_count' -> 'Orders'.

    A share loses the word for it, since its figures have a % sign.
    """
    words = name.replace("_", " ").strip()
    words = re.sub(r"^(total|sum) (?=.)", "", words)
    words = re.sub(r"^(avg|mean) (?=.)", "average ", words)
    words = re.sub(r"^(.+) count$", r"\1s", words)
    words = re.sub(r"(?<=.) (percent|share)$", "", words)
    return words[:1].upper() + words[1:]


def table_label(name: str) -> str:
    """Label a table: 'sales_by_month' -> 'Sales by month'."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def is_share(name: str, highest: float) -> bool:
    """Return whether figures are shares of 1, by their name and by none being above it."""
    return name.rsplit("_", 1)[-1] in _SHARES and highest <= 1


def figure(value: float, *, share: bool = False) -> str:
    """Format a headline figure: three digits at most, '4.12M'; a share as '14.1 %'; '-' for
    none.
    """
    if value != value:
        return "-"
    return f"{100 * value:.1f} %" if share else human_figure(value)


def change_text(change: float | None) -> str | None:
    """Format a change as '+3.2 %'; None stays None, for no comparison."""
    return None if change is None else f"{100 * change:+.1f} %"


def points_text(points: float) -> str:
    """Format the difference of two shares, in percentage points."""
    return f"{100 * points:+.1f} pp"


def age(moment: datetime, now: datetime | None = None) -> str:
    """Format an age: '3 minutes ago'."""
    passed = (now or datetime.now(UTC)) - moment
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if passed >= length:
            return f"{human_number(passed // length, unit)} ago"
    minutes = passed // timedelta(minutes=1)
    return f"{human_number(minutes, 'minute')} ago" if minutes > 0 else "just now"


def moment_text(moment: datetime, *, seconds: bool = False) -> str:
    """Format a time as '24 Nov 2026, 14:28' in the time zone of the machine."""
    local = moment.astimezone()
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local.day} {local:%b %Y}, {clock}"


def day_text(day: date) -> str:
    """Format a day as '24 November 2026'."""
    return f"{day.day} {day:%B %Y}"


def lowered(text: str) -> str:
    """Lower-case the first letter for use within a sentence: 'Average order value' -> 'average
    order value'.
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def plain(text: str) -> str:
    """Escape everything that Markdown would interpret."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", text)
