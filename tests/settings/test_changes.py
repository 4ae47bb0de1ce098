"""What of a run's settings is not as it would be without its overrides."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from toolkit.settings.changes import changed_values, config_values
from toolkit.settings.config import Settings, read_settings

Values = dict[str, Any]


@pytest.fixture
def defaults() -> Values:
    """The shipped config as plain values, put together by hand."""
    conf = ROOT / "conf"
    values: Values = yaml.safe_load((conf / "config.yaml").read_text("utf-8"))
    chosen = {key: option for one in values.pop("defaults") if isinstance(one, dict)
              for key, option in one.items() if "override" not in key and option}  # fmt: skip
    del values["hydra"]
    for group, option in chosen.items():
        content = yaml.safe_load((conf / group / f"{option}.yaml").read_text("utf-8"))
        values |= content if group == "size" else {group: content}
    return values


def settings(defaults: Values, *overrides: str, **values: Any) -> Settings:
    return read_settings({**defaults, **values}, overrides, defaults=defaults)


def test_values_are_those_of_json_under_dotted_keys(defaults: Values) -> None:
    values = config_values(settings(defaults, input="feed.csv", as_of="2026-11-23"))
    assert values["rows"] == 100_000
    assert values["as_of"] == "2026-11-23"
    assert values["input"] == ["feed.csv"]
    assert values["dataset.columns.quantity.above"] == 0
    assert values["dataset.key.columns"] == ["order_id"]
    assert "output" not in values
    assert not [key for key in values if key.startswith(("defaults", "overrides"))]
    assert json.loads(json.dumps(values)) == values


def test_what_differs_has_its_default(defaults: Values) -> None:
    changed = changed_values(
        settings(defaults, rows=5, input="feed.csv", as_of="2026-01-01", seed=42)
    )
    today = date.today().isoformat()
    assert changed == {"rows": 100_000, "as_of": today, "input": None}


def test_today_is_no_change(defaults: Values) -> None:
    assert changed_values(settings(defaults, input="feed.csv")) == {"input": None}


def test_a_value_that_was_taken_away_differs(defaults: Values) -> None:
    dataset = json.loads(json.dumps(defaults["dataset"]))
    dataset["columns"]["quantity"]["above"] = None
    assert changed_values(settings(defaults, dataset=dataset)) == {
        "dataset.columns.quantity.above": 0
    }


def test_of_another_contract_its_name_and_what_was_typed_differ(defaults: Values) -> None:
    dataset = {"name": "mine", "columns": {"x": {"kind": "text"}}}
    words = ("dataset=mine", "++dataset.columns.x.required=true", "seed=1")
    assert changed_values(settings(defaults, *words, dataset=dataset, seed=1)) == {
        "seed": 42,
        "dataset.name": "ecommerce",
        "dataset.columns.x.required": None,
    }


def test_without_sound_defaults_nothing_is_said_to_differ(defaults: Values) -> None:
    assert changed_values(read_settings(defaults, ["rows=5"])) == {}
    unsound = {**defaults, "rows": "many"}
    assert changed_values(read_settings(defaults, [], defaults=unsound)) == {}


def test_defaults_are_no_part_of_what_results_depend_on(defaults: Values) -> None:
    one, other = settings(defaults, rows=5), replace(settings(defaults, rows=5), defaults=None)
    assert one.config_hash == other.config_hash


def test_a_folder_is_reported_as_its_path(defaults: Values, tmp_path: Path) -> None:
    job = replace(settings(defaults), results_dir=tmp_path)
    assert config_values(job)["results_dir"] == str(tmp_path)
