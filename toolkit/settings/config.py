"""The schema of conf/ as frozen dataclasses; reading it reports every problem at once.

This module does not touch the disk and does not know where the values came from.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from toolkit.contract import Contract, Delimiter, Mapped, delimiter_problem
from toolkit.contract.check import contract_problems
from toolkit.errors import ConfigError, address_shown
from toolkit.settings.explain import explain, shown
from toolkit.storage.addresses import is_address, is_utf8

_STRICT: dict[str, Any] = {"extra": "forbid"}
# Keys that change where results are written, how fast, or what is logged, but not the results.
_WITHOUT_EFFECT = (
    *("data_dir", "input", "output", "cleaned", "rejected", "log_level", "cluster", "overrides"),
    *("validation", "run_tests", "sweep", "results_dir", "dashboard", "defaults"),
    *("name", "encoding", "delimiter", "null_words", "personal", "mask_key", "as_of_given"),
)
_TODAY = "today"
_QUOTES = "\"'"
_ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
# The keys that each kind uses.
_USED: dict[str, dict[str, tuple[str, ...]]] = {
    "partitions": {
        "auto": (),
        "by_size": ("block_bytes",),
        "by_count": ("count",),
        "by_rows": ("rows",),
    },
    "cluster": {
        "sync": (),
        "threads": ("workers",),
        "processes": ("workers", "timeout_seconds"),
        "local": ("workers", "threads_per_worker", "memory_limit", "timeout_seconds"),
        "remote": (
            *("address", "scheduler_file", "tls_ca_file", "tls_cert", "tls_key"),
            "timeout_seconds",
        ),
    },
}

KINDS = ("clean", "rejected")
"""The datasets that cleaning writes."""

Count = Annotated[int, Field(ge=1)]
Memory = Annotated[str, Field(pattern=r"(?i)^(auto|\d+(\.\d+)?\s*([kmgtp]i?)?b?)$")]


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """Size of the blocks that the input is cut into: by cores and memory, or by the one number
    given.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    kind: Literal["auto", "by_size", "by_count", "by_rows"]
    block_bytes: Count | None = None
    count: Count | None = None
    rows: Count | None = None


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The cluster that runs tasks. `workers` defaults to one per core."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    kind: Literal["sync", "threads", "processes", "local", "remote"]
    workers: Count | None = None
    threads_per_worker: Count | None = None
    memory_limit: Memory | None = None
    """Per worker: auto, or a size as Dask writes it: 2GiB, 500MB."""
    address: Annotated[str, Field(min_length=1)] | None = None
    """Without address and scheduler_file, the environment variable DASK_SCHEDULER_ADDRESS is
    used.
    """
    scheduler_file: Annotated[str, Field(min_length=1)] | None = None
    tls_ca_file: Annotated[str, Field(min_length=1)] | None = None
    """PEM files: the CA of the scheduler's certificate, this client's certificate, and its key."""
    tls_cert: Annotated[str, Field(min_length=1)] | None = None
    tls_key: Annotated[str, Field(min_length=1)] | None = None
    timeout_seconds: Annotated[float, Field(gt=0)] = 10


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Datasets to write, and their format."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    clean: bool
    rejected: bool
    aggregations: bool
    format: Literal["parquet"]
    compression: Literal["snappy", "zstd", "lz4", "none"]
    mask_personal: Literal["none", "clean", "rejected", "both"] = "none"
    """In which of the two datasets personal columns are masked."""

    def masks(self, kind: str) -> bool:
        """Return whether personal columns are masked in one of KINDS."""
        return self.mask_personal in (kind, "both")


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Validation of outputs before they are published, and which failures prevent publishing."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    enabled: bool
    fail_on: Literal["critical", "warning", "never"]
    """Lowest severity of a failed expectation that prevents publishing."""
    failing_rows: Annotated[int, Field(ge=0)]
    """Number of failing rows to write for each failed expectation."""
    keep_runs: Count
    """Number of runs to keep in Data Docs."""
    max_column_bytes: Count
    """Memory limit for an expectation that cannot be evaluated partition by partition."""


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """The address of run-dashboard, which answers this machine only."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    port: Annotated[int, Field(ge=1, le=65535)] = 8501
    headless: bool = True
    """False opens the page in this machine's browser."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Execution of the jobs of a --multirun; results do not depend on it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    resume: bool = False
    """Run only the missing jobs of the same sweep, in its folder."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every key of conf/. Paths are relative to the folder where the command is run."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _STRICT
    rows: Annotated[int, Field(ge=0, le=10**10)]
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    mode: Literal["dirty", "clean"]
    as_of: date
    """Written as `today` for the day on which the settings are read."""
    ledger: bool
    input: tuple[Annotated[str, Field(min_length=1)], ...]
    """Written as `today` for the day on which the settings are read."""
    cleaned: Path | None
    rejected: Path | None
    output: Path | None
    """A file for generate-data, a folder for the other commands, either for lookups."""
    column: Annotated[str, Field(min_length=1)] | None
    threshold: Annotated[float, Field(gt=0, le=1)]
    unknown_label: Annotated[str, Field(min_length=1)] | None
    """Overrides the `unknown` name of every mapped column, for building lookups and for
    cleaning.
    """
    unknown_words: tuple[str, ...]
    accept: Annotated[float, Field(ge=0, le=1)] | None
    name: Annotated[str, Field(min_length=1)] | None
    """Name of the dataset that new-dataset drafts."""
    encoding: Annotated[str, Field(min_length=1)] | None
    """Encoding of the file to profile; detected when not given."""
    delimiter: Delimiter | None
    """Delimiter of the file to profile; detected when not given."""
    null_words: tuple[str, ...]
    """Words that may mean a missing value, in any case, in a file to profile."""
    personal: tuple[Annotated[str, Field(min_length=1)], ...] | None = None
    """Columns to mask in a profile, by their names in the header; detected by name and values when
    not given.
    """
    mask_key: Path | None = None
    """File with the key of masks; defaults to the workspace's own key."""
    run_tests: bool
    data_dir: Path
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    dataset: Contract
    partitions: Partitions
    cluster: Cluster
    outputs: Outputs
    validation: Validation
    sweep: Sweep = Sweep()
    dashboard: Dashboard = Dashboard()
    generated_until: date = date(2026, 11, 23)
    """Constant, so that the same seed gives the same bytes on any day."""


