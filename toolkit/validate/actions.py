"""A checkpoint action that writes Data Docs which open from disk, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from great_expectations.checkpoint.actions import ValidationAction
from great_expectations.compatibility import pydantic

from toolkit.validate.docs import write_data_docs


class OfflineDataDocsAction(ValidationAction):
    """Publish a checkpoint's results in `folder`, as `write_data_docs` does."""

    type: Literal["offline_data_docs"] = "offline_data_docs"
    folder: str
    keep_runs: pydantic.PositiveInt = 20

    def run(self, checkpoint_result: Any, action_context: Any = None) -> dict[str, Any]:
        """Return the addresses of the pages by suite, and of the index of all runs."""
        run_id = checkpoint_result.run_id
        started = run_id.run_time
        name = f"{started:%Y-%m-%d_%H-%M-%S-%f}_{run_id.run_name or checkpoint_result.name}"
        results = list(checkpoint_result.run_results.values())
        docs = write_data_docs(Path(self.folder), results, name, started, self.keep_runs)
        pages = {suite: str(page) for suite, page in docs.pages.items()}
        return {"index": str(docs.index), "pages": pages}
