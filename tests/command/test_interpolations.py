"""The growth of a config's references is found as OmegaConf replaces them."""

from __future__ import annotations

from typing import Any

import pytest
from omegaconf import OmegaConf

from toolkit.command.interpolations import MOST_CHARACTERS, check_references, target
from toolkit.errors import ConfigError

HALF = "x" * (MOST_CHARACTERS // 2)


@pytest.mark.parametrize(
    ("path", "reference", "named"),
    [
        (("a", "b"), "c.d", ("c", "d")),
        (("a", "b"), ".c", ("a", "c")),
        (("a", "b"), "..c", ("c",)),
        (("a", 0), "c[1].d", ("c", "1", "d")),
    ],
)
def test_what_a_reference_names(
    path: tuple[str | int, ...], reference: str, named: tuple[str, ...]
) -> None:
    assert target(path, reference) == named


@pytest.mark.parametrize(
    "values",
    [
        {"a": HALF, "b": "${a}${a}${a}"},
        {"a": [HALF], "b": ["${a}", "${a}", "${a[0]}"]},
        {"a": {"x": HALF, "y": "${.x}${..c}"}, "c": "${a.x}${a.x}"},
    ],
)
def test_more_than_the_limit_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="expand to more than the limit of 4,194,304"):
        check_references(OmegaConf.create(values))


@pytest.mark.parametrize(
    "values",
    [
        {"a": HALF, "b": "${a}"},
        {"a": "${b}", "b": "${a}"},
        {"a": "${oc.env:HOME}", "b": "${missing.key}", "c": "${a.${b}}", "d": None, "e": 1.5},
    ],
)
def test_others_are_left_to_omegaconf(values: dict[str, Any]) -> None:
    check_references(OmegaConf.create(values))
