"""Draft the rules between columns: formulas and the key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.contract.formula import formula_columns
from toolkit.contract.references import NUMERIC
from toolkit.profile.doubts import Doubt
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.facts import FormulaFacts, KeyFacts, Profile
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.phrases import key_text
from toolkit.profile.sorts import AMOUNT, PRICE, QUANTITY
from toolkit.units import human_count, human_number, human_share

_TOLERANCE = 0.01
_MOST_REPEATED = 0.05
_FEW_ROWS = 50
_LINE = re.compile(r"(^|_)(line|pos|position|seq|sequence|row|zeile)(_|$)", re.I)


@dataclass(frozen=True)
class DraftPart:
    """A part of a drafted contract: its content in YAML, and the evidence for it."""

    content: Any = None
    comments: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    rejects: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftFormulas:
    """Formulas between columns: computed, filled and checked figures."""

    columns: dict[str, DraftColumn]
    derived: DraftPart
    repairs: DraftPart
    checks: DraftPart
    compared: tuple[FormulaFacts, ...] = ()
    """Formulas that hold in all rows, or nearly all."""

    def numeric(self) -> list[str]:
        """List the columns of clean rows that can be summed."""
        stored = [name for name, one in self.columns.items() if one.kind in NUMERIC]
        return [*stored, *(self.derived.content or {})]


def draft_figures(profile: Profile, columns: Mapping[str, DraftColumn]) -> DraftFormulas:
    """Draft fills and checks from formulas that always hold; a formula that holds in most rows
    becomes a question, and the stored figure is used.
    """
    derived: dict[str, Any] = {}
    repairs: list[dict[str, str]] = []
    checks: dict[str, Any] = {}
    comments: dict[str, list[str]] = {"repairs": [], "checks": []}
    doubts: dict[str, list[Doubt]] = {"derived": [], "repairs": [], "checks": []}
    compared: list[FormulaFacts] = []
    for formula in profile.formulas:
        used = (formula.column, *formula_columns(formula.formula))
        if any(columns[name].kind not in NUMERIC for name in used):
            continue
        compared.append(formula)
        if formula.n_holding < formula.n_known:
            doubts["checks"].append(_differs(formula))
            continue
        checks[f"{formula.column}_matches"] = {
            "column": formula.column,
            "formula": formula.formula,
            "tolerance": _TOLERANCE,
            "reason": f"{formula.column}_mismatch",
        }
        comments["checks"].append(_evidence(formula))
        fills = list(_fills(formula, profile))
        repairs += fills
        for fill in fills:
            comments["repairs"].append(f"{fill['column']}: see checks below")
            doubts["repairs"].append(_filled(fill, profile))
    if all(one.column in profile.of_orders for one in compared):
        product = _product(columns, profile.of_orders)
        if product is not None:
            derived["revenue"] = {"formula": product, "decimals": 2}
            text = f"{product} is a guess by the names of the columns"
            doubts["derived"].append(Doubt(text, profile.file.n_rows))
    return DraftFormulas(
        dict(columns),
        DraftPart(derived or None, doubts=tuple(doubts["derived"])),
        DraftPart(repairs or None, tuple(comments["repairs"]), tuple(doubts["repairs"])),
        DraftPart(
            checks or None,
            tuple(comments["checks"]),
            tuple(doubts["checks"]),
            {one["reason"]: 0 for one in checks.values()},
        ),
        tuple(compared),
    )


def _evidence(formula: FormulaFacts) -> str:
    holds = human_share(formula.n_holding, formula.n_known)
    return (
        f"{formula.column} = {formula.formula} in {human_count(formula.n_holding)} of "
        f"{human_count(formula.n_known)} rows ({holds})"
    )


def _differs(formula: FormulaFacts) -> Doubt:
    n = formula.n_known - formula.n_holding
    rows = ", ".join(f"{one.value} (row {one.row:,})" for one in formula.differing)
    differ = "differs" if n == 1 else "differ"
    text = (
        f"{_evidence(formula)}; {human_number(n, 'row')} {differ}, by {formula.gap:,.2f} in all: "
        f"{rows}. The stored figure is kept; checks could reject such rows"
    )
    return Doubt(text, n)


def _filled(fill: Mapping[str, str], profile: Profile) -> Doubt:
    column = profile.column(fill["column"])
    n = column.n_missing + column.n_unread
    return Doubt(f"{human_number(n, 'row')} without {column.name} get {fill['formula']}", n)


def _fills(formula: FormulaFacts, profile: Profile) -> Iterator[dict[str, str]]:
    """Return the fills for figures that are missing anywhere."""
    if formula.n_holding < formula.n_known:
        return
    ways = {formula.column: formula.formula}
    factors = re.fullmatch(r"(\w+) \* (\w+)", formula.formula)
    if factors is not None:
        ways |= {factors[1]: f"{formula.column} / {factors[2]}"}
        ways |= {factors[2]: f"{formula.column} / {factors[1]}"}
    for name, text in ways.items():
        column = profile.column(name)
        if column.n_missing + column.n_unread and name not in profile.of_orders:
            yield {"column": name, "formula": text}


def _product(columns: Mapping[str, DraftColumn], shared: Collection[str]) -> str | None:
    """Return quantity * price, by the columns' names, if no column has the amount of a row."""
    numeric = [name for name, one in columns.items() if one.kind in NUMERIC]
    quantity = next((name for name in numeric if QUANTITY.search(name)), None)
    price = next((name for name in numeric if PRICE.search(name)), None)
    amount = next((n for n in numeric if AMOUNT.search(n) and n not in shared), None)
    if quantity is None or price is None or quantity == price or amount or "revenue" in columns:
        return None
    return f"{quantity} * {price}"


