"""Which columns a profile takes for personal ones by their values."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.commands import ask

PHONES = [
    form.format(n) for n in range(10) for form in ("030 123450{}", "(089) 1234 5{}", "+49 30 12{}4")
]
DAYS = ["03-04-2025", "2025/04/03", "05-06-2025", "2025-06-05 10:30"]


@pytest.mark.parametrize(("values", "personal"), [(PHONES, True), (DAYS, False)])
def test_telephone_numbers_are_personal_and_days_are_not(
    values: list[str], personal: bool, tmp_path: Path
) -> None:
    rows = [f"{n},{values[n % len(values)]}" for n in range(40)]
    (tmp_path / "feed.csv").write_text("\n".join(["id,contacted", *rows]) + "\n")
    answer = ask("profile-data", "feed.csv", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert ("contacted (its cells look like telephone numbers)" in answer.out) is personal


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A feed whose columns tell nothing of persons by their names and values, but for one."""
    rows = [f"{n},Hush {n % 5},x{n % 7},hush{n % 5}@private.example" for n in range(40)]
    (tmp_path / "feed.csv").write_text("\n".join(["id,keeper,code,email", *rows]) + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "masked"),
    [((), ["email"]), (("personal=[keeper]",), ["keeper"]), (("personal=[]",), []),
     (("personal=[keeper,email]",), ["keeper", "email"])],
)  # fmt: skip
@pytest.mark.slow
def test_the_user_may_say_which_columns_are_personal(
    given: tuple[str, ...], masked: list[str], people: Path
) -> None:
    answer = ask("new-dataset", "feed.csv", "name=mine", *given, cwd=people)
    assert answer.code == 0, answer.err
    columns = yaml.safe_load((people / "conf/dataset/mine.yaml").read_text("utf-8"))["columns"]
    assert [name for name, one in columns.items() if "personal" in one] == masked
    written = [path for path in people.rglob("*") if path.is_file() and path.name != "feed.csv"]
    text = "\n".join([answer.out, answer.err, *(path.read_text("utf-8") for path in written)])
    assert ("Hush 1" in text) is ("keeper" not in masked)
    # A column that is said to be none may hold addresses yet: they are masked in part.
    assert "hush1@private.example" not in text or "email" not in masked
    assert ("as given" in text) is bool(given and masked)


@pytest.mark.parametrize("command", ["profile-data", "new-dataset"])
def test_a_column_that_is_not_there_cannot_be_personal(command: str, people: Path) -> None:
    words = ("name=mine",) if command == "new-dataset" else ()
    answer = ask(command, "feed.csv", "personal=[keper]", *words, cwd=people)
    assert (answer.code, len(answer.errors)) == (2, 1)
    assert "keper" in answer.errors[0]
    assert "keeper" in answer.errors[0]
    assert "hush" not in (answer.out + answer.err).lower()


@pytest.mark.parametrize("command", ["profile-data", "new-dataset", "review-lookups"])
@pytest.mark.slow
def test_what_a_killed_run_unpacked_goes_with_the_next(command: str, people: Path) -> None:
    """Its plain copy holds the rows; nothing else of a killed run does."""
    killed = people / "data" / "reports" / "2026-11-01_06-00-00-000000_profile-data"
    (killed / ".spool-1234").mkdir(parents=True)
    (killed / ".spool-1234" / "0").write_text("Hush 1")
    (killed / ".alive").touch()
    words = {"new-dataset": ("name=mine",), "review-lookups": ("dataset=dirty_cafe",)}
    ask(command, "feed.csv", *words.get(command, ()), cwd=people)
    assert not (killed / ".spool-1234").exists()
