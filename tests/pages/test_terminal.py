"""No text of data, files, contracts, lookups or suites acts on the terminal of a command.

The commands are processes of their own whose stdout and stderr are one pseudo terminal.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import script_line
from toolkit.settings.commands import quoted

pytestmark = pytest.mark.slow

# Colours and titles of terminals, with one byte and with two; marks of direction; line breaks.
ODD = "a\x1b[5mb\x1b]0;t\x07\u202ec\u2028d\x85e\x9b5mf\rg\th\nINJECTED"
FEED, DATA = f"fe{ODD}.csv", f"da{ODD}"
INPUT, DATA_DIR, CONTRACT = f"input={quoted(FEED)}", f"data_dir={quoted(DATA)}", "dataset=odd"
CLEANED = f"cleaned={quoted(f'{DATA}/clean/{FEED[:-4]}_clean.parquet')}"
# What rich writes of its own: colours, links to files, the cursor of a progress bar.
OURS = re.compile(
    r"\x1b\[(?:(?:0|1|2|22|3\d|9[0-7]|38;5;\d+|38;2;\d+;\d+;\d+);?)+m"
    r"|\x1b\[(?:1A|2K|\?25[lh])|\x1b\]8;(?:id=[\d.-]+;file://[!-~]+|;)\x1b\\|\r(?=\x1b\[2K)"
)

CONTRACT_TEXT = r"""
name: odd
columns:
  id: {kind: text, source: "i\e[5md", required: true, reason: "no\e[5m\u202e id\nINJECTED"}
  name: {kind: category, source: "na\e]0;t\ame", values: names.json, reason: "new\e[5m\nINJECTED"}
  amount: {kind: number, source: "[bold]am\u202et[/] [link=http://x]y[/link]", reason: "bad\e[5m"}
key: {columns: [id], reason: "twice\e[5m"}
reasons: ["no\e[5m\u202e id\nINJECTED", "new\e[5m\nINJECTED", "bad\e[5m", "twice\e[5m"]
aggregations:
  by_name: {kind: summary, by: {name: {column: name}}, measures: {total: {sum: amount}}}
"""
HEADER = '"i\x1b[5md","na\x1b]0;t\x07me","[bold]am\u202et[/] [link=http://x]y[/link]",'


@dataclass(frozen=True)
class Place:
    """A workspace whose every name and text is hostile."""

    folder: Path

    def on_a_terminal(self, command: str, *words: str) -> str:
        """What a command writes to a terminal, without the sequences of the toolkit's own."""
        ours, theirs = os.openpty()
        shown: list[bytes] = []
        reader = threading.Thread(target=_read_all, args=(ours, shown))
        reader.start()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
        line = script_line(command, *words)
        try:
            subprocess.run(line, cwd=self.folder, stdout=theirs, stderr=theirs, env=environment)
        finally:
            os.close(theirs)
            reader.join()
        os.close(ours)
        return OURS.sub("", re.sub(r"\r+\n", "\n", b"".join(shown).decode()))


