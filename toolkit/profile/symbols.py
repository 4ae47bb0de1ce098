"""Texts beside numbers: currencies, units, sides of an account, and words for large numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_MONEY = {
    "$": "$ us$ usd", "€": "€ eur euro", "£": "£ gbp", "¥": "¥ jpy", "₹": "₹ inr rs rs.",
    "₽": "₽ rub", "R$": "r$ brl", "CHF": "chf fr. sfr", "kr": "kr kr.", "SEK": "sek", "NOK": "nok",
    "DKK": "dkk", "zł": "zł pln", "Kč": "kč czk", "Ft": "ft huf", "CAD": "cad c$ ca$ cdn$",
    "AUD": "aud a$ au$", "NZD": "nzd nz$", "CNY": "cny rmb 元", "₩": "₩ krw", "₺": "₺ try tl",
    "₴": "₴ uah", "MXN": "mxn mx$", "SGD": "sgd s$", "HKD": "hkd hk$", "ZAR": "zar", "AED": "aed",
    "SAR": "sar", "₪": "₪ ils", "฿": "฿ thb", "₱": "₱ php", "IDR": "idr rp", "MYR": "myr rm",
    "₫": "₫ vnd", "RON": "ron lei", "BGN": "bgn лв", "ARS": "ars", "CLP": "clp", "COP": "cop",
    "PEN": "pen",
}  # fmt: skip
_MEASURES = {
    "%": "%", "pcs": "pc pcs stk st", "kg": "kg", "g": "g", "mg": "mg", "lb": "lb lbs", "oz": "oz",
    "km": "km", "cm": "cm", "mm": "mm", "ml": "ml", "cl": "cl", "l": "l",
}  # fmt: skip
CURRENCIES, UNITS = (
    {text: meant for meant, texts in group.items() for text in texts.split()}
    for group in (_MONEY, _MEASURES)
)
"""Symbols beside a number, and the currency or unit that each means."""
_OTHER_CODES = (
    "AFN AMD AOA AZN BDT BHD BOB BWP BYN CRC DOP DZD EGP ETB GEL GHS GTQ HNL IQD IRR ISK JMD JOD "
    "KES KHR KWD KZT LBP LKR MAD MDL MKD MMK MNT MUR MWK MZN NAD NGN NIO NPR OMR PAB PKR PYG QAR "
    "RSD RWF SYP TND TTD TWD TZS UGX UYU UZS VES XAF XOF YER ZMW"
)
_MORE_UNITS = {
    "m": "m", "t": "t", "ft": "ft", "in": "in", "gal": "gal", "min": "min mins minute minutes",
    "h": "h hr hrs hour hours std", "s": "s sec secs second seconds", "d": "d day days tag tage",
}  # fmt: skip
_UNITS_ALONE = {text: unit for unit, texts in _MORE_UNITS.items() for text in texts.split()}
_AFFIXES = _UNITS_ALONE | CURRENCIES | UNITS
SHORT = {
    "k": 3, "tsd": 3, "tsd.": 3, "m": 6, "mn": 6, "mio": 6, "mio.": 6, "b": 9, "bn": 9, "mrd": 9,
    "mrd.": 9, "lakh": 5, "lakhs": 5, "lac": 5, "crore": 7, "crores": 7,
}  # fmt: skip
"""Words for large numbers, and the power of ten of each."""
_SIDES = "CR DR CR. DR. Cr Dr Cr. Dr. cr dr C D S H Credit Debit CREDIT DEBIT Soll Haben"
SIDES = frozenset(_SIDES.split())
"""Texts for debit and credit; which of them is below 0 differs."""
APOSTROPHE = "'"
"""Marks a text in spreadsheets."""
_FAMILIES = (
    {"mg": -3, "g": 0, "kg": 3, "t": 6},
    {"mm": -3, "cm": -2, "m": 0, "km": 3},
    {"ml": -3, "cl": -2, "l": 0},
    {"%": -2},
)
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def currency_or_unit(text: str) -> str:
    """Return what a text beside a number means: '$' for 'USD', and the text for an unknown one."""
    return text if is_short(text) or text in SIDES else _AFFIXES.get(text.casefold(), text)


def is_short(text: str) -> bool:
    """Return whether a text stands for thousands or millions; `m` is a unit of length."""
    return text.casefold() in SHORT and text != "m"


def is_before_numbers(text: str) -> bool:
    """Return whether a text, with its blanks, is one that numbers have before them. Letters that
    could begin the name of something, such as the C of C536379, are not.
    """
    word = text.strip()
    return (
        word.casefold() in CURRENCIES
        or word in _OTHER_CODES.split()
        or word in ("%", APOSTROPHE)
        or (word in SIDES and len(word) > 1)
        or (len(word) == 1 and unicodedata.category(word) == "Sc")
    )


def is_behind_numbers(text: str) -> bool:
    """Return whether a text, with its blanks, is one that numbers have behind them."""
    word = text.strip()
    if word in SIDES:
        return len(word) > 1 or word != text
    return is_before_numbers(text) or word.casefold() in _AFFIXES or word.casefold() in SHORT


def units_hint(beside: Mapping[str, int], bare: int) -> str:
    """Return '; units: {...} reads them in one', where the texts differ by powers of ten."""
    for powers in (*_FAMILIES, SHORT):
        known = {
            text: power
            for text in beside
            if (power := powers.get(currency_or_unit(text), powers.get(text.casefold())))
            is not None
        }
        if len(known) == len(beside):
            units = {
                text: 10**power if power >= 0 else 10.0**power for text, power in known.items()
            }
            units |= {"": 1} if bare else {}
            shown = ", ".join(f"{_as_key(text)}: {factor}" for text, factor in units.items())
            return f"; units: {{{shown}}} reads them all alike"
    return ""


def _as_key(text: str) -> str:
    is_plain = text.isalpha() and text.lower() not in _YAML_WORDS
    return text if is_plain else f'"{text}"'
