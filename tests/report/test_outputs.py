from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.report.facts import RunReport, StageFacts
from toolkit.report.outputs import find_outputs
from toolkit.storage.atomic import write_json


def test_outputs_have_rows_and_sizes(tmp_path: Path) -> None:
    feed, clean, held = tmp_path / "feed.csv", tmp_path / "clean.parquet", tmp_path / "held.parquet"
    feed.write_bytes(b"x" * 70)
    for folder in (clean, held):
        folder.mkdir()
        (folder / "part-0.parquet").write_bytes(b"x" * 30)
        (folder / "_manifest.json").write_bytes(b"x" * 10)
    ledger = tmp_path / "ledger.parquet"
    pq.write_table(pa.table({"a": [1, 2, 3]}), ledger)
    stages = [
        StageFacts("generate", rows_in=9, paths={"feed": feed, "ledger": ledger}),
        StageFacts("clean", rows_in=9, rows_clean=7, rows_rejected=2, paths={"clean": clean}),
        StageFacts(
            "validate", rows_in=9, paths={"rejected, held back": held, "data docs": tmp_path}
        ),
    ]
    found = find_outputs(RunReport("run-pipeline", stages=stages))
    assert [(output.label, output.rows, output.bytes) for output in found] == [
        ("feed", 9, 70),
        ("ledger", 3, ledger.stat().st_size),
        ("clean", 7, 40),
        ("rejected, held back", 2, 40),
    ]


def test_aggregations_are_those_of_the_run_one_by_one(tmp_path: Path) -> None:
    for name, n in (("by_month", 12), ("of_another_contract", 1)):
        pq.write_table(pa.table({"a": range(n)}), tmp_path / f"{name}.parquet")
    write_json({"aggregations": ["by_month"]}, tmp_path / "_manifest.json")
    stage = StageFacts("aggregate", rows_in=9, paths={"aggregations": tmp_path})
    [output] = find_outputs(RunReport("build-aggregations", stages=[stage]))
    path = tmp_path / "by_month.parquet"
    assert (output.label, output.path, output.rows) == ("by_month", path, 12)


def test_what_is_gone_or_broken_has_no_figures(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_text("no parquet")
    paths = {"ledger": broken, "review": tmp_path / "gone.csv", "aggregations": tmp_path / "gone"}
    found = find_outputs(RunReport("any", stages=[StageFacts("any", paths=paths)]))
    assert [(output.label, output.rows, output.bytes) for output in found] == [
        ("ledger", None, 10),
        ("review", None, None),
    ]
