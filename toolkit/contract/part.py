"""Base of the parts of a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ValidatorFunctionWrapHandler, WrapValidator


def _exact(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    number = read(value)
    return value if type(value) is int else number


Bound = Annotated[float, WrapValidator(_exact)]
"""A number; a whole one stays a Python int, which is exact at any size."""


class Part:
    """A group of keys; unknown keys are refused."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Limits(Part):
    """Limits of a number."""

    above: Bound | None = None
    """A number that is not above it is rejected with `reason`."""
    min: Bound | None = None
    """A lower number is rejected with `reason`."""
    max: Bound | None = None
    """A higher number is rejected with `reason`."""
    below: Bound | None = None
    """A number that is not below it is rejected with `reason`."""

    @property
    def limited(self) -> bool:
        """Return whether there is any limit."""
        return any(bound is not None for bound in (self.above, self.min, self.max, self.below))

    def beyond(self, place: str) -> str:
        """Return what is rejected beyond the limits, and their keys under `place`; '' without
        limits.
        """
        limits = (
            ("not above", "above", self.above),
            ("lower than", "min", self.min),
            ("higher than", "max", self.max),
            ("not below", "below", self.below),
        )
        return " or ".join(
            f"{words} {bound} ({place}.{key})" for words, key, bound in limits if bound is not None
        )

    def limit_problems(self, where: str) -> Iterator[str]:
        """Yield limits between which there is no number."""
        lower = max((b for b in (self.above, self.min) if b is not None), default=None)
        upper = min((b for b in (self.max, self.below) if b is not None), default=None)
        if lower is None or upper is None or lower < upper:
            return
        if lower > upper or self.above == lower or self.below == upper:
            yield f"{where}: no number is between its limits {lower:g} and {upper:g}"

    def meet(self, low: float, high: float) -> bool:
        """Return whether a number from `low` to `high` may keep the limits."""
        return (
            (self.above is None or high > self.above)
            and (self.min is None or high >= self.min)
            and (self.max is None or low <= self.max)
            and (self.below is None or low < self.below)
        )
