"""Check a contract for problems beyond the shape of its YAML, before any row is read."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from encodings.aliases import aliases

from toolkit.contract.aggregations import Extremes, Ranking, Summary
from toolkit.contract.check_values import value_problems
from toolkit.contract.column import Column, word_problems
from toolkit.contract.columns import Category
from toolkit.contract.contract import Contract, delimiter_problem
from toolkit.contract.dated import Date
from toolkit.contract.measures import ANSWERS, Measure
from toolkit.contract.names import (
    EXTREME_COLUMN,
    METRIC_COLUMN,
    RANK_COLUMN,
    ROW_FACTS,
    STRUCTURAL_REASONS,
    SUGGESTED,
)
from toolkit.contract.optional import fit_aggregations
from toolkit.contract.references import (
    DAYS,
    LABELS,
    NUMERIC,
    clean_kinds,
    feed_kinds,
    formula_problems,
    kind_problems,
    listed,
)
from toolkit.errors import ConfigError, did_you_mean

# A byte counts the reasons, and its last value means 'none'.
_MOST_REASONS = 250
_LONGER = ("quarter", "year")
"""Periods of several months."""


def contract_problems(contract: Contract) -> list[str]:
    """List every contradiction in a contract, one line each, under its dotted key."""
    checks = (
        _csv_problems,
        _name_problems,
        _reason_problems,
        _column_problems,
        value_problems,
        _lookup_problems,
        _derived_problems,
        _flag_problems,
        _key_problems,
        _aggregation_problems,
    )
    return [f"dataset.{line}" for check in checks for line in check(contract)]


def _csv_problems(contract: Contract) -> Iterator[str]:
    csv = contract.csv
    if problem := delimiter_problem(csv.delimiter):
        yield f"csv.delimiter={csv.delimiter!r}: {problem}"
    if csv.quote in "\r\n" or not csv.quote.isascii():
        yield f"csv.quote={csv.quote!r}: must be one ASCII character, not a line break"
    if csv.delimiter == csv.quote:
        yield f"csv.quote={csv.quote!r}: must differ from the delimiter"
    for key in ("comment", "escape"):
        character = getattr(csv, key)
        if character is None:
            continue
        if character in "\r\n\0" or not character.isascii():
            yield f"csv.{key}={character!r}: must be one ASCII character, not a line break or NUL"
        for other in ("delimiter", "quote", "comment"):
            if other != key and character == getattr(csv, other):
                yield f"csv.{key}={character!r}: must differ from the {other}"
    try:
        "".encode(csv.encoding)
        # Some codecs can read a text as a whole only, or not pass over what they cannot read.
        codecs.getincrementaldecoder(csv.encoding)("backslashreplace").decode(b"\x80")
    except (LookupError, ValueError):
        hint = did_you_mean(csv.encoding, [*aliases, *aliases.values()])
        yield f"csv.encoding={csv.encoding!r}: is not a known text encoding{hint}"


def _name_problems(contract: Contract) -> Iterator[str]:
    for name, column in contract.columns.items():
        if not name.strip():
            yield f"columns: {name!r} is not a valid column name"
        if name in ROW_FACTS:
            yield f"columns.{name}: the name is taken by a column of rejected rows"
        if isinstance(column.source, tuple) and not (column.source and all(column.source)):
            yield f"columns.{name}.source: is empty; leave it out or name a column of the header"
            continue
        for source in contract.source_names(name):
            if source in ROW_FACTS and column.source is not None:
                yield f"columns.{name}.source={source!r}: is a column of rejected rows"
    having: dict[str, list[str]] = {}
    for name in contract.columns:
        for source in contract.source_names(name):
            having.setdefault(source, []).append(name)
    for source, names in having.items():
        if len(names) > 1:
            shown = ", ".join(dict.fromkeys(names))
            yield f"columns: {shown} share the source {source!r}; each needs its own"
    taken = {name for name, column in contract.columns.items() if column.is_clean}
    for group, name in [
        *(("derived", name) for name in contract.derived),
        *(("flags", name) for name in contract.flags),
    ]:
        if not name.strip() or name in ROW_FACTS or name in taken:
            yield f"{group}.{name}: the name is empty or taken by another column"
        taken.add(name)
    for place, name in [
        (f"name={contract.name!r}:", contract.name),
        *((f"aggregations: {name!r}", name) for name in contract.aggregations),
    ]:
        if not re.fullmatch(r"[\w-][\w.-]*", name):
            yield f"{place} names a file; use letters, digits, - and _"


def _reason_problems(contract: Contract) -> Iterator[str]:
    used = [*_reasons_used(contract)]
    for where, reason in used:
        if reason not in contract.reasons:
            hint = did_you_mean(reason, contract.reasons)
            yield f"{where}={reason!r}: is not in dataset.reasons{hint}"
    for reason, times in Counter(contract.reasons).items():
        if times > 1:
            yield f"reasons: {reason!r} is in it {times} times"
        if reason in STRUCTURAL_REASONS:
            yield f"reasons: {reason!r} is the toolkit's own and comes first anyway; remove it"
        elif reason not in {reason for _, reason in used}:
            yield f"reasons: {reason!r} is used by no column, check or key; remove it"
    n_reasons = len(contract.all_reasons) - len(STRUCTURAL_REASONS)
    if n_reasons > _MOST_REASONS:
        yield f"reasons: {n_reasons} of them; at most {_MOST_REASONS} are possible"


def _reasons_used(contract: Contract) -> Iterator[tuple[str, str]]:
    """Yield each place where a reason is named, and the reason."""
    for name, column in contract.columns.items():
        yield from ((f"columns.{name}.{key}", reason) for key, reason in column.reasons())
    for name, check in contract.checks.items():
        yield f"checks.{name}.reason", check.reason
    for name, derived in contract.derived.items():
        if derived.reason is not None:
            yield f"derived.{name}.reason", derived.reason
    if contract.key is not None:
        yield "key.reason", contract.key.reason


def _column_problems(contract: Contract) -> Iterator[str]:
    yield from word_problems("null_words", contract.null_words)
    for name, column in contract.columns.items():
        yield from column.problems(f"columns.{name}")
    yield from _fill_down_problems(contract)


def _fill_down_problems(contract: Contract) -> Iterator[str]:
    kinds, filled = feed_kinds(contract), contract.filled_down()
    for name, by in filled.items():
        where = f"columns.{name}.fill_down.by"
        yield from kind_problems(where, by, kinds, {*kinds.values()} - {"unused"})
        if by in filled:
            yield f"{where}={by!r}: is filled down itself; must be a column that every line has"


def _lookup_problems(contract: Contract) -> Iterator[str]:
    kinds = feed_kinds(contract)
    used: dict[str, str] = {}
    for name, file in contract.lookup_files():
        if not re.fullmatch(r"[\w-][\w. -]*\.json", file) or file.endswith(SUGGESTED):
            yield f"columns.{name}: {file!r} must be the name of a .json file in the lookups folder"
        # Two columns may share a list of names; two columns writing one map would overwrite each
        # other.
        if used.setdefault(file, name) != name and not _is_list(contract, name, file):
            yield f"columns.{name}: {file!r} is the lookup of {used[file]} already"
    for name, column in contract.columns.items():
        if isinstance(column, Category) and column.repair is not None:
            by = column.repair.by
            yield from kind_problems(f"columns.{name}.repair.by", by, kinds, ("text",))


def _is_list(contract: Contract, name: str, file: str) -> bool:
    return contract.columns[name].lookup_files().get("names") == file


def _derived_problems(contract: Contract) -> Iterator[str]:
    kinds = feed_kinds(contract)
    for name, derived in contract.derived.items():
        where = f"derived.{name}"
        problems = [*formula_problems(where, derived.formula, kinds)]
        yield from problems
        if not problems:
            try:
                contract.derived_places(name)
            except ConfigError as error:
                yield f"{where}.{error}"
        if derived.limited and derived.reason is None:
            yield f"{where}.reason: missing; the column rejects what is beyond its limits"
        yield from derived.limit_problems(where)


def _flag_problems(contract: Contract) -> Iterator[str]:
    kinds = clean_kinds(contract)
    for name, labels in contract.flags.items():
        if not labels:
            yield f"flags.{name}: has no label"
        for label, flag in labels.items():
            yield from kind_problems(f"flags.{name}.{label}.column", flag.column, kinds, NUMERIC)


def _key_problems(contract: Contract) -> Iterator[str]:
    key = contract.key
    if key is None:
        return
    if key.exact_rows == bool(key.columns):
        yield "key: needs either columns, or exact_rows: true"
    kinds = clean_kinds(contract)
    for column in key.columns:
        yield from kind_problems("key.columns", column, kinds, set(kinds.values()))
    if len(set(key.columns)) < len(key.columns):
        yield f"key.columns={list(key.columns)}: names a column twice"
    if key.reason in contract.reasons and key.reason != contract.reasons[-1]:
        yield (
            f"key.reason={key.reason!r}: must be the last of dataset.reasons; "
            "only rows that pass every other rule are compared"
        )


def _aggregation_problems(contract: Contract) -> Iterator[str]:
    kinds, personal = clean_kinds(contract), _personal(contract)
    fitted, _ = fit_aggregations(contract)
    for name, aggregation in fitted.aggregations.items():
        where = f"aggregations.{name}"
        match aggregation:
            case Summary(by=by, measures=measures):
                yield from _summary_problems(where, aggregation, kinds, contract.columns)
                yield from _measure_problems(where, measures, kinds, by, personal)
            case Ranking(within=within, item=item, measures=measures):
                yield from _ranking_problems(where, aggregation, kinds)
                taken = (within, METRIC_COLUMN, RANK_COLUMN, item)
                yield from _measure_problems(where, measures, kinds, taken, personal)
            case Extremes():
                yield from _taken_problems(where, kinds, (RANK_COLUMN, EXTREME_COLUMN))
                for reason, column in aggregation.highest.items():
                    yield from kind_problems(f"{where}.highest.{reason}", column, kinds, NUMERIC)
                tie_break = aggregation.tie_break
                yield from kind_problems(f"{where}.tie_break", tie_break, kinds, ("text",))


def _personal(contract: Contract) -> Collection[str]:
    try:
        return contract.personal_clean_columns()
    except ConfigError:
        # A formula that cannot be read is a problem of its own.
        return ()


def _summary_problems(
    where: str, summary: Summary, kinds: Mapping[str, str], columns: Mapping[str, Column]
) -> Iterator[str]:
    for name, grain in summary.by.items():
        allowed = DAYS if grain.unit == "month" else (*LABELS, *DAYS)
        yield from kind_problems(f"{where}.by.{name}.column", grain.column, kinds, allowed)
        dated = columns.get(grain.column)
        if grain.unit == "month" and isinstance(dated, Date) and dated.whole in _LONGER:
            yield (
                f"{where}.by.{name}.unit=month: has no effect on {grain.column}, whose values are "
                f"the first days of {dated.whole}s; remove it"
            )
    if summary.largest_first is not None and summary.largest_first not in summary.measures:
        yield _no_measure(f"{where}.largest_first", summary.largest_first, summary.measures)


def _ranking_problems(where: str, ranking: Ranking, kinds: Mapping[str, str]) -> Iterator[str]:
    yield from kind_problems(f"{where}.within", ranking.within, kinds, LABELS)
    yield from kind_problems(f"{where}.item", ranking.item, kinds, LABELS)
    shown = (ranking.within, ranking.item)
    yield from _taken_problems(where, shown, (RANK_COLUMN, METRIC_COLUMN))
    for metric, measure in ranking.metrics.items():
        if measure not in ranking.measures:
            yield _no_measure(f"{where}.metrics.{metric}", measure, ranking.measures)


def _taken_problems(where: str, shown: Collection[str], taken: Collection[str]) -> Iterator[str]:
    """Yield columns shown under a name that the aggregation gives to a column of its own."""
    for name in taken:
        if name in shown:
            yield (
                f"{where}: its result has a column {name} of its own; call that of the contract "
                f"otherwise, such as {name}_: {{source: {name}, ...}}"
            )


def _measure_problems(
    where: str,
    measures: Mapping[str, Measure],
    kinds: Mapping[str, str],
    taken: Collection[str],
    personal: Collection[str],
) -> Iterator[str]:
    for name, measure in measures.items():
        if len(measure.given) != 1:
            yield f"{where}.measures.{name}: needs exactly one of {', '.join(ANSWERS)}"
        for key in measure.given:
            if (takes := ANSWERS[key].takes) is not None:
                at, column = f"{where}.measures.{name}.{key}", getattr(measure, key)
                yield from kind_problems(at, column, kinds, takes or [*kinds.values()])
                if ANSWERS[key].shows_a_value and column in personal:
                    yield f"{at}={column!r}: is personal, and a {key} shows the value of one row"
        if measure.once_per is not None:
            at = f"{where}.measures.{name}.once_per"
            if measure.sum is None:
                yield f"{at}: has no effect without a sum; remove it"
            yield from kind_problems(at, measure.once_per, kinds, [*kinds.values()])
        for part in measure.ratio or ():
            yield from _part_problems(f"{where}.measures.{name}.ratio", part, measures)
        if name in taken:
            yield f"{where}.measures.{name}: the result has another column of this name"


def _part_problems(where: str, part: str, measures: Mapping[str, Measure]) -> Iterator[str]:
    """Yield why a measure cannot be part of a ratio, if so."""
    if part not in measures:
        yield _no_measure(where, part, measures)
    elif (found := measures[part].given) and not ANSWERS[found[0]].divides:
        divided = [kind for kind, answers in ANSWERS.items() if answers.divides]
        yield f"{where}={part!r}: is a {found[0]}; must be a {listed(divided)}"


def _no_measure(where: str, given: str, measures: Mapping[str, Measure]) -> str:
    return f"{where}={given!r}: is not one of the measures {listed(measures)}" + did_you_mean(
        given, measures
    )
