"""Measure everything in one run and write the tables: `make bench`, or

    python -m benchmarks --rows 1000000 10000000 --growth 1000000 3000000 --repeat 3

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
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.peers.digest import digest
from benchmarks.tables import write_tables

HERE = Path(__file__).parent
TOOLKIT, FLOOR = "toolkit", "bare Arrow parse"
PEERS = ("Polars, rows", "Polars, vocabularies", "DuckDB", "pandas, chunks")
AGGREGATORS = ("toolkit aggregate", "Polars aggregate")
LOOKUPS = ("toolkit lookups", "bare Arrow parse, two columns")

Facts = dict[str, Any]


def main() -> None:
    options = _options()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.lookups_only:
        _measure_lookups(options)
        return
    results: Facts = {"machine": _machine(), "clean": {}, "growth": {}, "aggregate": {}}
    results["lookups"] = {}
    results["help_seconds"] = _help_seconds()
    for rows in sorted({*options.rows, *options.growth}):
        csv = options.work / f"{rows}.csv"
        results.setdefault("generate", {})[rows] = _best(["toolkit generate"], csv, options)
        _warm(csv)
        if rows in options.rows:
            contenders = [TOOLKIT, *PEERS, FLOOR]
            results["clean"][rows] = _best(contenders, csv, options)
            _mark_void(results["clean"][rows], options)
            dataset = options.work / TOOLKIT / "clean" / f"{rows}_clean.parquet"
            results["aggregate"][rows] = _best(AGGREGATORS, dataset, options)
            results["lookups"][rows] = _best(LOOKUPS, csv, options)
        if rows in options.growth:
            contenders = [TOOLKIT, "toolkit, 1 worker", FLOOR]
            results["growth"][rows] = _best(contenders, csv, options)
        csv.unlink()
    _publish(results)


def _measure_lookups(options: argparse.Namespace) -> None:
    """The figures of lookups anew, beside those of an earlier run; its ratios are its own."""
    results: Facts = json.loads((HERE / "results.json").read_text())
    results["lookups"] = {}
    for rows in sorted(options.rows):
        csv = options.work / f"{rows}.csv"
        _best(["toolkit generate"], csv, argparse.Namespace(**{**vars(options), "repeat": 1}))
        _warm(csv)
        results["lookups"][rows] = _best(LOOKUPS, csv, options)
        csv.unlink()
    _publish(results)


def _publish(results: Facts) -> None:
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    write_tables(json.loads((HERE / "results.json").read_text()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--growth", type=int, nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--lookups-only", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("/tmp/benchmarks"))
    return parser.parse_args()


def _best(contenders: Any, source: Path, options: argparse.Namespace) -> Facts:
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
    if name not in AGGREGATORS:
        shutil.rmtree(out, ignore_errors=True)
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
        "from toolkit.cli import run_pipeline; run_pipeline()",
        "--help",
    ]
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=HERE.parent)
        times.append(time.perf_counter() - start)
    return min(times)


def _machine() -> Facts:
    packages = ("dask", "pyarrow", "pandas", "numpy", "polars", "duckdb")
    return {
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


if __name__ == "__main__":
    main()