@dataclass(frozen=True, kw_only=True)
class Settings(Config):
    """A valid config, and the overrides that the user gave."""

    overrides: tuple[str, ...] = ()
    results_dir: Path | None = None
    """Output folder of a sweep's job; a single run writes to data_dir."""
    defaults: Config | None = None
    """The config without overrides; None where that is not valid by itself."""
    as_of_given: bool = False
    """Whether a date was given instead of `today`."""

    @property
    def last_sale(self) -> date:
        """The day that generated sales end on."""
        return self.as_of if self.as_of_given else self.generated_until

    @property
    def config_hash(self) -> str:
        """Sha256 of everything that results depend on; equal settings have the same."""
        values = {key: value for key, value in asdict(self).items() if key not in _WITHOUT_EFFECT}
        # Not sorted: the order of a contract's columns and flags has a meaning.
        return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()


def read_settings(
    values: Mapping[str, Any],
    overrides: Sequence[str] = (),
    groups: Collection[str] = (),
    defaults: Mapping[str, Any] | None = None,
    today: date | None = None,
) -> Settings:
    """Build the settings from plain values, as YAML gives them.

    `overrides` and the values without them, `defaults`, are for the run's report; `groups` are
    names that a mistyped key may have meant. `today` is the meaning of as_of=today; it defaults to
    this machine's day. Raises ConfigError with every problem at once.
    """
    as_of_given = values.get("as_of") != _TODAY
    day = _today_for(values, today or date.today())
    values = _dated(values, day)
    problems = config_problems(values, groups)
    if problems:
        raise ConfigError.from_problems(problems)
    config: Config = _validated(Config, _listed(values))
    found = {**vars(config), "dataset": _labelled(config.dataset, config.unknown_label)}
    without = None if defaults is None else _read_defaults(_dated(defaults, day))
    return Settings(**found, overrides=tuple(overrides), defaults=without, as_of_given=as_of_given)


