"""One check of the catalogue: what it is called, what it is, and what stock makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_expectation_impl

Outcome = Literal["passed", "failed", "raised"]


@dataclass(frozen=True)
class Case:
    """`expected` is what the stock engine says of tests.validate.sample."""

    name: str
    type: str
    expected: Outcome
    kwargs: dict[str, Any]

    def expectation(self) -> Expectation:
        return get_expectation_impl(self.type)(**self.kwargs)


Unnamed = Callable[[str], Case]


def passes(words: str, **kwargs: Any) -> Unnamed:
    return lambda type_: Case(f"{type_}: {words}", type_, "passed", kwargs)


def fails(words: str, **kwargs: Any) -> Unnamed:
    return lambda type_: Case(f"{type_}: {words}", type_, "failed", kwargs)


def raises(words: str, **kwargs: Any) -> Unnamed:
    return lambda type_: Case(f"{type_}: {words}", type_, "raised", kwargs)


def cases_of(type_: str, *cases: Unnamed) -> list[Case]:
    """Cases of one expectation, each named by its own words after the expectation's name."""
    return [case(type_) for case in cases]
