"""User errors: one tree of exceptions, each with a one-line message.

A message names the setting or file, the problem, how many places have it, and what to do next. All
errors survive pickling, so that a worker's error reaches the user as it was raised. Any exception
that is not a ToolkitError is a bug.
"""

from __future__ import annotations

import difflib
import errno
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_ADDRESS = re.compile(r"[^@\s]@[^@\s]")
# A telephone or customer number. Days such as 2026-03-01 may be names of columns.
_LONG_NUMBER = re.compile(r"\s*(?!\d{4}([-/.])\d\d\1\d\d\s*$)\+?(?:[ ()/.-]*\d){6,}[ ()/.-]*")
# user:password@ of an address, with its protocol or without.
_CREDENTIALS = re.compile(
    r"([A-Za-z][\w+.-]*://)[^\s/'\"]*@|(?<![^\s='\"])[^\s/:@=]+:[^\s/@]+@(?=[\w.\[-]+:\d)"
)


_NO_THREAD = ("can't start new thread", "Failed to launch worker thread")
OUT_OF_MEMORY = (
    "out of memory: the system gives this process no more; use a smaller partitions.block_bytes "
    "(partitions=by_size), fewer cluster.workers, or raise the limit (ulimit -v)"
)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether the system refused memory, or a thread for lack of memory.

    Python and Arrow report a refused thread only in the message text.
    """
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or any(words in str(error) for words in _NO_THREAD)


class ToolkitError(Exception):
    """A failure that its message explains in one line, or in several: its arguments."""

    exit_code = 2

    def __str__(self) -> str:
        # A name or a cell may hold a line break, which is shown, so that it begins no line.
        lines = (str(line).replace("\n", "\\n").replace("\t", "\\t") for line in self.args)
        return "\n".join(lines)


class ConfigError(ToolkitError):
    """The command line, a config file or a contract is invalid."""

    @classmethod
    def from_problems(cls, problems: Sequence[str]) -> ConfigError:
        if len(problems) == 1:
            return cls(problems[0])
        return cls(f"{len(problems)} problems:", *(f"  - {line}" for line in problems))

    @classmethod
    def folder_in_use(cls, key: str, folder: Path, names: Sequence[str]) -> ConfigError:
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        things = "1 other thing" if len(names) == 1 else f"{len(names)} other things"
        return cls(
            f"{key}={folder}: contains {things}: {shown}; name a folder that is new or empty"
        )

    @classmethod
    def working_folder(cls, folder: str | None) -> ConfigError:
        if folder is None:
            return cls("the working folder has been removed; change to one that exists")
        return cls(f"the working folder {folder!a}: is not UTF-8; rename it, or work in another")

    @classmethod
    def contract_outside_conf(cls, path: object) -> ConfigError:
        return cls(
            f"contract {path}: has defaults or overrides to compose; put it into a folder "
            "conf/dataset, beside the groups that they name"
        )

    @classmethod
    def nothing_to_write(cls) -> ConfigError:
        return cls("outputs.clean and outputs.rejected are both false: nothing would be written")

    @classmethod
    def no_input(cls, command: str) -> ConfigError:
        return cls(f"input: missing; name a file: {command} feed.csv")

    @classmethod
    def nothing_named(cls, key: str, command: str, default: object, example: str) -> ConfigError:
        """Without the key a command uses generated data; here there is none."""
        return cls(
            f"{key}: missing, and there is no generated {default}; name yours: {command} {example}"
        )

    @classmethod
    def not_generated(cls, dataset: str) -> ConfigError:
        return cls(
            f"input: missing, and the generated feed does not fit dataset {dataset}; "
            f"name a file: run-pipeline feed.csv dataset={dataset}"
        )

    @classmethod
    def no_name(cls) -> ConfigError:
        return cls("name: missing; give the new dataset a name: name=my_feed")

    @classmethod
    def bad_name(cls, name: str) -> ConfigError:
        return cls(f"name={name}: must be lower-case letters, digits and _, starting with a letter")

    @classmethod
    def dataset_exists(cls, name: str, files: Sequence[Path]) -> ConfigError:
        shown = ", ".join(map(str, files))
        return cls(
            f"name={name}: {len(files)} of its files already exist and were left unchanged: "
            f"{shown}; choose another name, or move them away"
        )

    @classmethod
    def no_such_columns(cls, key: str, names: Sequence[str], known: Sequence[str]) -> ConfigError:
        shown = ", ".join(map(repr, names))
        return cls(
            f"{key}: {len(names)} of these columns are not in the header: {shown}"
            f"{did_you_mean(names[0], known)}"
        )

    @classmethod
    def bad_mask_key(cls, where: str, why: str) -> ConfigError:
        return cls(
            f"the key of masks in {where} {why}; give another, or remove it to have one made "
            "(masks will then differ from those of earlier runs)"
        )

    @classmethod
    def output_of_pipeline(cls) -> ConfigError:
        return cls(
            "output: run-pipeline writes several; choose a folder for all with data_dir=FOLDER"
        )

    @classmethod
    def output_of_validation(cls) -> ConfigError:
        return cls("output: validate-data writes only reports, into data_dir/reports")


class InputError(ToolkitError):
    """An input cannot be read as a feed, a dataset or a frame."""

    @classmethod
    def no_match(cls, given: str) -> InputError:
        folder = Path(given).parent
        names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
        return cls(f"input {given}: no such file{did_you_mean(Path(given).name, names)}")

    @classmethod
    def is_folder(cls, path: Path) -> InputError:
        return cls(f"input {path}: is a folder; name a file, or a pattern such as '{path}/*.csv'")

    @classmethod
    def no_file(cls, given: str, what: str) -> InputError:
        return cls(
            f"input {given}: is {what}, but inputs are read more than once; "
            "write it to a file and name that"
        )

    @classmethod
    def is_address(cls, given: str) -> InputError:
        shown = address_shown(given)
        return cls(
            f"input {shown}: is an address, but only files on this machine's disks are read; "
            "download it and name the file"
        )

    @classmethod
    def other_kind(cls, path: str, what: str, advice: str) -> InputError:
        return cls(f"input {path}: is not a CSV file but {what}; {advice}")

    @classmethod
    def not_as_named(cls, path: str, suffix: str) -> InputError:
        return cls(f"input {path}: is not what {suffix} files are, by its first bytes; rename it")

    @classmethod
    def no_member(cls, archive: str, wanted: str, found: Sequence[str]) -> InputError:
        if not found:
            return cls(f"input {archive}: has no files (0)")
        names = ", ".join(sorted(found)[:10])
        return cls(f"input {archive}/{wanted}: the archive has no such file; it has {names}")

    @classmethod
    def unknown_member(cls, path: str, known: Sequence[str]) -> InputError:
        return cls(
            f"input {path}: its name ends in none of {', '.join(known)}; name the files to read, "
            "such as 'archive.zip/*.csv'"
        )

    @classmethod
    def needs_calamine(cls, path: str) -> InputError:
        return cls(
            f"input {path}: workbooks are read by python-calamine, which is not installed; "
            "pip install 'sales-feed-toolkit[excel]', or save the sheet as CSV"
        )

    @classmethod
    def which_sheet(cls, path: str, sheets: Sequence[str]) -> InputError:
        names = ", ".join(map(repr, sheets[:10]))
        return cls(
            f"input {path}: {len(sheets)} sheets have cells: {names}; "
            f"name one: dataset.csv.sheet={sheets[0]!r}"
        )

    @classmethod
    def no_sheet(cls, path: str, sheet: str, sheets: Sequence[str]) -> InputError:
        hint = did_you_mean(sheet, sheets)
        names = ", ".join(map(repr, sheets[:10]))
        return cls(
            f"input {path}: has no sheet {sheet!r}{hint}; it has {names} (dataset.csv.sheet)"
        )

    @classmethod
    def is_empty(cls, path: str) -> InputError:
        return cls(
            f"{path}: no header, the file is empty (0 records); check that it was fully written"
        )

    @classmethod
    def no_header(cls, path: str, why: str) -> InputError:
        return cls(f"{path}: has no header: {why}; put the names of the columns on its first line")

    @classmethod
    def no_records(cls, path: str) -> InputError:
        return cls(f"{path}: has a header but no valid record (0) to draft a dataset from")

    @classmethod
    def too_wide(cls, path: str, found: int, at_most: int) -> InputError:
        return cls(
            f"{path}: the header has {found:,} columns, more than the limit of {at_most:,} "
            "(dataset.csv.max_columns)"
        )

    @classmethod
    def unpacks_to_too_much(cls, path: str, times: int) -> InputError:
        return cls(
            f"{path}: unpacks to more than {times} times its size, the limit against "
            "decompression bombs; nothing was published; if the file is trusted, set a larger "
            "dataset.csv.max_unpacking"
        )

    @classmethod
    def nothing_to_clean(cls, paths: Sequence[str]) -> InputError:
        has = "has a header and no records (0)"
        if len(paths) > 1:
            has = f"and {len(paths) - 1} more: have a header each and no records (0)"
        return cls(
            f"{paths[0]}{':' if len(paths) == 1 else ''} {has}; nothing was published, check that "
            "it was fully written"
        )

    @classmethod
    def not_readable(cls, path: str, why: object) -> InputError:
        return cls(f"{path}: cannot be read: {why}")

    @classmethod
    def invalid_header(cls, path: str, why: object, line: str) -> InputError:
        first = f"no header, its first line is not valid CSV ({why})"
        return cls.not_readable(path, f"{first}: {_header([line])}")

    @classmethod
    def not_utf8(cls, path: str, offset: int, guess: str | None = None) -> InputError:
        if guess:
            what, setting = f", it looks like {guess.upper()}; set", guess
        else:
            what, setting = "; name its encoding, such as", "cp1252"
        return cls(
            f"{path}: the header is not UTF-8 (byte {offset}){what} "
            f"dataset.csv.encoding={setting}, or save the file as UTF-8"
        )

    @classmethod
    def not_decoded(cls, path: str, encoding: str, line: str) -> InputError:
        return cls(
            f"{path}: the header has bytes that are not {encoding}: {_header([line[:200]])}; "
            "set dataset.csv.encoding to the encoding of the file"
        )

    @classmethod
    def header_mismatch(
        cls,
        path: str,
        missing: Sequence[str],
        found: Sequence[str],
        free: Sequence[str],
        delimiter: str | None,
    ) -> InputError:
        """`free` are the header's columns that no column of the contract is read from.

        `delimiter` is another one that the only cell of the header could be split by.
        """
        hints = "".join(did_you_mean(name, free) for name in missing[:1])
        are = "is" if len(missing) == 1 else "are"
        columns = "1 column" if len(found) == 1 else f"{len(found)} columns"
        if delimiter is not None:
            also = f"if {delimiter!r} separates them, set dataset.csv.delimiter={delimiter!r}; else"
        else:
            also = "if they have other names, write those as source in the contract; else"
        return cls(
            f"{path}: {len(missing)} of the contract's columns {are} missing from the header: "
            f"{', '.join(missing)}{hints}; the header has {columns}: {_header(found)}; {also} "
            f"choose the feed's own contract (dataset=), or draft one: new-dataset"
        )

    @classmethod
    def marked_as_utf8(cls, path: str, encoding: str) -> InputError:
        return cls(
            f"{path}: begins with the byte order mark of UTF-8, and is read as {encoding}; set "
            "dataset.csv.encoding=utf-8"
        )

    @classmethod
    def new_columns(cls, path: str, names: Sequence[str]) -> InputError:
        are = "1 column" if len(names) == 1 else f"{len(names)} columns"
        return cls(
            f"{path}: the header has {are} that the contract lacks: {_header(names)}; add them to "
            "the contract (kind: unused if they are not needed), or set dataset.on_new_column=note"
        )

    @classmethod
    def header_is_below(cls, path: str, line: int, first: Sequence[str]) -> InputError:
        """`first` are the cells of the first line."""
        return cls(
            f"{path}: its header is line {line}, below {_header(first)}; set "
            "dataset.csv.skip_until=header to pass over the lines above the header"
        )

    @classmethod
    def wrong_delimiter(cls, path: str, used: str, likely: str) -> InputError:
        return cls(
            f"{path}: the header has no {used!r} but {likely!r}; "
            f"set dataset.csv.delimiter={likely!r} or save the file with {used!r}"
        )

    @classmethod
    def repeated_columns(cls, path: str, names: Iterable[str]) -> InputError:
        shown = _header(sorted(names))
        return cls(
            f"{path}: the header names a column twice: {shown}; give each column a name of its own"
        )

    @classmethod
    def nameless_columns(cls, path: str, places: Sequence[int]) -> InputError:
        shown = ", ".join(str(place) for place in places[:20])
        return cls(
            f"{path}: {len(places)} columns of the header have no name (columns {shown}); "
            "name them, and remove any lines above the header"
        )

    @classmethod
    def ambiguous_header(cls, path: str, wanted: Sequence[str], found: Sequence[str]) -> InputError:
        return cls(
            f"{path}: {len(found)} columns of the header could be {', '.join(wanted)}: "
            f"{_header(found)}; "
            "write the right one as the column's source in the contract"
        )

    @classmethod
    def reserved_columns(cls, path: str, names: Iterable[str]) -> InputError:
        return cls(
            f"{path}: the header has {', '.join(names)}, which cleaning adds to rejected rows; "
            "drop or rename what an earlier cleaning added"
        )

    @classmethod
    def wrong_date_order(
        cls, path: str, column: tuple[str, str], date_format: str, evidence: str
    ) -> InputError:
        """`column` is its name in the file and in the contract."""
        source, name = column
        return cls(
            f"{path}: column {source}: read as {date_format}, but {evidence}; "
            f"set dataset.columns.{name}.formats, or max_contradictions to reject those rows one "
            "by one"
        )

    @classmethod
    def changed(cls, path: str) -> InputError:
        return cls(f"{path}: changed while it was being read; nothing was published, run again")

    @classmethod
    def not_clean_dataset(cls, path: Path | str, why: str) -> InputError:
        return cls(f"cleaned {path}: is not a cleaned dataset ({why}); make one with clean-data")

    @classmethod
    def another_dataset(cls, path: Path | str, found: str, dataset: str) -> InputError:
        return cls(
            f"cleaned {path}: belongs to dataset {found}, not {dataset}; add dataset={found}"
        )

    @classmethod
    def not_a_pair(cls, paths: Sequence[tuple[Path, str]]) -> InputError:
        found = " and ".join(f"{path} (run {run})" for path, run in paths)
        return cls(f"{found}: belong to two runs; name datasets of one run")

    @classmethod
    def not_parquet(cls, path: Path | str, why: str) -> InputError:
        return cls(f"dataset {path}: {why}; name a valid parquet file or a folder of them")

    @classmethod
    def not_a_frame(cls, why: str) -> InputError:
        return cls(
            f"Dask DataFrame: cannot be read as a table: {why}; give its columns text "
            "names and one type each (call categorize() for unknown categories)"
        )

    @classmethod
    def rows_changed(cls, dataset: str, partition: int, expected: int, found: int) -> InputError:
        return cls(
            f"{dataset}: partition {partition} had {expected:,} rows when it was opened and has "
            f"{found:,} now; get the batch again from data that does not change "
            "(persist() fixes a Dask frame)"
        )

    @classmethod
    def infinite_values(cls, column: str, n: int) -> InputError:
        return cls(
            f"cleaned data: column {column} has {n} infinite values, which have no sum; "
            "give the column limits in the contract and clean again"
        )

    @classmethod
    def not_once(cls, measure: str, names: tuple[str, str], differing: Sequence[str]) -> InputError:
        """Name orders whose rows differ; none of them means that rows have no order."""
        column, per = names
        why = f"there are rows with {column} and without {per}"
        if differing:
            why = (
                f"{column} differs between rows of the same {per} ({len(differing):,}; first "
                f"{differing[0]!r})"
            )
        return cls(
            f"aggregation {measure}: {why}, so that it cannot be summed once per {per}; sum it "
            "without once_per, or reject such rows"
        )

    @classmethod
    def sum_too_large(cls, measure: str, column: str) -> InputError:
        return cls(
            f"aggregation {measure}: the sum of {column} does not fit 64 bits; "
            "give the column limits in the contract and clean again"
        )


class LookupFileError(ToolkitError):
    """A lookup file is missing or invalid."""

    @classmethod
    def about(cls, path: Path, problem: str, line: int | None = None) -> LookupFileError:
        where = f"{path}, line {line}" if line else f"{path}"
        return cls(f"lookup {where}: {problem}")

    @classmethod
    def missing(cls, path: Path, near: Iterable[str], starters: Path) -> LookupFileError:
        """`starters` is the folder of the lookups that ship with the toolkit."""
        starter, hint = starters / path.name, did_you_mean(path.name, near)
        if path.parent != starters and starter.is_file():
            advice = f"copy the starter file: {shlex.join(['cp', str(starter), str(path)])}"
        else:
            advice = "write it, or build it with update-lookups"
        return cls.about(path, f"no such file{hint}; {advice}")


class SuiteError(ToolkitError):
    """A suite of expectations is missing, or cannot be used on the dataset."""

    @classmethod
    def missing(cls, path: Path, near: Iterable[str]) -> SuiteError:
        return cls(
            f"suite {path}: no such file{did_you_mean(path.name, near)}; "
            "write one (docs/validation.md), or set validation=off"
        )

    @classmethod
    def not_json(cls, path: Path, why: str, line: int | None = None) -> SuiteError:
        where = f"{path}, line {line}" if line else f"{path}"
        return cls(f"suite {where}: is not JSON: {why}")

    @classmethod
    def from_problems(cls, path: Path, problems: Sequence[str]) -> SuiteError:
        if len(problems) == 1:
            return cls(f"suite {path}: {problems[0]}")
        lines = (f"  - {problem}" for problem in problems)
        return cls(f"suite {path}: {len(problems)} problems:", *lines)

    @classmethod
    def no_rows(cls, kind: str, path: Path) -> SuiteError:
        return cls(
            f"{kind} dataset {path}: has no rows (0), so nothing can be validated; "
            "find out why, or set validation=off"
        )


class ValidationError(ToolkitError):
    """The data was not published: it fails its suites, or no row of it is clean."""

    exit_code = 3

    @classmethod
    def held_back(cls, found: Sequence[str], fail_on: str, where: str | None) -> ValidationError:
        """`found` says of each expectation which it is, what was observed, and why it is there."""
        shown = "; ".join(found[:3]) + ("; ..." if len(found) > 3 else "")
        severity = fail_on if fail_on == "critical" else f"{fail_on} or worse"
        failed = "1 expectation" if len(found) == 1 else f"{len(found)} expectations"
        left = (
            f"the new outputs are in {where}, published outputs are unchanged"
            if where
            else "the datasets are unchanged"
        )
        return cls(f"{failed} did not pass (severity {severity}): {shown}; {left}")

    @classmethod
    def none_clean(
        cls, reasons: Mapping[str, int], example: str | None, where: str | None
    ) -> ValidationError:
        """`reasons` are the rejected rows by reason, `example` is one of the most frequent."""
        rows = sum(reasons.values())
        by_size = sorted(reasons.items(), key=lambda one: -one[1])
        shown = ", ".join(f"{count:,} {reason}" for reason, count in by_size[:3])
        more = f" and {len(by_size) - 3} more reasons" if len(by_size) > 3 else ""
        whole = f"all {rows:,} rows are rejected" if rows > 1 else "the only row is rejected"
        such = f"; for example {example}" if example else ""
        apart = f", the rejected rows are in {where}" if where else ""
        return cls(
            f"{whole}: {shown}{more}{such}; published outputs are unchanged{apart}; "
            "fix the feed or the contract"
        )


class LookupTestError(ToolkitError):
    """The project's tests fail with lookups that were just built."""

    @classmethod
    def failed(cls, folder: str, code: int) -> LookupTestError:
        return cls(
            f"the project's tests in {folder} fail (pytest's exit code {code}), see above; "
            "the lookups are written: correct or revert them, or skip this with run_tests=false"
        )


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OutputError(ToolkitError):
    """An output cannot be written; earlier outputs are untouched.

    Two arguments are what went wrong, and what that means for a run that has published nothing.
    """

    def __str__(self) -> str:
        return "; ".join(self.args)

    @property
    def what(self) -> str:
        return str(self.args[0])

    @classmethod
    def cannot_write(cls, path: Path | str, error: OSError) -> OutputError:
        free = "free space or " if error.errno in _NO_ROOM else ""
        return cls(
            f"cannot write {path}: {error.strerror or error}",
            f"earlier outputs are untouched, {free}choose another data_dir and run again",
        )

    @classmethod
    def no_report(cls, path: Path, error: OSError) -> OutputError:
        return cls(f"the report could not be written: {path}: {error.strerror or error}")

    @classmethod
    def cannot_read_back(cls, path: Path | str, error: OSError) -> OutputError:
        return cls(
            f"cannot read back {path}: {error.strerror or error}",
            "earlier outputs are untouched, check the disk that data_dir is on and run again",
        )

    @classmethod
    def in_use(cls, target: Path) -> OutputError:
        return cls(
            f"{target} is being written by another run; wait for it, or use another data_dir"
        )

    @classmethod
    def another_dataset(cls, folder: Path, found: str, dataset: str) -> OutputError:
        return cls(
            f"{folder}: contains the aggregations of dataset {found}, not {dataset}; "
            "name another folder, or remove them first"
        )

    @classmethod
    def in_the_way(cls, target: Path, what: str) -> OutputError:
        return cls(
            f"{target}: {what} that the toolkit did not make is in the way and was left unchanged; "
            "move it away, or use another data_dir"
        )

    @classmethod
    def among_versions(cls, folder: Path) -> OutputError:
        return cls(
            f"{folder}: is in the folder of published versions, which only the toolkit writes; "
            "name a folder elsewhere"
        )

    @classmethod
    def unknown_version(cls, versions: Path, why: str) -> OutputError:
        return cls(
            f"{versions}: cannot tell which version is published ({why}); nothing was removed; "
            "copy what you need out of it, remove it, and run again"
        )

    @classmethod
    def not_replaced(cls, path: Path, what: str) -> OutputError:
        return cls(f"cannot write {path}: {what} is there and was left unchanged; name a file")

    @classmethod
    def not_data_docs(cls, folder: Path, why: str) -> OutputError:
        return cls(
            f"{folder}: is not a Data Docs folder of this toolkit ({why}) and was left unchanged; "
            "move it away and run again"
        )


