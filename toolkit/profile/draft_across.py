"""What a draft says across columns: formulas, the key, and what is to be added up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.formula import formula_columns
from toolkit.profile.draft_columns import DraftColumn
from toolkit.profile.facts import FormulaFacts, KeyFacts, Profile
from toolkit.profile.keys import is_like_an_id
from toolkit.profile.words import key_told
from toolkit.units import human_count, human_share

_CERTAIN = 0.99
_TOLERANCE = 0.01
_MOST_REPEATED = 0.05
_FILLED = 0.95
_FEW_ROWS = 50
_N_CATEGORIES, _N_MEASURES, _LEAST_ITEMS = 3, 3, 5
_QUANTITY = re.compile(r"quantity|qty|units|pieces|menge|anzahl|quantite|cantidad", re.I)
_PRICE = re.compile(r"price|preis|prix|precio|cost", re.I)
_AMOUNT = re.compile(r"revenue|total|amount|sales|turnover|umsatz|betrag|montant|importe", re.I)
_ITEM = re.compile(r"product|item|article|artikel|description|name|sku|stock", re.I)
_SHARE = re.compile(r"discount|percent|rate|rabatt", re.I)
_NUMERIC = ("number", "integer")


@dataclass(frozen=True)
class Part:
    """A part of a drafted contract: its content in YAML, and the evidence for it."""

    content: Any = None
    comments: tuple[str, ...] = ()
    rejects: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """What formulas make of the columns: computed, filled and checked figures."""

    columns: dict[str, DraftColumn]
    derived: Part
    repairs: Part
    checks: Part

    def numeric(self) -> list[str]:
        """Every column of clean rows that can be added up."""
        stored = [name for name, one in self.columns.items() if one.kind in _NUMERIC]
        return [*stored, *(self.derived.content or {})]


def draft_figures(profile: Profile, columns: Mapping[str, DraftColumn]) -> Figures:
    """A formula that nearly always holds fills and checks a column; one that mostly does
    computes it anew."""
    found = dict(columns)
    derived: dict[str, Any] = {}
    repairs: list[dict[str, str]] = []
    checks: dict[str, Any] = {}
    told: dict[str, list[str]] = {"derived": [], "repairs": [], "checks": []}
    rejects: dict[str, int] = {}
    for formula in profile.formulas:
        used = (formula.column, *formula_columns(formula.formula))
        if any(found[name].kind not in _NUMERIC for name in used):
            continue
        holds = human_share(formula.n_holding, formula.n_known)
        evidence = (
            f"{formula.column} = {formula.formula} in {human_count(formula.n_holding)} of "
            f"{human_count(formula.n_known)} rows ({holds})"
        )
        if formula.n_holding < _CERTAIN * formula.n_known:
            derived[formula.column] = {"formula": formula.formula, "decimals": 2}
            told["derived"].append(f"{evidence}; computed anew, the file's own figure is not used")
            found[formula.column] = _unused(found[formula.column])
            continue
        checks[f"{formula.column}_matches"] = {
            "column": formula.column,
            "formula": formula.formula,
            "tolerance": _TOLERANCE,
            "reason": f"{formula.column}_mismatch",
        }
        rejects[f"{formula.column}_mismatch"] = formula.n_known - formula.n_holding
        told["checks"].append(evidence)
        fills = list(_fills(formula, profile))
        repairs += fills
        if fills:
            told["repairs"].append("what is missing follows from the others, see checks below")
    if not derived and not checks:
        product = _product(found)
        if product is not None:
            derived["revenue"] = {"formula": product, "decimals": 2}
            told["derived"].append("doubt: a guess by the names of the columns")
    return Figures(
        found,
        Part(derived or None, tuple(told["derived"])),
        Part(repairs or None, tuple(told["repairs"])),
        Part(checks or None, tuple(told["checks"]), rejects),
    )


def _unused(column: DraftColumn) -> DraftColumn:
    source = {key: value for key, value in column.settings.items() if key == "source"}
    return DraftColumn(column.name, {**source, "kind": "unused"}, column.comments)


def _fills(formula: FormulaFacts, profile: Profile) -> Iterator[dict[str, str]]:
    """How a missing figure follows from the others, for those that are missing anywhere."""
    if formula.n_holding < formula.n_known:
        return
    ways = {formula.column: formula.formula}
    factors = re.fullmatch(r"(\w+) \* (\w+)", formula.formula)
    if factors is not None:
        ways |= {factors[1]: f"{formula.column} / {factors[2]}"}
        ways |= {factors[2]: f"{formula.column} / {factors[1]}"}
    for name, text in ways.items():
        column = profile.column(name)
        if column.n_missing + column.n_unread:
            yield {"column": name, "formula": text}


def _product(columns: Mapping[str, DraftColumn]) -> str | None:
    """quantity * price by their names, where no column has the amount."""
    numeric = [name for name, one in columns.items() if one.kind in _NUMERIC]
    quantity = next((name for name in numeric if _QUANTITY.search(name)), None)
    price = next((name for name in numeric if _PRICE.search(name)), None)
    amount = next((name for name in numeric if _AMOUNT.search(name)), None)
    if quantity is None or price is None or quantity == price or amount or "revenue" in columns:
        return None
    return f"{quantity} * {price}"


def draft_key(profile: Profile, columns: Mapping[str, DraftColumn]) -> Part:
    """Columns that hardly repeat, else the record as a whole where copies occur, else nothing."""
    told = tuple(key_told(key) for key in profile.keys if key.share_repeated <= _MOST_REPEATED)
    copies, filled = profile.whole_rows.n_repeated, _FILLED * profile.file.n_rows
    could = [
        key for key in profile.keys if key.n_rows >= filled and _is_a_key(key, copies, columns)
    ]
    if could:
        best = min(could, key=lambda key: _rank(key, profile))
        reason = f"duplicate_{'_and_'.join(best.columns)}"
        content = {"columns": list(best.columns), "reason": reason}
        if best.n_repeated > copies:
            told = (*told, "doubt: rows that repeat the key differ otherwise; the first is kept")
        return Part(content, told, {reason: best.n_repeated})
    if copies:
        told = (*told, "doubt: copies may be real repeats; key: null keeps them")
        return Part({"exact_rows": True, "reason": "exact_copy"}, told, {"exact_copy": copies})
    return Part(None, told)


def _is_a_key(key: KeyFacts, copies: int, columns: Mapping[str, DraftColumn]) -> bool:
    if not key.columns or key.n_rows < 2 or any(columns[n].kind == "unused" for n in key.columns):
        return False
    if len(key.columns) > 1:
        # A pair that repeats more often than whole records do is no key, but chance.
        return key.n_repeated <= copies and any(map(is_like_an_id, key.columns))
    [name] = key.columns
    return key.share_repeated <= _MOST_REPEATED and (
        is_like_an_id(name) or (key.n_rows >= _FEW_ROWS and key.n_repeated == 0)
    )


def _rank(key: KeyFacts, profile: Profile) -> tuple[int, int, float, int]:
    """Fewer columns first, then names of identifiers, fewer repeats, and the place in the file."""
    order = [column.name for column in profile.columns]
    like = sum(map(is_like_an_id, key.columns))
    return len(key.columns), -like, key.share_repeated, order.index(key.columns[0])


def draft_aggregations(profile: Profile, figures: Figures) -> Part:
    """By month, by category, the best items of each, and the highest rows: what columns allow."""
    columns = figures.columns
    measures = _measures(figures)
    amount = _amount(figures)
    first = _total(amount) if amount is not None else "row_count"
    found: dict[str, Any] = {}
    day = next((n for n, one in columns.items() if one.kind in ("date", "timestamp")), None)
    categories = [n for n, one in columns.items() if one.kind == "category"]
    if day is not None:
        by = {"month": {"column": day, "unit": "month"}}
        found["monthly_summary"] = {"kind": "summary", "by": by, "measures": measures}
    item = _item(profile, columns, categories)
    if categories and item is not None:
        within = next(name for name in categories if name != item)
        metrics = {first.removeprefix("total_"): first}
        found[f"top_{item}_by_{within}"] = {
            "kind": "ranking", "within": within, "item": item, "metrics": metrics,
            "measures": measures,
        }  # fmt: skip
    for name in categories[:_N_CATEGORIES]:
        found[f"{name}_summary"] = {
            "kind": "summary", "by": {name: {"column": name}}, "measures": measures,
            "largest_first": first,
        }  # fmt: skip
    tie_break = next((n for n, one in columns.items() if one.kind == "text"), None)
    if amount is not None and tie_break is not None:
        highest = {f"highest_{amount}": amount}
        found["highest_rows"] = {"kind": "extremes", "highest": highest, "tie_break": tie_break}
    return Part(found or None)


def _measures(figures: Figures) -> dict[str, dict[str, str]]:
    names = figures.numeric()
    amount = _amount(figures)
    summed = [n for n in names if n == amount or _QUANTITY.search(n)][:_N_MEASURES]
    averaged = [n for n in names if _SHARE.search(n) and n not in summed][:1]
    return {
        **{_total(name): {"sum": name} for name in summed},
        **{f"mean_{name}": {"mean": name} for name in averaged},
        "row_count": {"count": "rows"},
    }


def _amount(figures: Figures) -> str | None:
    """What is most likely to be money that adds up."""
    computed = list(figures.derived.content or {})
    checked = [one["column"] for one in (figures.checks.content or {}).values()]
    named = [name for name in figures.numeric() if _AMOUNT.search(name)]
    return next(iter([*computed, *checked, *named]), None)


def _item(
    profile: Profile, columns: Mapping[str, DraftColumn], categories: Sequence[str]
) -> str | None:
    """A column of things sold: text or categories that come again and again."""
    repeating = [
        column.name
        for column in profile.columns
        if columns[column.name].kind in ("text", "category")
        and column.n_distinct >= _LEAST_ITEMS
        and 2 * column.n_distinct <= column.n_rows
        and any(name != column.name for name in categories)
    ]
    return next((name for name in repeating if _ITEM.search(name)), None)


def _total(column: str) -> str:
    """What the sum of a column is called."""
    return f"total_{column.removeprefix('total_')}"