def draft_key(profile: Profile, columns: Mapping[str, DraftColumn]) -> DraftPart:
    """Draft the key: columns that never repeat, else the record as a whole where only exact copies
    repeat them, else nothing: no row is dropped on a guess.
    """
    evidence = tuple(key_text(key) for key in profile.keys if key.share_repeated <= _MOST_REPEATED)
    copies = profile.whole_rows.n_repeated
    keys = [_of_records(key, profile) for key in profile.keys if key.columns]
    n_records = profile.file.n_rows - len(profile.totals)
    whole = [key for key in keys if key.n_rows == n_records]
    could = [key for key in whole if not key.n_repeated and _is_a_key(key, columns)]
    if could:
        best = min(could, key=lambda key: _rank(key, profile))
        reason = f"duplicate_{'_and_'.join(best.columns)}"
        return DraftPart(
            {"columns": list(best.columns), "reason": reason}, evidence, (), {reason: 0}
        )
    if not copies:
        return DraftPart(None, evidence, tuple(_repeated(profile)))
    exact = "key: {exact_rows: true, reason: exact_copy}"
    one = copies == 1
    rows = f"{human_number(copies, 'row')} {'is an exact copy' if one else 'are exact copies'}"
    if any(key.n_repeated == copies and _identifies_rows(key) for key in whole):
        text = f"{rows} of earlier ones and rejected; key: null keeps them"
        key = {"exact_rows": True, "reason": "exact_copy"}
        return DraftPart(key, evidence, (Doubt(text, copies),), {"exact_copy": copies})
    text = f"{rows} of earlier ones and kept, as nothing tells rows apart; {exact} rejects them"
    return DraftPart(None, evidence, (Doubt(text, copies), *_repeated(profile)))


def _of_records(key: KeyFacts, profile: Profile) -> KeyFacts:
    """Return the key without the rows of totals, as far as they have one."""
    having = [row for row in profile.totals if not row.empty & {*key.columns}]
    labels = [row.label for row in having if key.columns == (row.column,)]
    return KeyFacts(
        key.columns,
        key.n_rows - len(having),
        key.n_repeated - (len(labels) - len({*labels})),
    )


def _repeated(profile: Profile) -> Iterator[Doubt]:
    """Return columns named like identifiers that nearly identify rows."""
    for key in profile.keys:
        few = 0 < key.share_repeated <= _MOST_REPEATED
        if few and len(key.columns) == 1 and is_like_an_id(key.columns[0]):
            yield Doubt(f"{key_text(key)}; they are kept, and it is not a key", key.n_repeated)


def _identifies_rows(key: KeyFacts) -> bool:
    """Return whether a key identifies rows by itself, not as all of their columns."""
    return len(key.columns) == 1 or any(map(_LINE.search, key.columns))


def _is_a_key(key: KeyFacts, columns: Mapping[str, DraftColumn]) -> bool:
    if not key.columns or key.n_rows < 2:
        return False
    return any(map(is_like_an_id, key.columns)) or (
        len(key.columns) == 1 and key.n_rows >= _FEW_ROWS and columns[key.columns[0]].kind == "text"
    )


def _rank(key: KeyFacts, profile: Profile) -> tuple[int, int, float, int]:
    """Sort keys by few columns, names of identifiers, few repeats, then place in the file."""
    order = [column.name for column in profile.columns]
    like = sum(map(is_like_an_id, key.columns))
    return len(key.columns), -like, key.share_repeated, order.index(key.columns[0])
