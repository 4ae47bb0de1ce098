"""Turn merged column counts into ColumnFacts."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from toolkit.arrays import Floats
from toolkit.contract import Integer, Number, Numeric, Timestamp
from toolkit.lookups.matching import MOST_EDITS, is_slip
from toolkit.lookups.spelling import match_key
from toolkit.profile.cells import ColumnPart, Question
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import Bar, ColumnFacts, DayOrder, Example, Frequent, Spread
from toolkit.profile.guess import DistinctCells, Guess, Order
from toolkit.profile.guessing import guess_reading
from toolkit.profile.guessing_clock import doubt_counted_time
from toolkit.profile.guessing_numbers import as_integer, as_number
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.readings import Reading, Tally
from toolkit.profile.vocabulary import ROWS, VALUE, Ints, Vocabulary
from toolkit.units import human_number

Whereabouts = Callable[[int, str], Example]
"""Makes an example that names file and row, from an index and the value there."""

_TOP, _SHAPES, _VARIANTS, _N_OUTLIERS, _N_BARS = 10, 5, 5, 3, 24
_LONGEST_SHOWN = 120
_BOOLEANS = (
    {"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"on", "off"}, {"ja", "nein"},
    {"oui", "non"}, {"si", "no"}, {"sí", "no"},
)  # fmt: skip
_MOST_NAMES, _MOST_NAMES_OF_IDS, _MOST_RARE = 200, 50, 10_000
_LEAST_REPEATS = 5
_LEAST_ROWS = 20
_MOST_ROWS = 0.5
# A value with a larger share of a name's rows is a name of its own, not a typing error.
_SLIPS = 0.005
_LONG_NAME = 8
_CODES = ("AA", "AAA", "AAAA")
"""Shapes of upper-case codes; among these a word such as NA is a code."""
_MUCH_OF_A_CATEGORY = 0.05
_NAMES_OF_PEOPLE = re.compile(
    r"phone|(^|[^a-z])(tel|fax|zip|mail|street)|mobile|address|postal|postcode|"
    r"(first|last|contact|full|sur)[ _]?name",
    re.IGNORECASE,
)
_BULK = 10 * 365.25 * 86_400_000_000
_NO_DAYS = ("1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01", "1753-01-01", "0001-01-01",
            "9999-12-31", "2999-12-31", "2099-12-31")  # fmt: skip
"""Dates that programs write for a missing date."""


@dataclass(frozen=True)
class Described:
    """A column's name and source, how it was counted, and where its rows are."""

    name: str
    source: str
    question: Question
    where: Whereabouts
    threshold: float
    """The least share of rows of a value that is a name for certain."""
    commas: bool
    order: Order | None = None
    """Day or month, whichever other columns prove to come first."""
    labels: tuple[str, ...] = ()
    """Values that only totals have, in lower case..."""
    n_labels: int = 0
    """... and the rows that have them."""

    def cells(self, part: ColumnPart, null_words: Iterable[str]) -> DistinctCells:
        """Return the values of records, without null words and labels of totals."""
        return DistinctCells.of(
            part.values.table, [*(word.lower() for word in null_words), *self.labels]
        )


