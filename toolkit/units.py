"""Counts, sizes and speeds as a person reads them."""

from __future__ import annotations

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_COUNTS = ("", "k", "M", "G", "T")


def human_count(count: int) -> str:
    """Format a count: 12345678 -> '12,345,678'."""
    return f"{count:,}"


def human_number(count: int, what: str) -> str:
    """Format a count with its noun: '1 row', '78,683 rows'."""
    return f"{human_count(count)} {what}{'' if count == 1 else 's'}"


def human_bytes(n_bytes: float) -> str:
    """Format bytes in powers of 1,000: 999 -> '999 B', 1234567 -> '1.2 MB'."""
    power = _power(n_bytes, len(_SIZES))
    return f"{_in_power(n_bytes, power)} {_SIZES[power]}"


def human_part(done: float, total: float) -> str:
    """Format two sizes in the unit of the total: '1.2 of 3.4 GB'."""
    return f"{_in_power(done, _power(total, len(_SIZES)))} of {human_bytes(total)}"


def human_rate(per_second: float) -> str:
    """Format a rate in at most three digits: '1.9M', '850k', '12'."""
    power = _power(per_second, len(_COUNTS))
    scaled = per_second / 1000**power
    digits = 1 if power and scaled < 9.95 else 0
    return f"{scaled:.{digits}f}{_COUNTS[power]}"


def human_seconds(seconds: float) -> str:
    """Format a duration: 8.64 -> '8.6 s', 125 -> '2 min 5 s', 3780 -> '1 h 3 min'."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def human_figure(value: float) -> str:
    """Format in at most three digits: 4119532 -> '4.12M', 1071 -> '1.07k', 84.5 -> '84.5'."""
    if abs(value) < 1000 and value == round(value):
        return f"{value:.0f}"
    power = _power(abs(value), len(_COUNTS))
    scaled = value / 1000**power
    digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
    return f"{scaled:.{digits}f}{_COUNTS[power]}"


def human_share(part: float, whole: float) -> str:
    """Format a share: 1 of 8 -> '12.5 %'; a dash for a share of nothing."""
    if not whole:
        return "-"
    share = f"{100 * part / whole:.1f}"
    return "<0.1 %" if part and share == "0.0" else f"{share} %"


def _power(value: float, limit: int) -> int:
    power = 0
    # A figure that would be rounded to 1000 belongs to the next unit.
    while value >= 999.5 and power < limit - 1:
        value /= 1000
        power += 1
    return power


def _in_power(value: float, power: int) -> str:
    return f"{value / 1000**power:.{1 if power else 0}f}"


def cut(text: str, longest: int) -> str:
    """Return `text` in at most `longest` characters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
