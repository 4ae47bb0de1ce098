"""What personal columns hold is in clean and rejected rows, and nowhere else unless masked."""

from __future__ import annotations

import json
import stat
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.commands import Answer, ask, read
from tests.feeds import row_with, write_feed
from tests.stages.places import HOLDS, Place, about, severe
from toolkit.dashboard.rejected import PageRequest, read_page

pytestmark = pytest.mark.slow

NAMES = ("ada", "grace", "linus", "edsger", "barbara", "donald")
SUITE = (
    severe("warning", about("customer_email", "match_regex", regex="^nobody@")),
    severe("warning", about("customer_email", "be_unique")),
    severe("warning", about("customer_email", "be_in_set", value_set=["x"])),
    severe("info", {
        "type": "expect_column_most_common_value_to_be_in_set",
        "kwargs": {"column": "customer_email", "value_set": ["x"]},
    }),
    severe("info", {
        "type": "expect_column_distinct_values_to_be_in_set",
        "kwargs": {"column": "customer_email", "value_set": ["x"]},
    }),
    severe("info", {
        "type": "expect_column_pair_values_to_be_equal",
        "kwargs": {"column_A": "order_id", "column_B": "customer_email"},
    }),
    severe("info", {
        "type": "expect_select_column_values_to_be_unique_within_record",
        "kwargs": {"column_list": ["customer_email", "customer_email"]},
    }),
    severe("info", about("customer_email", "match_regex", regex="(")),
    HOLDS,
)  # fmt: skip
REJECTED = (
    severe("info", about("customer_email", "match_regex", regex="^nobody@")),
    severe("info", about("raw_line", "match_regex", regex="^nobody")),
    HOLDS,
)


def address(name: str) -> str:
    return f"{name}.secret@private.example"


def feed() -> bytes:
    """Every reason to show an address: extremes, repairs, rejects, malformed lines."""
    rows = [
        row_with(order_id=f"A{n}", customer_email=address(NAMES[n % 6]), unit_price=str(10 + n))
        for n in range(60)
    ]
    rows += [row_with(order_id=f"Z{n}", region="Atlantis", customer_email=address("ada"))
             for n in range(4)]  # fmt: skip
    rows += [row_with(order_id="R1", customer_email="ada.secret@private.example@twice")]
    header = write_feed(rows).partition(b"\n")[0]
    broken = b"M1,too few,ada.secret@private.example\n"
    return write_feed(rows) + broken + header + b"\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("personal"))
    (place.folder / "feed.csv").write_bytes(feed())
    place.write_suites(SUITE, REJECTED)
    return place


@pytest.fixture(scope="module")
def answers(place: Place) -> list[Answer]:
    """All commands that show something of a feed."""
    return [
        place.ask("run-pipeline", "input=feed.csv", "validation=watch"),
        place.ask("review-lookups", "input=feed.csv"),
        place.ask("profile-data", "feed.csv"),
        place.ask("new-dataset", "feed.csv", "name=mine"),
    ]


def whole_content(path: Path) -> str:
    """A file as text; what parquet compresses is read as rows."""
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str)
    return path.read_bytes().decode("utf-8", "replace")


def files_with_addresses(folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".secret" in whole_content(path)
    ]


def kind_of(path: str) -> str:
    """'clean' of 'data/.versions/VERSION/clean/feed_clean.parquet/part'."""
    return path.split("/")[3] if ".versions" in path else path


def test_addresses_are_in_clean_and_rejected_rows_and_nowhere_else(
    place: Place, answers: list[Answer]
) -> None:
    assert [answer.code for answer in answers] == [0, 0, 0, 0], [a.err for a in answers]
    for answer in answers:
        assert ".secret" not in answer.out + answer.err
    left = files_with_addresses(place.folder)
    assert left.pop() == "feed.csv"
    assert {kind_of(path) for path in left} == {"clean", "rejected"}, left
    # What was looked through is there, and speaks of the column.
    shown: dict[str, str] = defaultdict(str)
    for path in filter(Path.is_file, place.reports.rglob("*")):
        shown[path.name] += whole_content(path)
    assert "masked.invalid" in shown["run.json"]
    assert "masked.invalid" in shown["report.html"]
    assert any("masked.invalid" in text for name, text in shown.items() if "regex" in name)
    assert "masked.invalid" in shown["ecommerce.clean.html"]
    draft = (place.folder / "conf" / "dataset" / "mine.yaml").read_text("utf-8")
    assert "customer_email: {kind: email, personal: true}" in draft
    assert "personal, as the contract in use marks a column of this name" in draft
    assert "personal columns are masked: customer_email" in shown["profile.html"] + answers[2].out