def describe_column(part: ColumnPart, of: Described) -> ColumnFacts:
    """Describe one column by the merged counts of all blocks."""
    null_words, doubts = _null_words(part)
    cells = of.cells(part, null_words)
    guess, tally, estimated = _reading(part, cells, of)
    kind, names, spellings = _words(guess, part.values, cells, of)
    values = _much_of(null_words, part) if kind in ("category", "boolean") else {}
    if values:
        null_words = {word: rows for word, rows in null_words.items() if word not in values}
        doubts += [
            _value_doubt(w, n, "it has more than 5 % of the rows") for w, n in values.items()
        ]
        cells = of.cells(part, null_words)
        guess, tally, estimated = _reading(part, cells, of)
        kind, names, spellings = _words(guess, part.values, cells, of)
    n_null = sum(null_words.values())
    n_said = part.cells.n_filled - n_null - of.n_labels
    unread = tally.n_unread if not guess.reading.is_text else 0
    frequent = part.values.most_frequent_first()
    far = _far_days(cells, guess) if kind in ("date", "timestamp") else None
    spread = None if guess.reading.is_text else _spread(cells, guess.reading, tally, estimated)
    clock = doubt_counted_time(of.source, spread, n_said) if kind in ("integer", "number") else ()
    return ColumnFacts(
        name=of.name,
        source=of.source,
        kind="empty" if n_said == 0 else kind,
        n_rows=part.cells.n_cells,
        n_empty=part.cells.n_cells - part.cells.n_filled,
        n_said=n_said,
        null_words=dict(sorted(null_words.items(), key=lambda item: (-item[1], item[0]))),
        kept_words=tuple(sorted(set(part.cells.null_words) - set(null_words))),
        n_unread=unread,
        unread=tuple(of.where(m.place, m.value[:_LONGEST_SHOWN]) for m in tally.misfits),
        n_distinct=len(cells.values) if part.values.is_whole else part.values.n_distinct,
        distinct_is_exact=part.values.is_whole,
        top=_frequent(frequent, _TOP) if part.values.is_whole else (),
        shapes=_frequent(part.shapes.most_frequent_first(), _SHAPES),
        shortest=part.cells.shortest,
        longest=part.cells.longest,
        mean_length=round(part.cells.n_characters / max(1, part.cells.n_filled), 1),
        n_blank_ends=part.cells.n_blank_ends,
        n_inner_blanks=part.cells.n_inner_blanks,
        n_odd_characters=part.cells.n_odd_characters,
        case_variants=_case_variants(frequent) if part.values.is_whole and kind != "number" else (),
        spread=spread,
        day_orders=_day_orders(part, cells, guess, of),
        doubts=(*doubts, *guess.doubts, *_spelling_doubts(spellings, names), *clock),
        n_leading_zeros=part.cells.n_leading_zeros,
        n_long_digits=part.cells.n_long_digits,
        n_shortened=part.cells.n_shortened,
        n_point_zero=part.cells.n_point_zero,
        n_cut=part.cells.n_cut,
        n_phones=part.cells.n_phones,
        n_apostrophes=part.cells.n_apostrophes,
        undecided=guess.undecided,
        **_far_facts(far, cells, of),
        reading=guess.reading,
        names=names,
        spellings=spellings,
    )


def _null_words(part: ColumnPart) -> tuple[dict[str, int], list[Doubt]]:
    """Return the words that mean null, by rows, unless they could well be values."""
    words = dict(part.cells.null_words)
    codes = sum(_rows_of_shape(part.shapes, shape) for shape in _CODES)
    doubts = []
    for word, rows in list(words.items()):
        is_code = word.isupper() and word.isalpha() and len(word) <= len(_CODES[-1])
        others = part.cells.n_filled - rows
        as_value = is_code and codes - rows > others / 2
        if as_value or rows == part.cells.n_filled:
            del words[word]
            why = "other values are codes in capitals too" if as_value else "there is nothing else"
            doubts.append(_value_doubt(word, rows, why))
    return words, doubts


def _value_doubt(word: str, rows: int, why: str) -> Doubt:
    text = f"{word!r} ({human_number(rows, 'row')}) is taken for a value: {why}; null_words: "
    return Doubt(f"{text}[{word}] would empty it", rows)


def _much_of(null_words: dict[str, int], part: ColumnPart) -> dict[str, int]:
    """Return words that are so frequent in a category that they are probably values of it."""
    by_key: dict[str, int] = defaultdict(int)
    for word, rows in null_words.items():
        by_key[word.lower()] += rows
    least = _MUCH_OF_A_CATEGORY * part.cells.n_filled
    return {word: rows for word, rows in null_words.items() if by_key[word.lower()] > least}


