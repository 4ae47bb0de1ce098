"""Find rows that are totals of other rows: footers, subtotals, balances.

A block lists the rows that may be one and sums the figures between them. Once all of a file is
known they are judged: by a label, by cells that nearly all other rows have, and by figures that are
the sum of those above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Floats
from toolkit.clean.parsed import bools
from toolkit.contract import Integer, Number
from toolkit.profile.cells import Question
from toolkit.profile.doubts import Doubt
from toolkit.profile.facts import Example, TotalRow
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.vocabulary import Ints
from toolkit.units import human_number

_TOTAL = (
    r"grand[ -]?totals?|sub[ -]?totals?|totals?|totales|totale|totaal|totalt|totaux|totalsumma|"
    r"gesamt|gesamtsumme|gesamtbetrag|gesamtergebnis|zwischensumme|endsumme|summe|insgesamt|"
    r"sous[ -]total|total g[eé]n[eé]ral|somme|suma|soma|razem|ogółem|celkem|összesen|yhteensä|"
    r"toplam|итого|всего|сумма|合計|小計|総計|总计|合计|小计|總計"
)
_OTHERS = (
    r"sum|average|avg|mean|median|durchschnitt|mittelwert|moyenne|promedio|ergebnis|"
    r"(?:opening|closing|starting|ending|beginning|final) balance|balance|"
    r"(?:balance )?(?:brought|carried) forward|saldo|anfangssaldo|endsaldo|saldovortrag|übertrag|"
    r"saldo (?:inicial|final)|solde|kontostand"
)
_ENDS = r"[\s:.=*#-]*"
_EXACT = rf"(?i)^{_ENDS}(?:{_TOTAL}|{_OTHERS}){_ENDS}[0-9.,' ]*$|^\*{{1,3}}$"
_PARTIAL = rf"(?i)(?:^|[^\pL\pN])(?:{_TOTAL})(?:$|[^\pL\pN])"
_LONGEST_LABEL = 60
_MOST_IN_A_BLOCK = 5_000
_N_LAST = 8
_USUAL = 0.95
# How many rows a sum must have above it to rule out chance, with a label and without.
_FEW, _SOME = 3, 5
_TOLERANCE, _ROUNDING = 0.006, 1e-9
_N_EXAMPLES = 3
_ARE_TOTALS = "are totals, not records"


@dataclass(frozen=True)
class Suspect:
    """A row that may be a total: by its label, or as one of the last rows."""

    place: int
    column: str
    """The label's column; '' without a label."""
    label: str
    exact: bool
    """Whether the label is nothing but a word for a total."""
    empty: frozenset[str]
    figures: tuple[float, ...]
    texts: Mapping[str, str]
    """Cells that are not figures, of rows without a label."""


@dataclass(frozen=True)
class Suspects:
    """The suspects of one block, with sums and numbers of the rows before, between and after."""

    rows: tuple[Suspect, ...] = ()
    sums: tuple[tuple[float, ...], ...] = ((),)
    counts: tuple[int, ...] = (0,)
    is_capped: bool = False


@dataclass
class Totals:
    """The rows of all files that are totals, and the doubts."""

    rows: list[TotalRow] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def labels(self, column: str) -> tuple[str, ...]:
        """Return the values of a column that only totals have, in lower case."""
        return tuple({row.label.lower(): None for row in self.rows if row.column == column})


def suspects_in(
    plain: Mapping[str, pa.DictionaryArray], places: Ints, questions: Mapping[str, Question]
) -> Suspects:
    """Find the rows of a block that may be totals, in the order of the file."""
    n = len(places)
    if n == 0:
        return Suspects()
    labels, is_capped = _labels(plain)
    rows = sorted({*labels, *range(max(0, n - _N_LAST), n)})
    taken = pa.array(rows, pa.int64())
    cells = {name: pc.take(column.indices, taken) for name, column in plain.items()}
    empty = {
        name: _is_empty(plain[name].dictionary.take(codes), questions[name])
        for name, codes in cells.items()
    }
    names = [name for name in plain if _is_a_figure(questions[name])]
    figures = np.zeros((len(names), n))
    for place, name in enumerate(names):
        read = questions[name].reading.read(plain[name].dictionary)
        figures[place] = read[plain[name].indices.to_numpy()]
    found = []
    for place, row in enumerate(rows):
        column, label, exact = labels.get(row, ("", "", False))
        blank = frozenset(name for name in plain if empty[name][place])
        texts = {} if column else {
            name: str(plain[name].dictionary[codes[place].as_py()])
            for name, codes in cells.items()
            if name not in blank and name not in names
        }  # fmt: skip
        own = tuple(figures[:, row].tolist())
        found.append(Suspect(int(places[row]), column, label, exact, blank, own, texts))
    figures[:, rows] = 0
    figures[~np.isfinite(figures)] = 0
    running = np.cumsum(np.concatenate([np.zeros((len(names), 1)), figures], axis=1), axis=1)
    cuts = [0, *rows, n]
    sums = np.diff(running[:, cuts], axis=1).T
    counts = [b - a - (place > 0) for place, (a, b) in enumerate(pairwise(cuts))]
    return Suspects(tuple(found), tuple(map(tuple, sums.tolist())), tuple(counts), is_capped)


