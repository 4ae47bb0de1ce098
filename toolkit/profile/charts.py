"""Small charts of a column: how full it is, its distribution, its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from toolkit.profile.facts import Bar, ColumnFacts, Frequent
from toolkit.profile.phrases import figure
from toolkit.units import human_count, human_share

_WIDTH, _HEIGHT, _BOTTOM = 340, 96, 16
_GAP = 1.5
_LEAST_HEIGHT = 1.5
_LONGEST_VALUE = 48


def fill_bar(column: ColumnFacts) -> str:
    """A stripe of what the cells are: read, unread, null words, empty; with the shares in words."""
    n_null = column.n_missing - column.n_empty
    parts = (
        ("read", column.n_said - column.n_unread, column.kind),
        ("unread", column.n_unread, f"no {column.kind}"),
        ("null", n_null, "null words"),
        ("empty", column.n_empty, "empty"),
    )
    shown = [(css, n, told) for css, n, told in parts if n]
    stripes = "".join(f'<i class="{css}" style="flex-grow:{n}"></i>' for css, n, told in shown)
    words = "".join(
        f'<li class="{css}">{human_share(n, column.n_rows)} {escape(told)}</li>'
        for css, n, told in shown
    )
    return f'<div class="stripe">{stripes}</div><ul class="parts">{words}</ul>'


def histogram(bars: Sequence[Bar], kind: str, label: str) -> str:
    """Rows by the size of their number, between the fences."""
    return "".join(
        [
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">',
            *_bars(bars, kind),
            f'<path class="axis" d="M0 {_HEIGHT - _BOTTOM}H{_WIDTH}"/>',
            f'<text x="0" y="{_HEIGHT - 3}">{escape(figure(bars[0].low, kind))}</text>',
            f'<text class="end" x="{_WIDTH}" y="{_HEIGHT - 3}">'
            f"{escape(figure(bars[-1].high, kind))}</text>",
            "</svg>",
        ]
    )


def _bars(bars: Sequence[Bar], kind: str) -> Iterator[str]:
    highest = max(bar.rows for bar in bars) or 1
    slot = _WIDTH / len(bars)
    for n, bar in enumerate(bars):
        if not bar.rows:
            continue
        height = max(_LEAST_HEIGHT, bar.rows / highest * (_HEIGHT - _BOTTOM - 2))
        told = f"{figure(bar.low, kind)} to {figure(bar.high, kind)}: {human_count(bar.rows)} rows"
        yield (
            f'<rect x="{n * slot:.1f}" y="{_HEIGHT - _BOTTOM - height:.1f}" '
            f'width="{max(1.0, slot - _GAP):.1f}" height="{height:.1f}">'
            f"<title>{escape(told)}</title></rect>"
        )


def value_bars(values: Sequence[Frequent], n_rows: int, null_words: Sequence[str] = ()) -> str:
    """Draw a bar for each value, by descending number of rows; null words are muted."""
    most = max(one.rows for one in values)
    lines = []
    for one in values:
        shown = one.value if len(one.value) <= _LONGEST_VALUE else one.value[:_LONGEST_VALUE] + "…"
        kind = ' class="null"' if one.value in null_words else ""
        lines.append(
            f'<li{kind}><span class="bar" style="width:{100 * one.rows / most:.1f}%"></span>'
            f'<span class="value" title="{escape(one.value)}">{escape(shown)}</span>'
            f'<span class="rows" title="{human_count(one.rows)} rows">'
            f"{human_share(one.rows, n_rows)}</span></li>"
        )
    return f'<ol class="values">{"".join(lines)}</ol>'