@dataclass(frozen=True)
class _FarDays:
    """The places among the cells of days far from the others, and the ends of these."""

    places: Ints
    ends: tuple[float, float]


def _far_days(cells: DistinctCells, guess: Guess) -> _FarDays | None:
    """Return days that are more than ten years, and three times the interquartile range, from the
    middle half.
    """
    moments = guess.reading.read(cells.values)
    known = np.flatnonzero(~np.isnan(moments))
    if len(known) == 0:
        return None
    order = known[np.argsort(moments[known], kind="stable")]
    first, third = (_quantile(moments[order], cells.rows[order], q) for q in (0.25, 0.75))
    reach = max(_BULK, 3 * (third - first))
    none = np.array(_NO_DAYS, "datetime64[us]").astype(np.int64)
    day = 86_400_000_000
    far = (moments < first - reach) | (moments > third + reach)
    far |= np.isin(np.floor_divide(np.nan_to_num(moments), day) * day, none) & ~np.isnan(moments)
    near = moments[~far & ~np.isnan(moments)]
    if len(near) == 0:
        return None
    return _FarDays(np.flatnonzero(far), (float(near.min()), float(near.max())))


def _far_facts(far: _FarDays | None, cells: DistinctCells, of: Described) -> dict[str, Any]:
    if far is None:
        return {}
    first = far.places[np.argsort(cells.places[far.places], kind="stable")][:_N_OUTLIERS]
    return {
        "near_days": far.ends,
        "n_far_days": int(cells.rows[far.places].sum()),
        "far_days": tuple(
            of.where(int(cells.places[n]), cells.values[int(n)].as_py()) for n in first
        ),
    }


def _rows_of_shape(shapes: Vocabulary, shape: str) -> int:
    for row in shapes.table.to_pylist():
        if row[VALUE] == shape:
            return int(row[ROWS])
    return 0


def _reading(part: ColumnPart, cells: DistinctCells, of: Described) -> tuple[Guess, Tally, bool]:
    """Return the best guess, its counts, and whether those are an estimate."""
    guess = guess_reading(cells, commas=of.commas, order=of.order, source=of.source)
    if part.values.is_whole:
        return guess, guess.tally, False
    if guess.reading.is_text:
        return guess, Tally(), True
    if _covers(of.question.reading, guess.reading):
        reading, doubts = guess.reading, guess.doubts
        if isinstance(reading.column, Numeric):
            reading = _whole_or_not(reading, of.question.reading, part.tally)
            doubts = tuple(Doubt(f"in a sample of the values, {one}", one.rows) for one in doubts)
        return replace(guess, reading=reading, tally=part.tally, doubts=doubts), part.tally, True
    doubt = Doubt("the beginning of the file reads otherwise than the rest; counts are estimates")
    return Guess(guess.reading, guess.tally, (*guess.doubts, doubt)), guess.tally, True


def _whole_or_not(reading: Reading, asked: Reading, tally: Tally) -> Reading:
    """Read as number if some cell has a fraction, though none of the sample has; with every way to
    write numbers that all cells were asked for.
    """
    column = asked.column
    if not isinstance(column, Integer | Number):
        return reading
    whole = isinstance(reading.column, Integer) and not tally.n_fractions
    return Reading(as_integer(column) if whole else as_number(column))


def _covers(asked: Reading, found: Reading) -> bool:
    """Return whether a reading reads all that another does: whole numbers may have been read as
    numbers, and rare affixes and signs may not be in a sample.
    """
    one, other = asked.column, found.column
    if isinstance(one, Timestamp) and isinstance(other, Timestamp):
        # The zone of report is chosen by the seasons that have been seen.
        return other == replace(one, report_zone=other.report_zone)
    if not isinstance(one, Numeric) or not isinstance(other, Numeric):
        return asked == found
    rare = ("negative", "prefix", "suffix", "words")
    return all({*other.written[key]} <= {*value} if key in rare else other.written[key] == value
               for key, value in one.written.items())  # fmt: skip


