"""Print a profile on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from toolkit.profile.doubts import Placed
from toolkit.profile.facts import FileFacts, Profile
from toolkit.profile.phrases import distinct, holds, key_text, left_out
from toolkit.report.terminal import plain_table
from toolkit.units import cut, human_bytes, human_count, human_share

_MOST_DOUBTS = 20
_LONGEST = 60


def profile_table(profile: Profile) -> Group:
    """Render the format of the files, a line per column, keys and formulas."""
    return Group(
        _file_table(profile.file), Text(), _columns_table(profile), Text(), *_across(profile)
    )


def doubts_table(doubts: Sequence[Placed], where_all: str) -> Group:
    """List the first doubts, with a hint where all of them are."""
    lines = [Text("in doubt", style="bold")] if doubts else []
    lines += [Text(f"  {where}: {doubt}") for where, doubt in doubts[:_MOST_DOUBTS]]
    if len(doubts) > _MOST_DOUBTS:
        lines.append(Text(f"  and {len(doubts) - _MOST_DOUBTS} more; {where_all} has all"))
    return Group(*lines)


def _file_table(file: FileFacts) -> Table:
    table = plain_table()
    table.add_column("file", no_wrap=True)
    table.add_column("", overflow="fold")
    shown = left_out(file)
    files = file.files[0] + (f" and {len(file.files) - 1} more" if len(file.files) > 1 else "")
    for label, value in (
        ("files", f"{files}, {human_bytes(file.n_bytes)}"),
        ("encoding", f"{file.encoding}: {file.encoding_evidence}"),
        ("delimiter", file.dialect_evidence),
        ("records", human_count(file.n_records) + (f", of them {shown}" if shown else "")),
    ):
        table.add_row(f"  {label}", value)
    return table


def _columns_table(profile: Profile) -> Table:
    table = plain_table()
    for heading in ("column", "kind"):
        table.add_column(heading, overflow="fold")
    for heading in ("missing", "distinct"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("holds", overflow="fold")
    for column in profile.columns:
        table.add_row(
            f"  {column.name}",
            column.kind,
            human_share(column.n_missing, column.n_rows) if column.n_missing else "-",
            distinct(column),
            cut(holds(column), _LONGEST),
        )
    return table


def _across(profile: Profile) -> list[Text]:
    lines = [Text(key_text(key)) for key in profile.keys]
    lines += [
        Text(f"{f.column} = {f.formula} in {human_share(f.n_holding, f.n_known)} of the rows")
        for f in profile.formulas
    ]
    return lines
