"""Checks that say yes or no to each value of a column."""

from __future__ import annotations

import datetime as dt

from tests.validate.cases.case import Case, cases_of, fails, passes, raises
from tests.validate.sample import CHANNELS, REGIONS

JANUARY_5 = dt.date(2024, 1, 5)
NINTH_AT_NOON = dt.datetime(2024, 1, 9, 12)
N_AT_MOST_99 = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 99}}}
N_AT_MOST_50 = {"type": "object", "properties": {"n": {"maximum": 50}}}

NULLS = [
    *cases_of(
        "expect_column_values_to_not_be_null",
        passes("strings without nulls", column="order_id"),
        fails("strings", column="email"),
        passes("strings, mostly", column="email", mostly=0.9),
        fails("strings, not even mostly", column="email", mostly=0.95),
        fails("floats with NaN", column="weight"),
        fails("dictionary", column="channel"),
        fails("dates", column="ship_date"),
        fails("timestamps", column="updated"),
        fails("booleans", column="is_vip"),
        fails("null in the first parts", column="late"),
        fails("null in one part", column="gap", mostly=0.9),
        passes("all null, mostly 0", column="nothing", mostly=0),
        raises("no such column", column="missing"),
    ),
    *cases_of(
        "expect_column_values_to_be_null",
        passes("all null strings", column="nothing"),
        passes("all null numbers", column="no_number"),
        fails("floats with NaN", column="weight", mostly=0.5),
        passes("null in the first parts, mostly", column="late", mostly=0.5),
        fails("dictionary", column="channel"),
    ),
]

UNIQUE = cases_of(
    "expect_column_values_to_be_unique",
    passes("strings with nulls", column="token"),
    fails("repeated in other parts", column="order_id"),
    passes("repeated in other parts, mostly", column="order_id", mostly=0.98),
    passes("integers beyond 2^53", column="big_id"),
    fails("integers with nulls beyond 2^53, as floats", column="big_ref"),
    fails("zeros of both signs", column="balance"),
    passes("integers with an all-null part", column="gap"),
    fails("integers after all-null parts", column="late"),
    fails("floats with NaN", column="weight"),
    fails("dictionary", column="channel"),
    fails("dates with nulls", column="ship_date"),
    passes("timestamps with nulls", column="updated"),
    passes("timestamps with a time zone", column="created_utc"),
    fails("booleans", column="is_gift"),
    fails("booleans with nulls", column="is_vip"),
    fails("decimals", column="amount"),
    passes("infinities", column="peaks"),
    passes("all null", column="nothing"),
    fails("empty text and blanks", column="note"),
)

SETS = [
    *cases_of(
        "expect_column_values_to_be_in_set",
        passes("strings", column="region", value_set=list(REGIONS)),
        passes("strings, mostly", column="region_copy", value_set=list(REGIONS), mostly=0.95),
        fails("strings against mixed kinds", column="region", value_set=["Delhi", 1, None, 2.5]),
        passes("dictionary with nulls", column="channel", value_set=list(CHANNELS)),
        fails("dictionary", column="channel", value_set=["web", "fax"]),
        passes("integers as floats", column="quantity", value_set=[float(n) for n in range(1, 11)]),
        fails("integers with nulls", column="stock", value_set=[0, 1, 2, 3]),
        fails("integers against text", column="quantity", value_set=["1", "2"]),
        fails("integers against mixed kinds", column="quantity", value_set=[1, "2", 3.0, None]),
        fails("floats", column="price", value_set=[3.7, 4.83, 36.47]),
        fails("integers beyond 2^53", column="big_id", value_set=[2**60, 2**60 + 1]),
        fails("booleans with nulls", column="is_vip", value_set=[True]),
        fails("dates as text", column="sale_date", value_set=["2024-01-01", "2024-01-11"]),
        fails("dates", column="sale_date", value_set=[dt.date(2024, 1, 1), dt.date(2024, 1, 6)]),
        fails("timestamps as text", column="created", value_set=["2024-01-01T00:00:00"]),
        fails("decimals", column="amount", value_set=[0.25, 1.25]),
        fails("empty set", column="region", value_set=[]),
        passes("empty set, all null", column="nothing", value_set=[]),
        fails("unusual characters", column="note", value_set=["a.b", "日本", "naïve", "tab\there"]),
        raises("no such column", column="missing", value_set=["a"]),
    ),
    *cases_of(
        "expect_column_values_to_not_be_in_set",
        passes("strings that do not occur", column="region", value_set=["Mumbay", "delhi"]),
        fails("strings", column="region", value_set=["Delhi"]),
        fails("dictionary and null", column="channel", value_set=["web", None]),
        fails("integers against mixed kinds", column="quantity", value_set=[1, 2.0, "3"]),
        fails("dates", column="sale_date", value_set=[dt.date(2024, 1, 1)]),
        fails("timestamps as text", column="created", value_set=["2024-01-01"]),
        passes("empty set", column="region", value_set=[]),
        fails("empty text", column="email", value_set=[""]),
        raises("timestamps against words", column="created", value_set=["never"]),
    ),
]

