"""Only `read/` knows how feeds are written, and only `storage/` handles files of data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit

ROOT = Path(toolkit.__file__).parent
# Libraries that turn the bytes of files into cells.
FORMATS = {
    "bz2", "codecs", "csv", "gzip", "lzma", "pyarrow.csv", "pyarrow.json", "python_calamine",
    "tarfile", "zipfile", "zlib",
}  # fmt: skip
# What readers do: the rest of the toolkit uses the interface, and the cells that it returns.
PARTS_OF_READERS = {
    "header", "kinds", "parse.parse_block", "parse.parse_bytes", "parse.read_records", "records",
    "transcode", "unpack._chunks", "blocks.plan_blocks",
}  # fmt: skip
OTHER_FORMATS = {
    "contract/check.py": "asks Python whether it knows an encoding by the name in a contract",
    "lookups/review.py": "writes lookup_review.csv, which people fill in with a spreadsheet",
}
KNOWS_HEADERS = {
    "stages/pipeline.py": "asks whether generated feeds have the columns of the contract",
}

OPENING = {
    "open", "os.open", "os.fdopen", "os.replace", "os.rename", "os.remove", "os.unlink", "os.link",
    "os.symlink", "os.listdir", "os.scandir", "os.walk", "os.mkdir", "os.makedirs", "os.rmdir",
    "os.truncate", "os.fsync", "glob.glob", "glob.iglob", "pa.OSFile", "pa.memory_map",
    "pa.output_stream", "pa.input_stream", "pq.ParquetFile", "pq.ParquetWriter", "pq.read_table",
    "pq.read_metadata", "pq.read_schema", "pq.write_table", "tempfile.mkdtemp",
    "tempfile.mkstemp", "tempfile.TemporaryDirectory", "tempfile.NamedTemporaryFile",
}  # fmt: skip
METHODS_OF_PATHS = {
    "write_text", "write_bytes", "read_text", "read_bytes", "unlink", "rmdir", "mkdir", "touch",
    "glob", "rglob", "iterdir", "symlink_to", "hardlink_to",
}  # fmt: skip
# Every other module that handles paths itself, and why.
MAY_OPEN = {
    "clean/blocks.py": "removes its spilled files once a block is published",
    "clean/duplicates.py": "spills words as arrays of numpy, and maps them again",
    "clean/feed.py": "makes a temporary folder for Python users, who have no workspace",
    "command/compose.py": "reads configs, no data",
    "command/contract_files.py": "lists configs, no data",
    "command/help.py": "reads configs, no data",
    "command/run.py": "tidies the folder that Hydra made for the log",
    "dashboard/files.py": "reads published files only",
    "dashboard/history.py": "lists published files only",
    "dashboard/links.py": "lists published files only",
    "dashboard/published.py": "lists published files only",
    "dashboard/rejected.py": "reads published files only",
    "dashboard/view.py": "lists published files only",
    "errors.py": "lists names that are near a wrong one",
    "generate/catalogue.py": "reads a file of the package, no data",
    "generate/write.py": "writes a feed in pieces from several workers, at their offsets",
    "lookups/review.py": "writes a page for people into the run's folder",
    "lookups/text.py": "lists names that are near a wrong one",
    "pages/streams.py": "opens /dev/null in place of closed standard streams",
    "profile/keys.py": "maps words that it spilled as arrays of numpy",
    "report/code_digest.py": "reads the package's own code",
    "report/facts.py": "makes the run's folder",
    "generate/ledger.py": "writes the ledger of a feed as it is generated",
    "report/outputs.py": "counts the rows of published files",
    "settings/yaml_check.py": "reads configs, no data",
    "stages/cleaning.py": "reads the manifest of the dataset that it replaces",
    "stages/drafting.py": "reads the lookups of the package",
    "stages/generating.py": "makes the folder of a feed",
    "stages/lookups.py": "compares lookups with what a run would write",
    "stages/publishing.py": "moves held-back datasets into the run's folder",
    "stages/run.py": "removes the facts of an earlier run of the same name",
    "sweeps/comparison.py": "reads the records of jobs",
    "sweeps/job.py": "makes the folder of a job",
    "sweeps/process.py": "writes the log of a job",
    "sweeps/record.py": "reads the records of jobs",
    "sweeps/resume.py": "digests what a job read",
    "sweeps/shared_feed.py": "marks a feed as whole",
    "validate/docs.py": "writes pages beside each other and swaps the folder",
    "validate/run.py": "makes the folder of results",
    "validate/suites.py": "lists names that are near a wrong one",
    "validate/unique.py": "makes the folder of its spilled keys",
}
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def imported(tree: ast.AST) -> set[str]:
    """Return the modules that are imported, and what is imported from each."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def calls(tree: ast.AST) -> Iterator[str]:
    """Yield the calls that open, list, write, rename or lock files."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        method = name.rpartition(".")[2]
        is_path = "." in name and method in METHODS_OF_PATHS
        opened = method == "open" and any(
            isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.args
        )
        if name in OPENING or name.startswith(("shutil.", "fcntl.")) or is_path or opened:
            yield name


def tree_of(module: str) -> ast.AST:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def reads_feeds(tree: ast.AST) -> set[str]:
    """Return what a module imports that knows the bytes of a feed."""
    found = imported(tree)
    parts = {f"toolkit.read.{part}" for part in PARTS_OF_READERS}
    attributes = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return {n for n in found if n in FORMATS or n in parts} | (
        attributes & {"pa.csv", "pa.json", "block.read", "self.block.read"}
    )


@pytest.mark.parametrize("module", [one for one in MODULES if not one.startswith("read/")])
def test_no_other_room_knows_the_bytes_of_a_feed(module: str) -> None:
    found = reads_feeds(tree_of(module))
    if module in OTHER_FORMATS:
        assert found & FORMATS
    elif module in KNOWS_HEADERS:
        assert found == {"toolkit.read.header"}
    else:
        assert found == set()


@pytest.mark.parametrize(
    "module", [one for one in MODULES if not one.startswith(("read/", "storage/"))]
)
def test_no_other_room_handles_files_without_a_reason(module: str) -> None:
    found = sorted(set(calls(tree_of(module))))
    if module in MAY_OPEN:
        assert found, f"{module} needs no exception any more"
    else:
        assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import csv",
        "from zipfile import ZipFile",
        "from pyarrow import csv",
        "from toolkit.read.parse import parse_bytes",
        "from toolkit.read import records",
        "data = block.read()",
    ],
)
def test_a_module_that_parses_feeds_itself_is_found(code: str) -> None:
    assert reads_feeds(ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        "open(path)",
        "path.open('rb')",
        "os.replace(a, b)",
        "path.write_text(x)",
        "shutil.rmtree(a)",
        "fcntl.flock(f, 2)",
        "os.listdir(a)",
        "folder.glob('*')",
    ],
)
def test_a_module_that_handles_files_itself_is_found(code: str) -> None:
    assert list(calls(ast.parse(code)))