class DashboardError(ToolkitError):
    """The dashboard cannot be shown."""

    @classmethod
    def not_installed(cls) -> DashboardError:
        return cls(
            "the dashboard needs streamlit, which is not installed; "
            "add it with: pip install 'altair>=5' 'starlette>=0.40' 'streamlit>=1.67,<2'"
        )

    @classmethod
    def no_workspace(cls, data_dir: Path, command: str) -> DashboardError:
        return cls(f"data_dir={data_dir}: no such folder; fill it with: {command}")

    @classmethod
    def port_in_use(cls, port: int, why: str) -> DashboardError:
        return cls(
            f"dashboard.port={port}: cannot be used ({why}); "
            f"choose another, such as dashboard.port={port % 65535 + 1}"
        )


class ClusterError(ToolkitError):
    """The cluster cannot be reached or started."""

    @classmethod
    def unreachable(cls, address: str, seconds: float) -> ClusterError:
        return cls(
            f"no Dask scheduler answers at {address} within {seconds:g} s; "
            "start it, or use cluster=threads"
        )

    @classmethod
    def no_address(cls) -> ClusterError:
        return cls(
            "cluster=remote names no scheduler; set cluster.address=tcp://host:8786, "
            "cluster.scheduler_file=PATH, or the environment variable DASK_SCHEDULER_ADDRESS"
        )

    @classmethod
    def bad_option(cls, name: str, value: object, expected: str) -> ClusterError:
        shown = address_shown(str(value)) if name == "address" else str(value)
        return cls(f"cluster.{name}={shown}: expected {expected}")

    @classmethod
    def half_certificate(cls) -> ClusterError:
        return cls(
            "cluster.tls_ca_file, cluster.tls_cert and cluster.tls_key: give all three or none"
        )

    @classmethod
    def no_certificate(cls, address: str) -> ClusterError:
        return cls(
            f"cluster.address={address}: TLS needs certificates; set cluster.tls_ca_file, "
            "cluster.tls_cert and cluster.tls_key, or Dask's own distributed.comm.tls settings"
        )

    @classmethod
    def bad_certificate(cls, files: Mapping[str, str], why: object) -> ClusterError:
        shown = ", ".join(f"cluster.{name}={path}" for name, path in files.items())
        return cls(
            f"{shown or 'distributed.comm.tls'}: cannot be used as certificates: {why}; "
            "name PEM files that belong together"
        )

    @classmethod
    def bad_scheduler_file(cls, path: Path, why: object) -> ClusterError:
        return cls(
            f"cluster.scheduler_file={path}: {why}; "
            "name the file that `dask scheduler --scheduler-file` writes"
        )

    @classmethod
    def no_workers(cls, address: str, seconds: float) -> ClusterError:
        return cls(
            f"the Dask scheduler at {address} had no workers (0) for {seconds:g} s; "
            f"start one with `dask worker {address}`"
        )

    @classmethod
    def not_installed(cls, address: str, module: str | None) -> ClusterError:
        return cls(
            f"the Dask cluster at {address} cannot import {module}; "
            "install this toolkit for its scheduler and for every worker"
        )

    @classmethod
    def not_started(cls, why: object) -> ClusterError:
        return cls(
            f"the local Dask cluster did not start: {why}; "
            "use fewer cluster.workers, or cluster=threads"
        )

    @classmethod
    def worker_died(cls, times: int = 1) -> ClusterError:
        which = "a worker process" if times == 1 else f"{times} worker processes in turn"
        return cls(
            f"{which} died while running a task, most likely out of memory; "
            "use fewer cluster.workers or a smaller partitions.block_bytes"
        )

    @classmethod
    def workers_died(cls, memory_limit: str | None) -> ClusterError:
        """All workers of a local cluster died repeatedly before any finished a task."""
        limit = "" if memory_limit is None else f" (cluster.memory_limit={memory_limit})"
        return cls(
            f"the workers of the local cluster died one after the other, most likely out of "
            f"memory{limit}; use fewer cluster.workers, a higher cluster.memory_limit or "
            "cluster=threads"
        )

    @classmethod
    def too_little_memory(cls, memory_limit: str, least: str) -> ClusterError:
        """The limit is below what a worker needs before its first task."""
        return cls(
            f"cluster.memory_limit={memory_limit}: a worker needs {least} before it reads "
            "anything; set a higher limit, with fewer cluster.workers if memory is short, or use "
            "cluster=threads"
        )

    @classmethod
    def no_process(cls) -> ClusterError:
        return cls(
            "no process could be started: the one that starts them was killed, most likely "
            "out of memory; use fewer cluster.workers, or cluster=threads"
        )

    @classmethod
    def lost(cls, address: str) -> ClusterError:
        return cls(
            f"the Dask scheduler at {address} was lost during the run; restart it and run again"
        )


def _header(cells: Sequence[str]) -> str:
    """Return the header's cells as text, hidden where they look like a record of personal data."""
    for what, found in (
        ("an e-mail address", _ADDRESS.search),
        ("a long number", _LONG_NUMBER.fullmatch),
    ):
        if any(map(found, cells)):
            return f"(hidden: it contains {what}, so it is a record, not a header)"
    return ", ".join(repr(name) for name in cells[:20])


def address_shown(address: str) -> str:
    """Return an address with its user and password, all before the last @, replaced by ***."""
    protocol, found, rest = address.rpartition("://")
    _, at, host = rest.rpartition("@")
    return f"{protocol}{found}***@{host}" if at else address


def without_credentials(text: str) -> str:
    """Return the text with the user and password of each address replaced by ***."""
    return _CREDENTIALS.sub(lambda found: f"{found[1] or ''}***@", text)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return '; did you mean X?' for the nearest known name, ignoring case, or ''."""
    names = {name.casefold(): name for name in known if name != given}
    near = difflib.get_close_matches(given.casefold(), names, n=1, cutoff=0.6)
    return f"; did you mean {names[near[0]]!r}?" if near else ""