def _read_all(terminal: int, into: list[bytes]) -> None:
    try:
        while some := os.read(terminal, 65536):
            into.append(some)
    except OSError:
        return  # Linux ends the reading of a terminal without a writer so.


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("odd")
    rows = [f'"{n}{ODD}","n{n % 3}{ODD}",{n},"x{ODD}{"words " * 99}"' for n in range(150)]
    rows += [f'"{ODD}","n0{ODD}","x{ODD}",y', "1,2", f',"n0{ODD}",3,"{ODD}"']
    feed = "\n".join([f'{HEADER}"more{ODD}"', *rows, ""])
    (folder / FEED).write_text(feed, encoding="utf-8", newline="")
    expectation = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "name", "value_set": [ODD]},
        "description": ODD,
        "notes": ODD,
        "severity": "warning",
    }
    suite = json.dumps({"name": "odd.clean", "expectations": [expectation]})
    for path, text in {
        "conf/dataset/odd.yaml": CONTRACT_TEXT,
        "conf/dataset/wrong.yaml": CONTRACT_TEXT.replace("kind:", r'"k\e[5m\nINJECTED": 1, kind:'),
        "conf/dataset/suited.yaml": CONTRACT_TEXT.replace("name: odd", "name: suited"),
        f"{DATA}/lookups/names.json": json.dumps([f"n0{ODD}", f"other{ODD}"]),
        "broken/lookups/names.json": json.dumps([ODD, ODD]),
        "expectations/odd/clean.json": suite,
        "expectations/odd/rejected.json": suite.replace('"name",', '"rejection_reason",'),
        "expectations/suited/clean.json": json.dumps({**json.loads(suite), ODD: 1}),
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    made = Place(folder)
    made.on_a_terminal("clean-data", INPUT, DATA_DIR, CONTRACT)
    return made


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        ("profile-data", [INPUT, DATA_DIR], "in doubt"),
        ("new-dataset", [INPUT, DATA_DIR, "name=drafted"], "run-pipeline dataset=drafted"),
        ("clean-data", [INPUT, DATA_DIR, CONTRACT], "rejected by reason"),
        ("run-pipeline", [INPUT, DATA_DIR, CONTRACT, "cluster=processes"], "validated:"),
        ("validate-data", [CLEANED, DATA_DIR, CONTRACT], "expect_column_values_to_be_in_set"),
        ("build-aggregations", [CLEANED, DATA_DIR, CONTRACT], "aggregations"),
        ("build-lookup", [INPUT, DATA_DIR, CONTRACT, "column=name"], "names.json"),
        ("update-lookups", [INPUT, DATA_DIR, CONTRACT, "run_tests=false"], "names.json"),
        ("review-lookups", [INPUT, DATA_DIR, CONTRACT], "unknown or uncertain"),
        ("build-lookup", [INPUT, DATA_DIR, CONTRACT, f"column={quoted(ODD)}"], "error:"),
        ("generate-data", ["rows=9", DATA_DIR], "report"),
        ("clean-data", [INPUT, DATA_DIR, CONTRACT, "--cfg", "job"], "kind: category"),
        # Mistakes of each kind.
        ("clean-data", [f"input={quoted('no' + FEED)}", DATA_DIR, CONTRACT], "no such file"),
        ("clean-data", [INPUT, f"dataset={quoted(ODD)}"], "unknown option"),
        ("clean-data", [INPUT, f"cluster.kind={quoted(ODD)}"], "error:"),
        ("clean-data", [INPUT, f"{ODD}=1"], "error:"),
        ("clean-data", [INPUT, DATA_DIR, "dataset=wrong"], "problems:"),
        ("clean-data", [INPUT, "data_dir=broken", CONTRACT], "names.json"),
        ("validate-data", [CLEANED, DATA_DIR, "dataset=suited"], "error: suite"),
        ("validate-data", [f"cleaned={quoted(DATA)}", DATA_DIR, CONTRACT], "error:"),
        ("run-dashboard", [f"data_dir={quoted('no' + DATA)}"], "error:"),
    ],
)
def test_only_the_toolkits_own_sequences_reach_a_terminal(
    command: str, words: list[str], says: str, place: Place
) -> None:
    shown = place.on_a_terminal(command, *words)
    assert says in shown
    assert r"\x1b[5m" in shown or r"\e[5m" in shown
    check(shown)


def test_nor_do_others_reach_it_from_a_sweep_and_its_logs(place: Place) -> None:
    inputs = f"input={quoted(FEED)},{quoted('no' + FEED)}"
    shown = place.on_a_terminal("clean-data", "--multirun", inputs, DATA_DIR, CONTRACT)
    assert "1 of 2 runs failed" in shown
    check(shown)
    logs = [*place.folder.rglob("run.log"), *place.folder.rglob("output.txt")]
    assert len(logs) >= 3
    for log in logs:
        check(log.read_text(encoding="utf-8"))


def test_nor_do_they_in_the_traceback_of_a_bug(place: Place) -> None:
    """The bug is a command that there is not, started by a script with a hostile name."""
    program = place.folder / "a\x1b[5mb\u202ec"
    program.write_text(Path(script_line("clean-data")[0]).read_text())
    shown = place.on_a_terminal(Path(sys.executable).name, str(program))
    assert shown.startswith("Traceback")
    assert r"a\x1b[5mb\u202ec" in shown
    check(shown)


def check(text: str) -> None:
    assert {c for c in text if not c.isprintable()} <= {"\n"}
    assert [line for line in text.splitlines() if line.lower().startswith("injected")] == []
