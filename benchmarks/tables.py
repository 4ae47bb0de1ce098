"""The measured numbers as tables: benchmarks/README.md, and the short one in the README."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from toolkit.units import human_bytes

HERE = Path(__file__).parent
TOOLKIT, FLOOR = "toolkit", "bare Arrow parse"
_SLOT = re.compile(r"(<!-- benchmarks -->\n).*?(<!-- /benchmarks -->)", re.DOTALL)

Facts = dict[str, Any]


def write_tables(results: Facts) -> None:
    """Put the tables between their marks in benchmarks/README.md and README.md."""
    _fill(HERE / "README.md", _everything(results))
    largest = max(results["clean"], key=int)
    _fill(HERE.parent / "README.md", _clean_table(largest, results["clean"][largest]))


def _fill(path: Path, text: str) -> None:
    path.write_text(_SLOT.sub(lambda found: f"{found[1]}{text}\n{found[2]}", path.read_text()))


def _everything(results: Facts) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in results["machine"].items())
    parts = [f"Machine: {machine}."]
    for rows, found in results["clean"].items():
        parts += [f"### Clean {int(rows):,} rows", _clean_table(rows, found)]
    for rows, found in results["aggregate"].items():
        title = f"### Aggregate the clean rows of {int(rows):,}"
        parts += [title, _against("toolkit aggregate", found)]
    for rows, found in results.get("validate", {}).items():
        title = f"### Validate the clean rows of {int(rows):,} by the clean suite"
        parts += [title, _against("toolkit validate", found)]
    for rows, found in results.get("pipeline", {}).items():
        title = f"### The pipeline on {int(rows):,} rows, with and without validation"
        parts += [title, _against("toolkit", found)]
    for rows, found in results.get("lookups", {}).items():
        parts += [f"### Lookups of {int(rows):,} rows", _lookups_table(found)]
    if results.get("dashboard"):
        parts += ["### The dashboard in Chromium", _dashboard_table(results["dashboard"])]
    parts += ["### Generate", _generate_table(results["generate"])]
    if results["growth"]:
        parts += ["### Growth", _growth_table(results["growth"])]
    if results.get("validate_growth"):
        parts += ["### Growth of validation", _validate_growth_table(results["validate_growth"])]
    parts.append(f"`run-pipeline --help`: {results['help_seconds']:.2f} s.")
    return "\n\n".join(parts)


def _clean_table(rows: str | int, found: Facts) -> str:
    ours = found[TOOLKIT]["seconds"]
    lines = [
        f"| {int(rows):,} rows | seconds | against the toolkit | CPU seconds | peak memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, facts in sorted(found.items(), key=lambda item: item[1]["seconds"]):
        ratio = f"{facts['seconds'] / ours:.2f}x"
        if not facts.get("same_rows", True):
            ratio = "void: other rows"
        lines.append(_row(name, facts, ratio))
    return "\n".join(lines)


def _against(name: str, found: Facts) -> str:
    ours = found[name]["seconds"]
    lines = [
        f"| | seconds | against {name} | CPU seconds | peak memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for contender, facts in found.items():
        lines.append(_row(contender, facts, f"{facts['seconds'] / ours:.2f}x"))
    return "\n".join(lines)


def _lookups_table(found: Facts) -> str:
    floor = found["bare Arrow parse, two columns"]["seconds"]
    lines = [
        "| | seconds | against the bare parse | CPU seconds | peak memory |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, facts in found.items():
        lines.append(_row(name, facts, f"{facts['seconds'] / floor:.2f}x"))
    return "\n".join(lines)


def _dashboard_table(found: Facts) -> str:
    shown = [name for name in next(iter(found.values())) if name != "aggregation_bytes"]
    lines = [f"| rows fed | aggregations | {' | '.join(shown)} |", "|" + "--:|" * (len(shown) + 2)]
    for rows, facts in found.items():
        seconds = " | ".join(f"{facts[name]:.2f} s" for name in shown)
        size = human_bytes(facts["aggregation_bytes"])
        lines.append(f"| {int(rows):,} | {size} | {seconds} |")
    return "\n".join(lines)


def _row(name: str, facts: Facts, ratio: str) -> str:
    return (
        f"| {name} | {facts['seconds']:.2f} | {ratio} | {facts['cpu_seconds']:.1f} "
        f"| {_gib(facts)} |"
    )


def _generate_table(found: Facts) -> str:
    lines = ["| rows | seconds | rows/s | peak memory |", "|--:|--:|--:|--:|"]
    for rows, by_name in found.items():
        [facts] = by_name.values()
        rate = int(rows) / facts["seconds"]
        lines.append(f"| {int(rows):,} | {facts['seconds']:.2f} | {rate:,.0f} | {_gib(facts)} |")
    return "\n".join(lines)


def _growth_table(found: Facts) -> str:
    lines = [
        "| rows | 2 workers, s | rows/s | 1 worker, s | speed-up | against the bare parse "
        "| peak memory |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for rows, facts in found.items():
        both, one = facts[TOOLKIT], facts["toolkit, 1 worker"]
        lines.append(
            f"| {int(rows):,} | {both['seconds']:.2f} | {int(rows) / both['seconds']:,.0f} "
            f"| {one['seconds']:.2f} | {one['seconds'] / both['seconds']:.2f}x "
            f"| {both['seconds'] / facts[FLOOR]['seconds']:.2f}x | {_gib(both)} |"
        )
    return "\n".join(lines)


def _validate_growth_table(found: Facts) -> str:
    lines = ["| rows fed | seconds | rows/s | peak memory |", "|--:|--:|--:|--:|"]
    for rows, by_name in found.items():
        [facts] = by_name.values()
        rate = int(rows) / facts["seconds"]
        lines.append(f"| {int(rows):,} | {facts['seconds']:.2f} | {rate:,.0f} | {_gib(facts)} |")
    return "\n".join(lines)


def _gib(facts: Facts) -> str:
    return f"{facts['peak_rss_bytes'] / 2**30:.2f} GiB"
