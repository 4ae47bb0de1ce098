"""docs/bring-your-own-data.md, done as it says."""

from __future__ import annotations

import gzip
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import ask, read
from tests.real_feeds import MAKES, online_retail

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[1] / "docs" / "bring-your-own-data.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
FEED = "online_retail.csv.gz"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def follow(folder: Path) -> str:
    """Draft, edit and run; what the run printed."""
    draft, run = (shlex.split(block) for block in blocks("sh"))
    assert ask(*draft, cwd=folder).code == 0
    contract = folder / "conf" / "dataset" / "shop.yaml"
    values: dict[str, Any] = yaml.safe_load(contract.read_text("utf-8"))
    [edit] = (one for one in map(yaml.safe_load, blocks("yaml")) if "reasons" in one)
    values["columns"] |= edit["columns"]
    edited = values | {"reasons": edit["reasons"], "key": edit["key"]}
    contract.write_text(yaml.safe_dump(edited, sort_keys=False))
    done = ask(*run, cwd=folder)
    assert done.code == 0, done.err
    return done.out


def excerpt() -> str:
    """Lines like those of the shop, of our own making: 40 sound ones, and one of each fault."""
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    lines += [
        f"{500001 + n // 4},{22001 + n // 4 % 7}{'A' if n // 4 % 3 else ''},THING {n // 4 % 7},"
        f"{n % 2 + 1},2010-12-{n // 2 // 2 * 2 + 1:02} 08:26:00,{n // 2 % 2 + 1}.25,"
        f"{17001 + n // 4}.0,{'EIRE' if n % 8 < 4 else 'United Kingdom'}"
        for n in range(40)
    ]
    tail = "2010-12-21 09:00:00"
    lines += [
        f"C500100,22001,THING 0,-1,{tail},1.25,17001.0,EIRE",
        f"A500101,B,Adjust bad debt,1,{tail},-11.5,17002.0,United Kingdom",
        f"500102,22002,lost,-5,{tail},1.25,17003.0,United Kingdom",
        f"500103,22002,sample,5,{tail},0,17003.0,United Kingdom",
        lines[1],
    ]
    return "\n".join(lines) + "\n"


def test_the_walk_on_an_excerpt(tmp_path: Path) -> None:
    (tmp_path / FEED).write_bytes(gzip.compress(excerpt().encode()))
    follow(tmp_path)
    rejected = read(tmp_path / "data/rejected/online_retail_rejected.parquet")
    assert rejected.column("rejection_reason").to_pylist() == [
        "cancelled",
        "bad_debt",
        "no_quantity",
        "no_price",
        "exact_copy",
    ]
    assert read(tmp_path / "data/clean/online_retail_clean.parquet").num_rows == 40


@pytest.fixture(scope="module", params=MAKES)
def walked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, Callable[[str], str]]:
    """The folder of a walk, what the run printed, and how lines of the page are compared."""
    folder = tmp_path_factory.mktemp(request.param)
    feed = online_retail(request.param, folder).folder / FEED
    if feed.parent != folder:
        shutil.copyfile(feed, folder / FEED)
    return folder, follow(folder), words if request.param == "real" else without_figures


def words(line: str) -> str:
    return " ".join(line.split())


def without_figures(line: str) -> str:
    return re.sub(r"<?\d[\d,.]*", "#", words(line))


def test_the_walk_shows_what_comes_of_it(
    walked: tuple[Path, str, Callable[[str], str]],
) -> None:
    folder, out, compared = walked
    printed = [compared(line) for line in out.splitlines()]
    for line in blocks("text")[1].splitlines():
        assert any(one.startswith(compared(line)) for one in printed), line
    [page] = folder.glob("data/reports/*new-dataset/profile.json")
    assert page.stat().st_size


def test_the_doubts_are_those_of_the_draft(
    walked: tuple[Path, str, Callable[[str], str]], tmp_path: Path
) -> None:
    folder, _, compared = walked
    shutil.copyfile(folder / FEED, tmp_path / FEED)
    assert ask(*shlex.split(blocks("sh")[0]), cwd=tmp_path).code == 0
    draft = (tmp_path / "conf" / "dataset" / "shop.yaml").read_text("utf-8")
    drafted = [compared(line) for line in draft.splitlines()]
    for line in blocks("text")[0].splitlines():
        assert compared(line) in drafted


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([a-z-]+\.md)\)", TEXT))))
def test_links_lead_somewhere(link: str) -> None:
    assert (DOCUMENT.parent / link).is_file()
