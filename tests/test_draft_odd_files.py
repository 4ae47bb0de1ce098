"""Drafts of files with more than a header and records: read to the same rows as the plain file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.commands import ask, read

pytestmark = pytest.mark.slow

HEADER = "order,day,item,qty,price"
ITEMS = ("Lamp", "Desk", "Pen, red", "Chair")
ROWS = [
    f'R{1000 + n},2025-0{1 + n % 9}-1{n % 9},"{ITEMS[n % 4]}",{1 + n % 7},{n % 50 + 1}.50'
    for n in range(60)
]
PLAIN = "\n".join([HEADER, *ROWS, ""])


def with_blanks(line: str) -> str:
    return line.replace(',"', ', "').replace('",', '" ,')


ODD: dict[str, tuple[str, dict[str, object]]] = {
    "plain": (PLAIN, {}),
    "sep": ("sep=;\r\n" + PLAIN.replace("Pen, red", "Pen red").replace(",", ";"), {}),
    "titles": (
        "Sales report\nFrom 2025-01-01 to 2025-12-31\nPrinted by,J. Doe\n\n" + PLAIN,
        {"skip_until": "header"},
    ),
    "wide titles": ("Sales,,,,\nShop:,Lyon,,,\n" + PLAIN, {"skip_until": "header"}),
    "comments": (
        "# exported 2025-12-31\n# by till 3\n" + PLAIN.replace("R1030", "# page 2\nR1030"),
        {"comment": "#"},
    ),
    "units": (PLAIN.replace(HEADER, f"{HEADER}\n,yyyy-mm-dd,,pcs,EUR"), {"skip_below_header": 1}),
    "escapes": (
        PLAIN.replace('"Lamp"', '"The \\"big\\" lamp"').replace('"Desk"', '"5\\", steel"'),
        {"escape": "\\"},
    ),
    "blanks": (
        "\n".join([HEADER, *map(with_blanks, ROWS), ""]),
        {"blanks_around_quotes": True},
    ),
    "trailing": (
        "\n".join([HEADER, *(f"{row}," for row in ROWS), ""]),
        {"trailing_delimiter": True},
    ),
    "all": (
        "Report\n# till 3\n\n" + "\n".join([HEADER, ",,,pcs,EUR", *(f"{row}," for row in ROWS)]),
        {
            "skip_until": "header", "comment": "#", "skip_below_header": 1,
            "trailing_delimiter": True,
        },
    ),
    "order numbers with a hash": (PLAIN.replace("\nR", "\n#"), {}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "keys"), ODD.values(), ids=list(ODD))
def test_a_draft_reads_every_record(text: str, keys: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(text, encoding="utf-8", newline="")
    drafted = ask("new-dataset", "feed.csv", "name=shop", cwd=tmp_path)
    assert drafted.code == 0, drafted.err
    contract = (tmp_path / "conf/dataset/shop.yaml").read_text(encoding="utf-8")
    csv = yaml.safe_load(contract)["csv"]
    assert {key: csv[key] for key in csv if key not in ("delimiter", "quote", "encoding")} == keys
    for key in ("comment", "skip_below_header"):
        assert (f"(csv.{key})" in drafted.out.replace("\n", " ")) == (key in keys)
    words = ["dataset=shop", "validation=off", "partitions=by_rows", "partitions.rows=7"]
    run = ask("run-pipeline", "feed.csv", *words, cwd=tmp_path)
    assert run.code == 0, run.err
    clean = read(tmp_path / "data" / "clean" / "feed_clean.parquet")
    assert clean.num_rows == 60
    total = sum((1 + n % 7) * (n % 50 + 1.5) for n in range(60))
    amounts = (row["qty"] * row["price"] for row in clean.to_pylist())
    assert sum(map(float, amounts)) == pytest.approx(total)


def test_lines_that_are_quoted_as_a_whole_are_named(tmp_path: Path) -> None:
    lines = [HEADER, *(row.replace('"', "").replace("Pen, red", "Pen") for row in ROWS)]
    (tmp_path / "feed.csv").write_text("".join(f'"{line}"\n' for line in lines), encoding="utf-8")
    found = ask("profile-data", "feed.csv", cwd=tmp_path)
    assert "every line is quoted as a whole, with a comma between" in " ".join(found.out.split())
