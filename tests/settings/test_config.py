"""Values as YAML gives them -> settings, or every problem at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.values import REMOVED, changed, shipped_values
from toolkit.contract import Mapped
from toolkit.errors import ConfigError
from toolkit.settings.config import config_problems, read_settings


def test_the_shipped_values_are_read_as_typed_settings() -> None:
    settings = read_settings(shipped_values(), ["seed=42"])
    assert (settings.rows, settings.seed, settings.mode) == (1000, 42, "dirty")
    assert settings.as_of == date(2026, 11, 23)
    assert (settings.data_dir, settings.cleaned, settings.input) == (Path("data"), None, ())
    assert settings.overrides == ("seed=42",)
    assert settings.dataset.reasons[-1] == "duplicate_order_id"
    assert settings.partitions.kind == "auto"
    assert (settings.cluster.kind, settings.cluster.workers) == ("threads", None)
    assert settings.outputs.compression == "snappy"
    assert (settings.validation.enabled, settings.validation.fail_on) == (True, "critical")


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("input", None, ()),
        ("input", "a,b.csv", ("a,b.csv",)),
        ("input", ["a.csv", "b*.gz"], ("a.csv", "b*.gz")),
        ("rows", 1e6, 1_000_000),
        ("rows", 0, 0),
        ("rows", 10**10, 10**10),
        ("seed", 2**63 - 1, 2**63 - 1),
        ("as_of", date(2024, 2, 29), date(2024, 2, 29)),
        ("as_of", "2024-02-29", date(2024, 2, 29)),
        ("output", "out dir/x", Path("out dir/x")),
    ],
)
def test_what_may_be_written_in_more_than_one_way(key: str, value: Any, read: Any) -> None:
    assert getattr(read_settings(changed({key: value})), key) == read


def test_one_word_for_unknown_is_that_of_every_map() -> None:
    contract = read_settings(changed({"unknown_label": "??"})).dataset
    assert isinstance(contract.columns["region"], Mapped)
    assert contract.columns["region"].unknown == "??"


SHAPE_PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"rowz": 5}, "rowz=5: unknown key; did you mean 'rows'?"),
    ({"sise": "tiny"}, "sise='tiny': unknown key; did you mean 'size'?"),
    ({"Rows": 5}, "Rows=5: unknown key; did you mean 'rows'?"),
    ({"overrides": 5}, "overrides=5: unknown key; there are accept, as_of, cleaned, cluster"),
    ({"rows": REMOVED}, "rows: missing"),
    ({"rows": "abc"}, "rows='abc': must be a whole number"),
    ({"rows": "5"}, "rows='5': must be a whole number"),
    ({"rows": True}, "rows=true: must be a whole number"),
    ({"rows": 1.5}, "rows=1.5: must be a whole number"),
    ({"rows": -1}, "rows=-1: must be greater than or equal to 0"),
    ({"rows": 10**10 + 1}, "rows=10000000001: must be less than or equal to 10000000000"),
    ({"rows": math.inf}, "rows=inf: must be a finite number"),
    ({"seed": -1}, "seed=-1: must be greater than or equal to 0"),
    ({"seed": 2**63}, "seed=9223372036854775808: must be less than 9223372036854775808"),
    ({"mode": "drity"}, "mode='drity': must be 'dirty' or 'clean'; did you mean 'dirty'?"),
    ({"as_of": "2026-02-30"}, "as_of='2026-02-30': must be a valid date in the format YYYY-MM-DD"),
    ({"as_of": 20261123}, "as_of=20261123: must be a day, YYYY-MM-DD"),
    ({"ledger": "yes"}, "ledger='yes': must be true or false"),
    ({"input": 5}, "input=5: must be a list"),
    ({"input": ["a", 5]}, "input.1=5: must be text"),
    ({"input": [""]}, "input.0='': must have at least 1 character"),
    ({"data_dir": ""}, "data_dir='': must name a file or folder"),
    ({"data_dir": None}, "data_dir=null: must be text"),
    ({"cleaned": ""}, "cleaned='': must name a file or folder"),
    ({"log_level": "info"}, "log_level='info': must be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or"),
    ({"threshold": 0}, "threshold=0: must be greater than 0"),
    ({"threshold": "1%"}, "threshold='1%': must be a number"),
    ({"accept": 1.1}, "accept=1.1: must be less than or equal to 1"),
    ({"column": ""}, "column='': must have at least 1 character"),
    ({"unknown_label": ""}, "unknown_label='': must have at least 1 character"),
    ({"unknown_words": "N/A"}, "unknown_words='N/A': must be a list"),
    ({"run_tests": "no"}, "run_tests='no': must be true or false"),
    (
        {"dataset.columns.category.repair": {"by": "product_name", "map": "x", "min_share": 0.5}},
        "dataset.columns.category.repair.min_share=0.5: must be greater than 0.5",
    ),
    ({"outputs.clean": 1}, "outputs.clean=1: must be true or false"),
    ({"outputs.format": "csv"}, "outputs.format='csv': must be 'parquet'"),
    ({"outputs.compression": "zst"}, "did you mean 'zstd'?"),
    ({"outputs": []}, "outputs=[]: must be a group of keys"),
    ({"dataset": None}, "dataset=null: must be a group of keys"),
    ({"rejected": ""}, "rejected='': must name a file or folder"),
    ({"validation.enabled": "on"}, "validation.enabled='on': must be true or false"),
    ({"validation.fail_on": "error"}, "must be 'critical', 'warning' or 'never'"),
    ({"validation.failing_rows": -1}, "failing_rows=-1: must be greater than or equal to 0"),
    ({"validation.keep_runs": 0}, "validation.keep_runs=0: must be greater than or equal to 1"),
    ({"validation.max_column_bytes": 0}, "max_column_bytes=0: must be greater than or equal to 1"),
    ({"validation.fail": "never"}, "validation.fail='never': unknown key; did you mean 'fail_on'?"),
    ({"cluster.kind": "thread"}, "did you mean 'threads'?"),
    ({"cluster.workers": 0}, "cluster.workers=0: must be greater than or equal to 1"),
    ({"cluster": {"kind": "local", "timeout_seconds": 0}}, "timeout_seconds=0: must be greater"),
    ({"cluster": {"kind": "local", "memory_limit": "lots"}}, "must be auto, or an amount such as"),
    ({"cluster": {"kind": "sync", "workers": 2}}, "workers=2: is for cluster=threads, processes,"),
    ({"cluster": {"kind": "remote"}}, "cluster.address: missing; give an address such as tcp://"),
    ({"partitions.rows": 5}, "partitions.rows=5: is for partitions=by_rows, not auto"),
    ({"partitions": {"kind": "by_rows"}}, "partitions.rows: missing; partitions=by_rows needs it"),
    ({"partitions": {"kind": "by_count", "count": 0}}, "count=0: must be greater than or equal"),
    ({"dataset.nam": "x"}, "dataset.nam='x': unknown key; did you mean 'name'?"),
    ({"dataset.csv.max_field_bytes": 10**20}, "bytes=100000000000000000000: must be less than 21"),
    ({"dataset.columns": {}}, "dataset.columns={}: must have at least 1 entries"),
    (
        {"dataset.columns.quantity.kind": "intger"},
        "dataset.columns.quantity.kind='intger': must be one of 'text', 'number', 'integer'",
    ),
    (
        {"dataset.columns.quantity": {}},
        "dataset.columns.quantity.kind: missing; must be one of text, number, integer",
    ),
    (
        {"dataset.columns.order_id.requird": True},
        "dataset.columns.order_id.requird=true: unknown key; did you mean 'required'?",
    ),
    (
        {"dataset.columns.unit_price.below": "x"},
        "dataset.columns.unit_price.below='x': must be a number",
    ),
    (
        {"dataset.columns.unit_price.below": math.nan},
        "dataset.columns.unit_price.below=nan: must be a finite number",
    ),
    (
        {"dataset.columns.region.null_words": ["NULL", None]},
        "dataset.columns.region.null_words.1=null: must be text",
    ),
    (
        {"dataset.columns.discount_percent.clip": [0, 1, 2]},
        "dataset.columns.discount_percent.clip=[0, 1, 2]: must have at most 2 entries",
    ),
    (
        {"dataset.aggregations.top_categories.measures.order_count.coun": "rows"},
        "dataset.aggregations.top_categories.measures.order_count.coun='rows': unknown key; did",
    ),
    (
        {"dataset.aggregations.anomaly_records.limit": 0},
        "dataset.aggregations.anomaly_records.limit=0: must be greater than or equal to 1",
    ),
]


@pytest.mark.parametrize(("changes", "problem"), SHAPE_PROBLEMS)
def test_a_wrong_shape_is_one_line_with_key_value_and_what_is_allowed(
    changes: dict[str, Any], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    (line,) = config_problems(changed(changes), groups=["size"])
    assert problem in line


def test_a_scheduler_may_be_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = changed({"cluster": {"kind": "remote"}})
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:1")
    assert read_settings(values).cluster.address is None
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS")
    with pytest.raises(ConfigError, match=r"cluster\.address: missing"):
        read_settings(values)


def test_all_problems_are_reported_at_once() -> None:
    """Those of the shape, of the kinds and of the contract, though they are found separately."""
    values = changed(
        {
            "seed": -1,
            "cluster.workers": "two",
            "partitions.count": 3,
            "dataset.key.columns": ["orderid"],
        }
    )
    with pytest.raises(ConfigError) as raised:
        read_settings(values)
    first, *lines = str(raised.value).splitlines()
    assert first == "4 problems:"
    assert [line.split("=")[0] for line in lines] == [
        "  - seed",
        "  - cluster.workers",
        "  - partitions.count",
        "  - dataset.key.columns",
    ]


def test_long_values_are_cut_short() -> None:
    (line,) = config_problems(changed({"mode": "x" * 500}))
    assert len(line) < 120


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data_dir", "elsewhere"),
        ("input", "other.csv"),
        ("output", "out"),
        ("cleaned", "x.parquet"),
        ("rejected", "y.parquet"),
        ("validation.fail_on", "never"),
        ("log_level", "DEBUG"),
        ("cluster.workers", 7),
    ],
)
def test_the_hash_is_blind_to_what_does_not_change_results(key: str, value: Any) -> None:
    pinned = {"as_of": "2026-11-23"}
    assert hash_of(changed({**pinned, key: value})) == hash_of(changed(pinned))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 43),
        ("rows", 1001),
        ("as_of", "2026-11-24"),
        ("outputs.rejected", False),
        ("dataset.columns.unit_price.below", 50001),
    ],
)
def test_the_hash_changes_with_what_changes_results(key: str, value: Any) -> None:
    assert hash_of(changed({key: value})) != hash_of(shipped_values())


def test_the_hash_sees_the_order_of_columns() -> None:
    values = shipped_values()
    values["dataset"]["columns"] = dict(reversed(values["dataset"]["columns"].items()))
    assert hash_of(values) != hash_of(shipped_values())


def test_the_hash_is_the_same_for_defaults_written_out() -> None:
    written = changed({"dataset.columns.region.prefix": [], "dataset.key.columns": ["order_id"]})
    assert hash_of(written) == hash_of(shipped_values())
    assert hash_of(shipped_values(), ["seed=42"]) == hash_of(shipped_values())


def hash_of(values: dict[str, Any], overrides: Sequence[str] = ()) -> str:
    return read_settings(values, overrides).config_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"cluster": {"kind": "remote", "address": "tls://user:s3cretpw@host:8786"}},
        {"cluster": {"kind": "remote", "address": "user:s3cretpw@host:8786"}},
        {"cluster": {"kind": "remote", "address": "user:s3cretpw@host"}},
        {"cluster": {"kind": "remote", "address": "tls://me you:p@s3cretpw@host:1"}},
        {"cluster": {"kind": "remote", "address": "tls://user:s3c/s3cretpw@host:1"}},
        {"input": "https://user:s3c/s3cretpw@host/feed.csv"},
        {"input": "https://user:s3cretpw@host/feed.csv"},
        {"data_dir": "s3://user:s3cretpw@host/feed"},
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(changes: dict[str, Any]) -> None:
    [found] = config_problems({**shipped_values(), **changes})
    assert "***@host" in found
    assert "s3cretpw" not in found
