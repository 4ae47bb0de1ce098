"""Render a profile as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from toolkit.pages.document import read_style, standalone_page
from toolkit.profile.charts import fill_bar, histogram, value_bars
from toolkit.profile.dialect import DELIMITER_NAMES
from toolkit.profile.facts import ColumnFacts, FileFacts, Profile
from toolkit.profile.phrases import all_doubts, distinct, figure, holds, key_told
from toolkit.units import cut, human_bytes, human_count, human_share

_LONGEST = 80
_MOST_REPEATED = 0.2
_COMMON_SHAPE = 0.1
Fact = tuple[str, str]


def profile_page(profile: Profile) -> str:
    """How the files are written, what is in doubt, keys and formulas, and a card a column."""
    names = [Path(name).name for name in profile.file.files]
    title = f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: what it holds"
    body = [
        f"<h1>{escape(title)}</h1>",
        *_summary(profile),
        *_doubts(profile),
        *_across(profile),
        *_index(profile),
        *_cards(profile),
        *_foot(profile),
    ]
    return standalone_page(title, read_style(__package__, "page.css"), "\n".join(body))


def _summary(profile: Profile) -> Iterator[str]:
    file = profile.file
    figures = [
        ("records", human_count(file.n_records)),
        ("columns", human_count(len(profile.columns))),
        ("size", human_bytes(file.n_bytes)),
        ("encoding", file.encoding),
        ("delimiter", DELIMITER_NAMES.get(file.delimiter, repr(file.delimiter))),
        ("left out", human_count(file.n_records - file.n_rows)),
    ]
    yield '<ul class="figures">'
    yield from (f"<li><b>{escape(v)}</b><span>{escape(k)}</span></li>" for k, v in figures)
    yield "</ul>"
    yield '<dl class="facts">'
    yield from _facts(list(_file_facts(file)))
    yield "</dl>"


def _file_facts(file: FileFacts) -> Iterator[Fact]:
    yield "files", ", ".join(file.files)
    yield "encoding", file.encoding_evidence
    yield "delimiter", file.dialect_evidence
    ends = ", ".join(f"{name} {human_count(n)}" for name, n in file.line_ends.items())
    yield "line ends", ends or "none"
    left_out = {"blank": file.n_blank, "the header again": file.n_repeated_headers}
    left_out |= file.malformed
    shown = ", ".join(f"{human_count(n)} {what}" for what, n in left_out.items() if n)
    if shown:
        yield "left out", shown
    for example in file.malformed_examples:
        yield f"row {human_count(example.row)}", example.value


def _facts(facts: list[Fact]) -> Iterator[str]:
    yield from (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts)


def _doubts(profile: Profile) -> Iterator[str]:
    doubts = all_doubts(profile)
    yield "<h2>In doubt</h2>"
    if not doubts:
        yield '<p class="soft">Nothing that a program could see.</p>'
        return
    yield '<ul class="doubts">'
    for where, doubt in doubts:
        name = escape(where)
        link = name if where == "file" else f'<a href="#{name}">{name}</a>'
        yield f"<li><b>{link}</b> {escape(str(doubt))}</li>"
    yield "</ul>"


def _across(profile: Profile) -> Iterator[str]:
    yield "<h2>Keys and formulas</h2><ul>"
    likely = (
        key for key in profile.keys if not key.columns or key.share_repeated <= _MOST_REPEATED
    )
    yield from (f"<li>{escape(key_told(key))}</li>" for key in likely)
    for one in profile.formulas:
        held = f"in {human_share(one.n_holding, one.n_known)} of the rows that have all figures"
        yield f"<li><code>{escape(f'{one.column} = {one.formula}')}</code> {held}</li>"
    yield "</ul>"


def _index(profile: Profile) -> Iterator[str]:
    yield '<h2>Columns</h2><div class="index"><table><thead><tr>'
    for heading, kind in (
        ("column", ""),
        ("kind", ""),
        ("missing", "number"),
        ("distinct", "number"),
        ("holds", "holds"),
    ):
        yield f'<th class="{kind}">{heading}</th>'
    yield "</tr></thead><tbody>"
    for column in profile.columns:
        missing = human_share(column.n_missing, column.n_rows) if column.n_missing else "-"
        name = escape(column.name)
        yield (
            f'<tr><td><a href="#{name}">{name}</a></td><td>{column.kind}</td>'
            f'<td class="number">{missing}</td><td class="number">{distinct(column)}</td>'
            f'<td class="holds">{escape(cut(holds(column), _LONGEST))}</td></tr>'
        )
    yield "</tbody></table></div>"


def _cards(profile: Profile) -> Iterator[str]:
    yield '<div class="cards">'
    for column in profile.columns:
        name, source = escape(column.name), escape(column.source)
        yield f'<section class="card" id="{name}">'
        yield f'<h3>{name} <span class="kind">{column.kind}</span>'
        yield f'<span class="soft source">{source}</span>' if source != name else ""
        yield f"</h3>{fill_bar(column)}"
        yield from _picture(column)
        yield '<dl class="facts">'
        yield from _facts(list(_column_facts(column)))
        yield "</dl></section>"
    yield "</div>"


def _picture(column: ColumnFacts) -> Iterator[str]:
    spread = column.spread
    if spread is not None and spread.bars and column.n_distinct > len(column.top):
        label = f"rows by {column.name}, without outliers"
        yield histogram(spread.bars, column.kind, label)
    elif column.top and (2 * column.n_distinct <= column.n_rows):
        yield value_bars(column.top, column.n_rows, list(column.null_words))
    elif column.shapes:
        yield value_bars(column.shapes, column.n_rows)


def _column_facts(column: ColumnFacts) -> Iterator[Fact]:
    yield "distinct", distinct(column)
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
    common = column.shapes and column.shapes[0].rows >= _COMMON_SHAPE * column.n_rows
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
    yield "range", f"{figure(spread.low, kind)} to {figure(spread.high, kind)}"
    yield "quartiles", about + ", ".join(figure(v, kind) for v in spread.quartiles)
    yield "mean", about + figure(spread.mean, kind)
    if spread.n_outliers:
        examples = ", ".join(figure(value, kind) for value in spread.outliers)
        fences = " to ".join(figure(v, kind) for v in spread.fences)
        n = human_count(spread.n_outliers)
        yield "outliers", f"{about}{n} rows beyond {fences}, such as {examples}"


def _foot(profile: Profile) -> Iterator[str]:
    limits = profile.limits
    yield (
        '<p class="soft foot">In shapes 9 is a digit, a and A are letters. Outliers lie more than '
        "one and a half times the distance of the quartiles beyond these. A column with more than "
        f"{human_count(limits['distinct_values'])} distinct values is counted exactly where it "
        f"says no 'about', which is told from a fair sample of "
        f"{human_count(limits['sampled_values'])} of them.</p>"
    )
