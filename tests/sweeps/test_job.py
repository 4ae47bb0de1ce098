"""How jobs share the cores, and how one whose process died is reported."""

from __future__ import annotations

import pytest

from toolkit.report.sampling import describe_machine
from toolkit.settings.config import Cluster
from toolkit.sweeps import job
from toolkit.sweeps.job import share_of_cores


@pytest.mark.parametrize(
    ("cluster", "at_once", "workers"),
    [
        (Cluster(kind="threads"), 1, None),
        (Cluster(kind="threads"), 2, 4),
        (Cluster(kind="processes"), 3, 2),
        (Cluster(kind="threads"), 9, 1),
        (Cluster(kind="threads", workers=7), 2, 7),
        (Cluster(kind="local", threads_per_worker=2), 2, 2),
        (Cluster(kind="local", threads_per_worker=8), 2, 1),
        (Cluster(kind="sync"), 2, None),
        (Cluster(kind="remote", address="tcp://127.0.0.1:1"), 2, None),
    ],
)
def test_jobs_at_once_share_the_cores(
    cluster: Cluster, at_once: int, workers: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "describe_machine", lambda: {**describe_machine(), "cores": 8})
    assert share_of_cores(cluster, at_once).workers == workers


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (3, "its process ended with exit code 3"),
        (-9, "its process was killed by SIGKILL, most likely out of memory"),
        (-11, "its process was killed by SIGSEGV"),
    ],
)
def test_how_a_process_died_is_reported(code: int, told: str) -> None:
    assert job._death(code) == told
