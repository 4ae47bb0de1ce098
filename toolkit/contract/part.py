"""What the parts of a contract have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class Part:
    """A group of keys, of which unknown ones are refused."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True, kw_only=True)
class Limits(Part):
    """Between what a number must lie."""

    above: float | None = None
    """A number that is not above it is rejected with `reason`."""
    min: float | None = None
    """A lower number is rejected with `reason`."""
    max: float | None = None
    """A higher number is rejected with `reason`."""
    below: float | None = None
    """A number that is not below it is rejected with `reason`."""

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(bound is not None for bound in (self.above, self.min, self.max, self.below))