def _labels(
    plain: Mapping[str, pa.DictionaryArray],
) -> tuple[dict[int, tuple[str, str, bool]], bool]:
    """Find rows with a label: its column, its text, and whether that is only a word for a total.

    Also returns whether there are more of them than the limit.
    """
    found: dict[int, tuple[str, str, bool]] = {}
    is_capped = False
    # All columns at once, since an expression is compiled each time that it is used.
    together = pa.concat_arrays([column.dictionary for column in plain.values()])
    all_exact = _matching(together, _EXACT)
    all_labelled = all_exact | _matching(together, _PARTIAL)
    all_labelled &= pc.utf8_length(together).to_numpy(zero_copy_only=False) <= _LONGEST_LABEL
    end = 0
    for name, column in plain.items():
        values = column.dictionary
        start, end = end, end + len(values)
        exact, labelled = all_exact[start:end], all_labelled[start:end]
        if not labelled.any():
            continue
        codes = column.indices.to_numpy()
        rows = np.flatnonzero(labelled[codes])
        is_capped |= len(rows) > _MOST_IN_A_BLOCK
        for row in rows[:_MOST_IN_A_BLOCK].tolist():
            code = int(codes[row])
            if row not in found or (exact[code] and not found[row][2]):
                found[row] = (name, str(values[code]), bool(exact[code]))
    return found, is_capped


def _matching(values: pa.Array, pattern: str) -> Bools:
    return bools(pc.match_substring_regex(values, pattern))


def _is_empty(values: pa.Array, question: Question) -> Bools:
    words = pa.array(["", *question.null_words], pa.string())
    return bools(pc.is_in(pc.utf8_lower(values), words))


def _is_a_figure(question: Question) -> bool:
    column = question.reading.column
    return isinstance(column, Number | Integer) and not is_like_an_id(str(column.source or ""))


def judge(
    blocks: Sequence[tuple[str, Suspects]],
    filled: Mapping[str, int],
    n_rows: int,
    where: Mapping[int, Example],
) -> Totals:
    """Decide which suspects are totals, given those of each block in order, by file.

    `filled` are the numbers of rows with a value, by column; `where` the examples by their places.
    """
    suspects = [one for _, block in blocks for one in block.rows]
    empty = Counter(name for one in suspects for name in one.empty)
    n_plain = n_rows - len(suspects)
    usual = frozenset(
        name for name, n in filled.items() if n - (len(suspects) - empty[name]) >= _USUAL * n_plain
    )
    judged: list[tuple[Suspect, str]] = []
    for _, group in groupby(blocks, key=lambda block: block[0]):
        judged += _File([block for _, block in group], usual).judged()
    records = {(one.column, one.label.lower()) for one, v in judged if v in ("doubt", "")}
    judged = [
        (one, ("doubt" if (one.column, one.label.lower()) in records else "total"))
        if verdict == "last"
        else (one, verdict)
        for one, verdict in judged
    ]
    found = Totals()
    for one, verdict in judged:
        if verdict == "total":
            alone = bool(one.column) and (one.column, one.label.lower()) not in records
            found.rows.append(
                TotalRow(
                    where[one.place],
                    one.column if alone else "",
                    one.label if alone else "",
                    one.empty,
                    one.texts,
                    one.exact,
                )
            )
    found.doubts += _unsure([one for one, v in judged if v == "doubt"], where)
    return found