def _today_for(values: Mapping[str, Any], today: date) -> Any:
    """Return the meaning of `today`: for a generated feed it does not depend on the day of the
    run.
    """
    if any(values.get(key) for key in ("input", "cleaned", "rejected")):
        return today
    return values.get("generated_until", Config.generated_until)


def _dated(values: Mapping[str, Any], day: Any) -> Mapping[str, Any]:
    return {**values, "as_of": day} if values.get("as_of") == _TODAY else values


def _read_defaults(values: Mapping[str, Any]) -> Config | None:
    if config_problems(values):
        return None
    config: Config = _validated(Config, _listed(values))
    return config


def _labelled(contract: Contract, unknown: str | None) -> Contract:
    """Return the contract with one name for unknown values in all mapped columns."""
    if unknown is None:
        return contract
    columns = {
        name: replace(column, unknown=unknown) if isinstance(column, Mapped) else column
        for name, column in contract.columns.items()
    }
    return replace(contract, columns=columns)


def read_contract(values: Any) -> Contract:
    """Build a contract from plain values, as YAML gives them.

    Raises ConfigError with every problem at once.
    """
    try:
        contract: Contract = _validated(Contract, values)
    except ValidationError as error:
        raise ConfigError.from_problems([*explain(error, Contract, values, ())]) from None
    problems = contract_problems(contract)
    if problems:
        raise ConfigError.from_problems(problems)
    return contract


def config_problems(values: Mapping[str, Any], groups: Collection[str] = ()) -> list[str]:
    """List every problem of the values, one line each: dotted key, value, allowed values."""
    values = _dated(values, date.today())
    # Values are checked as JSON below, which has no form for these.
    if unreadable := [*_not_utf8(values)]:
        return unreadable
    problems = [
        *_empty_paths(values),
        *_addresses(values),
        *_credentials(values),
        *_infinities(values),
    ]
    try:
        config = _validated(Config, _listed(values))
    except ValidationError as error:
        problems += explain(error, Config, _listed(values), groups)
    else:
        problems += _delimiter_problems(values.get("delimiter"))
    problems += _group_problems(values)
    dataset = values.get("dataset")
    # Only a contract of valid shape can be checked further; the problems above cover the rest.
    with suppress(ValidationError):
        problems += (
            [] if any(_infinities(dataset)) else contract_problems(_validated(Contract, dataset))
        )
    if not problems:
        problems += _mask_problems(config)
    return problems


def _mask_problems(config: Config) -> Iterator[str]:
    """Yield aggregations of masked numbers or days: a mask is text."""
    if not (config.outputs.masks("clean") and config.outputs.aggregations):
        return
    contract = config.dataset
    # A mask is text.
    texts = {f.name for f in contract.clean_schema() if "string" in str(f.type)}
    emptied = contract.personal_clean_columns().keys() - texts
    for name, aggregation in contract.aggregations.items():
        for column in sorted(emptied & {*_named_in(asdict(aggregation))}):
            yield (
                f"outputs.mask_personal={config.outputs.mask_personal}: {column} would be empty, "
                f"which aggregation {name} needs; mask rejected rows only, or set "
                "outputs.aggregations=false"
            )


def _named_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _named_in(inner)
    elif isinstance(value, str):
        yield value


