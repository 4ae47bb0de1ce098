"""What the wheel has run as each Python starts: little, silent, and without a package `toolkit`."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import great_expectations as gx
import pytest

from tests.validate.same_as_stock import new_dask_source

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HOOK, MODULE = "sales_feed_toolkit.pth", "sales_feed_toolkit_discovery.py"
OPENS = """
import sys; assert "great_expectations" not in sys.modules
import great_expectations as gx; assert "dask" not in sys.modules
context = gx.get_context(mode="file", project_root_dir="project")
print(context.data_sources.get("dask 0").type)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture
def site(wheel: zipfile.ZipFile, tmp_path: Path) -> Path:
    wheel.extractall(tmp_path / "site")
    return tmp_path / "site"


def start(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    """A Python with `site` among its packages, and those of this one but for their .pth files."""
    others = [path for path in sys.path if path.endswith("site-packages")]
    starting = (
        f"import site, sys; site.addsitedir({str(site)!r}); sys.path += {others}; sys.path.pop(0)\n"
    )
    return subprocess.run(
        [sys.executable, "-S", "-c", starting + code],
        cwd=site.parent,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )


def save_project(folder: Path) -> None:
    context = gx.get_context(mode="file", project_root_dir=folder / "project")
    source = new_dask_source(context)
    source.add_parquet_dataset_asset("rows", path="rows.parquet")


def test_it_imports_itself_and_nothing_else(site: Path) -> None:
    bare = set(start(site.parent, "print(*sys.modules)").stdout.split())
    found = start(site, "print(*sys.modules)")
    assert found.stderr == ""
    assert set(found.stdout.split()) - bare == {MODULE.removesuffix(".py")}
    assert found.stderr == ""


def test_a_package_named_toolkit_is_whose_it_is(site: Path) -> None:
    (site.parent / "toolkit").mkdir()
    (site.parent / "toolkit" / "__init__.py").write_text("print('mine')", "utf-8")
    found = start(site, "sys.path.insert(0, '.'); import toolkit")
    assert (found.stdout, found.stderr) == ("mine\n", "")


def test_a_project_opens_without_an_import(site: Path) -> None:
    save_project(site.parent)
    found = start(site, OPENS)
    assert found.stdout == "dask\n", found.stderr


@pytest.mark.parametrize("left", ["", "import (", "raise OSError('half')"])
def test_what_is_left_of_an_install_is_silent(site: Path, left: str) -> None:
    shutil.rmtree(site / "toolkit")
    (site / MODULE).unlink()
    if left:
        (site / MODULE).write_text(left, "utf-8")
    found = start(site, "print('started')")
    assert (found.stdout, found.stderr) == ("started\n", "")


def test_without_the_package_the_type_is_unknown(site: Path) -> None:
    save_project(site.parent)
    shutil.rmtree(site / "toolkit")
    found = start(site, OPENS)
    assert "type dask was not found" in found.stderr


def test_it_is_uninstalled_with_the_rest(wheel: zipfile.ZipFile) -> None:
    [record] = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
    listed = {row[0] for row in csv.reader(wheel.read(record).decode().splitlines())}
    assert listed >= {HOOK, MODULE}
    assert listed == set(wheel.namelist())