BETWEEN = cases_of(
    "expect_column_values_to_be_between",
    passes("integers", column="quantity", min_value=1, max_value=10),
    fails("strict minimum", column="quantity", min_value=1, max_value=10, strict_min=True),
    fails("strict maximum", column="quantity", min_value=1, max_value=10, strict_max=True),
    fails(
        "strict bounds", column="low", min_value=0, max_value=19, strict_min=True, strict_max=True
    ),
    passes("minimum only", column="quantity", min_value=1),
    fails("strict minimum only", column="quantity", min_value=1, strict_min=True),
    passes("maximum only", column="quantity", max_value=10),
    fails("strict maximum only", column="quantity", max_value=10, strict_max=True),
    passes("mostly", column="quantity", min_value=2, mostly=0.9),
    fails("not even mostly", column="quantity", min_value=2, mostly=0.91),
    fails("integers with nulls", column="stock", min_value=5, max_value=45),
    passes("null in the first parts", column="late", min_value=0, max_value=16),
    passes("all null", column="no_number", min_value=0, max_value=1),
    fails("floats with NaN", column="weight", min_value=1.5, max_value=20),
    fails("infinities", column="peaks", min_value=0, max_value=1000),
    fails("int32", column="small_int", min_value=10, max_value=80),
    fails("float32", column="small_float", min_value=0.1, max_value=3.5),
    fails("decimals", column="amount", min_value=1, max_value=60.5),
    fails("beyond 2^53", column="big_id", max_value=2**60 + 100),
    fails("booleans", column="is_gift", min_value=1),
    passes("dates as text", column="sale_date", min_value="2024-01-01", max_value="2024-12-31"),
    fails("dates", column="sale_date", min_value=JANUARY_5, max_value=dt.date(2024, 6, 30)),
    fails("dates with nulls, strict", column="ship_date", max_value=JANUARY_5, strict_max=True),
    raises("dates against a time", column="sale_date", min_value="2024-01-05T00:00:00"),
    fails("timestamps", column="created", min_value=NINTH_AT_NOON),
    fails("timestamps with nulls, as text", column="updated", max_value="2024-01-09T12:00:00"),
    raises("timestamps against a date", column="created", min_value="2024-01-05"),
    raises("a time zone against none", column="created_utc", min_value=NINTH_AT_NOON),
    raises("strings", column="region", min_value=1, max_value=2),
    raises("dictionary", column="channel", min_value=1),
    raises("bounds crossed", column="quantity", min_value=5, max_value=1),
)

LENGTHS = [
    *cases_of(
        "expect_column_value_lengths_to_be_between",
        passes("strings", column="order_id", min_value=13, max_value=13),
        fails("strings with nulls", column="email", min_value=1, max_value=19),
        passes("mostly", column="email", min_value=1, max_value=20, mostly=0.9),
        fails("strict bounds", column="region", min_value=5, max_value=9, strict_min=True),
        fails("maximum only, characters not bytes", column="note", max_value=3),
        fails("dictionary", column="channel", min_value=4),
        fails("integers", column="quantity", max_value=1),
        passes("all null", column="nothing", min_value=3),
    ),
    *cases_of(
        "expect_column_value_lengths_to_equal",
        passes("strings with nulls", column="token", value=4),
        fails("strings of many lengths", column="region", value=5),
        fails("integers with nulls", column="stock", value=4),
        passes("dates with nulls", column="ship_date", value=10),
        passes("mostly", column="note", value=3, mostly=0.3),
    ),
]