@dataclass(frozen=True)
class _File:
    """The blocks of one file, in order."""

    blocks: Sequence[Suspects]
    usual: frozenset[str]
    """Columns that nearly all other rows have."""

    def judged(self) -> list[tuple[Suspect, str]]:
        """Judge each suspect as 'total', 'doubt' or '' for a record; 'last' is a total by its label
        and its place only.
        """
        n_rows = sum(sum(block.counts) + len(block.rows) for block in self.blocks)
        n_last = min(_N_LAST, n_rows // 3)
        n_figures = max((len(block.sums[0]) for block in self.blocks), default=0)
        whole = np.zeros(n_figures)
        for block in self.blocks:
            for part in block.sums:
                whole += _known(part, n_figures)
            for one in block.rows:
                whole += 0 if one.column else _known(one.figures, n_figures)
        total, since = np.zeros(n_figures), np.zeros(n_figures)
        n_above = n_since = n_seen = 0
        found = []
        below_total = False
        capped = any(block.is_capped for block in self.blocks)
        for block in self.blocks:
            for place, one in enumerate(block.rows):
                between, n = _known(block.sums[place], n_figures), block.counts[place]
                total, since = total + between, since + between
                n_above, n_since, n_seen = n_above + n, n_since + n, n_seen + n
                figures = np.array(one.figures)
                hits = _near(figures, total) & (n_above > 0) | _near(figures, since) & (n_since > 0)
                if one.column:
                    hits |= _near(figures, whole)
                is_last = n_seen >= n_rows - n_last
                n_sums = 0 if capped else int(hits.sum())
                verdict = self._verdict(one, n_sums, n_above, is_last)
                if not one.column and below_total and is_last and self._lacking(one) > 1:
                    # Such as the tax between a net and a gross total, or the author of the list.
                    verdict = "total"
                below_total = verdict in ("total", "last") and is_last
                found.append((one, verdict))
                n_seen += 1
                if verdict in ("total", "last"):
                    since, n_since = np.zeros(n_figures), 0
                else:
                    own = _known(one.figures, n_figures)
                    total, since = total + own, since + own
                    n_above, n_since = n_above + 1, n_since + 1
            rest, n = _known(block.sums[-1], n_figures), block.counts[-1]
            total, since = total + rest, since + rest
            n_above, n_since, n_seen = n_above + n, n_since + n, n_seen + n
        return found

    def _lacking(self, one: Suspect) -> int:
        """Count the empty columns that nearly all rows have filled."""
        return len((self.usual & one.empty) - {one.column})

    def _verdict(self, one: Suspect, n_sums: int, n_above: int, is_last: bool) -> str:
        lacking = self._lacking(one)
        known = sum(np.isfinite(one.figures))
        if one.column:
            if n_sums or (lacking and one.exact) or lacking > 1:
                return "total"
            if one.exact:
                return "last" if is_last else "doubt"
            return ""
        if not is_last:
            return ""
        if n_sums and n_above >= (_FEW if lacking else _SOME):
            return "total"
        if known and lacking > 1 and not one.texts:
            return "total"
        alone = not known and len(one.texts) == 1
        return "doubt" if alone and lacking > 1 and n_above >= _SOME else ""


def _known(figures: Sequence[float], n: int) -> Floats:
    found = np.array(figures if len(figures) == n else np.zeros(n), float)
    return np.where(np.isfinite(found), found, 0.0)


def _near(figures: Floats, sums: Floats) -> Bools:
    """Return whether figures are sums, to the cent; zeros prove nothing."""
    with np.errstate(invalid="ignore"):
        near = np.abs(figures - sums) <= _TOLERANCE + _ROUNDING * np.abs(sums)
    return near & np.isfinite(figures) & (figures != 0)


def totals_doubt(rows: Sequence[TotalRow]) -> list[Doubt]:
    """Doubt rows that are totals, if there are any."""
    if not rows:
        return []
    one = len(rows) == 1
    shown = ", ".join(map(str, rows[:_N_EXAMPLES]))
    text = (
        f"{human_number(len(rows), 'row')} {'is a total, not a record' if one else _ARE_TOTALS} "
        f"of others: {shown}; a drafted contract rejects {'it' if one else 'them'}"
    )
    return [Doubt(text, len(rows))]


def _unsure(suspects: Sequence[Suspect], where: Mapping[int, Example]) -> list[Doubt]:
    doubts = []
    labelled = [where[one.place] for one in suspects if one.column]
    if labelled:
        shown = ", ".join(map(str, labelled[:_N_EXAMPLES]))
        verb = "is" if len(labelled) == 1 else "are"
        text = f"{human_number(len(labelled), 'row')} {verb} called a total, yet like other rows"
        doubts.append(Doubt(f"{text}, and kept: {shown}", len(labelled)))
    bare = [where[one.place].row for one in suspects if not one.column]
    if bare:
        shown = ", ".join(f"row {row:,}" for row in bare[:_N_EXAMPLES])
        verb = "has" if len(bare) == 1 else "have"
        text = f"{human_number(len(bare), 'row')} at the end {verb} one cell of text and no more"
        doubts.append(Doubt(f"{text}, and kept: {shown}", len(bare)))
    return doubts
