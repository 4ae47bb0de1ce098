"""Headers in other languages: names that can be typed, and the parts that columns play."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from toolkit.profile.naming import clean_names
from toolkit.profile.sorts import AMOUNT, ITEM, PRICE, QUANTITY, is_added_up, is_order_name

ORDER, ITEMS, PIECES, PRICES, AMOUNTS = "order", "item", "quantity", "price", "amount"
PARTS: dict[str, Callable[[str], object]] = {
    ORDER: is_order_name,
    ITEMS: ITEM.search,
    PIECES: QUANTITY.search,
    PRICES: PRICE.search,
    AMOUNTS: AMOUNT.search,
}
HEADERS = {
    "English": ("Order No", "Product", "Quantity", "Unit Price", "Amount"),
    "German": ("Bestellnummer", "Bezeichnung", "Menge", "Einzelpreis", "Betrag"),
    "French": ("Commande n\u00b0", "Produit", "Quantit\u00e9", "Prix unitaire", "Montant"),
    "Spanish": ("Pedido", "Art\u00edculo", "Cantidad", "Precio", "Importe"),
    "Italian": ("Numero ordine", "Prodotto", "Quantit\u00e0", "Prezzo", "Importo"),
    "Portuguese": ("Pedido", "Produto", "Quantidade", "Pre\u00e7o", "Valor total"),
    "Dutch": ("Bestelling", "Artikel", "Aantal", "Prijs", "Bedrag"),
    "Polish": ("Numer zam\u00f3wienia", "Towar", "Ilo\u015b\u0107", "Cena", "Kwota"),
    "Russian": (
        "\u0417\u0430\u043a\u0430\u0437", "\u0422\u043e\u0432\u0430\u0440",
        "\u041a\u043e\u043b\u0438\u0447\u0435\u0441\u0442\u0432\u043e",
        "\u0426\u0435\u043d\u0430", "\u0421\u0443\u043c\u043c\u0430",
    ),
    "Japanese": (
        "\u6ce8\u6587\u756a\u53f7", "\u5546\u54c1", "\u6570\u91cf", "\u5358\u4fa1",
        "\u91d1\u984d",
    ),
    "Greek": (
        "\u03a0\u03b1\u03c1\u03b1\u03b3\u03b3\u03b5\u03bb\u03af\u03b1",
        "\u03a0\u03c1\u03bf\u03ca\u03cc\u03bd",
        "\u03a0\u03bf\u03c3\u03cc\u03c4\u03b7\u03c4\u03b1", "\u03a4\u03b9\u03bc\u03ae",
        "\u03a3\u03cd\u03bd\u03bf\u03bb\u03bf",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", HEADERS)
def test_columns_play_their_part(language: str) -> None:
    names = list(clean_names(HEADERS[language]))
    assert all(name.isascii() and name.isidentifier() for name in names)
    found = {
        part: [bool(plays(name)) for name in names].index(True) for part, plays in PARTS.items()
    }
    assert found == {part: place for place, part in enumerate(PARTS)}, names
    assert [is_added_up(name) for name in names[-2:]] == [False, True]


def test_letters_of_other_scripts_are_transliterated() -> None:
    headers = ["\u0419\u043e\u0434 \u2116", "Gr\u00f6\u00dfe", "\u0141\u00f3d\u017a"]
    assert list(clean_names(headers)) == ["yod_no", "grosse", "lodz"]
    assert list(clean_names(["Gro\u0308\u00dfe"])) == ["grosse"]