REGEX = [
    *cases_of(
        "expect_column_values_to_match_regex",
        passes("anchored", column="order_id", regex=r"^ORD-\d{9}$"),
        fails("e-mail with nulls", column="email", regex=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$"),
        passes("e-mail, mostly", column="email", regex=r"^[^@\s]+@[^@\s]+$", mostly=0.9),
        fails("a word class and unicode", column="note", regex=r"^\w+$"),
        fails("escaped characters", column="note", regex=r"^[a\(\[][.+x1][b\)\]]$"),
        fails("an end before a line end", column="note", regex=r"^line$"),
        fails("a digit of any script", column="note", regex=r"^\d$"),
        fails("look-ahead", column="region", regex=r"^(?!New )"),
        fails("back reference", column="token", regex=r"(\d)\1"),
        fails("flags in the pattern", column="region", regex=r"(?i)^DELHI$"),
        fails("dictionary", column="channel", regex="^(web|shop)$"),
        fails("integers with nulls", column="stock", regex=r"^\d\.0$"),
        passes("dates", column="sale_date", regex=r"^2024-\d\d-\d\d$"),
        passes("empty pattern", column="note", regex=""),
        passes("all null", column="nothing", regex="x"),
        raises("broken pattern", column="region", regex="("),
    ),
    *cases_of(
        "expect_column_values_to_not_match_regex",
        passes("strings", column="order_id", regex=r"\s"),
        fails("blanks", column="note", regex=r"^\s*$"),
        passes("blanks, mostly", column="note", regex=r"^\s*$", mostly=0.7),
        fails("dictionary", column="channel", regex="o"),
        fails("a dot is any character", column="note", regex="a.b"),
    ),
    *cases_of(
        "expect_column_values_to_match_regex_list",
        fails("any", column="region", regex_list=["^Delhi$", "^New", "Paulo"]),
        passes("any, one takes all", column="region", regex_list=["^Delhi$", ".*"]),
        fails("all", column="email", regex_list=["@", r"\.com$", r"^user"], match_on="all"),
        fails("dictionary", column="channel", regex_list=["^web$", "^ph"]),
        fails("null in the first parts", column="late", regex_list=["^1", "^2"]),
    ),
    *cases_of(
        "expect_column_values_to_not_match_regex_list",
        passes("none", column="order_id", regex_list=[r"\s", "[a-z]"]),
        fails("one of two", column="region", regex_list=["^New", "zzz"]),
        fails("dictionary", column="channel", regex_list=["^web$", "^ph"]),
        passes("mostly", column="note", regex_list=[r"^\s$", "日"], mostly=0.7),
    ),
]

TEXTS = [
    *cases_of(
        "expect_column_values_to_match_strftime_format",
        fails("dates as text", column="date_text", strftime_format="%Y-%m-%d"),
        passes("mostly", column="date_text", strftime_format="%Y-%m-%d", mostly=0.99),
        raises("dates", column="sale_date", strftime_format="%Y-%m-%d"),
    ),
    *cases_of(
        "expect_column_values_to_be_dateutil_parseable",
        fails("dates as text", column="date_text"),
        passes("mostly", column="date_text", mostly=0.99),
        passes("all null", column="nothing"),
        raises("numbers", column="quantity"),
    ),
    *cases_of(
        "expect_column_values_to_be_json_parseable",
        passes("objects with nulls", column="settings"),
        fails("two broken", column="payload"),
        passes("two broken, mostly", column="payload", mostly=0.99),
        fails("numbers", column="quantity"),
    ),
    *cases_of(
        "expect_column_values_to_match_json_schema",
        passes("objects with nulls", column="settings", json_schema=N_AT_MOST_99),
        fails("a property too large", column="settings", json_schema=N_AT_MOST_50),
        raises("text that is no JSON", column="payload", json_schema=N_AT_MOST_99),
        raises("a schema that is none", column="settings", json_schema={"type": "nonsense"}),
    ),
]

TYPES = [
    *cases_of(
        "expect_column_values_to_be_of_type",
        passes("str with nulls", column="email", type_="str"),
        passes("int64", column="quantity", type_="int64"),
        fails("int64 that nulls made float", column="stock", type_="int64"),
        passes("float", column="weight", type_="float"),
        passes("dates with nulls", column="ship_date", type_="date"),
        passes("booleans with nulls", column="is_vip", type_="bool"),
        passes("timestamps", column="created", type_="datetime64"),
        passes("dictionary", column="channel", type_="CategoricalDtypeType"),
        passes("decimals", column="amount", type_="Decimal"),
        fails("another", column="region", type_="int64"),
        fails("unknown", column="region", type_="no such type"),
    ),
    *cases_of(
        "expect_column_values_to_be_in_type_list",
        fails("str, which is no numpy type", column="region", type_list=["str", "int"]),
        passes("integers with nulls", column="stock", type_list=["int64", "float64"]),
        passes("dates or str", column="sale_date", type_list=["date", "str"]),
        passes("booleans count as int", column="is_vip", type_list=["int", "str"]),
        fails("objects of another type", column="sale_date", type_list=["int", "str"]),
        passes("any", column="region", type_list=None),
    ),
    *cases_of(
        "expect_column_type_to_be",
        passes("str", column="region", type_="str"),
        passes("float64 that nulls made", column="stock", type_="float64"),
        fails("int64 that nulls made float", column="gap", type_="int64"),
        passes("object", column="sale_date", type_="object"),
        passes("timestamps", column="created", type_="datetime64[us]"),
        passes("dictionary", column="channel", type_="category"),
        raises("a type that pandas has not", column="sale_date", type_="date"),
        raises("no such column", column="missing", type_="str"),
    ),
]

ORDER = [
    *cases_of(
        "expect_column_values_to_be_increasing",
        passes("strictly", column="row_number", strictly=True),
        fails("falling", column="countdown"),
        fails("saw tooth", column="low"),
        passes("saw tooth, mostly", column="low", mostly=0.9),
        fails("constant, strictly", column="constant", strictly=True),
        passes("an all-null part", column="gap", strictly=True),
        fails("after all-null parts", column="late"),
        fails("floats with NaN", column="weight"),
        passes("timestamps with nulls", column="updated"),
        fails("dates", column="sale_date"),
        fails("infinities", column="peaks"),
        passes("all null", column="no_number"),
        raises("strings", column="region"),
        raises("dictionary", column="channel"),
    ),
    *cases_of(
        "expect_column_values_to_be_decreasing",
        passes("with ties", column="countdown"),
        fails("with ties, strictly", column="countdown", strictly=True),
        fails("rising", column="row_number"),
        passes("constant", column="constant"),
        fails("an all-null part", column="gap"),
        fails("timestamps", column="created"),
    ),
]

SPREAD = [
    *cases_of(
        "expect_column_value_z_scores_to_be_less_than",
        passes("both sides", column="quantity", threshold=2, double_sided=True),
        fails("both sides, low", column="quantity", threshold=1.5, double_sided=True),
        fails("one side", column="quantity", threshold=1.5, double_sided=False),
        passes("mostly", column="revenue", threshold=2, double_sided=True, mostly=0.9),
        fails("floats with NaN", column="weight", threshold=1.6, double_sided=True),
        passes("constant", column="constant", threshold=1, double_sided=True),
        passes("all null", column="no_number", threshold=1, double_sided=True),
        passes("infinities", column="peaks", threshold=1, double_sided=True),
        raises("strings", column="region", threshold=1, double_sided=True),
    ),
    *cases_of(
        "expect_column_values_to_not_be_outliers",
        fails("quartiles", column="revenue", method="iqr", multiplier=0.5),
        passes("quartiles, wide", column="revenue", method="iqr", multiplier=3),
        fails("deviations", column="revenue", method="std", multiplier=2),
        passes("deviations, mostly", column="revenue", method="std", multiplier=2, mostly=0.9),
        fails("floats with NaN", column="weight", method="std", multiplier=1.5),
        passes("all null", column="no_number", method="iqr"),
        raises("strings", column="region", method="iqr"),
    ),
]

CASES: list[Case] = [
    *NULLS,
    *UNIQUE,
    *SETS,
    *BETWEEN,
    *LENGTHS,
    *REGEX,
    *TEXTS,
    *TYPES,
    *ORDER,
    *SPREAD,
]
