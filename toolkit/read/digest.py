"""Digests of input files, computed in threads while the files are read."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

import xxhash

from toolkit.read.sources import Source

_READ_BYTES = 1 << 20


def copies(digests: Mapping[str, str]) -> list[str]:
    """Yield a line about each file with the same bytes as an earlier one, by the files' digests."""
    first: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    for shown, digest in digests.items():
        earlier = first.setdefault(digest, shown)
        if earlier != shown:
            others.setdefault(earlier, []).append(shown)
    return [
        f"{', '.join(same)} {'has' if len(same) == 1 else 'have'} the same bytes as {earlier}; "
        "the rows of each are read"
        for earlier, same in others.items()
    ]


class Digests:
    """XXH3-128 of each source as it is on disk, compressed or not, computed in its own thread.

    The digest tells files apart by content; it does not protect against forgery. Reading follows
    the tasks that parse the same bytes, so the bytes come from the page cache.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(1, "digest")
        self._found = {source.shown: self._pool.submit(self._digest, source) for source in sources}

    def result(self) -> dict[str, str]:
        """Return the digests by the sources' names. Waits for the thread; raises OSError."""
        return {shown: future.result() for shown, future in self._found.items()}

    def _digest(self, source: Source) -> str:
        state, buffer = xxhash.xxh3_128(), bytearray(_READ_BYTES)
        with source.given() as file:
            # Members of archives are read into buffers as files are.
            readinto = file.readinto  # type: ignore[attr-defined]
            while (n_bytes := readinto(buffer)) and not self._stopped.is_set():
                state.update(memoryview(buffer)[:n_bytes])
        return f"xxh3_128:{state.hexdigest()}"

    def __enter__(self) -> Digests:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)
