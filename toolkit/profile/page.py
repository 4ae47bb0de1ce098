"""Render a profile as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from toolkit.pages.chart import bar, rule, svg, text
from toolkit.pages.render import render
from toolkit.profile import phrases
from toolkit.profile.facts import ColumnFacts, FileFacts, Profile
from toolkit.read.dialect import DELIMITER_NAMES
from toolkit.units import cut, human_bytes, human_count, human_share

_LONGEST = 2000
_MOST_REPEATED = 0.2
_WIDTH, _HEIGHT, _BOTTOM = 340, 96, 16
_GAP = 1.5
_LEAST_HEIGHT = 1.5
Fact = tuple[str, str]


def profile_page(profile: Profile) -> str:
    """Render the format of the files, the doubts, keys and formulas, and a card per column."""
    names = [Path(name).name for name in profile.file.files]
    return render(
        "profile/page.html",
        title=f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: profile",
        figures=_figures(profile),
        file_facts=list(_file_facts(profile.file)),
        doubts=phrases.all_doubts(profile),
        keys=[
            phrases.key_text(key)
            for key in profile.keys
            if not key.columns or key.share_repeated <= _MOST_REPEATED
        ],
        formulas=profile.formulas,
        columns=profile.columns,
        limits=profile.limits,
        longest=_LONGEST,
        share=human_share,
        distinct=phrases.distinct,
        holds=phrases.holds,
        fill=_fill,
        histogram=_histogram,
        value_bars=_value_bars,
        column_facts=lambda column: list(_column_facts(column)),
    )


def _figures(profile: Profile) -> list[Fact]:
    file = profile.file
    return [
        ("records", human_count(file.n_records)),
        ("columns", human_count(len(profile.columns))),
        ("size", human_bytes(file.n_bytes)),
        ("encoding", file.encoding),
        ("delimiter", DELIMITER_NAMES.get(file.delimiter, repr(file.delimiter))),
        ("left out", human_count(file.n_records - file.n_rows)),
    ]


def _file_facts(file: FileFacts) -> Iterator[Fact]:
    yield "files", ", ".join(file.files)
    yield "encoding", file.encoding_evidence
    yield "delimiter", file.dialect_evidence
    ends = ", ".join(f"{name} {human_count(n)}" for name, n in file.line_ends.items())
    yield "line ends", ends or "none"
    if shown := phrases.left_out(file):
        yield "left out", shown
    for example in file.malformed_examples:
        yield f"row {human_count(example.row)}", example.value


def _fill(column: ColumnFacts) -> list[tuple[str, int, str]]:
    """Count the cells that were read, that were not, that are null words and that are empty."""
    parts = (
        ("read", column.n_said - column.n_unread, column.kind),
        ("unread", column.n_unread, f"no {column.kind}"),
        ("null", column.n_missing - column.n_empty, "null words"),
        ("empty", column.n_empty, "empty"),
    )
    return [part for part in parts if part[1]]


def _histogram(column: ColumnFacts) -> Markup | None:
    """Draw the rows by number, between the fences; None where single values are clearer."""
    spread, kind = column.spread, column.kind
    if spread is None or not spread.bars or column.n_distinct <= len(column.top):
        return None
    highest = max(one.rows for one in spread.bars) or 1
    slot, floor = _WIDTH / len(spread.bars), _HEIGHT - _BOTTOM
    bars = []
    for n, one in enumerate(spread.bars):
        if one.rows:
            height = max(_LEAST_HEIGHT, one.rows / highest * (floor - 2))
            title = f"{phrases.figure(one.low, kind)} to {phrases.figure(one.high, kind)}"
            title += f": {human_count(one.rows)} rows"
            bars.append(bar(n * slot, floor - height, max(1.0, slot - _GAP), height, title))
    return svg(
        f"rows by {column.name}, without outliers",
        [
            *bars,
            rule(floor, 0, _WIDTH, "axis"),
            text(phrases.figure(spread.bars[0].low, kind), 0, _HEIGHT - 3),
            text(phrases.figure(spread.bars[-1].high, kind), _WIDTH, _HEIGHT - 3, "end"),
        ],
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
    )


def _value_bars(column: ColumnFacts) -> list[tuple[str, int, str]]:
    """Return values, or else shapes, with their rows; null words are muted."""
    if 2 * column.n_distinct <= column.n_rows and column.top:
        words = column.null_words
        return [(one.value, one.rows, "null" if one.value in words else "") for one in column.top]
    return [(one.value, one.rows, "") for one in column.shapes]


def _column_facts(column: ColumnFacts) -> Iterator[Fact]:
    yield "distinct", phrases.distinct(column)
    if column.null_words:
        words = (f"{word!r} {human_count(n)}" for word, n in column.null_words.items())
        yield "null words", ", ".join(words)
    if column.spread is not None and column.kind != "email":
        yield from _spread_facts(column)
    if column.n_said:
        longest = human_count(column.longest)
        lengths = f"{human_count(column.shortest)} to {longest} characters"
        differ = column.shortest < column.longest
        yield "length", f"{lengths}, {column.mean_length} on average" if differ else longest
    common = column.shapes and column.shapes[0].rows >= phrases.COMMON_SHAPE * column.n_rows
    if common and column.kind in ("text", "email", "integer"):
        yield "shapes", ", ".join(cut(one.value, 30) for one in column.shapes[:3])
    if column.unread:
        yield f"no {column.kind}", ", ".join(map(str, column.unread))
    for order in column.day_orders:
        yield (
            "day order",
            f"{order.date_format}: {human_count(order.decided)} cells prove it, "
            f"{human_count(order.contradict)} the other, {human_count(order.either)} fit both",
        )
    blanks = [
        f"{human_count(n)} {what}"
        for n, what in (
            (column.n_blank_ends, "at an end"),
            (column.n_inner_blanks, "several inside"),
            (column.n_odd_characters, "odd ones or controls"),
        )
        if n
    ]
    if blanks:
        yield "blanks", ", ".join(blanks)
    if column.case_variants:
        yield "case alone", "; ".join(" / ".join(same[:3]) for same in column.case_variants[:3])


def _spread_facts(column: ColumnFacts) -> Iterator[Fact]:
    spread, kind = column.spread, column.kind
    if spread is None:
        return
    about = "about " if spread.estimated else ""
    yield "range", f"{phrases.figure(spread.low, kind)} to {phrases.figure(spread.high, kind)}"
    yield "quartiles", about + ", ".join(phrases.figure(v, kind) for v in spread.quartiles)
    yield "mean", about + phrases.figure(spread.mean, kind)
    if spread.n_outliers:
        examples = ", ".join(phrases.figure(value, kind) for value in spread.outliers)
        fences = " to ".join(phrases.figure(v, kind) for v in spread.fences)
        n = human_count(spread.n_outliers)
        yield "outliers", f"{about}{n} rows beyond {fences}, such as {examples}"
