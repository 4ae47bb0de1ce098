"""What a process that only validates parquet leaves out of Great Expectations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import gc
import sys
from toolkit.validate.importing import import_validation
import_validation()
print(gc.isenabled(), len(gc.get_objects()) < gc.get_freeze_count() / 10)
print("great_expectations" in sys.modules)
print([name for name in ("sqlalchemy", "scipy.stats._stats_py") if name in sys.modules])

from datetime import UTC, datetime
from pathlib import Path
import great_expectations as gx
import great_expectations.expectations as gxe
from toolkit.validate.run import ValidationLimits, Target, validate_dataset
from toolkit.validate.suites import Suite
shares = {"values": ["a", "b"], "weights": [0.5, 0.5]}
suite = Suite("some", Path("some.json"), (
    gxe.ExpectColumnKLDivergenceToBeLessThan(column="x", partition_object=shares, threshold=0.1),
))
path = Path("data.parquet")
target = Target("clean", path, path, suite, (), {})
validated = validate_dataset(target, "run", datetime.now(UTC), ValidationLimits(0, Path(), 1 << 20))
print(validated.checked[0].status.value)
import sqlalchemy
"""


def test_it_is_not_loaded_before_it_is_needed(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": ["a", "b", "a", "b"]}), tmp_path / "data.parquet")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["True True", "True", "[]", "passed"], done.stderr
    assert done.returncode == 0, done.stderr
