"""as_of is today for a user's feed, one day for one run, and no matter to what is generated."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.commands import ask
from tests.values import changed
from toolkit.settings.config import read_settings
from toolkit.sweeps.shared_feed import SharedFeed

pytestmark = pytest.mark.slow

HEADER = (
    "order_id,product_name,category,quantity,unit_price,discount_percent,region,sale_date,"
    "customer_email,revenue"
)
DAY = date(2031, 3, 1)


@pytest.mark.parametrize("key", ["input", "cleaned", "rejected"])
def test_today_is_the_day_of_the_run_for_what_a_user_names(key: str) -> None:
    settings = read_settings(changed({"as_of": "today", key: "x"}), today=DAY)
    assert (settings.as_of, settings.as_of_given) == (DAY, False)
    assert settings.last_sale == date(2026, 11, 23)


def test_generated_sales_do_not_depend_on_the_day_of_the_run() -> None:
    values = changed({"as_of": "today"})
    first, later = read_settings(values, today=DAY), read_settings(values)
    assert first.as_of == first.last_sale == date(2026, 11, 23)
    assert first.config_hash == later.config_hash
    assert SharedFeed.of(first) == SharedFeed.of(later)


def test_a_named_day_is_that_of_the_generated_sales_too() -> None:
    settings = read_settings(changed({"as_of": "2024-02-29"}), today=DAY)
    assert settings.as_of == settings.last_sale == date(2024, 2, 29)


def test_the_generator_has_a_day_of_its_own() -> None:
    values = changed({"as_of": "today", "generated_until": "2020-01-31", "input": "feed.csv"})
    settings = read_settings(values, today=DAY)
    assert (settings.as_of, settings.last_sale) == (DAY, date(2020, 1, 31))


def feed(folder: Path) -> str:
    """Sales of five years ago, of today and of three years to come."""
    days = [date.today() + timedelta(days=days) for days in (-1826, 0, 1095)]
    rows = [f"O{n},Lamp,Books,1,2.5,0,Delhi,{day},,2.5" for n, day in enumerate(days)]
    path = folder / "feed.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path.name


def test_the_day_is_in_the_manifest_and_in_run_json(tmp_path: Path) -> None:
    done = ask("clean-data", feed(tmp_path), cwd=tmp_path)
    assert done.code == 0, done.err
    manifest = json.loads((tmp_path / "data/clean/feed_clean.parquet/_manifest.json").read_text())
    [report] = (tmp_path / "data/reports").glob("*/run.json")
    today = date.today().isoformat()
    assert manifest["as_of"] == json.loads(report.read_text())["config"]["as_of"] == today
    assert manifest["rejected_by_reason"] == {"sale_date_out_of_range": 1}


def test_a_sweep_that_is_resumed_another_day_goes_by_its_own(tmp_path: Path) -> None:
    words = ("clean-data", "--multirun", feed(tmp_path), "outputs=parquet,archive")
    assert ask(*words, cwd=tmp_path).code == 0
    [record] = (tmp_path / "data/reports").glob("*/sweep.json")
    content = json.loads(record.read_text())
    assert content["today"] == date.today().isoformat()
    record.write_text(json.dumps({**content, "today": "2022-01-01"}))
    (record.parent / "1" / "job.json").unlink()

    assert ask(*words, "sweep.resume=true", cwd=tmp_path).code == 0

    report = json.loads((record.parent / "1" / "run.json").read_text())
    assert report["config"]["as_of"] == "2022-01-01"
    assert report["stages"][0]["rejected_by_reason"] == {"sale_date_out_of_range": 2}
