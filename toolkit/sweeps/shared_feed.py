"""The generated input of a sweep: generated once, and read by every job that would generate the
same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.report.code_digest import PACKAGE, code_digest
from toolkit.settings.config import Settings
from toolkit.settings.workspace import ledger_path
from toolkit.storage.atomic import write_json


@dataclass(frozen=True)
class SharedFeed:
    """A feed at `path`, with or without a ledger; a mark beside it records its settings."""

    path: Path
    made_from: dict[str, Any]

    @classmethod
    def of(cls, settings: Settings) -> SharedFeed:
        """Return the feed that these settings generate, whether it exists or not."""
        made_from = {
            "rows": settings.rows,
            "seed": settings.seed,
            "mode": settings.mode,
            "until": settings.last_sale.isoformat(),
            "ledger": settings.ledger,
            "generator": generator_digest(),
        }
        name = f"feed_{settings.rows}_seed{settings.seed}_{settings.mode}_{settings.last_sale}"
        # In its own folder, so that making the feed with a ledger does not disturb readers of the
        # other.
        name += "_ledger" if settings.ledger else ""
        folder = settings.data_dir.absolute() / "input" / "shared"
        return cls(folder / f"{name}.csv", made_from)

    def is_whole(self) -> bool:
        """Return whether the feed exists, is unchanged since it was made, and would be generated
        the same today.
        """
        try:
            mark = json.loads(self._mark.read_text(encoding="utf-8"))
            return bool(mark == self._state())
        except (OSError, ValueError):
            return False

    def begin(self) -> None:
        """Mark it as being made: until `finish` it counts as missing."""
        self._mark.unlink(missing_ok=True)

    def finish(self) -> None:
        """Mark it as made."""
        write_json(self._state(), self._mark)

    @property
    def _mark(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def _state(self) -> dict[str, Any]:
        files = [self.path, ledger_path(self.path)] if self.made_from["ledger"] else [self.path]
        return {
            "made_from": self.made_from,
            "files": {file.name: [file.stat().st_size, file.stat().st_mtime_ns] for file in files},
        }


def generator_digest() -> str:
    """Return a digest of the generator's code, so that nobody has to maintain a version number."""
    return code_digest(PACKAGE / "generate")
