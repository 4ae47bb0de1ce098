"""Cluster options, checked before anything is started."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from toolkit.errors import ClusterError
from toolkit.storage.plain_files import read_plain

KINDS = ("sync", "threads", "processes", "local", "remote")
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"

# host:port, with or without a protocol; an IPv6 host is in brackets.
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[^\s:/\[\]]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}", re.ASCII)
_MEMORY = re.compile(r"auto|[0-9.]+ *([kmgtp]i?)?b?", re.IGNORECASE | re.ASCII)


class ClusterOptions(Protocol):
    """Any object with these attributes selects where tasks run."""

    @property
    def kind(self) -> str: ...
    @property
    def workers(self) -> int | None: ...
    @property
    def threads_per_worker(self) -> int | None: ...
    @property
    def memory_limit(self) -> str | None: ...
    @property
    def address(self) -> str | None: ...
    @property
    def scheduler_file(self) -> str | None: ...
    @property
    def tls_ca_file(self) -> str | None: ...
    @property
    def tls_cert(self) -> str | None: ...
    @property
    def tls_key(self) -> str | None: ...
    @property
    def timeout_seconds(self) -> float: ...


@dataclass(frozen=True)
class ClusterSpec:
    """Options of a cluster; `workers` are threads or processes, one per core by default.

    threads_per_worker (default 1) and memory_limit (per worker, such as '2 GiB'; 'auto' by default)
    are for kind 'local'; address, scheduler_file and the TLS files (PEM: the CA that signed the
    scheduler's certificate, this client's certificate and its key) for kind 'remote'.
    """

    kind: str
    workers: int | None = None
    threads_per_worker: int | None = None
    memory_limit: str | None = None
    address: str | None = None
    scheduler_file: str | None = None
    tls_ca_file: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    timeout_seconds: float = 5.0


def check_options(options: ClusterOptions) -> None:
    """Raise ClusterError about the first invalid option."""
    if options.kind not in KINDS:
        raise ClusterError.bad_option("kind", options.kind, f"one of {', '.join(KINDS)}")
    for name in ("workers", "threads_per_worker"):
        count = getattr(options, name)
        if count is not None and count < 1:
            raise ClusterError.bad_option(name, count, "at least 1")
    memory = options.memory_limit
    if memory is not None and not _MEMORY.fullmatch(memory.strip()):
        raise ClusterError.bad_option("memory_limit", memory, "a size such as 2GiB, or auto")
    files = [options.tls_ca_file, options.tls_cert, options.tls_key]
    if any(files) and not all(files):
        raise ClusterError.half_certificate()
    if not options.timeout_seconds > 0:
        raise ClusterError.bad_option("timeout_seconds", options.timeout_seconds, "more than 0")


def find_scheduler(options: ClusterOptions) -> str:
    """Return the remote scheduler's address: as given, from its file, or from the environment.

    Raises ClusterError when there is none, when there are two, or when it is not an address.
    """
    if options.address and options.scheduler_file:
        raise ClusterError.bad_option("address", options.address, "no scheduler_file beside it")
    if options.scheduler_file:
        address = _read_scheduler_file(Path(options.scheduler_file))
    else:
        address = options.address or os.environ.get(ADDRESS_VARIABLE) or ""
        if not address:
            raise ClusterError.no_address()
        if not _ADDRESS.fullmatch(address) or "@" in address:
            raise ClusterError.bad_option("address", address, "one such as tcp://host:8786")
    if not options.tls_ca_file:
        return address
    protocol, found, _ = address.partition("://")
    if found and protocol != "tls":
        raise ClusterError.bad_option("address", address, "tls://, as TLS files are given")
    return address if found else f"tls://{address}"


def _read_scheduler_file(path: Path) -> str:
    try:
        content = json.loads(read_plain(path, 1 << 20))
    except OSError as error:
        raise ClusterError.bad_scheduler_file(path, error.strerror or error) from error
    except ValueError as error:
        raise ClusterError.bad_scheduler_file(path, "is not JSON") from error
    address = content.get("address") if isinstance(content, dict) else None
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address) or "@" in address:
        raise ClusterError.bad_scheduler_file(path, "has no scheduler address")
    return address
