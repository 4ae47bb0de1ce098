"""Contradictions inside a contract -> one line each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.values import REMOVED, changed, shipped_values
from toolkit.contract.check import contract_problems
from toolkit.settings.config import config_problems, read_settings

COLUMN = "dataset.columns"
AGGREGATIONS = "dataset.aggregations"
EXTREMES = {"kind": "extremes", "highest": {"r": "revenue"}, "tie_break": "order_id"}
UNIT_PRICE = {"kind": "number", "above": 0, "reason": "invalid_unit_price"}
PRICES = {"column": "unit_price", "by": "product_name", "map": "prices.json"}
CHECK = {"column": "unit_price", "formula": "quantity", "reason": "invalid_unit_price"}

MOMENT = {"kind": "timestamp", "formats": ["%Y-%m-%d %H:%M"], "reason": "invalid_sale_date"}

CONTRACT_PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"dataset.csv.quote": ","}, "dataset.csv.quote=',': must differ from the delimiter"),
    ({"dataset.csv.delimiter": "\n"}, "delimiter='\\n': must be one ASCII character, not a line"),
    ({"dataset.csv.delimiter": "§"}, "delimiter='§': must be one ASCII character"),
    ({"dataset.csv.encoding": "cp1525"}, "csv.encoding='cp1525': is not a known text encoding"),
    ({"dataset.csv.encoding": "rot13"}, "csv.encoding='rot13': is not a known text encoding"),
    ({"dataset.csv.encoding": "idna"}, "csv.encoding='idna': is not a known text encoding"),
    ({"dataset.csv.encoding": "undefined"}, "encoding='undefined': is not a known text enco"),
    ({"dataset.csv.encoding": "a\0b"}, "encoding='a\\x00b': is not a known text encoding"),
    ({"dataset.csv.encoding": "windows1252"}, "encoding; did you mean 'windows_1252'"),
    ({f"{COLUMN}. ": {"kind": "text"}}, "dataset.columns: ' ' is not a valid column name"),
    ({f"{COLUMN}.raw_line": {"kind": "text"}}, "raw_line: the name is taken by a column of rej"),
    ({f"{COLUMN}.x": {"kind": "text", "source": "source_row"}}, "x.source='source_row': is a col"),
    (
        {f"{COLUMN}.x": {"kind": "text", "source": "region"}},
        "dataset.columns: region, x share the source 'region'; each needs its own",
    ),
    ({f"{COLUMN}.revenue": {"kind": "text"}}, "dataset.derived.revenue: the name is empty or tak"),
    (
        {"dataset.flags.region": {"x": {"column": "revenue", "above": 1}}},
        "dataset.flags.region: the name is empty or taken by another column",
    ),
    ({"dataset.flags.empty": {}}, "dataset.flags.empty: has no label"),
    (
        {"dataset.flags.anomaly_flag.heavy_discount.column": "region"},
        "heavy_discount.column='region': is of kind mapped; must be number, integer or ",
    ),
    (
        {f"{COLUMN}.category.reason": "unknown_categry"},
        "dataset.columns.category.reason='unknown_categry': is not in dataset.reasons; did you",
    ),
    ({f"{COLUMN}.category.reason": REMOVED}, "category.reason: missing; the column rejects unkn"),
    ({f"{COLUMN}.region.reason": REMOVED}, "region.reason: missing; the column rejects unknown"),
    ({f"{COLUMN}.order_id.reason": REMOVED}, "order_id.reason: missing; the column rejects rows"),
    ({f"{COLUMN}.unit_price.reason": REMOVED}, "unit_price.reason: missing; the column rejects"),
    ({f"{COLUMN}.quantity.reason": REMOVED}, "quantity.reason: missing; the column rejects what"),
    ({f"{COLUMN}.sale_date.reason": REMOVED}, "sale_date.reason: missing; the column rejects wha"),
    ({f"{COLUMN}.sale_date.range_reason": REMOVED}, "range_reason: missing; the column rejects d"),
    ({f"{COLUMN}.discount_percent.max": 2}, "discount_percent.reason: missing; the column reject"),
    ({"dataset.derived.revenue.reason": REMOVED}, "revenue.reason: missing; the column rejects"),
    ({"dataset.key": REMOVED}, "dataset.reasons: 'duplicate_order_id' is used by no column"),
    ({f"{COLUMN}.unit_price.above": 50000}, "unit_price: no number is between its limits 50000"),
    ({"dataset.derived.revenue.min": 2e6}, "revenue: no number is between its limits 2e+06 an"),
    ({f"{COLUMN}.region.map": "../map.json"}, "region: '../map.json' must be the name of a .json"),
    ({f"{COLUMN}.region.map": "a.suggested.json"}, "must be the name of a .json file in the look"),
    (
        {f"{COLUMN}.product_name.map": "region_map.json"},
        "dataset.columns.region: 'region_map.json' is the lookup of product_name already",
    ),
    (
        {f"{COLUMN}.category.repair": {"by": "product", "map": "x.json"}},
        "category.repair.by='product': there is no such column; did you mean 'product_name'",
    ),
    (
        {f"{COLUMN}.category.repair": {"by": "region", "map": "x.json"}},
        "category.repair.by='region': is of kind mapped; must be text",
    ),
    ({f"{COLUMN}.discount_percent.clip": [1, 0]}, "clip=[1.0, 0.0]: the lower bound comes first"),
    ({f"{COLUMN}.sale_date.formats": ["%Y-%m"]}, "formats: '%Y-%m' must have one day (%d)"),
    (
        {f"{COLUMN}.sale_date.formats": ["%d/%m/%Y", "%Y-%m-%d", "%m/%d/%Y"]},
        "sale_date.formats: '%d/%m/%Y' and '%m/%d/%Y' both read '03/02/2001', as 2001-02-03 and as "
        "2001-03-02; keep one of them",
    ),
    (
        {f"{COLUMN}.sale_date": MOMENT | {"formats": ["%d.%m.%y %H:%M:%S", "%d.%m.%y %S:%M:%H"]}},
        "both read '03.02.01 04:05:06', as 2001-02-03 04:05:06 and as 2001-02-03 06:05:04; keep",
    ),
    (
        {f"{COLUMN}.sale_date": MOMENT | {"reason": None}},
        "the column rejects what is not a timestamp",
    ),
    (
        {f"{COLUMN}.sale_date.max_contradictions": 1.5},
        "max_contradictions=1.5: must be less than",
    ),
    (
        {f"{COLUMN}.sale_date.two_digit_years_from": 0},
        "two_digit_years_from=0: must be greater than or eq",
    ),
    (
        {"dataset.derived.revenue.formula": "unit_price * quantty"},
        "dataset.derived.revenue.formula='quantty': there is no such column; did you mean 'quant",
    ),
    (
        {"dataset.derived.revenue.formula": "unit_price * region"},
        "dataset.derived.revenue.formula='region': is of kind mapped; must be number, integer or ",
    ),
    ({"dataset.derived.revenue.formula": "unit_price ** 2"}, "dataset.derived.revenue.formula"),
    ({"dataset.derived.revenue.formula": "(unit_price"}, "only + - * /, parentheses, numbers and"),
    ({"dataset.derived.revenue.formula": "abs(quantity)"}, "only + - * /, parentheses, numbers"),
    ({"dataset.key.columns": ["orderid"]}, "key.columns='orderid': there is no such column; did"),
    ({"dataset.key.exact_rows": True}, "dataset.key: needs either columns, or exact_rows: true"),
    ({"dataset.key.columns": []}, "dataset.key: needs either columns, or exact_rows: true"),
    ({f"{COLUMN}.order_id.prefix": [""]}, "order_id.prefix: has an empty text, which fits ever"),
    ({f"{COLUMN}.customer_email.suffix": ["x", ""]}, "customer_email.suffix: has an empty text"),
    (
        {f"{COLUMN}.order_id.case": "upper", f"{COLUMN}.order_id.prefix": ["Nr "]},
        "columns.order_id: 'Nr ' never fits, as case: upper comes before trimming",
    ),
    (
        {f"{COLUMN}.order_id.pattern": "^[0-9"},
        "columns.order_id.pattern='^[0-9': is not a valid regular expression (RE2): missing ]: [0-",
    ),
    ({f"{COLUMN}.order_id.pattern": "(?=x)"}, "order_id.pattern='(?=x)': is not a valid regular"),
    (
        {f"{COLUMN}.order_id.pattern": r"(a)\1"},
        "is not a valid regular expression (RE2): invalid esca",
    ),
    (
        {f"{COLUMN}.order_id.reject": {"zero_quantity": "*"}},
        "columns.order_id.reject.zero_quantity='*': is not a valid regular expression (RE2): no ar",
    ),
    (
        {f"{COLUMN}.order_id.reject": {"cancelled": "^C"}},
        "dataset.columns.order_id.reject='cancelled': is not in dataset.reasons",
    ),
    (
        {f"{COLUMN}.order_id": {"kind": "text", "pattern": "^O"}},
        "columns.order_id.reason: missing; the column rejects what does not match its pattern",
    ),
    (
        {f"{COLUMN}.unit_price": UNIT_PRICE | {"decimal": ",", "thousands": ","}},
        "unit_price.thousands=',': must differ from the decimal sign",
    ),
    (
        {f"{COLUMN}.unit_price": UNIT_PRICE | {"decimal": ";"}},
        "unit_price.decimal=';': must be '.' or ','",
    ),
    (
        {f"{COLUMN}.unit_price": UNIT_PRICE | {"words": {"two ": 2}}},
        "unit_price.words: 'two ' is empty or has outer blanks",
    ),
    (
        {f"{COLUMN}.unit_price": UNIT_PRICE | {"words": {"1.5e3": 2}}},
        "unit_price.words: '1.5e3' looks like a number, which needs no word",
    ),
    (
        {f"{COLUMN}.unit_price": UNIT_PRICE | {"words": {"two": 2, "Two": 3}}},
        "unit_price.words: 'two' and 'Two' differ by case only",
    ),
    (
        {"dataset.repairs": [{"column": "quantity", "formula": "revenue / unit_price"}]},
        "repairs.0.formula='revenue': is of kind unused; must be number, integer or ",
    ),
    (
        {"dataset.repairs": [{"column": "quantity", "formula": "quantity * 1"}]},
        "dataset.repairs.0.formula: quantity is computed from itself",
    ),
    (
        {"dataset.repairs": [{"column": "region", "formula": "quantity"}]},
        "dataset.repairs.0.column='region': is of kind mapped; must be number, integer or ",
    ),
    ({"dataset.repairs": [{"column": "quantity"}]}, "repairs.0: needs either a formula, or both"),
    (
        {"dataset.repairs": [{"column": "quantity", "by": "region"}]},
        "dataset.repairs.0: needs either a formula, or both by and map",
    ),
    (
        {"dataset.repairs": [PRICES, {"column": "quantity", "map": "x.json", "formula": "1"}]},
        "dataset.repairs.1: needs either a formula, or both by and map",
    ),
    (
        {"dataset.repairs": [PRICES | {"by": "sale_date"}]},
        "repairs.0.by='sale_date': is of kind date; must be text, category or mapped",
    ),
    ({"dataset.repairs": [PRICES | {"decimals": 2}]}, "repairs.0.decimals: is for a formula"),
    ({"dataset.repairs": [PRICES | {"mapp": 2}]}, "repairs.0.mapp=2: unknown key; did you mean"),
    (
        {"dataset.repairs": [PRICES | {"map": "../prices.json"}]},
        "columns.unit_price: '../prices.json' must be the name of a .json file in the lookups",
    ),
    (
        {"dataset.checks": {"adds_up": CHECK | {"column": "region"}}},
        "dataset.checks.adds_up.column='region': is of kind mapped; must be number, integer or ",
    ),
    (
        {"dataset.checks": {"adds_up": CHECK | {"formula": "quantity * prize"}}},
        "dataset.checks.adds_up.formula='prize': there is no such column",
    ),
    (
        {"dataset.checks": {"adds_up": CHECK | {"reason": "does_not_add_up"}}},
        "dataset.checks.adds_up.reason='does_not_add_up': is not in dataset.reasons",
    ),
    ({"dataset.checks": {"adds_up": CHECK | {"tolerance": -1}}}, "checks.adds_up.tolerance=-1"),
    ({"dataset.key.columns": ["order_id", "order_id"]}, "key.columns=['order_id', 'order_id']: na"),
    *(
        (
            {"dataset.name": name},
            f"dataset.name={name!r}: names a file; use letters, digits, - and _",
        )
        for name in ("../../evil", "", ".", "..", ".hidden", "a/b", "a\\b", "a\nb", "/etc")
    ),
    (
        {f"{AGGREGATIONS}.a/b": EXTREMES},
        "dataset.aggregations: 'a/b' names a file; use letters, digits, - and _",
    ),
    (
        {f"{AGGREGATIONS}.monthly_sales_summary.by.month.column": "region"},
        "by.month.column='region': is of kind mapped; must be date or timestamp",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.by.category.column": "revenue"},
        "by.category.column='revenue': is of kind number; must be text, category, mapped, email",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.largest_first": "revenue"},
        "largest_first='revenue': is not one of the measures total_revenue, order_count or avg",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.order_count": {}},
        "order_count: needs exactly one of sum, mean, min, max, count, count_distinct, ratio",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.order_count.sum": "quantity"},
        "order_count: needs exactly one of sum, mean, min, max, count, count_distinct, ratio",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.orders": {"count_distinct": "ordr_id"}},
        "measures.orders.count_distinct='ordr_id': there is no such column; did you mean",
    ),
    (
        {
            f"{AGGREGATIONS}.top_categories.measures.each": {
                "ratio": ["total_revnue", "order_count"]
            }
        },
        "measures.each.ratio='total_revnue': is not one of the measures total_revenue, order",
    ),
    (
        {
            f"{AGGREGATIONS}.top_categories.measures.each": {
                "ratio": ["avg_discount_percent", "order_count"]
            }
        },
        "measures.each.ratio='avg_discount_percent': is a mean; must be a sum, count or count_dis",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.each": {"ratio": ["each", "order_count"]}},
        "measures.each.ratio='each': is a ratio; must be a sum, count or count_distinct",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.total_revenue.sum": "product_name"},
        "measures.total_revenue.sum='product_name': is of kind text; must be number, integer or ",
    ),
    (
        {f"{AGGREGATIONS}.top_categories.measures.category": {"sum": "revenue"}},
        "measures.category: the result has another column of this name",
    ),
    (
        {f"{AGGREGATIONS}.top_products_by_category.measures.rank": {"sum": "revenue"}},
        "measures.rank: the result has another column of this name",
    ),
    (
        {f"{AGGREGATIONS}.top_products_by_category.metrics.units": "total_quantiy"},
        "metrics.units='total_quantiy': is not one of the measures",
    ),
    (
        {f"{AGGREGATIONS}.top_products_by_category.within": "quantity"},
        "within='quantity': is of kind integer; must be text, category, mapped, email or boolean",
    ),
    (
        {f"{AGGREGATIONS}.top_products_by_category.item": "product"},
        "item='product': there is no such column; did you mean 'product_name'?",
    ),
    (
        {f"{AGGREGATIONS}.anomaly_records.highest.high_revenue": "sale_date"},
        "highest.high_revenue='sale_date': is of kind date; must be number, integer or ",
    ),
    (
        {f"{AGGREGATIONS}.anomaly_records.tie_break": "region"},
        "tie_break='region': is of kind mapped; must be text",
    ),
]

NAMED_DAYS = {"kind": "date", "formats": ["%d %b %Y"], "reason": "invalid_sale_date"}
WRITTEN: list[tuple[dict[str, Any], str]] = [
    ({"suffix": ["CR"], "negative": ["5 CR"]}, "negative: '5 CR' has a text that is trim"),
    ({"units": {"CR": 1}, "negative": ["5 CR"]}, "negative: '5 CR' has a text that is tr"),
    ({"groups": "indian"}, "groups: has no effect without thousands"),
    ({"units": {"%": 0.03}}, "units: '%' is 0.03, which is no power of ten such as 0.01"),
    ({"units": {"%": -0.01}}, "units: '%' is -0.01, which is no power of ten"),
    ({"units": {"K": 1e-30}}, "units: 'K' is 1e-30, which is no power of ten"),
    ({"units": {"%": 0.01}, "suffix": ["%"]}, "units: '%' is also trimmed by prefix or s"),
    ({"units": {"kg ": 1}}, "units: 'kg ' has outer blanks"),
    ({"units": {"-kg": 1}}, "units: '-kg' contains a sign or bracket"),
    ({"units": {"e3": 1}}, "units: 'e3' is what numbers are written with"),
    (
        {"kind": "integer", "units": {"%": 0.01}},
        "units: '%' is 0.01, which makes fractions of whole numbers",
    ),
]
CLOCK = {"kind": "timestamp", "formats": ["%Y-%m-%d %H:%M"], "reason": "invalid_sale_date"}
ZONED = {**CLOCK, "formats": ["%Y-%m-%d %H:%M %z"]}
WITHOUT_EFFECT: list[tuple[dict[str, Any], str]] = [
    *(
        ({f"{COLUMN}.sale_date": column}, f"sale_date.{problem}")
        for column, problem in [
            (ZONED, "report_zone: missing; '%Y-%m-%d %H:%M %z' reads moments"),
            (CLOCK | {"formats": ["epoch_seconds"]}, "report_zone: missing; 'epoch_seconds'"),
            (CLOCK | {"source_zone": "UTC"}, "report_zone: missing; source_zone has no effect"),
            (CLOCK | {"report_zone": "UTC"}, "source_zone: missing; '%Y-%m-%d %H:%M' does not"),
            (ZONED | {"report_zone": "UTC", "source_zone": "UTC"}, "source_zone: has no effect"),
            (ZONED | {"report_zone": "Berlin"}, "report_zone: 'Berlin' is no time zone; write one"),
            (NAMED_DAYS | {"report_zone": "UTC"}, "report_zone: has no effect, as no format has a"),
            (CLOCK | {"formats": ["excel_1900"], "report_zone": "UTC"}, "report_zone: cannot be"),
            (ZONED | {"report_zone": "UTC", "zone_names": {"PST": "-08:00"}},
             "zone_names: has no effect, as no format has %Z"),
            (CLOCK | {"formats": ["%Y-%m-%d %H %Z"], "report_zone": "UTC",
                      "zone_names": {"PST": "-08:00", "pst": "UTC", "P T": "UTC", "X": "Y"}},
             "zone_names: 'PST' and 'pst' differ by case only"),
            (CLOCK | {"formats": ["%Y-%m-%d %H %Z"], "report_zone": "UTC",
                      "zone_names": {"P T": "UTC"}}, "zone_names: 'P T' is nothing that %Z reads"),
            (CLOCK | {"formats": ["%Y-%m-%d %H %Z"], "report_zone": "UTC",
                      "zone_names": {"X": "Y"}}, "zone_names.X: 'Y' is no time zone"),
            (CLOCK | {"languages": ["de"]}, "languages: has no effect, as no format has a name"),
        ]
    ),
    (
        {f"{COLUMN}.sale_date": NAMED_DAYS | {"formats": ["Q%q %Y"], "period": "quarter"}},
        "unit=month: has no effect on sale_date, whose values are the first days of quarters",
    ),
    *(
        ({f"{COLUMN}.unit_price": UNIT_PRICE | {key: [text]}}, f"unit_price.{key}: {text!r} con")
        for key, text in [
            ("prefix", "-$"), ("prefix", "("), ("suffix", "-"), ("suffix", ")"), ("prefix", "+"),
            ("prefix", "\u2212"), ("suffix", ",-"), ("suffix", "\uff09"), ("prefix", "["),
            ("suffix", "}"), ("prefix", "\u00b1"), ("prefix", "\u207b"), ("suffix", "\u300d"),
            ("prefix", "\u2796"), ("prefix", "<"), ("suffix", "\u05be"),
        ]
    ),
    *(
        (
            {f"{COLUMN}.unit_price": UNIT_PRICE | {key: [text], "thousands": ","}},
            f"unit_price.{key}: {text!r} is what numbers are written with",
        )
        for key, text in [
            ("prefix", "0"), ("prefix", "."), ("prefix", ","), ("prefix", "1,"), ("suffix", "00"),
            ("suffix", "e3"), ("suffix", ",000"), ("suffix", "5"), ("suffix", ".5"),
        ]
    ),
    *(
        ({f"{COLUMN}.unit_price": UNIT_PRICE | {key: [text]}}, f"would be read as 5; {instead}")
        for key, text, instead in [
            ("prefix", "-$", "a sign in front is read as it is; prefix: ['$'] is enough for -$5"),
            ("prefix", "+", "a sign in front is read as it is; leave it out"),
            ("prefix", "($", "negative: ['(5)'], with prefix: ['$'] reads such numbers"),
            ("suffix", ")", "negative: ['(5)'] reads such numbers as negative, or take"),
            ("suffix", "- EUR", "negative: ['5-'], with suffix: ['EUR'] reads such numbers"),
            ("prefix", "\u2212", "negative: ['\u22125'] reads such numbers as negative"),
            ("suffix", "]", "negative: ['[5]'] reads such numbers as negative"),
        ]
    ),
    *(
        ({f"{COLUMN}.unit_price": UNIT_PRICE | {"negative": [way]}}, f"unit_price.negative: {says}")
        for way, says in [
            ("(x)", "'(x)' must show how -5 is written, with a single 5 and no other figure"),
            ("", "'' must show how -5 is written"), ("(15)", "'(15)' must show"),
            ("5,-", "'5,-' must show"), ("5 5", "'5 5' must show"), ("0.5-", "'0.5-' must show"),
            ("-5", "'-5' is read without it, by its own sign"),
            ("5", "'5' is no way to write a negative number"),
            ("5+", "'5+' is no way to write a negative number"),
            ("(5) ", "'(5) ' has an outer blank, so that it never fits"),
        ]
    ),
    *(
        ({f"{COLUMN}.unit_price": UNIT_PRICE | keys}, f"unit_price.{says}")
        for keys, says in WRITTEN
    ),
    ({f"{COLUMN}.product_name.prefix": [" Nr"]}, "prefix: ' Nr' has an outer blank"),
    ({f"{COLUMN}.product_name.suffix": ["kg "]}, "suffix: 'kg ' has an outer blank"),
    ({f"{COLUMN}.product_name.null_words": [" N/A"]}, "null_words: ' N/A' has outer blanks"),
    ({"dataset.null_words": ["N/A "]}, "dataset.null_words: 'N/A ' has outer blanks"),
    ({f"{COLUMN}.revenue.null_words": ["N/A"]}, "revenue.null_words: has no effect on a column"),
    ({f"{COLUMN}.revenue.prefix": ["$"]}, "revenue.prefix: has no effect on a column of kind unus"),
    (
        {f"{COLUMN}.product_name.required": False},
        "product_name.reason: has no effect without required or pattern",
    ),
    (
        {f"{COLUMN}.sale_date.years_before": None, f"{COLUMN}.sale_date.years_after": None},
        "sale_date.range_reason: has no effect without years_before or years_after",
    ),
    (
        {f"{COLUMN}.sale_date.two_digit_years_from": 1930},
        "two_digit_years_from: has no effect, as no format has %y",
    ),
    (
        {f"{COLUMN}.sale_date": NAMED_DAYS | {"max_contradictions": 0.1}},
        "max_contradictions: has no effect, as months written by name",
    ),
    ({f"{COLUMN}.unit_price.default": 0}, "default=0.0: is beyond the limits, so that it saves no"),
    ({f"{COLUMN}.unit_price.clip": [-5, 0]}, "clip=[-5.0, 0.0]: is beyond the limits"),
    ({f"{COLUMN}.quantity.floor": 2**63}, "quantity.floor=9223372036854775808: is not a whole"),
    ({"dataset.derived.revenue.formula": "2 + 3"}, "derived.revenue.formula='2 + 3': names no co"),
    (
        {"dataset.repairs": [{"column": "quantity", "formula": "1"}]},
        "repairs.0.formula='1': names no column",
    ),
    ({"dataset.derived.revenue.formula": f"quantity * {'9' * 400}"}, "only + - * /, parentheses"),
    ({"dataset.derived.revenue.formula": "quantity * 1e999"}, "only + - * /, parentheses"),
    (
        {"dataset.derived.revenue.formula": " + ".join(["quantity"] * 3000)},
        "only + - * /, parentheses",
    ),
    ({"dataset.derived.revenue.decimals": 309}, "decimals=309: must be less than or equal to 22"),
    *(
        (
            {f"{COLUMN}.{name}": {"kind": "number", "reason": "zero_quantity"}},
            f"anomaly_records: its result has a column {name} of its own",
        )
        for name in ("rank", "anomaly_reason")
    ),
    (
        {
            f"{COLUMN}.metric_type": {"kind": "text"},
            f"{AGGREGATIONS}.top_products_by_category.item": "metric_type",
        },
        "top_products_by_category: its result has a column metric_type of its own",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "problem"), [*CONTRACT_PROBLEMS, *WITHOUT_EFFECT])
def test_a_contradiction_in_a_contract_is_named(changes: dict[str, Any], problem: str) -> None:
    lines = config_problems(changed(changes))
    assert any(problem in line for line in lines), lines
    assert all(line.startswith("dataset.") for line in lines)


@pytest.mark.parametrize(
    ("limits", "possible"),
    [
        ({"min": 5, "max": 5}, True),
        ({"min": 6, "max": 5}, False),
        ({"above": 5, "max": 5}, False),
        ({"min": 5, "below": 5}, False),
        ({"above": 4, "min": 5, "max": 5, "below": 6}, True),
        ({"above": 5, "min": 5, "max": 5}, False),
        ({"above": 5}, True),
    ],
)
def test_limits_leave_room_for_a_number(limits: dict[str, float], possible: bool) -> None:
    column = {"kind": "number", "reason": "invalid_unit_price", **limits}
    lines = config_problems(changed({f"{COLUMN}.unit_price": column}))
    assert (lines == []) is possible, lines


def reasons_with(*, first: str = "", last: str = "") -> list[str]:
    reasons = list(shipped_values()["dataset"]["reasons"])
    return [*([first] if first else []), *reasons, *([last] if last else [])]


@pytest.mark.parametrize(
    ("reasons", "problem"),
    [
        (reasons_with(first="zero_quantity"), "'zero_quantity' is in it 2 times"),
        (reasons_with(first="blank_row"), "'blank_row' is the toolkit's own and comes first any"),
        (reasons_with(first="too_old"), "'too_old' is used by no column, check or key"),
        (reasons_with()[:-1], "dataset.key.reason='duplicate_order_id': is not in dataset.reasons"),
        (
            list(reversed(reasons_with())),
            "dataset.key.reason='duplicate_order_id': must be the last of dataset.reasons",
        ),
        (reasons_with(first="x") * 30, "dataset.reasons: 300 of them; at most 250 are possible"),
    ],
)
def test_reasons_are_listed_once_in_an_order_that_can_be(reasons: list[str], problem: str) -> None:
    lines = config_problems(changed({"dataset.reasons": reasons}))
    assert any(problem in line for line in lines), lines


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dataset.columns.quantity.above": None},
        {"dataset.columns.order_id.required": False, "dataset.columns.order_id.reason": None},
        {"dataset.columns.unit_price.min": 5, "dataset.columns.unit_price.max": 5},
        {"dataset.derived.revenue.formula": "-(unit_price / 2) + 3 * quantity - 1.5e-3"},
        {"dataset.csv.delimiter": "\t", "dataset.csv.quote": "'"},
        {"dataset.csv.encoding": "Windows-1252"},
        {"dataset.columns.customer_email.null_words": ["N/A"]},
        {"dataset.columns.sale_date.formats": ["%d.%m.%Y"]},
        {"dataset.columns.order_id.source": "Order ID"},
    ],
)
def test_sound_contracts_have_no_problems(changes: dict[str, Any]) -> None:
    assert contract_problems(read_settings(changed(changes)).dataset) == []
