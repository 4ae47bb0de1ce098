"""Months as `YYYY-MM`: which are complete, and which two a change compares."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MOST_MONTHS = 600


@dataclass(frozen=True)
class Period:
    """The newest complete month, and the calendar month before it if that is complete too."""

    month: str
    before: str | None


def partial_months(days: tuple[date, date] | None) -> list[str]:
    """Return the months that the data covers in part: it begins after their first day, or ends
    before their last. None where the covered days are unknown.
    """
    if days is None:
        return []
    first, last = days
    cut = [first] if first.day > 1 else []
    cut += [last] if last.day < monthrange(last.year, last.month)[1] else []
    return list(dict.fromkeys(month_of(day) for day in cut))


def newest_period(months: Sequence[str], partial: Collection[str]) -> Period | None:
    """Return the two months that the newest figures compare; None if no month is complete."""
    complete = sorted(month for month in months if is_month(month) and month not in partial)
    if not complete:
        return None
    before = month_before(complete[-1])
    return Period(complete[-1], before if before in complete else None)


def every_month(months: Collection[str]) -> list[str]:
    """Return all calendar months from the first to the last; only those given if very many."""
    known = sorted(month for month in months if is_month(month))
    if not known:
        return []
    found = [known[-1]]
    while found[-1] > known[0]:
        if len(found) >= _MOST_MONTHS:
            return known
        found.append(month_before(found[-1]))
    return found[::-1]


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def month_before(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return month_of(first - timedelta(days=1)) if first > date.min else month


def is_month(label: str) -> bool:
    """Return whether the label is a month: that of rows without a date is not."""
    try:
        date.fromisoformat(f"{label}-01")
    except ValueError:
        return False
    return True


def month_name(month: str) -> str:
    """Format a month: '2026-10' -> 'October 2026'; other labels are unchanged."""
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}" if is_month(month) else month


def month_text(month: str) -> str:
    """Format a month briefly: 'Oct 2026'."""
    return f"{date.fromisoformat(f'{month}-01'):%b %Y}" if is_month(month) else month


def change(now: float, before: float | None) -> float | None:
    """Return the change as a share of the earlier figure; None where there is nothing to compare
    with.
    """
    return None if before is None or not before > 0 else now / before - 1
