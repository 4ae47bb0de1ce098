"""Classify columns by name and values: amounts, pieces, orders, currencies."""

from __future__ import annotations

import re

from toolkit.profile.facts import ColumnFacts
from toolkit.profile.symbols import CURRENCIES, UNITS

# Words of English, German, French, Spanish, Italian, Portuguese, Dutch and Polish, and of Russian,
# Greek, Japanese and Chinese as names transliterate them.
QUANTITY = re.compile(
    r"quantity|qty|units|pieces|menge|anzahl|stueckzahl|quantite|cantidad|quantita|quantidade|"
    r"aantal|ilosc|kolichestvo|posotita|shu_liang",
    re.I,
)
PRICE = re.compile(
    r"price|preis|prix|precio|cost|prezzo|preco|prijs|(^|_)cena|tsena|(^|_)timi|dan_jia|dan_si|jia_ge",
    re.I,
)
AMOUNT = re.compile(
    r"revenue|total|amount|sales|turnover|umsatz|erloes|betrag|montant|importe|importo|"
    r"(^|_)valore?(_|$)(?!unit)|bedrag|omzet|kwota|wartosc|(^|_)summ?a(_|$)|vyruchka|synolo|jin_e|"
    r"mai_shang",
    re.I,
)
SHARE = re.compile(r"discount|percent|rate|rabat|remise|descuento|sconto|desconto|korting", re.I)
ITEM = re.compile(
    r"product|item|article|artikel|description|name|sku|stock|produkt|produit|prodotto|produto|"
    r"articolo|articulo|artigo|bezeichnung|omschrijving|towar|tovar|proion|shang_pin",
    re.I,
)
_ORDER = re.compile(
    r"(^|_)(order|invoice|transaction|receipt|bestell(ungs?)?|bestelling|rechnungs?|auftrags?|"
    r"belegs?|commande|facture|pedido|factura|ordine|fattura|fatura|encomenda|factuur|zamowieni[ae]|"
    r"faktur[ay]|zakaza?|paraggelia|zhu_wen|ding_dan|document|increment)"
    r"_?(id|no|nr|n|num|number|nummer|code|numero|hao|fan_hao)?$",
    re.I,
)
# Figures whose sum is meaningless, whatever else is in their names.
_NOT_ADDED_UP = re.compile(
    r"balance|saldo|solde|kontostand|running|cumul|kumul|to_date|ytd|rank|rating|score|percent|pct|"
    r"(^|_)(rate|ratio|share|per|year|age|avg|average|mean|mittel|durchschnitt)(_|$)",
    re.I,
)
_OF_ONE = re.compile(r"unit|einzel|stueck|stuck|each|list", re.I)
_CURRENCY = re.compile(
    r"(^|_)(currency|currencies|curr|ccy|wahrung|waehrung|waers|devise|moneda|moeda|valuta)(_|$)",
    re.I,
)
_SIDE = re.compile(r"soll|haben|debit|credit|dr_?cr|(^|_)(s_h|d_c|side|shkzg)(_|$)|direction", re.I)
_SIDES = (
    {"s", "h"}, {"d", "c"}, {"dr", "cr"}, {"debit", "credit"}, {"soll", "haben"}, {"in", "out"},
)  # fmt: skip
_LONG_SIDES = _SIDES[3:5]
_MOST_KNOWN = 0.8


def is_added_up(name: str) -> bool:
    """Return whether figures of a column with this name can be summed over rows."""
    if _NOT_ADDED_UP.search(name):
        return False
    return not PRICE.search(name) or (bool(AMOUNT.search(name)) and not _is_unit_price(name))


def _is_unit_price(name: str) -> bool:
    return bool(_OF_ONE.search(name)) or "total" not in name.lower()


def is_order_name(name: str) -> bool:
    return bool(_ORDER.search(name))


def is_order(column: ColumnFacts) -> bool:
    """Return whether its values identify orders: by its name, or as shops number them: #1001."""
    numbered = bool(column.shapes) and column.shapes[0].value.startswith("#9")
    return is_order_name(column.name) or numbered


def reason_not_to_sum(column: ColumnFacts) -> str:
    """Return why rows with different values of the column must not be summed; '' if they may."""
    if column.kind not in ("category", "text", "boolean") or column.personal:
        return ""
    values = {one.value.casefold() for one in (*column.top, *column.names)}
    for known, what in ((CURRENCIES, "currencies"), (UNITS, "units")):
        meant = {known.get(value, value) for value in values}
        heard = [value for value in values if value in known]
        by_name = what == "currencies" and _CURRENCY.search(column.name)
        if len(meant) > 1 and (by_name or len(heard) >= max(2, _MOST_KNOWN * len(values))):
            return what
    if len(values) == 2 and values in (_SIDES if _SIDE.search(column.name) else _LONG_SIDES):
        return "sides of an account"
    return ""
