"""Small stages for jobs. A job's process imports them by name."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from toolkit.errors import InputError
from toolkit.settings.config import Settings

SEEN_FILE = "seen.json"


def fail_by_seed(settings: Settings, run_dir: Path) -> None:
    """Write down what it was given, then fail in a way that the seed (or `workers`) names."""
    number = settings.cluster.workers if settings.input else settings.seed
    seen = {
        "seed": settings.seed,
        "rows": settings.rows,
        "results_dir": str(settings.results_dir),
        "data_dir": str(settings.data_dir),
        "workers": settings.cluster.workers,
        "input": list(settings.input),
    }
    (run_dir / SEEN_FILE).write_text(json.dumps(seen))
    logging.getLogger("toolkit.test").info("seen in %s", run_dir.name)
    if number == 1:
        raise InputError("input x.csv: no such file")
    if number == 2:
        raise ValueError("a bug")
    if number == 3:
        sys.exit(3)
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    (run_dir / "run.json").write_text(json.dumps({"seconds": 1.5, "stages": [stage_facts()]}))
    print("the summary")


def make_a_mess(settings: Settings, run_dir: Path) -> None:
    """Write down what earlier jobs have left in this process, then leave all that one can."""
    import dask
    from distributed import Client

    (run_dir / SEEN_FILE).write_text(json.dumps(look_around()))
    os.environ["LEFT_BEHIND"] = "yes"
    dask.config.set({"left.behind": True})
    logging.getLogger().addHandler(logging.NullHandler())
    threading.Thread(target=time.sleep, args=(60,), daemon=True, name="left-behind").start()
    Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None)
    os.chdir("/")


def look_around() -> dict[str, Any]:
    # Imported here, since every job's process reads this module.
    import dask
    from distributed.client import default_client
    from hydra.core.global_hydra import GlobalHydra

    try:
        client = str(default_client())
    except ValueError:
        client = ""
    return {
        "environment": os.environ.get("LEFT_BEHIND"),
        "dask": dask.config.get("left.behind", None),
        "handlers": [type(handler).__name__ for handler in logging.getLogger().handlers],
        "threads": [t.name for t in threading.enumerate() if t.name == "left-behind"],
        "client": client,
        "hydra": GlobalHydra.instance().is_initialized(),
        "cwd": os.getcwd(),
    }


def stage_facts(**changed: Any) -> dict[str, Any]:
    """A stage as run.json holds it, as far as sweeps look at it."""
    facts = {
        "name": "clean",
        "seconds": 1.0,
        "rows_in": 300,
        "rows_clean": 200,
        "rows_rejected": 100,
        "peak_rss_bytes": 1000,
    }
    return {**facts, **changed}
