"""The commands end to end: real files, real schedulers, real mistakes."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from dask.base import compute

from tests.commands import everything_in, fork, read, script, script_line, wait_until
from tests.feeds import HEADER
from toolkit.command.cli import run_command
from toolkit.settings.shipped import shipped_folder
from toolkit.storage.versions import new_version

pytestmark = pytest.mark.slow

Command = Callable[..., int]
AGGREGATIONS = {
    "monthly_sales_summary",
    "top_products_by_category",
    "region_wise_performance",
    "top_categories",
    "sales_by_month_region_category",
    "anomaly_records",
}
HIDDEN = {".hydra", ".mask_key", ".versions", ".committing", ".committed", ".locks", ".lock"}
"""Names of hidden files and folders in a workspace that no run is at work in."""
MANIFEST_KEYS = {
    "rows_in",
    "rows_clean",
    "rows_rejected",
    "rejected_by_reason",
    "repaired",
    "inputs",
    "config_hash",
    "versions",
    "started",
    "finished",
    "peak_rss_bytes",
}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """command("clean-data", "feed.csv") -> exit code, run in an empty folder.

    Nothing is validated, which takes seconds to import; tests/stages is about that.
    """
    monkeypatch.chdir(tmp_path)

    def run(name: str, *words: str) -> int:
        monkeypatch.setattr(sys, "argv", [name, *words, "validation=off"])
        return run_command(name)

    return run


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5,000 dirty rows with their ledger."""
    folder = tmp_path_factory.mktemp("feed")
    done = fork("generate-data", "--rows", "5000", "ledger=true", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "data" / "input" / "raw_ecommerce_data.csv"


def same(one: pa.Table, other: pa.Table) -> bool:
    """Equal row by row; which dictionary a text column happens to have does not count."""
    return bool(plain(one).equals(plain(other)))


def plain(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields)).replace_schema_metadata(None).combine_chunks()


def test_the_pipeline_from_an_empty_folder(tmp_path: Path) -> None:
    done = script("run-pipeline", tmp_path, "size=tiny")
    data = tmp_path / "data"
    clean = read(data / "clean" / "raw_ecommerce_data_clean.parquet")
    rejected = read(data / "rejected" / "raw_ecommerce_data_rejected.parquet")
    assert clean.num_rows + rejected.num_rows == 1000
    assert {
        path.stem for path in (data / "aggregations" / "ecommerce").glob("*.parquet")
    } == AGGREGATIONS
    manifest = json.loads(
        (data / "clean" / "raw_ecommerce_data_clean.parquet" / "_manifest.json").read_text()
    )
    assert manifest.keys() >= MANIFEST_KEYS
    assert (manifest["rows_in"], manifest["rows_clean"]) == (1000, clean.num_rows)
    assert sum(manifest["rejected_by_reason"].values()) == rejected.num_rows
    assert manifest["peak_rss_bytes"] > 50_000_000
    assert manifest["repaired"]["region"]["mapped"] > 100
    [report] = (data / "reports").glob("*/run.json")
    stages = json.loads(report.read_text())["stages"]
    assert [stage["name"] for stage in stages] == ["generate", "clean", "validate", "aggregate"]
    for one in stages[1]["repaired"]:
        assert manifest["repaired"][one["column"]][one["how"]] == one["rows"]
        assert f"  {one['column']} " in done.stdout
    assert "\x1b" not in done.stdout
    assert "1,000" in done.stdout
    page = report.with_name("report.html").relative_to(tmp_path)
    for shown in ("data/clean/raw_ecommerce_data_clean.parquet", str(page)):
        assert shown in done.stdout
    assert "starter" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert {path.name for path in tmp_path.rglob(".*")} <= HIDDEN


def test_a_second_run_gives_the_same_and_leaves_nothing_else(
    command: Command, tmp_path: Path
) -> None:
    assert command("run-pipeline", "size=tiny", "partitions=by_count", "partitions.count=5") == 0
    before = {p: read(p) for p in (tmp_path / "data" / "clean").iterdir()}
    assert command("run-pipeline", "size=tiny", "partitions=by_count", "partitions.count=2") == 0
    after = {p: read(p) for p in (tmp_path / "data" / "clean").iterdir()}
    assert before.keys() == after.keys()
    assert all(same(before[path], after[path]) for path in before)
    assert len(list(next(iter(after)).glob("part-*.parquet"))) == 2


@pytest.mark.parametrize("kind", ["sync", "threads", "processes", "local"])
def test_every_cluster_gives_the_same(
    kind: str, command: Command, feed: Path, tmp_path: Path, reference: dict[str, pa.Table]
) -> None:
    cut = ("partitions=by_size", "partitions.block_bytes=65536")
    assert command("run-pipeline", str(feed), f"cluster={kind}", *cut) == 0
    assert all(same(table, read(tmp_path / path)) for path, table in reference.items())


