"""The digest that manifests and reports carry changes with the code and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.report.code_digest import PACKAGE, code_digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "parse.py").write_text("one\n")
    (tmp_path / "page.html").write_text("two\n")
    return tmp_path


@pytest.mark.parametrize("name", ["read/parse.py", "page.html"])
def test_another_line_of_a_file_is_another_code(package: Path, name: str) -> None:
    before = code_digest(package)
    (package / name).write_text("six\n")
    code_digest.cache_clear()
    assert code_digest(package) != before


def test_a_file_that_is_renamed_is_another_code(package: Path) -> None:
    before = code_digest(package)
    (package / "page.html").rename(package / "pages.html")
    code_digest.cache_clear()
    assert code_digest(package) != before


def test_compiled_files_and_shipped_configs_are_no_code(package: Path) -> None:
    before = code_digest(package)
    for name in ("read/__pycache__/parse.pyc", "shipped/conf/config.yaml"):
        (package / name).parent.mkdir(parents=True)
        (package / name).write_text("three\n")
    code_digest.cache_clear()
    assert code_digest(package) == before


def test_it_reads_the_toolkit() -> None:
    assert (PACKAGE / "errors.py").is_file()
    assert len(code_digest()) == 16
