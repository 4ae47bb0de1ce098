"""Measure everything in one run and write the tables: `make bench`, or

    python -m benchmarks --rows 1000000 10000000 --growth 1000000 3000000 --repeat 3
    python -m benchmarks --sections validate    # the others stay as they were measured before

Contenders take turns, so that whatever else the machine does meets them all; the best of the
repeats counts. A cleaning whose digest differs from the toolkit's is void.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.dashboard import measure_dashboard
from benchmarks.peers.digest import digest
from benchmarks.tables import write_tables

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
TOOLKIT, FLOOR = "toolkit", "bare Arrow parse"
PEERS = ("Polars, rows", "Polars, vocabularies", "DuckDB", "pandas, chunks")
AGGREGATORS = ("toolkit aggregate", "Polars aggregate")
VALIDATORS = ("toolkit validate", "stock Great Expectations")
PIPELINES = ("toolkit", "toolkit pipeline, validation off", "toolkit pipeline")
LOOKUPS = ("toolkit lookups", "bare Arrow parse, two columns")
SECTIONS = (
    *("clean", "aggregate", "growth", "generate", "help_seconds"),
    *("validate", "validate_growth", "pipeline", "lookups", "dashboard"),
)

Facts = dict[str, Any]


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    results: Facts = {section: {} for section in options.sections}
    if "help_seconds" in results:
        results["help_seconds"] = _help_seconds()
    for rows in sorted({*options.rows, *options.growth}):
        csv = options.work / f"{rows}.csv"
        _into(results, "generate", rows, ["toolkit generate"], csv, options)
        if not csv.exists():
            _measure("toolkit generate", csv, options.work)
        _warm(csv)
        dataset = options.work / TOOLKIT / "clean" / f"{rows}_clean.parquet"
        if rows in options.rows:
            _into(results, "clean", rows, [TOOLKIT, *PEERS, FLOOR], csv, options)
            if "clean" in results:
                _mark_void(results["clean"][rows], options)
            else:
                _measure(TOOLKIT, csv, options.work)
            _into(results, "aggregate", rows, AGGREGATORS, dataset, options)
            _into(results, "validate", rows, VALIDATORS, dataset, options)
            _into(results, "pipeline", rows, PIPELINES, csv, options)
            _into(results, "lookups", rows, LOOKUPS, csv, options)
            if "dashboard" in results:
                results["dashboard"][rows] = measure_dashboard(csv, options.work)
        if rows in options.growth:
            contenders = [TOOLKIT, "toolkit, 1 worker", FLOOR]
            _into(results, "growth", rows, contenders, csv, options)
            _into(results, "validate_growth", rows, VALIDATORS[:1], dataset, options)
        csv.unlink()
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps({**stored, "machine": _machine(), **results}, indent=1) + "\n")
    write_tables(json.loads(RESULTS.read_text()))


def _into(
    results: Facts,
    section: str,
    rows: int,
    contenders: Sequence[str],
    source: Path,
    options: argparse.Namespace,
) -> None:
    """Measure the contenders, if the section is wanted."""
    if section in results:
        results[section][rows] = _best(contenders, source, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--growth", type=int, nargs="*", default=[])
    parser.add_argument("--sections", nargs="*", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("/tmp/benchmarks"))
    return parser.parse_args()


def _best(contenders: Sequence[str], source: Path, options: argparse.Namespace) -> Facts:
    """The fastest run of each contender, and the largest memory of all its runs."""
    found: Facts = {}
    for _ in range(options.repeat):
        for name in contenders:
            facts = _measure(name, source, options.work)
            best = min(found.get(name, facts), facts, key=lambda one: one["seconds"])
            peak = max(facts["peak_rss_bytes"], found.get(name, facts)["peak_rss_bytes"])
            found[name] = {**best, "peak_rss_bytes": peak}
            print(f"{source.name}  {name:22} {facts['seconds']:7.2f} s", flush=True)
    return found


def _measure(name: str, source: Path, work: Path) -> Facts:
    out = work / name
    if name not in (*AGGREGATORS, *VALIDATORS):
        shutil.rmtree(out, ignore_errors=True)
    # Nobody waits for the disk to take what another has written.
    os.sync()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", name, str(source), str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=HERE.parent,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed on {source}:\n{done.stderr}")
    facts: Facts = json.loads(done.stderr.splitlines()[-1])
    return facts


def _mark_void(results: Facts, options: argparse.Namespace) -> None:
    """Whoever did not produce the toolkit's clean rows has done other work."""
    [ours] = (options.work / TOOLKIT / "clean").glob("*.parquet")
    expected = digest(ours)
    for name in PEERS:
        results[name]["same_rows"] = digest(options.work / name / "clean.parquet") == expected


def _warm(csv: Path) -> None:
    """Everybody reads from the page cache."""
    with csv.open("rb") as file:
        while file.read(1 << 24):
            pass


def _help_seconds() -> float:
    command = [
        sys.executable,
        "-c",
        "from toolkit.command.cli import run_command; run_command('run-pipeline')",
        "--help",
    ]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=HERE.parent)
        times.append(time.perf_counter() - start)
    return min(times)


def _machine() -> Facts:
    packages = ("dask", "pyarrow", "pandas", "numpy", "polars", "duckdb", "great-expectations")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


if __name__ == "__main__":
    main()