@pytest.fixture(scope="module", autouse=True)
def one_mask_key() -> Iterator[None]:
    """Masks differ between workspaces; here they are to be compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SALES_FEED_MASK_KEY", "the same for all workspaces")
        yield


@pytest.fixture(scope="module")
def reference(feed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """What one block in one thread gives, by path."""
    folder = tmp_path_factory.mktemp("reference")
    words = (f"input={feed}", "cluster=sync", "partitions=by_count", "partitions.count=1")
    done = fork("run-pipeline", *words, "validation=off", cwd=folder)
    assert done.returncode == 0, done.stderr
    data = folder / "data"
    paths = [
        *data.glob("clean/*"),
        *data.glob("rejected/*"),
        *data.glob("aggregations/*/*.parquet"),
    ]
    return {str(path.relative_to(folder)): read(path) for path in paths}


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".zst", None)]
)
def test_compressed_input_gives_the_same(
    suffix: str,
    pack: Callable[[bytes], bytes] | None,
    command: Command,
    feed: Path,
    tmp_path: Path,
    reference: dict[str, pa.Table],
) -> None:
    text = feed.read_bytes()
    packed = pack(text) if pack else pa.compress(text, "zstd", asbytes=True)
    (tmp_path / f"{feed.name}{suffix}").write_bytes(packed)
    assert command("clean-data", f"{feed.name}{suffix}") == 0
    path = "data/clean/raw_ecommerce_data_clean.parquet"
    assert same(reference[path], read(tmp_path / path))


def test_several_files_are_one_input(command: Command, feed: Path, tmp_path: Path) -> None:
    header, *lines = feed.read_text().splitlines(keepends=True)
    for name, part in (("b.csv", lines[2000:]), ("a.csv", lines[:2000])):
        (tmp_path / name).write_text("".join([header, *part]))
    assert command("clean-data", "[ab].csv") == 0
    assert command("clean-data", str(feed), "output=whole") == 0
    parts = read(tmp_path / "data" / "clean" / "ecommerce_clean.parquet")
    whole = read(tmp_path / "whole" / f"{feed.stem}_clean.parquet")
    assert same(parts, whole)
    rejected = read(tmp_path / "data" / "rejected" / "ecommerce_rejected.parquet").to_pylist()
    assert {row["source_file"] for row in rejected} == {"a.csv", "b.csv"}
    sources = {"a.csv": lines[:2000], "b.csv": lines[2000:]}
    for row in rejected[::50]:
        line = sources[row["source_file"]][row["source_row"] - 1]
        assert line.startswith(f"{row['order_id']},")


def test_clean_rows_come_out_unchanged_when_cleaned_again(
    command: Command, feed: Path, tmp_path: Path
) -> None:
    assert command("clean-data", str(feed)) == 0
    once = read(tmp_path / "data" / "clean" / f"{feed.stem}_clean.parquet")
    pa.csv.write_csv(plain(once).drop_columns("anomaly_flag"), tmp_path / "again.csv")
    assert command("clean-data", "again.csv") == 0
    assert same(once, read(tmp_path / "data" / "clean" / "again_clean.parquet"))
    assert read(tmp_path / "data" / "rejected" / "again_rejected.parquet").num_rows == 0


def test_every_generated_fault_is_found_by_its_reason(
    command: Command, feed: Path, tmp_path: Path
) -> None:
    """A damaged row is rejected for its fault, or for one that comes before it in the order."""
    assert command("clean-data", str(feed)) == 0
    order = [
        "unknown_category",
        "unknown_region",
        "invalid_unit_price",
        "zero_quantity",
        "invalid_sale_date",
        "sale_date_out_of_range",
        "invalid_calculated_revenue",
        "duplicate_order_id",
    ]
    found = {
        row["source_row"]: row["rejection_reason"]
        for row in read(
            tmp_path / "data" / "rejected" / f"{feed.stem}_rejected.parquet"
        ).to_pylist()
    }
    reasons = {
        "quantity_zero": "zero_quantity",
        "quantity_negative": "zero_quantity",
        "quantity_not_a_number": "zero_quantity",
        "date_missing": "invalid_sale_date",
    }
    ledger = pq.read_table(feed.with_name(f"{feed.stem}_ledger.parquet")).to_pylist()
    damaged = [(row["row"], row["fault"]) for row in ledger if row["fault"] in reasons]
    assert {fault for _, fault in damaged} == set(reasons)
    for row, fault in damaged:
        assert order.index(found[row]) <= order.index(reasons[fault])
    explained = {row for row, _ in damaged} | {
        row["row"] for row in ledger if row["fault"] == "duplicate_id"
    }
    assert set(found) <= explained


@pytest.mark.parametrize("name", ["run-pipeline", "clean-data"])
def test_a_header_without_records_publishes_nothing(
    name: str, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.csv").write_bytes(HEADER)
    assert command(name, "none.csv") == 2
    assert "none.csv: has a header and no records (0); nothing was" in capsys.readouterr().err
    assert not (tmp_path / "data" / "clean").exists()


def test_a_file_without_records_among_others_is_named(
    command: Command, feed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.csv").write_bytes(HEADER)
    assert command("clean-data", str(feed), "none.csv") == 0
    assert "note: none.csv: has a header and no records (0)" in capsys.readouterr().out


def test_old_command_lines_run_as_they_stand(command: Command, tmp_path: Path) -> None:
    assert command("generate-data", "--rows", "3000") == 0
    assert command("clean-data", "--input", "data/input/raw_ecommerce_data.csv",
                   "--chunk-size", "500", "--keep-zero-quantity") == 0  # fmt: skip
    assert command("build-aggregations", "--cleaned", "data/clean/raw_ecommerce_data_clean.parquet",
                   "--top-products-by-category", "2", "--anomaly-limit", "3") == 0  # fmt: skip
    clean = tmp_path / "data" / "clean" / "raw_ecommerce_data_clean.parquet"
    assert 0 in read(clean)["quantity"].to_pylist()
    assert len(list(clean.glob("*.parquet"))) == pytest.approx(6, abs=1)
    aggregations = tmp_path / "data" / "aggregations" / "ecommerce"
    ranks = read(aggregations / "top_products_by_category.parquet")["rank"]
    assert max(ranks.to_pylist()) == 2
    assert read(aggregations / "anomaly_records.parquet").num_rows == 6


def test_no_save_rejected_still_counts_them(command: Command, feed: Path, tmp_path: Path) -> None:
    assert command("clean-data", str(feed), "--no-save-rejected") == 0
    assert not (tmp_path / "data" / "rejected").exists()
    clean = tmp_path / "data" / "clean" / f"{feed.stem}_clean.parquet"
    assert json.loads((clean / "_manifest.json").read_text())["rows_rejected"] > 500


BAD_INPUTS: list[tuple[str, bytes | None, str]] = [
    ("missing.csv", None, "no such file"),
    ("empty.csv", b"", "no header"),
    ("short.csv", b"order_id,category\n1,Books\n", "are missing from the header"),
    ("twice.csv", HEADER.replace(b"\n", b",region\n"), "twice: 'region'"),
    ("semicolon.csv", HEADER.replace(b",", b";"), "dataset.csv.delimiter=';'"),
    ("utf16.csv", HEADER.decode().encode("utf-16"), "UTF-16"),
    ("latin.csv", HEADER.replace(b"region", b"r\xe9gion"), "not UTF-8 (byte"),
    ("cut.csv.gz", gzip.compress(HEADER * 100)[:-20], "not valid gzip"),
    ("text.csv.gz", HEADER, "not valid gzip"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_INPUTS)
def test_a_bad_input_is_one_line_and_changes_nothing(
    name: str,
    content: bytes | None,
    message: str,
    command: Command,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    earlier = tmp_path / "data" / "clean" / f"{name.split('.')[0]}_clean.parquet"
    earlier.mkdir(parents=True)
    (earlier / "part-000000.parquet").write_bytes(b"the good one")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = everything_in(tmp_path)
    assert command("clean-data", name) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert name in errors[0]
    assert message in errors[0]
    assert everything_in(tmp_path) == before


def test_mistakes_of_other_kinds(
    command: Command, feed: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lookups = tmp_path / "data" / "lookups"
    lookups.mkdir(parents=True)
    for path in shipped_folder("lookups").glob("*.json"):
        (lookups / path.name).write_bytes(path.read_bytes())
    (lookups / "region_map.json").write_text('{\n  "Bombay": "Mumbay"\n}\n')
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for words, message in [
        (("clean-data", str(feed)), "region_map.json, line 2: 'Bombay' is mapped to 'Mumbay'"),
        (("clean-data", "folder"), "is a folder"),
        (("clean-data", str(feed), "data_dir=file/x"), "cannot write"),
        (("build-aggregations", "--cleaned", "folder"), "is not a cleaned dataset"),
        (("build-aggregations", "--cleaned", "nothing"), "is not a cleaned dataset"),
        (("run-pipeline", str(feed), "rows=-1", "sed=3"), "2 problems"),
        (("run-pipeline", "output=x"), "data_dir=FOLDER"),
        (("clean-data", str(feed), "outputs.clean=false", "outputs.rejected=false"), "outputs"),
    ]:
        assert command(*words) == 2, words
        error = capfd.readouterr().err
        assert message in error, words
        assert "Traceback" not in error
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"lookups"}


def test_a_full_disk_leaves_the_earlier_outputs(feed: Path, tmp_path: Path) -> None:
    done = fork("clean-data", str(feed), "validation=off", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    before = everything_in(tmp_path / "data" / "clean")

    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    words = ("partitions=by_count", "partitions.count=1", "validation=off")
    ended = subprocess.run(
        script_line("clean-data", str(feed), *words),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=small_files_only,
    )
    assert ended.returncode == 2
    assert "cannot write" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert everything_in(tmp_path / "data" / "clean") == before


def test_ctrl_c_leaves_the_earlier_outputs_and_no_litter(feed: Path, tmp_path: Path) -> None:
    header, _, lines = feed.read_bytes().partition(b"\n")
    big = tmp_path / "big.csv"
    big.write_bytes(header + b"\n" + lines * 100)
    clean = tmp_path / "data" / "clean"
    (clean / "big_clean.parquet").mkdir(parents=True)
    (clean / "big_clean.parquet" / "part-000000.parquet").write_bytes(b"the good one")
    before = everything_in(clean)
    running = subprocess.Popen(
        script_line("clean-data", "big.csv", "partitions=by_size", "partitions.block_bytes=65536"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: len(list(tmp_path.glob("data/.versions/*/scratch/*"))) > 20)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert everything_in(clean) == before
    assert not (tmp_path / "data" / ".versions").exists()
    assert not psutil.pid_exists(running.pid)


def test_two_runs_on_one_target(command: Command, feed: Path, tmp_path: Path,
                                capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    target = (tmp_path / "data" / "clean" / f"{feed.stem}_clean.parquet").resolve()
    with new_version(tmp_path / "data", "other") as other:
        other.stage(target, "ecommerce")
        assert command("clean-data", str(feed)) == 2
        assert "is being written by another run" in capfd.readouterr().err
    assert command("clean-data", str(feed)) == 0


def test_an_input_that_changes_meanwhile_is_not_published(tmp_path: Path) -> None:
    done = fork("generate-data", "--rows", "60000", "feed.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    running = subprocess.Popen(
        script_line("clean-data", "feed.csv", "partitions=by_size", "partitions.block_bytes=65536"),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    clean = tmp_path / "data" / "clean"
    wait_until(lambda: any(tmp_path.glob("data/.versions/*/scratch/*")))
    os.utime(tmp_path / "feed.csv", ns=(1, 1))
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 2, errors
    assert "changed while it was being read" in errors
    assert not clean.exists()
    assert not (tmp_path / "data" / ".versions").exists()


def test_an_installed_wheel_brings_its_configs_lookups_and_suites(tmp_path: Path) -> None:
    """The wheel alone, unpacked far from the source tree."""
    root = Path(__file__).parents[1]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", str(wheel), str(tmp_path / "site")], check=True
    )
    (tmp_path / "work").mkdir()
    code = (
        "import sys, toolkit; from toolkit.command.cli import run_command; "
        "print(toolkit.__file__); sys.exit(run_command('run-pipeline'))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "size=tiny"],
        cwd=tmp_path / "work",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site"))
    data = tmp_path / "work" / "data"
    assert read(data / "clean" / "raw_ecommerce_data_clean.parquet").num_rows > 500
    [results] = (data / "reports").glob("*/validation.json")
    suites = json.loads(results.read_text("utf-8"))["suites"]
    assert [suite["outcome"] for suite in suites] == ["passed", "passed"]
    assert all(suite["file"].startswith(str(tmp_path / "site")) for suite in suites)
    assert (data / "reports" / "data_docs" / "index.html").is_file()


def test_the_command_line_of_the_python_example_gives_the_pipelines_rows(
    feed: Path, reference: dict[str, pa.Table]
) -> None:
    from datetime import date

    from toolkit.api import clean_rows, evaluate_feed, load_rules, rejected_rows

    rules = load_rules("ecommerce", as_of=date(2026, 11, 23))
    evaluated = evaluate_feed(rules, [str(feed)], block_bytes=65536)
    clean: Any = compute(clean_rows(evaluated, rules.contract))[0]
    published = plain(reference["data/clean/raw_ecommerce_data_clean.parquet"])
    assert same(pa.Table.from_pandas(clean, preserve_index=False), published)
    reasons: Any = compute(rejected_rows(evaluated).groupby("rejection_reason").size())[0]
    rejected = reference["data/rejected/raw_ecommerce_data_rejected.parquet"]
    assert reasons.sum() == rejected.num_rows
