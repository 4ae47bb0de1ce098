"""A question for workers. What asks it must not bring anything along, so it stands alone."""

from __future__ import annotations

import os
import sys
import time


def tell_modules() -> tuple[int, bool, bool]:
    """The process, and whether it has the checks and Great Expectations loaded."""
    # Long enough for another worker to take the next question.
    time.sleep(0.05)
    loaded = sys.modules
    return os.getpid(), "toolkit.validate.checks" in loaded, "great_expectations" in loaded