def _frequent(table: pa.Table, n: int) -> tuple[Frequent, ...]:
    rows = table.slice(0, n).to_pylist()
    return tuple(Frequent(str(row[VALUE])[:_LONGEST_SHOWN], int(row[ROWS])) for row in rows)


def _case_variants(frequent: pa.Table) -> tuple[tuple[str, ...], ...]:
    """Group values that differ only in case, the most frequent spelling first."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for value in frequent.column(VALUE).to_pylist():
        by_key[match_key(value)].append(value[:_LONGEST_SHOWN])
    return tuple(tuple(same) for same in by_key.values() if len(same) > 1)[:_VARIANTS]


def _spread(cells: DistinctCells, reading: Reading, tally: Tally, estimated: bool) -> Spread | None:
    if tally.low is None or tally.high is None:
        return None
    numbers = reading.read(cells.values)
    known = np.flatnonzero(~np.isnan(numbers))
    order = known[np.argsort(numbers[known], kind="stable")]
    values, rows = numbers[order], cells.rows[order]
    if len(values) == 0:
        return None
    first, median, third = (_quantile(values, rows, share) for share in (0.25, 0.5, 0.75))
    reach = 1.5 * (third - first)
    beyond = np.flatnonzero((values < first - reach) | (values > third + reach))
    ends = values[beyond]
    furthest = [*ends[ends < first][:_N_OUTLIERS], *ends[ends > third][-_N_OUTLIERS:]]
    return Spread(
        low=tally.low,
        high=tally.high,
        mean=math.fsum((values * rows).tolist()) / int(rows.sum()),
        quartiles=(first, median, third),
        fences=(first - reach, third + reach),
        n_below_zero=int(rows[values < 0].sum()),
        n_zero=int(rows[values == 0].sum()),
        n_outliers=int(rows[beyond].sum()),
        outliers=tuple(map(float, furthest)),
        bars=_bars(values, rows, (first - reach, third + reach)),
        estimated=estimated,
    )


def _quantile(values: Floats, rows: Ints, share: float) -> float:
    """Return the lowest value that this share of the rows does not exceed."""
    below = np.cumsum(rows)
    return float(values[int(np.searchsorted(below, share * below[-1]))])


def _bars(values: Floats, rows: Ints, fences: tuple[float, float]) -> tuple[Bar, ...]:
    """Return a histogram between the fences, without the outliers."""
    low, high = max(fences[0], float(values[0])), min(fences[1], float(values[-1]))
    if not low < high:
        return ()
    edges = np.linspace(low, high, min(_N_BARS, max(2, len(values))) + 1)
    counts, _ = np.histogram(values, edges, weights=rows)
    return tuple(
        Bar(float(edges[n]), float(edges[n + 1]), int(count)) for n, count in enumerate(counts)
    )


def _day_orders(
    part: ColumnPart, cells: DistinctCells, guess: Guess, of: Described
) -> tuple[DayOrder, ...]:
    """Return the evidence of all cells where they are known, else the merged one of the blocks."""
    if part.values.is_whole:
        found = guess.reading.day_orders(cells.values, cells.rows, cells.places)
    else:
        found = part.merged_day_orders()
    return tuple(
        DayOrder(
            one.date_format,
            one.n_agreeing,
            one.n_either,
            one.n_contradicting,
            of.where(one.contradicting.row, one.contradicting.cell) if one.contradicting else None,
        )
        for one in found
    )


def _words(
    guess: Guess, whole: Vocabulary, cells: DistinctCells, of: Described
) -> tuple[str, tuple[Frequent, ...], tuple[tuple[str, str, int], ...]]:
    """Choose the kind of a column, and for a category its names and rare spellings."""
    if not guess.reading.is_text:
        return guess.kind, (), ()
    if guess.is_plain or _NAMES_OF_PEOPLE.search(of.source):
        return "text", (), ()
    if not whole.is_whole or 2 * len(cells.values) > cells.n_rows:
        return "text", (), ()
    counts = _by_spelling(cells)
    if len(counts) == 2 and any({*map(match_key, counts)} <= words for words in _BOOLEANS):
        return "boolean", tuple(Frequent(v, n) for v, n in sorted(counts.items())), ()
    names, spellings = _names(counts, cells.n_rows, of.threshold)
    if not names or cells.n_rows < max(_LEAST_ROWS, _LEAST_REPEATS * len(names)):
        return "text", (), ()
    if is_like_an_id(of.source) and len(names) > _MOST_NAMES_OF_IDS:
        return "text", (), ()
    return "category", names, spellings


def _by_spelling(cells: DistinctCells) -> dict[str, int]:
    """Sum the rows of values ignoring case, under the most frequent spelling."""
    spelt: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for value, rows in zip(cells.values.to_pylist(), cells.rows.tolist(), strict=True):
        spelt[match_key(value)].append((-rows, value))
    return {min(same)[1]: -sum(rows for rows, _ in same) for same in spelt.values()}


def _names(
    counts: dict[str, int], n_rows: int, threshold: float
) -> tuple[tuple[Frequent, ...], tuple[tuple[str, str, int], ...]]:
    """Return the names among a category's values, and the other values with the names they are
    near.

    Names are the frequent values, and rarer ones that are not a typing error of those and have a
    few rows. There are none where frequent values do not make up most rows.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    names = [value for value, rows in ordered if rows >= threshold * n_rows]
    rare = [value for value, rows in ordered if rows < threshold * n_rows]
    if sum(counts[name] for name in names) < _MOST_ROWS * n_rows or len(rare) > _MOST_RARE:
        return (), ()
    near = {
        value: name
        for value, name in _near(rare, names).items()
        if counts[value] <= max(1, _SLIPS * counts[name])
    }
    alone = [value for value in rare if value not in near]
    if len(names) + len(alone) > _MOST_NAMES:
        return (), ()
    spellings = tuple(
        (value, near.get(value, ""), counts[value]) for value in rare if value not in {*alone}
    )
    return tuple(Frequent(v, counts[v]) for v in sorted([*names, *alone])), spellings


