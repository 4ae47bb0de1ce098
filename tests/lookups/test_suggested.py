"""Marks beside a lookup: which of them hold, what accepting does, and damage."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from toolkit.errors import LookupFileError
from toolkit.lookups.suggested import LookupDraft, LookupFile, Mark, marks_path

SURE = Mark("Mumbai", "edits", 9, "Mumbai", 0.9, "Delhi", 0.2)
UNSURE = Mark("UNKNOWN", "unknown", 3, "Delhi", 0.6, None, 0.0)
NO_IDEA = Mark("UNKNOWN", "unknown", 1, None, 0.0, None, 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "region_map.json"
    path.write_text('{"a": "Mumbai", "b": "UNKNOWN", "mine": "Delhi"}', "utf-8")
    return path


def write_marks(path: Path, **marks: Mark) -> None:
    marks_path(path).write_text(json.dumps({k: asdict(m) for k, m in marks.items()}), "utf-8")


def test_marks_lie_beside_the_file(path: Path) -> None:
    assert marks_path(path).name == "region_map.suggested.json"
    assert LookupFile.read(path, "map").marks == {}


def test_what_is_not_marked_or_differs_is_a_persons(path: Path) -> None:
    write_marks(path, a=SURE, b=SURE, gone=UNSURE)
    file = LookupFile.read(path, "map")
    assert file.marks == {"a": SURE}
    assert file.person == {"b": "UNKNOWN", "mine": "Delhi"}
    assert [entry.key for entry in file.person_text.entries] == ["b", "mine"]


def test_marks_are_written_sorted_one_a_line_and_read_back(path: Path) -> None:
    write_marks(path, b=UNSURE, a=SURE)
    file = LookupFile.read(path, "map")
    text = LookupDraft(file, file.marks).marks_text()
    assert [line.split(":")[0].strip() for line in text.splitlines()] == ["{", '"a"', '"b"', "}"]
    marks_path(path).write_text(text, "utf-8")
    assert LookupFile.read(path, "map").marks == {"a": SURE, "b": UNSURE}
    assert LookupDraft(file, {}).marks_text() == "{}\n"


@pytest.mark.parametrize(
    ("min_score", "left", "text"),
    [
        (None, {"a", "b", "c"}, '{"a": "Mumbai", "b": "UNKNOWN", "c": "UNKNOWN", "mine": "Delhi"}'),
        (0.9, {"b", "c"}, '{"a": "Mumbai", "b": "UNKNOWN", "c": "UNKNOWN", "mine": "Delhi"}'),
        (0.6, {"c"}, '{"a": "Mumbai", "b": "Delhi", "c": "UNKNOWN", "mine": "Delhi"}'),
        (0.0, {"c"}, '{"a": "Mumbai", "b": "Delhi", "c": "UNKNOWN", "mine": "Delhi"}'),
    ],
)
def test_accepting_takes_suggestions_from_a_score_on(
    min_score: float | None, left: set[str], text: str, path: Path
) -> None:
    write_marks(path, a=SURE, b=UNSURE)
    marks = {"a": SURE, "b": UNSURE, "c": NO_IDEA}
    draft = LookupDraft(LookupFile.read(path, "map"), marks).accept(min_score)
    assert set(draft.marks) == left
    assert draft.lookup_text.text == text
    assert draft.as_file().person.keys() == {"a", "b", "c", "mine"} - left


def test_an_accepted_name_stays_as_it_is_written(tmp_path: Path) -> None:
    file = LookupFile.empty(tmp_path / "names.json", "names")
    mark = Mark("Toys", "frequent", 5, "Toys", 0.8, "Books", 0.2)
    draft = LookupDraft(file, {"Toys": mark}).accept(0.5)
    assert draft.lookup_text.text == '[\n  "Toys"\n]\n'
    assert draft.marks == {}


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("{", 1, "is not JSON"),
        ("[]", None, "should contain an object"),
        ('{\n "a": 5\n}', 2, "the mark of 'a' cannot be read"),
        ('{\n "a": {"target": "x"}\n}', 2, "how: Field required"),
        ('{"a": {"count": "9"}}', 1, "the mark of 'a' cannot be read"),
        ('{"a": {}, "a": {}}', 1, "is in it twice"),
    ],
)
def test_damaged_marks_are_named_with_file_and_line(
    text: str, line: int | None, told: str, path: Path
) -> None:
    marks_path(path).write_text(text, "utf-8")
    with pytest.raises(LookupFileError) as caught:
        LookupFile.read(path, "map")
    assert told in str(caught.value)
    where = f", line {line}" if line else ""
    assert str(caught.value).startswith(f"lookup {marks_path(path)}{where}: ")


def test_names_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "names.json"
    path.write_text('["Books",\n ["Toys"]]', "utf-8")
    with pytest.raises(LookupFileError, match=r"line 2: .*is not a name"):
        LookupFile.read(path, "names")
