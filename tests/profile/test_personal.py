"""Which columns a profile takes for personal ones by their values."""

from __future__ import annotations

from pathlib import Path

import pytest

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
