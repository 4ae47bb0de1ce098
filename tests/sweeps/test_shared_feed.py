"""A shared feed is read only if it is whole and would be made the same again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.values import changed
from toolkit.report.code_digest import PACKAGE, code_digest
from toolkit.settings.config import Settings, read_settings
from toolkit.stages.shared_feed import share_feed
from toolkit.storage.locks import locked
from toolkit.sweeps.shared_feed import SharedFeed


def settings(tmp_path: Path, **values: Any) -> Settings:
    config = {"data_dir": str(tmp_path / "data"), "rows": 50, "cluster": {"kind": "sync"}}
    return read_settings(changed({**config, **values}))


def make(settings: Settings) -> SharedFeed:
    share_feed(settings, settings.data_dir / "run")
    return SharedFeed.of(settings)


@pytest.fixture
def feed(tmp_path: Path) -> SharedFeed:
    return make(settings(tmp_path))


def test_it_lies_in_the_workspace_under_a_name_that_tells_what_it_is(
    feed: SharedFeed, tmp_path: Path
) -> None:
    shared = tmp_path / "data" / "input" / "shared"
    assert feed.path == shared / "feed_50_seed42_dirty_2026-11-23.csv"
    assert feed.path.read_bytes().count(b"\n") > 50
    assert sorted(path.name for path in shared.iterdir()) == [
        feed.path.name,
        f"{feed.path.name}.json",
    ]
    assert feed.is_whole()


@pytest.mark.parametrize(
    "values",
    [{"rows": 51}, {"seed": 1}, {"mode": "clean"}, {"as_of": "2026-11-22"}, {"ledger": True}],
)
def test_each_setting_that_changes_its_bytes_makes_another(
    values: dict[str, Any], feed: SharedFeed, tmp_path: Path
) -> None:
    other = SharedFeed.of(settings(tmp_path, **values))
    assert other.path != feed.path
    assert not other.is_whole()


def test_settings_that_do_not_change_it_make_the_same(feed: SharedFeed, tmp_path: Path) -> None:
    other = settings(tmp_path, partitions={"kind": "by_count", "count": 3}, log_level="ERROR")
    assert SharedFeed.of(other) == feed


def test_it_is_made_once(feed: SharedFeed, tmp_path: Path) -> None:
    before = feed.path.stat().st_mtime_ns
    (tmp_path / "data" / "run" / "run.json").unlink()
    make(settings(tmp_path))
    assert feed.path.stat().st_mtime_ns == before
    assert not (tmp_path / "data" / "run" / "run.json").exists()


def _cut(feed: SharedFeed) -> None:
    feed.path.write_bytes(feed.path.read_bytes()[:-10])


def _change_a_byte(feed: SharedFeed) -> None:
    text = feed.path.read_bytes()
    feed.path.write_bytes(text[:-2] + b"x" + text[-1:])


def _delete(feed: SharedFeed) -> None:
    feed.path.unlink()


def _delete_mark(feed: SharedFeed) -> None:
    feed._mark.unlink()


def _cut_mark(feed: SharedFeed) -> None:
    feed._mark.write_text(feed._mark.read_text()[:20])


def _age(feed: SharedFeed) -> None:
    mark = json.loads(feed._mark.read_text())
    mark["made_from"]["generator"] = "another"
    feed._mark.write_text(json.dumps(mark))


@pytest.mark.parametrize("spoil", [_cut, _change_a_byte, _delete, _delete_mark, _cut_mark, _age])
def test_a_spoilt_one_is_made_anew(
    spoil: Callable[[SharedFeed], None], feed: SharedFeed, tmp_path: Path
) -> None:
    text = feed.path.read_bytes()
    spoil(feed)
    assert not feed.is_whole()
    make(settings(tmp_path))
    assert feed.is_whole()
    assert feed.path.read_bytes() == text


def test_a_ledger_that_is_gone_is_made_again(tmp_path: Path) -> None:
    feed = make(settings(tmp_path, ledger=True))
    (ledger,) = feed.path.parent.glob("*_ledger_ledger.parquet")
    ledger.unlink()
    assert not feed.is_whole()
    make(settings(tmp_path, ledger=True))
    assert ledger.is_file()
    assert feed.is_whole()


def test_one_that_is_being_made_is_waited_for(feed: SharedFeed, tmp_path: Path) -> None:
    feed.begin()
    with locked(feed.path):
        waiting = threading.Thread(target=make, args=(settings(tmp_path),))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        feed.finish()
        made = feed.path.stat().st_mtime_ns
    waiting.join(60)
    assert not waiting.is_alive()
    assert feed.path.stat().st_mtime_ns == made


def test_a_crash_while_it_is_made_leaves_none(feed: SharedFeed) -> None:
    feed.begin()
    assert not feed.is_whole()


def test_the_generators_code_is_part_of_what_it_is_made_from(feed: SharedFeed) -> None:
    assert feed.made_from["generator"] == code_digest(PACKAGE / "generate")