def test_without_the_mark_they_are_in_all_that_is_looked_through(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / "feed.csv").write_bytes(feed())
    place.write_suites(SUITE, REJECTED)
    mark = "dataset.columns.customer_email.personal=false"
    answer = place.ask("run-pipeline", "input=feed.csv", "validation=watch", mark)
    assert answer.code == 0, answer.err
    names = {Path(path).name for path in files_with_addresses(tmp_path / "data")}
    wanted = {"anomaly_records.parquet", "run.json", "report.html", "ecommerce.clean.html"}
    assert wanted < names
    assert any("regex" in name for name in names)


def test_a_mask_is_the_same_wherever_its_value_is_shown(
    place: Place, answers: list[Answer]
) -> None:
    del answers
    anomalies = pq.read_table(place.folder / "data/aggregations/ecommerce/anomaly_records.parquet")
    masks = {*anomalies.column("customer_email").to_pylist()}
    failing = [
        mask
        for path in place.reports.glob("*/failing_rows/clean-01*.parquet")
        for mask in pq.read_table(path).column("customer_email").to_pylist()
    ]
    assert len({*failing}) == 6
    assert masks == {*failing}


def test_the_key_is_made_once_and_its_owner_alone_may_read_it(
    place: Place, answers: list[Answer]
) -> None:
    del answers
    key = place.folder / "data" / ".mask_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    text = key.read_text().strip()
    files = [p for p in place.folder.rglob("*") if p.is_file() and p != key]
    assert [str(p) for p in files if text in whole_content(p)] == []


def test_rejected_rows_are_masked_on_the_dashboard(place: Place, answers: list[Answer]) -> None:
    del answers
    [dataset] = (place.folder / "data" / "rejected").glob("*.parquet")

    def found(text: str) -> int:
        return read_page(dataset, PageRequest(text=text), b"k" * 32).rows.num_rows

    page = read_page(dataset, PageRequest(), b"k" * 32).rows
    assert page.num_rows == 6
    assert ".secret" not in json.dumps(page.to_pylist())
    mask = page.filter([r == "unknown_region" for r in page.column(0).to_pylist()])
    assert found(mask.column("customer_email")[0].as_py()) == 4
    assert (found("ADA.secret@private.example"), found("secret"), found("Atlantis")) == (4, 0, 4)


@pytest.mark.parametrize("masked", ["clean", "rejected", "both"])
def test_clean_and_rejected_rows_are_masked_when_asked(masked: str, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(feed())
    words = ("input=feed.csv", "validation=off", f"outputs.mask_personal={masked}")
    answer = ask("run-pipeline", *words, cwd=tmp_path)
    assert answer.code == 0, answer.err
    plain = {"clean": {"rejected"}, "rejected": {"clean"}, "both": set()}[masked]
    left = files_with_addresses(tmp_path)
    assert left.pop() == "feed.csv"
    assert {kind_of(path) for path in left} == plain
    [clean] = (tmp_path / "data" / "clean").glob("*.parquet")
    assert len({*read(clean).column("customer_email").drop_null().to_pylist()}) == 6
    # Masks of addresses are addresses, so that suites hold and cleaning again keeps them.
    assert all("@" in one for one in read(clean).column("customer_email").drop_null().to_pylist())


def test_a_key_of_the_environment_makes_the_same_masks_in_every_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALES_FEED_MASK_KEY", "correct horse battery staple")
    masks = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "feed.csv").write_bytes(feed())
        words = ("input=feed.csv", "validation=off", "outputs.mask_personal=clean")
        assert ask("run-pipeline", *words, cwd=tmp_path / name).code == 0
        assert not (tmp_path / name / "data" / ".mask_key").exists()
        [clean] = (tmp_path / name / "data" / "clean").glob("*.parquet")
        masks.append(read(clean).column("customer_email").to_pylist())
    assert masks[0] == masks[1]
    monkeypatch.setenv("SALES_FEED_MASK_KEY", "short")
    answer = ask("clean-data", "input=feed.csv", cwd=tmp_path / "one")
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "SALES_FEED_MASK_KEY has fewer than 16 characters" in answer.errors[0]
