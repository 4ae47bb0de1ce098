"""Contracts from Python are those of the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.version import getbase

from tests.commands import ask
from toolkit.api import load_rules
from toolkit.errors import ConfigError

pytestmark = pytest.mark.slow

SHIPPED = ("ecommerce", "online_retail", "dirty_cafe")
OWN = """
defaults:
  - aggregations: few
  - _self_
name: own
columns: {region: {kind: text}}
"""
EXTENDED = "defaults: [dirty_cafe, _self_]\nname: extended\nrepairs: []\n"
FEW = "lines: {kind: summary, by: {region: {column: region}}, measures: {n: {count: rows}}}\n"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_contract_is_loaded(name: str, tmp_path: Path) -> None:
    rules = load_rules(name, as_of=date(2026, 11, 23), data_dir=tmp_path / "data")
    assert (rules.contract.name, rules.as_of) == (name, date(2026, 11, 23))
    assert rules.contract.aggregations


def test_it_is_the_contract_of_the_command_line(tmp_path: Path) -> None:
    for name in SHIPPED:
        done = ask("clean-data", f"dataset={name}", "--cfg", "job", cwd=tmp_path)
        values = yaml.safe_load(done.out)["dataset"]
        contract = load_rules(name, data_dir=tmp_path / "data").contract
        assert list(contract.aggregations) == list(values["aggregations"])
        assert list(contract.columns) == list(values["columns"])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "conf" / "dataset"
    (folder / "aggregations").mkdir(parents=True)
    (folder / "own.yaml").write_text(OWN)
    (folder / "extended.yaml").write_text(EXTENDED)
    (folder / "aggregations" / "few.yaml").write_text(FEW)
    return folder / "own.yaml"


def test_own_contracts_have_defaults_and_groups(own: Path, tmp_path: Path) -> None:
    by_name = load_rules("own", data_dir=tmp_path / "data").contract
    assert (by_name.name, [*by_name.aggregations]) == ("own", ["lines"])
    assert load_rules(own, data_dir="elsewhere/data").contract == by_name


def test_a_contract_may_extend_a_shipped_one(own: Path) -> None:
    found = load_rules(own.with_name("extended.yaml")).contract
    assert (found.name, found.repairs) == ("extended", ())
    assert found.columns == load_rules("dirty_cafe").contract.columns


def test_overrides_are_those_of_a_command_line() -> None:
    strict = load_rules("dirty_cafe", overrides=["dataset.repairs=[]"]).contract
    assert strict.repairs == ()
    assert load_rules("dirty_cafe").contract.repairs != ()


def test_a_program_that_uses_hydra_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("rows: 3\n")
    with initialize_config_dir(str(tmp_path), version_base="1.2"):
        load_rules("online_retail")
        load_rules("dirty_cafe")
        assert str(getbase()) == "1.2"
        assert compose("app").rows == 3
    assert not GlobalHydra.instance().is_initialized()


def test_limits_count_from_today_unless_a_day_is_named() -> None:
    assert load_rules("ecommerce").as_of == date.today()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("ecomerce", None, "no contract 'ecomerce'; did you mean 'ecommerce'?"),
        ("own", OWN.replace("few", "many"), "contract own: .*aggregations/many"),
        ("away.yaml", OWN, "away.yaml: has defaults or overrides to compose; put it into a folder"),
    ],
)
def test_what_cannot_be_composed_is_one_line(
    name: str, text: str | None, told: str, own: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (Path(name) if name.endswith(".yaml") else own).write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        load_rules(name)
    assert "\n" not in str(caught.value)