@cache
def _schema(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _validated(kind: type, values: Any) -> Any:
    """Read as strict JSON, which accepts a list for a tuple but neither "1" nor true for 1."""
    return _schema(kind).validate_json(json.dumps(_plain(values), default=str), strict=True)


def _listed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with `input` as a list: a single path may be given without brackets."""
    given = values.get("input")
    paths = [] if given is None else [given] if isinstance(given, str) else given
    return {**values, "input": paths}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        # rows=1e6 is a whole number; infinities are reported on their own.
        return 0 if not math.isfinite(value) else int(value) if value.is_integer() else value
    return value


def _empty_paths(values: Mapping[str, Any]) -> Iterator[str]:
    for key in ("data_dir", "cleaned", "rejected", "output", "mask_key"):
        if values.get(key) == "":
            yield f"{key}='': must name a file or folder"


def _delimiter_problems(given: str | None) -> Iterator[str]:
    """Yield problems of the delimiter of a file to profile."""
    if given is None or len(given) > 1:
        return
    if problem := delimiter_problem(given):
        yield f"delimiter={given!r}: {problem}"
    elif given in _QUOTES:
        yield f"delimiter={given!r}: is a quote, which encloses cells"


def _addresses(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield paths like https://... and s3://..., which would become folders here."""
    for key in ("data_dir", "input", "cleaned", "rejected", "output"):
        given = values.get(key)
        for path in given if isinstance(given, list | tuple) else [given]:
            if isinstance(path, str) and is_address(path):
                yield (
                    f"{key}={address_shown(path)}: is an address, but only files on "
                    f"this machine's disks are read and written{_path_of(path)}"
                )


def _path_of(address: str) -> str:
    """Return '; write /srv/feed.csv' for file:///srv/feed.csv, which names a file of this
    machine.
    """
    scheme, _, path = address.partition("://")
    return f"; write {path}" if scheme.lower() == "file" and path.startswith("/") else ""


def _not_utf8(value: Any, key: str = "") -> Iterator[str]:
    """Yield text that is not valid UTF-8, as file names may be."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _not_utf8(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _not_utf8(inner, key)
    elif isinstance(value, str) and not is_utf8(value):
        yield f"{key}={value!a}: is not UTF-8; rename the file or folder"


def _infinities(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _infinities(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _infinities(inner, key)
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{key}={value}: must be a finite number"


def _credentials(values: Mapping[str, Any]) -> Iterator[str]:
    """Reject an address with a user and password, since the config of a run is saved in plain
    text.
    """
    cluster = values.get("cluster")
    given = cluster.get("address") if isinstance(cluster, Mapping) else None
    if isinstance(given, str) and (safe := address_shown(given)) != given:
        yield f"cluster.address={safe}: takes no user and password; give host and port alone"


def _group_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield keys that belong to another kind of partitions or cluster, and missing required
    keys.
    """
    for group, kinds in _USED.items():
        given = values.get(group)
        if not isinstance(given, Mapping) or given.get("kind") not in kinds:
            continue
        kind = given["kind"]
        for key in sorted({key for keys in kinds.values() for key in keys} - {*kinds[kind]}):
            if given.get(key) is not None:
                owners = ", ".join(other for other, keys in kinds.items() if key in keys)
                yield f"{group}.{key}={shown(given[key])}: is for {group}={owners}, not {kind}"
        if group == "partitions" and any(given.get(key) is None for key in kinds[kind]):
            yield f"{group}.{kinds[kind][0]}: missing; {group}={kind} needs it"
        if kind == "remote" and not _names_a_scheduler(given):
            yield (
                "cluster.address: missing; give an address such as tcp://host:8786, "
                f"a cluster.scheduler_file, or set {_ADDRESS_VARIABLE}"
            )


def _names_a_scheduler(cluster: Mapping[str, Any]) -> bool:
    given = (cluster.get("address"), cluster.get("scheduler_file"))
    return any(value is not None for value in given) or bool(os.environ.get(_ADDRESS_VARIABLE))
