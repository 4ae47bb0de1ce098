"""Exports of many systems: what their drafts add up comes to the known totals, or is in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
import yaml

from tests.commands import ask, read

pytestmark = pytest.mark.slow

QUICK = "cluster=sync"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True)
class Layout:
    """A feed; `totals` of its clean rows, `said` on the terminal, and what is added up how."""

    name: str
    lines: list[str]
    totals: dict[str, float] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    n_rejected: int = 0
    n_passed_over: int = 0
    summed: dict[str, list[str]] | None = None
    """Columns that aggregations sum, and by what in all of them."""
    encoding: str = "utf-8"

    def __str__(self) -> str:
        return self.name


def german(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


def shop() -> Layout:
    """Orders of one to three lines, the total of the order on each of them."""
    rows, lines = [], 0
    for n in range(40):
        items = [(1 + (n + k) % 3, 500 + 25 * (n + k)) for k in range(1 + n % 3)]
        total = sum(q * p for q, p in items)
        lines += total
        rows += [
            f"#{1001 + n},2025-{1 + n % 12:02d}-11,{total / 100:.2f},{q},Item {p % 7},"
            f"{p / 100:.2f},{q * p / 100:.2f}"
            for q, p in items
        ]
    return Layout(
        "orders of a shop with their totals on all lines",
        ["Name,Paid on,Total,Lineitem quantity,Lineitem name,Lineitem price,Line total", *rows],
        {"line_total": lines / 100},
        ("aggregations: total is the same in all rows of one name",),
        summed={"line_total": [], "lineitem_quantity": []},
    )


def shop_with_totals_once() -> Layout:
    rows, total = [], 0
    for n in range(40):
        own = 1500 + 37 * n
        total += own
        rows.append(f"#{1001 + n},2025-{1 + n % 12:02d}-11,{own / 100:.2f},EUR,P{n % 7},1")
        rows += [f"#{1001 + n},,,,P{(n + k) % 7},2" for k in range(n % 3)]
    return Layout(
        "orders of a shop with their totals on the first line",
        ["Name,Paid on,Total,Currency,Lineitem name,Lineitem quantity", *rows],
        {"total": total / 100},
        (
            "aggregations: total: only the first line of each name has a value, which is added up "
            "by what belongs to it as a whole, and not by what differs from line to line",
        ),
    )


def shopify() -> Layout:
    """Orders of one to three lines, of which the first alone has what belongs to the order."""
    rows, lines = [], 0
    for n in range(40):
        items = [(1 + (n + k) % 3, 500 + 25 * (n + k)) for k in range(1 + n % 3)]
        subtotal = sum(q * p for q, p in items)
        lines += subtotal
        day = f"2025-{1 + n % 12:02d}-{1 + n % 28:02d} 10:{n:02d}:33 -0500"
        first = f"paid,{day},{subtotal / 100:.2f},4.90,{subtotal / 100 + 4.9:.2f}"
        rows += [
            f"#{1001 + n},{',,,,' if place else first},{q},Item {p % 7},{p / 100:.2f}"
            for place, (q, p) in enumerate(items)
        ]
    return Layout(
        "orders of Shopify",
        [
            "Name,Financial Status,Paid at,Subtotal,Shipping,Total,Lineitem quantity,"
            "Lineitem name,Lineitem price",
            *rows,
        ],
        {"revenue": lines / 100, "subtotal": lines / 100, "total": lines / 100 + 40 * 4.9},
        ("aggregations: subtotal, shipping, total: only the first line of each name has a value",),
    )


def books() -> Layout:
    rows = [f"4711{n:04d}|{1 + n % 28:02d}.03.2025|{100 + n},25-" for n in range(60)]
    return Layout(
        "books with title lines",
        ["Account balances", "", "Document|Posting date|Amount", *rows],
        {"amount": -sum(100.25 + n for n in range(60))},
        n_passed_over=2,
        summed={"amount": []},
    )


def trailing_minus() -> Layout:
    rows = [f"4711{n:04d};{1 + n % 28:02d}.03.2025;{100 + n},25{'' if n % 3 else '-'}"
            for n in range(60)]  # fmt: skip
    return Layout(
        "books with minus signs at the end",
        ["Document;Posting date;Amount", *rows],
        {"amount": sum((100.25 + n) * (1 if n % 3 else -1) for n in range(60))},
        ("amount: 20 cells such as '100,25-' are read as below 0",),
        summed={"amount": []},
    )


def brackets() -> Layout:
    cents = [-45_050 - n if n % 6 == 0 else 120_000 + 137 * n for n in range(60)]
    shown = [f"(${-one / 100:,.2f})" if one < 0 else f"${one / 100:,.2f}" for one in cents]
    rows = [f'INV-{n:03},2025-03-{1 + n % 28:02d},"{text}"' for n, text in enumerate(shown)]
    return Layout(
        "invoices with credits in brackets",
        ["Invoice,Day,Amount", *rows],
        {"amount": sum(cents) / 100},
        ("amount: 10 cells such as '($450.50)' are read as below 0",),
        summed={"amount": []},
    )


def lakhs() -> Layout:
    rows = [f'V{n:03},2025-03-{1 + n % 28:02d},"{n + 1},23,456.50"' for n in range(60)]
    return Layout(
        "a ledger with groups of two figures",
        ["Voucher,Day,Amount", *rows],
        {"amount": sum((n + 1) * 100_000 + 23_456.5 for n in range(60))},
        summed={"amount": []},
    )


def german_excel() -> Layout:
    cents = [123_456 + 1_711 * n if n % 9 else -4_500 - n for n in range(60)]
    rows = [
        f"R-{n};{1 + n % 28:02d}.{1 + n % 12:02d}.2025;{german(c)};Köln"
        for n, c in enumerate(cents)
    ]
    return Layout(
        "a German sheet with a sum",
        ["Rechnung;Datum;Betrag;Ort", *rows, f"Summe;;{german(sum(cents))};"],
        {"betrag": sum(cents) / 100},
        ("'Summe' (row 61)",),
        n_rejected=1,
        summed={"betrag": []},
        encoding="cp1252",
    )


def market() -> Layout:
    rows, total = [], 0
    for n in range(60):
        cents = 1999 + 10 * (n % 11) if n % 5 else -1999
        total += cents
        rows.append(
            f"302-{n:07d}\t2025-03-{1 + n % 28:02d}\tSKU{n % 9}\t{1 + n % 2}\t"
            f"{cents / 100:.2f}\tEUR"
        )
    return Layout(
        "a market place with tabs",
        ["order-id\tpurchase-date\tsku\tquantity\titem-amount\tcurrency", *rows],
        {"item_amount": total / 100},
        summed={"item_amount": [], "quantity": []},
    )


def bank() -> Layout:
    rows, saldo, total = [], 100_000, 0
    for n in range(50):
        cents = 2_500 + 100 * n if n % 4 else -9_900
        saldo, total = saldo + cents, total + cents
        rows.append(
            f"{1 + n % 28:02d}.{1 + n // 28:02d}.2025;Zahlung {n};{german(cents)};{german(saldo)}"
        )
    return Layout(
        "a bank with balances",
        ["Buchungstag;Verwendungszweck;Betrag;Saldo", "01.01.2025;Anfangssaldo;;1.000,00", *rows,
         f"28.02.2025;Endsaldo;;{german(saldo)}"],
        {"betrag": total / 100},
        n_rejected=2,
        summed={"betrag": []},
    )  # fmt: skip


def magento() -> Layout:
    rows, total = [], 0
    for n in range(60):
        cents = 4500 + 77 * n
        total += cents
        rows.append(f'"{100_000_001 + n}","Main Website","Mar {1 + n % 28}, 2025 10:{n:02d}:00 AM",'
                    f'"${cents / 100:,.2f}","{"complete" if n % 3 else "closed"}"')  # fmt: skip
    return Layout(
        "orders with currency signs",
        ['"ID","Purchase Point","Purchase Date","Grand Total (Purchased)","Status"', *rows],
        {"grand_total_purchased": total / 100},
        summed={"grand_total_purchased": []},
    )


def payments() -> Layout:
    day, currencies = "2025-03-{:02d} 10:00:00", ["eur", "usd", "mxn"]
    rows = [f"ch_{n:05d},{day.format(1 + n % 28)},{1000 + 7 * n},{currencies[n % 3]},Paid"
            for n in range(60)]  # fmt: skip
    return Layout(
        "payments in cents of three currencies",
        ["id,Created (UTC),Amount,Currency,Status", *rows],
        {"amount": sum(1000 + 7 * n for n in range(60))},
        ("aggregations: currency has several currencies (",),
        summed={"amount": ["currency"]},
    )


def pivot() -> Layout:
    rows, sums = [], [0] * 12
    for n in range(30):
        cells = [100 + (n * 13 + k * 7) % 50 for k in range(12)]
        sums = [a + b for a, b in zip(sums, cells, strict=True)]
        rows.append(f"Product {n}," + ",".join(map(str, [*cells, sum(cells)])))
    return Layout(
        "a table of months",
        ["Product," + ",".join(MONTHS) + ",Total", *rows,
         "Total," + ",".join(map(str, [*sums, sum(sums)]))],
        {**{m.lower(): s for m, s in zip(MONTHS, sums, strict=True)}, "total": sum(sums)},
        ("'Total' (row 31)",),
        n_rejected=1,
        summed={},
    )  # fmt: skip


def subtotals() -> Layout:
    rows, total = [], 0
    for region in ("North", "South", "West"):
        amounts = [750 + 31 * n for n in range(25)]
        rows += [
            f"{region},2025-03-{1 + n:02d},P{n % 6},{a / 100:.2f}" for n, a in enumerate(amounts)
        ]
        rows.append(f"{region} total,,,{sum(amounts) / 100:.2f}")
        total += sum(amounts)
    return Layout(
        "subtotals within",
        ["Region,Day,Product,Amount", *rows, f"Grand total,,,{total / 100:.2f}"],
        {"amount": total / 100},
        ("4 rows are totals, not records of others: 'North total' (row 26)",),
        n_rejected=4,
        summed={"amount": []},
    )


def mixed_signs() -> Layout:
    rows = [f"A{n},2025-03-{1 + n % 28:02d},{'$€£'[n % 3]}{n + 3}.50" for n in range(60)]
    return Layout(
        "signs of three currencies in one column",
        ["Order,Day,Amount", *rows],
        said=("numbers that cannot be added up; left as text",),
        summed={},
    )


def debit_and_credit() -> Layout:
    rows = [f"B{n},2025-03-{1 + n % 28:02d},{'Debit' if n % 3 else 'Credit'},{n + 3}.50,{n % 4} kg"
            .replace(" kg", "") for n in range(60)]  # fmt: skip
    return Layout(
        "unsigned amounts of debit and credit",
        ["Voucher,Day,Type,Amount,Boxes", *rows],
        {"amount": sum(n + 3.5 for n in range(60))},
        ("aggregations: type has several sides of an account",),
        summed={"amount": ["type"]},
    )


def units() -> Layout:
    rows = [f"B{n},2025-03-{1 + n % 28:02d},{n + 3},{['kg', 'pcs', 'l'][n % 3]}" for n in range(60)]
    return Layout(
        "quantities in several units",
        ["Order,Day,Quantity,Unit", *rows],
        {"quantity": sum(n + 3 for n in range(60))},
        ("aggregations: unit has several units",),
        summed={"quantity": ["unit"]},
    )


def ranks() -> Layout:
    rows = [
        f"B{n},2025-03-{1 + n % 28:02d},{1 + n * 17 % 60},{n}.5,{['a', 'b', 'c'][n % 3]}"
        for n in range(60)
    ]
    return Layout(
        "ranks and balances that are no amounts",
        ["Item ID,Day,Sales rank,Total balance,Shelf", *rows],
        {"sales_rank": sum(range(1, 61))},
        summed={},
    )


LAYOUTS = [
    shop(), shop_with_totals_once(), books(), trailing_minus(), german_excel(), market(), bank(),
    brackets(), lakhs(), shopify(),
    magento(), payments(), pivot(), subtotals(), mixed_signs(), debit_and_credit(), units(),
    ranks(),
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_what_is_added_up_comes_to_the_known_totals(layout: Layout, tmp_path: Path) -> None:
    text = "\n".join([*layout.lines, ""])
    (tmp_path / "feed.csv").write_bytes(text.encode(layout.encoding))
    draft = ask("new-dataset", "feed.csv", "name=f", QUICK, cwd=tmp_path)
    assert draft.code == 0, draft.err
    for told in layout.said:
        assert told in draft.out
    done = ask("run-pipeline", "feed.csv", "dataset=f", "validation=off", QUICK, cwd=tmp_path)
    assert done.code == 0, done.err
    clean = read(tmp_path / "data" / "clean" / "feed_clean.parquet")
    sums = {n: round(float(pc.sum(clean.column(n)).as_py()), 2) for n in layout.totals}
    assert sums == layout.totals
    contract = yaml.safe_load((tmp_path / "conf" / "dataset" / "f.yaml").read_text("utf-8"))
    n_records = len(layout.lines) - 1 - layout.n_passed_over
    assert clean.num_rows == n_records - layout.n_rejected
    if layout.summed is not None:
        assert added_up(contract) == layout.summed


def added_up(contract: dict[str, Any]) -> dict[str, list[str]]:
    """The columns that tables sum, each with the columns by which all of them do."""
    found: dict[str, list[set[str]]] = {}
    for table in contract.get("aggregations", {}).values():
        by = {table.get("within", "")} | {one["column"] for one in table.get("by", {}).values()}
        for measure in table.get("measures", {}).values():
            if "sum" in measure:
                found.setdefault(measure["sum"], []).append(by)
    apart = {"currency", "type", "unit"}
    return {name: sorted(set.intersection(*tables) & apart) for name, tables in found.items()}
