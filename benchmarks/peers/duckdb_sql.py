"""The sales cleaning in DuckDB's SQL.

The feed is loaded as text once; its row ids are the file's order. Categories, regions, dates and
quantities are parsed once a distinct value and joined back; the rest is computed a row. Malformed
CSV is not handled: generated feeds hold none.
"""

import datetime as dt
import tempfile
from pathlib import Path

import duckdb

from benchmarks.peers import rules

THREADS = 2

# As Unicode and Python's str.strip() have it.
WHITE_SPACE = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
# trim() with a set of characters is ten times as slow as without, so only where it may matter.
MACROS = f"""
CREATE MACRO strip(t) AS
    CASE WHEN t[1] BETWEEN '!' AND '~' AND t[-1] BETWEEN '!' AND '~' THEN t
    ELSE trim(t, '{WHITE_SPACE}') END;
CREATE MACRO number(t) AS
    CASE WHEN isfinite(try_cast(t AS DOUBLE)) AND NOT contains(t, '_')
    THEN try_cast(t AS DOUBLE) END;
"""

LOAD = """
CREATE TABLE raw AS FROM read_csv(
    $csv, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
    force_not_null = $columns)
"""

VOCABULARIES = f"""
CREATE TABLE category_of AS
    SELECT raw, arg_min(name, (edits, name)) AS category
    FROM (
        SELECT raw, name, levenshtein(lower(strip(raw)), lower(name)) AS edits
        FROM (SELECT DISTINCT category AS raw FROM raw), categories
        WHERE strip(raw) <> '')
    WHERE edits <= {rules.MAX_EDITS}
    GROUP BY raw;
CREATE TABLE region_of AS
    SELECT seen.raw, regions.region
    FROM (SELECT DISTINCT region AS raw FROM raw) AS seen
    JOIN regions ON regions.raw = lower(strip(seen.raw));
CREATE TABLE date_of AS
    SELECT raw, try_strptime(strip(raw), {list(rules.DATE_FORMATS)})::DATE AS sale_date
    FROM (SELECT DISTINCT sale_date AS raw FROM raw)
    WHERE regexp_matches(raw, '[0-9]{{4}}');  -- %Y takes shorter years, the rules don't
CREATE TABLE quantity_of AS
    SELECT raw, greatest(round_even(number(strip(raw)), 0), 0) AS quantity
    FROM (SELECT DISTINCT quantity AS raw FROM raw);
"""

# side: on which side of the half cent the exact revenue lies (see rules.SPLIT).
EVALUATE = f"""
CREATE TABLE evaluated AS
WITH parsed AS (
    SELECT
        raw.rowid AS row_id,
        strip(raw.order_id) AS order_id,
        strip(raw.product_name) AS product_name,
        category_of.category,
        quantity_of.quantity,
        number(strip(raw.unit_price)) AS unit_price,
        least(greatest(coalesce(number(strip(raw.discount_percent)), 0), 0), 1)
            AS discount_percent,
        region_of.region,
        date_of.sale_date,
        lower(strip(raw.customer_email)) AS email
    FROM raw
    LEFT JOIN category_of ON category_of.raw = raw.category
    LEFT JOIN region_of ON region_of.raw = raw.region
    LEFT JOIN date_of ON date_of.raw = raw.sale_date
    LEFT JOIN quantity_of ON quantity_of.raw = raw.quantity
), rounded AS (
    SELECT
        *,
        unit_price * quantity * (1 - discount_percent) AS exact,
        exact * 100 AS cents,
        floor(cents) AS whole,
        exact * {rules.SPLIT} - (exact * {rules.SPLIT} - exact) AS high,
        (high * 100 - cents) + (exact - high) * 100 + (cents - whole - 0.5) AS side,
        CASE WHEN side = 0 THEN round_even(cents, 0) ELSE whole + (side > 0)::INT END / 100
            AS revenue
    FROM parsed
)
SELECT
    row_id, order_id, product_name, category, quantity, unit_price, discount_percent, region,
    sale_date, CASE WHEN regexp_matches(email, '{rules.EMAIL}') THEN email END AS customer_email,
    revenue,
    CASE
        WHEN order_id = '' OR product_name = '' THEN 'missing_order_id_or_product'
        WHEN category IS NULL THEN 'unknown_category'
        WHEN region IS NULL THEN 'unknown_region'
        WHEN unit_price IS NULL OR unit_price <= 0 OR unit_price >= {rules.PRICE_LIMIT}
            THEN 'invalid_unit_price'
        WHEN coalesce(quantity, 0) = 0 THEN 'zero_quantity'
        WHEN sale_date IS NULL THEN 'invalid_sale_date'
        WHEN sale_date NOT BETWEEN $first AND $last THEN 'sale_date_out_of_range'
        WHEN revenue < 0 OR revenue >= {rules.REVENUE_LIMIT} THEN 'invalid_calculated_revenue'
    END AS reason
FROM rounded
"""

