"""How often the repair of categories is right, by the ledger of a generated feed.

    python -m benchmarks.repair --rows 1000000

The lookups are built from the feed that they repair, as a user would. A clean row's category is
held against what the generator meant; rows whose order_id is repeated are left out, since an
order_id is how a clean row is found in the ledger.
"""

from __future__ import annotations

import argparse
import contextlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measure import settings_for
from toolkit.stages.cleaning import clean_data
from toolkit.stages.generating import generate_data
from toolkit.stages.lookups import update_lookups

REPAIR = "++dataset.columns.category.repair={by:product_name,map:product_categories.json}"
NAMES = "++dataset.columns.product_name.map=product_names.json"
WAYS = {"as it is": [], "repaired": [REPAIR], "repaired, canonical product names": [REPAIR, NAMES]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repair")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, default=Path("/tmp/benchmarks/repair"))
    options = parser.parse_args()
    feed = options.work / "feed.csv"
    run = options.work / "run"
    with contextlib.redirect_stdout(io.StringIO()):
        generate = settings_for(
            options.work, f"output='{feed}'", f"rows={options.rows}", "ledger=true"
        )
        generate_data(generate, run)
        labels = {}
        for way, overrides in WAYS.items():
            out = options.work / way.replace(" ", "_")
            settings = settings_for(out, f"input='{feed}'", "run_tests=false", *overrides)
            update_lookups(settings, run)
            clean_data(settings, run)
            labels[way] = pq.read_table(
                out / "clean" / "feed_clean.parquet", columns=["order_id", "category"]
            ).cast(pa.schema([("order_id", pa.string()), ("category", pa.string())]))
    ledger = pq.read_table(feed.with_name("feed_ledger.parquet"))
    print("| | precision | recall | wrong categories among clean rows |\n|---|--:|--:|--:|")
    for way, table in labels.items():
        print(f"| {way} | {_scores(table, labels['as it is'], ledger)} |")


def _scores(after: pa.Table, before: pa.Table, ledger: pa.Table) -> str:
    """Of the rows changed, those that are right now; of those mislabelled, the same."""
    meant = _meant(after, before, ledger)
    was, now, true = (meant.column(name) for name in ("before", "after", "true"))
    changed, wrong, right = pc.not_equal(was, now), pc.not_equal(was, true), pc.equal(now, true)
    n_changed = pc.sum(changed).as_py()
    precision = pc.sum(pc.and_(changed, right)).as_py() / n_changed if n_changed else None
    recall = pc.sum(pc.and_(wrong, right)).as_py() / pc.sum(wrong).as_py()
    left = 1 - pc.mean(right).as_py()
    shown = "-" if precision is None else f"{100 * precision:.2f} %"
    return f"{shown} | {100 * recall:.1f} % | {100 * left:.2f} %"


def _meant(after: pa.Table, before: pa.Table, ledger: pa.Table) -> pa.Table:
    """before, after, true: the category of each clean row whose order_id stands for one row."""
    ledger = ledger.cast(
        pa.schema([(f.name, pa.string() if f.name != "row" else pa.int64()) for f in ledger.schema])
    )
    repeated = ledger.filter(pc.equal(ledger["fault"], "duplicate_id"))["written"]
    faults = ledger.filter(pc.equal(ledger["column"], "category")).select(["row", "true_value"])
    rows = before.rename_columns(["order_id", "before"]).join(
        after.rename_columns(["order_id", "after"]), "order_id", join_type="inner"
    )
    rows = rows.filter(pc.invert(pc.is_in(rows["order_id"], repeated.combine_chunks())))
    numbers = pc.cast(pc.utf8_slice_codeunits(rows["order_id"], len("ORD-")), pa.int64())
    rows = rows.append_column("row", numbers).join(faults, "row", join_type="left outer")
    return rows.append_column("true", pc.coalesce(rows["true_value"], rows["before"]))


if __name__ == "__main__":
    main()
