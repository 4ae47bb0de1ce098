"""python -m tests.cluster_driver KIND FOLDER [ADDRESS]: a run that a test interrupts or kills."""

from __future__ import annotations

import sys
from pathlib import Path

from dask.delayed import delayed

from tests.tasks import keep_writing
from toolkit.cluster import ClusterSpec, open_cluster


def main(kind: str, folder: str, address: str | None = None) -> None:
    tasks = [delayed(keep_writing)(Path(folder), number) for number in range(40)]
    with open_cluster(ClusterSpec(kind, workers=2, address=address)) as runner:
        try:
            runner.run(tasks)
        except KeyboardInterrupt:
            sizes = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
            print("interrupted", sum(sizes.values()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
