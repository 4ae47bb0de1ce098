"""Draft files from a profile: a contract with the evidence for every guess, lookups, and suites."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from toolkit.contract import Contract
from toolkit.profile.doubts import Doubt, Placed, by_weight
from toolkit.profile.draft_across import (
    DraftFormulas,
    DraftPart,
    draft_figures,
    draft_key,
)
from toolkit.profile.draft_columns import DraftColumn, draft_column
from toolkit.profile.draft_suites import clean_suite, rejected_suite
from toolkit.profile.draft_sums import draft_aggregations
from toolkit.profile.draft_totals import TOTAL_ROW, reject_totals
from toolkit.profile.facts import FileFacts, Profile
from toolkit.profile.phrases import file_doubts, left_out
from toolkit.settings.commands import quoted, shell_word, typed
from toolkit.settings.config import read_contract
from toolkit.units import human_count

_WIDTH = 100
# Contracts can have 250 reasons, some of which are for rules between columns.
_MOST_REASONS = 200
_LEFT_OUT = "are rejected for their form"


@dataclass(frozen=True)
class Draft:
    """The files that run-pipeline needs for a feed. Lookups are by file name."""

    dataset: str
    profile: Profile
    columns: Mapping[str, DraftColumn]
    figures: DraftFormulas
    key: DraftPart
    aggregations: DraftPart
    of_file: tuple[Doubt, ...]
    """The doubts about the file as a whole."""

    @classmethod
    def of(cls, profile: Profile, dataset: str, as_of: date) -> Draft:
        columns = {
            c.name: draft_column(c, dataset, as_of).marked(c.personal) for c in profile.columns
        }
        if sum(len(column.rejects) for column in columns.values()) > _MOST_REASONS:
            columns = {name: column.for_one_reason() for name, column in columns.items()}
        for one in profile.first_lines:
            facts = profile.column(one.column)
            columns[one.column] = columns[one.column].of_first_lines(facts, one)
        columns, uncertain = reject_totals(profile, columns)
        figures = draft_figures(profile, columns)
        key = draft_key(profile, figures.columns)
        return cls(
            dataset,
            profile,
            figures.columns,
            figures,
            key,
            draft_aggregations(profile, figures, key),
            (*file_doubts(profile), *uncertain),
        )

    @property
    def contract(self) -> Contract:
        """The contract as it will be loaded."""
        return read_contract(self._content())

    @property
    def rejects(self) -> dict[str, int]:
        """Return every reason, with the number of rows known to have it, repaired ones included."""
        parts: list[Mapping[str, int]] = [column.rejects for column in self.columns.values()]
        parts += [self.figures.checks.rejects, self.key.rejects]
        found: dict[str, int] = {}
        if any(TOTAL_ROW in part for part in parts):
            # A total is rejected as one, whatever else is wrong with it.
            found[TOTAL_ROW] = 0
        for part in parts:
            for reason, rows in part.items():
                found[reason] = found.get(reason, 0) + rows
        return found

    @property
    def doubts(self) -> list[Placed]:
        """All doubts, those that concern most rows first."""
        found: list[Placed] = [("file", doubt) for doubt in self.of_file]
        for name, column in self.columns.items():
            found += [(name, doubt) for doubt in column.doubts]
        for name, part in (
            ("repairs", self.figures.repairs), ("checks", self.figures.checks),
            ("revenue", self.figures.derived), ("key", self.key),
            ("aggregations", self.aggregations),
        ):  # fmt: skip
            found += [(name, doubt) for doubt in part.doubts]
        return by_weight(found)

    def lookups(self) -> dict[str, str]:
        """Return the names of each category, as JSON."""
        return {
            column.settings["values"]: json.dumps(column.names, indent=2, ensure_ascii=False) + "\n"
            for column in self.columns.values()
            if column.names
        }

    def suites(self) -> dict[str, str]:
        """Return the suites by their file names, as JSON."""
        contract = self.contract
        suites = {
            "clean.json": clean_suite(self.profile, self.columns, self.figures.compared, contract),
            "rejected.json": rejected_suite(self.profile, self.rejects, contract),
        }
        return {
            name: json.dumps(suite, indent=2, ensure_ascii=False) + "\n"
            for name, suite in suites.items()
        }

    def yaml(self) -> str:
        """Return the contract with comments. Raises AssertionError if it would not load equal."""
        text = "\n".join(self._lines()) + "\n"
        if yaml.load(text, _Loader) != _escaped(self._content()):
            raise AssertionError("the drafted contract does not read as what was meant")
        return text

    def _content(self) -> dict[str, Any]:
        file = self.profile.file
        content = {
            "name": self.dataset,
            "csv": {
                "delimiter": file.delimiter,
                "quote": file.quote,
                "encoding": file.encoding,
                **file.csv_keys,
            },
            "columns": {name: column.settings for name, column in self.columns.items()},
            "repairs": self.figures.repairs.content,
            "checks": self.figures.checks.content,
            "derived": self.figures.derived.content,
            "key": self.key.content,
            "reasons": list(self.rejects) or None,
            "aggregations": self.aggregations.content,
        }
        return {key: value for key, value in content.items() if value is not None or key == "key"}

    def _lines(self) -> Iterator[str]:
        content = _escaped(self._content())
        file = self.profile.file
        yield f"# {next_command(self.dataset, file.files)}"
        yield from _comment(
            "Drafted by new-dataset: every guess with its evidence, every open question as "
            "a doubt. It is yours to edit."
        )
        yield f"name: {self.dataset}"
        yield ""
        yield from _file_comments(file)
        for doubt in self.of_file:
            yield from _comment(f"doubt: {doubt}")
        yield f"csv: {_flow(content['csv'])}"
        yield ""
        yield "columns:"
        for name, settings in content["columns"].items():
            for comment in self.columns[name].comments:
                yield from _comment(comment, "  ")
            for doubt in self.columns[name].doubts:
                yield from _comment(f"doubt: {doubt}", "  ")
            yield f"  {_flow({name: settings})[1:-1]}"
        yield from self._parts(content)

    def _parts(self, content: Mapping[str, Any]) -> Iterator[str]:
        figures = self.figures
        for key, part in (
            ("repairs", figures.repairs), ("checks", figures.checks), ("derived", figures.derived),
        ):  # fmt: skip
            if part.content or part.doubts:
                yield from _part(key, content.get(key), _comments(part))
        yield from _part("key", content["key"], _comments(self.key))
        if "reasons" in content:
            comments = ("The first of these that a row fails is the reason it is rejected for.",)
            yield from _part("reasons", content["reasons"], comments)
        if "aggregations" in content:
            comments = ("Small tables of the clean rows, one parquet file each.",)
            doubts = _comments(self.aggregations)
            yield from _part("aggregations", content["aggregations"], (*comments, *doubts))


def next_command(dataset: str, files: Sequence[str]) -> str:
    """Return the command that runs the files by the dataset, to be pasted into a shell."""
    if len(files) == 1:
        return f"run-pipeline dataset={dataset} {typed('input', files[0])}"
    listed = ",".join(quoted(file) for file in files)
    return f"run-pipeline dataset={dataset} {shell_word(f'input=[{listed}]')}"


def _file_comments(file: FileFacts) -> Iterator[str]:
    yield from _comment(f"{file.encoding}: {file.encoding_evidence}.")
    yield from _comment(f"{file.dialect_evidence}.")
    if shown := left_out(file):
        yield from _comment(f"Of {human_count(file.n_records)} records these {_LEFT_OUT}: {shown}.")
        for example in file.malformed_examples:
            yield from _comment(str(example))


def _comments(part: DraftPart) -> tuple[str, ...]:
    return (*part.comments, *(f"doubt: {doubt}" for doubt in part.doubts))


def _part(key: str, content: Any, comments: tuple[str, ...]) -> Iterator[str]:
    yield ""
    for comment in comments:
        yield from _comment(comment)
    if content is None and key != "key":
        return
    if content is None or (isinstance(content, list) and key != "repairs"):
        yield f"{key}: {_flow(content)}"
    elif key == "key":
        yield f"key: {_flow(content)}"
    elif isinstance(content, list):
        yield f"{key}:"
        yield from (f"  - {_flow(one)}" for one in content)
    else:
        yield f"{key}:"
        for name, one in content.items():
            yield from _block(name, one, "  ")


def _block(name: str, content: Any, indent: str) -> Iterator[str]:
    """Format a mapping on one line if it fits, else one key per line."""
    line = f"{indent}{name}: {_flow(content)}"
    if len(line) <= _WIDTH or not isinstance(content, dict):
        yield line
        return
    yield f"{indent}{name}:"
    for key, value in content.items():
        yield from _block(key, value, f"{indent}  ")


class _Dumper(yaml.SafeDumper):
    """Puts quotes around text that configs would read as a number, as YAML 1.2 has it: 1e3."""


class _Loader(yaml.SafeLoader):
    """Reads numbers as configs do."""


_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?|\.[0-9])[0-9_]*(?:[eE][-+]?[0-9]+)?$")
for _reader in (_Dumper, _Loader):
    _reader.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))


def _flow(value: Any) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=10**9, allow_unicode=True,
        sort_keys=False,
    )  # fmt: skip
    return text.removesuffix("...\n").strip()


def _comment(text: str, indent: str = "") -> Iterator[str]:
    # Cells may contain line ends and characters that YAML forbids in comments.
    plain = "".join(c if c.isprintable() else " " for c in text)
    yield from textwrap.wrap(
        plain, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   "
    )


def _escaped(value: Any) -> Any:
    """Escape a value for a config, in which ${...} would be a reference."""
    match value:
        case dict():
            return {key: _escaped(inner) for key, inner in value.items()}
        case list():
            return [_escaped(inner) for inner in value]
        case str():
            # A backslash before it has to be doubled, or it would make it plain text.
            return re.sub(r"(\\*)\$\{", r"\1\1\\${", value)
    return value