def _near(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Map values that could be a mistyped name to the nearest name, the first of equals."""
    if not values or not names:
        return {}
    keys, targets = [*map(match_key, values)], [*map(match_key, names)]
    edits = process.cdist(
        keys, targets, scorer=Levenshtein.distance, score_cutoff=MOST_EDITS, dtype=np.int32
    )
    found: dict[str, str] = {}
    for row, column in zip(*np.nonzero(edits <= MOST_EDITS), strict=True):
        known = found.get(values[row])
        nearer = known is None or edits[row, column] < edits[row, names.index(known)]
        if nearer and (is_slip(keys[row], targets[column]) or len(targets[column]) >= _LONG_NAME):
            found[values[row]] = names[column]
    return found


def _spelling_doubts(
    spellings: Sequence[tuple[str, str, int]], names: Sequence[Frequent]
) -> list[Doubt]:
    doubts = []
    near = [(value, name) for value, name, _ in spellings if name]
    if near:
        shown = ", ".join(f"{value!r} like {name!r}" for value, name in near[:3])
        text = f"{human_number(len(near), 'rare value')} may be others mistyped: {shown}"
        doubts.append(Doubt(text, sum(rows for _, name, rows in spellings if name)))
    values = [one.value for one in names]
    twins = []
    for place, value in enumerate(values):
        other = _near([value], values[:place]).get(value)
        twins += [f"{other!r} and {value!r}"] if other is not None else []
    if twins:
        doubts.append(Doubt(f"names that may be one: {'; '.join(twins[:5])}"))
    return doubts
