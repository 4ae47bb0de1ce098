"""Tab completion: translate the typed words for Hydra, which completes the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.command.flags import LEGACY_FLAGS, HydraFlags
from toolkit.settings.commands import Command


@dataclass(frozen=True)
class Typed:
    """A command line up to the cursor: the words before the last, and the last, perhaps empty."""

    command: Command
    words: list[str]
    last: str

    @classmethod
    def from_shell(cls, command: Command, typed: str) -> Typed:
        """Read the variable COMP_LINE, which includes the command's name."""
        words = typed.split()[1:]
        last = words.pop() if words and not typed.endswith(" ") else ""
        return cls(command, words, last)

    def choices(self, hydra_flags: HydraFlags) -> list[str] | None:
        """Return the choices for the current word: flags, or only files; None to let Hydra complete
        it.
        """
        mine = [name for name, f in LEGACY_FLAGS.items() if self.command.name in f.commands]
        if self.last.startswith("-"):
            known = [*mine, *hydra_flags, "--help", "--version"]
            return [name for name in known if name.startswith(self.last)]
        if self.words and self.words[-1] in mine and LEGACY_FLAGS[self.words[-1]].value:
            return []
        return None

    def with_words(self, words: Sequence[str]) -> str:
        """Return the completion request as if these words came before the last one."""
        # Hydra splits at blanks, quoted or not.
        whole = [word for word in words if not any(map(str.isspace, word))]
        return " ".join([self.command.name, *whole, self.last])