REPEATED = """
CREATE TABLE repeated AS
WITH firsts AS (
    SELECT order_id, min(row_id) AS first_row
    FROM evaluated WHERE reason IS NULL
    GROUP BY order_id HAVING count(*) > 1)
SELECT row_id
FROM evaluated JOIN firsts USING (order_id)
WHERE reason IS NULL AND row_id <> first_row
"""

CLEAN = f"""
SELECT * EXCLUDE (row_id, reason) REPLACE (quantity::BIGINT AS quantity),
    CASE WHEN discount_percent > {rules.HEAVY_DISCOUNT} THEN 'heavy_discount' END AS anomaly_flag
FROM evaluated ANTI JOIN repeated USING (row_id)
WHERE reason IS NULL
"""

REJECTED = """
WITH reasons AS (
    SELECT row_id, reason FROM evaluated WHERE reason IS NOT NULL
    UNION ALL SELECT row_id, 'duplicate_order_id' FROM repeated)
SELECT raw.*, reason AS rejection_reason, row_id + 1 AS source_row
FROM raw JOIN reasons ON raw.rowid = row_id
"""


def clean(
    csv_path: str | Path, lookups_dir: str | Path, as_of: dt.date, out_dir: str | Path
) -> None:
    """Clean a feed into `out_dir`/clean.parquet and rejected.parquet, rows in any order."""
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    first, last = rules.date_bounds(as_of)
    with (
        tempfile.TemporaryDirectory(dir=out) as spill,
        duckdb.connect(config={"threads": THREADS, "temp_directory": spill}) as db,
    ):
        db.execute(MACROS)
        load_lookups(db, rules.read_lookups(lookups_dir))
        db.execute(LOAD, {"csv": str(csv_path), "columns": list(rules.RAW_COLUMNS)})
        db.execute("SET preserve_insertion_order = false")  # from here on, row ids tell
        db.execute(VOCABULARIES)
        db.execute(EVALUATE, {"first": first, "last": last})
        db.execute(REPEATED)
        for name, query in (("clean", CLEAN), ("rejected", REJECTED)):
            db.execute(
                f"COPY ({query}) TO '{out / name}.parquet'"
                f" (FORMAT parquet, COMPRESSION {rules.COMPRESSION})"
            )


def load_lookups(db: duckdb.DuckDBPyConnection, lookups: rules.Lookups) -> None:
    """Put the lookups into the tables `categories` and `regions`."""
    db.execute("CREATE TABLE categories (name VARCHAR)")
    db.executemany("INSERT INTO categories VALUES (?)", [[name] for name in lookups.categories])
    db.execute("CREATE TABLE regions (raw VARCHAR, region VARCHAR)")
    db.executemany(
        "INSERT INTO regions VALUES (?, ?)", [list(pair) for pair in lookups.regions.items()]
    )
