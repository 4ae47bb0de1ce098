"""Run tasks in this process, in worker processes, or on a Dask cluster.

    with open_cluster(ClusterSpec("threads", workers=2)) as runner:
        counts = runner.run([delayed(write_part)(block) for block in blocks])

The five kinds give the same results and fail in the same way; only the speed differs. Importing
this package imports neither Dask nor Arrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from toolkit.cluster.runner import OnResult, Runner
from toolkit.cluster.spec import ClusterOptions, ClusterSpec, check_options, find_scheduler

__all__ = [
    "ClusterOptions",
    "ClusterSpec",
    "OnResult",
    "Runner",
    "open_cluster",
]


@contextmanager
def open_cluster(options: ClusterOptions) -> Iterator[Runner]:
    """Open a runner of the given kind; everything that it starts ends with the block.

    A remote scheduler and its workers are left running. They must be able to import this toolkit,
    and every path in a task must name the same file on all of them, as on a shared file system. A
    task that was running on a lost worker is run again on another, so a task must write the same
    files whenever it is run with the same arguments.

    Raises ClusterError before anything starts when an option is invalid, and within
    `timeout_seconds` when a remote scheduler does not answer or has no workers.
    """
    check_options(options)
    if options.kind in ("sync", "threads", "processes"):
        from toolkit.cluster.pools import open_inside

        with open_inside(options) as runner:
            yield runner
    elif options.kind == "local":
        from toolkit.cluster.distributed import open_local

        with open_local(options) as runner:
            yield runner
    else:
        address = find_scheduler(options)
        from toolkit.cluster.distributed import open_remote

        with open_remote(address, options) as runner:
            yield runner
