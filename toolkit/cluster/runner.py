"""The interface of every kind of cluster: run independent tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dask.delayed import Delayed

OnResult = Callable[[Any], None]


class Runner(ABC):
    """Runs independent tasks, `n_workers` at a time. `dashboard` is the address of Dask's own."""

    def __init__(self, n_workers: int, dashboard: str | None = None) -> None:
        self.n_workers = n_workers
        self.dashboard = dashboard

    @abstractmethod
    def run(self, tasks: Sequence[Delayed], on_result: OnResult | None = None) -> list[Any]:
        """Run all the tasks and return their results, in the order of the tasks.

        A task returns a small record that can be pickled. `on_result` gets each one as it finishes,
        in any order, in the thread that called `run`.

        The first error is raised as it was in the task, and no further task is started; the same
        holds for Ctrl-C. In both cases no task is still running when `run` raises: tasks in threads
        and on a remote cluster are awaited, those of kind 'processes' are killed, and a 'local'
        cluster is closed, which gives its tasks a few seconds.

        Raises ClusterError when a worker died, or when all workers or the scheduler are lost.
        """
