"""One contender, one input, one process: seconds, CPU and peak memory as a line of JSON.

    python -m benchmarks.measure CONTENDER CSV_OR_DATASET OUT_FOLDER

Modules are imported before the clock starts. Memory is the peak of the process.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

AS_OF = date(2026, 11, 23)
LOOKUPS = Path(__file__).parents[1] / "data" / "lookups"

Work = Callable[[], object]


def toolkit_clean(csv: Path, out: Path, *overrides: str) -> Work:
    from toolkit.stages.cleaning import clean_data

    settings = settings_for(out, f"input='{csv}'", *overrides)
    return lambda: clean_data(settings, out / "run")


def toolkit_generate(csv: Path, out: Path) -> Work:
    """`csv` is named after its number of rows: 10000000.csv."""
    from toolkit.stages.generating import generate_data

    settings = settings_for(out, f"output='{csv}'", f"rows={csv.stem}")
    return lambda: generate_data(settings, out / "run")


def toolkit_aggregate(dataset: Path, out: Path) -> Work:
    from toolkit.stages.aggregating import build_aggregations

    settings = settings_for(out, f"cleaned='{dataset}'")
    return lambda: build_aggregations(settings, out / "run")


def toolkit_pipeline(csv: Path, out: Path, *overrides: str) -> Work:
    """As a person runs it: Great Expectations is imported while the clock runs."""
    from toolkit.stages.pipeline import run_pipeline

    settings = settings_for(out, f"input='{csv}'", *overrides)
    return lambda: run_pipeline(settings, out / "run")


def toolkit_validate(dataset: Path, out: Path) -> Work:
    """The clean suite by the toolkit's engine, on both cores."""
    from benchmarks.peers import validation

    return validation.by_toolkit(dataset, AS_OF, LOOKUPS)


def stock_validate(dataset: Path, out: Path) -> Work:
    """The same suite by Great Expectations' own pandas engine."""
    from benchmarks.peers import validation

    return validation.by_stock(dataset, AS_OF, LOOKUPS)


def settings_for(out: Path, *overrides: str):  # type: ignore[no-untyped-def]
    # Arrow imports these when it first needs them.
    import pandas  # noqa: F401
    import pyarrow.compute  # noqa: F401
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from toolkit.settings.config import read_settings
    from toolkit.settings.shipped import shipped_folder

    with initialize_config_dir(str(shipped_folder("conf")), version_base="1.3"):
        config = compose("config", [f"data_dir='{out}'", *overrides])
    values = OmegaConf.to_container(config, resolve=True)
    return read_settings(values)  # type: ignore[arg-type]


def polars_rows(csv: Path, out: Path) -> Work:
    from benchmarks.peers import polars_streaming

    return lambda: polars_streaming.clean(csv, LOOKUPS, AS_OF, out, way="rows")


def polars_vocabulary(csv: Path, out: Path) -> Work:
    from benchmarks.peers import polars_streaming

    return lambda: polars_streaming.clean(csv, LOOKUPS, AS_OF, out, way="vocabulary")


def duckdb(csv: Path, out: Path) -> Work:
    from benchmarks.peers import duckdb_sql

    return lambda: duckdb_sql.clean(csv, LOOKUPS, AS_OF, out)


def pandas_chunks(csv: Path, out: Path) -> Work:
    from benchmarks.peers import pandas_chunks as pandas_peer

    return lambda: pandas_peer.clean(csv, LOOKUPS, AS_OF, out)


def toolkit_lookups(csv: Path, out: Path) -> Work:
    """All three into an empty workspace: its lookups begin with the starter files."""
    from toolkit.stages.lookups import update_lookups

    settings = settings_for(out, f"input='{csv}'", "run_tests=false")
    return lambda: update_lookups(settings, out / "run")


def arrow_parse_columns(csv: Path, out: Path) -> Work:
    from benchmarks.peers import arrow_parse as floor

    return lambda: floor.parse_columns(csv, ["category", "region"])


def arrow_parse(csv: Path, out: Path) -> Work:
    from benchmarks.peers import arrow_parse as floor

    return lambda: floor.parse(csv)


def polars_aggregate(dataset: Path, out: Path) -> Work:
    from benchmarks.peers import polars_streaming

    return lambda: polars_streaming.aggregate(dataset / "*.parquet", out)


CONTENDERS: dict[str, Callable[[Path, Path], Work]] = {
    "toolkit": toolkit_clean,
    "toolkit, 1 worker": lambda csv, out: toolkit_clean(csv, out, "cluster.workers=1"),
    "Polars, rows": polars_rows,
    "Polars, vocabularies": polars_vocabulary,
    "DuckDB": duckdb,
    "pandas, chunks": pandas_chunks,
    "bare Arrow parse": arrow_parse,
    "toolkit lookups": toolkit_lookups,
    "bare Arrow parse, two columns": arrow_parse_columns,
    "toolkit generate": toolkit_generate,
    "toolkit aggregate": toolkit_aggregate,
    "Polars aggregate": polars_aggregate,
    "toolkit pipeline": toolkit_pipeline,
    "toolkit pipeline, validation off": lambda csv, out: toolkit_pipeline(
        csv, out, "validation=off"
    ),
    "toolkit validate": toolkit_validate,
    "stock Great Expectations": stock_validate,
}


def main(contender: str, source: str, out: str) -> None:
    Path(out).mkdir(parents=True, exist_ok=True)
    work = CONTENDERS[contender](Path(source), Path(out))
    before = _cpu_seconds()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    facts = {
        "seconds": seconds,
        "cpu_seconds": _cpu_seconds() - before,
        "peak_rss_bytes": _peak_rss_bytes(),
    }
    print(json.dumps(facts), file=sys.__stderr__)


def _peak_rss_bytes() -> int:
    """Not ru_maxrss: that counts what the process that started this one had in memory."""
    [line] = [x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x]
    return int(line.split()[1]) * 1024


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
