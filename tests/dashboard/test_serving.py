"""run-dashboard as a command: what it answers, to whom, and how it ends."""

from __future__ import annotations

import http.client
import shlex
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.commands import ask, left_in, run_script
from tests.conftest import ROOT
from tests.dashboard.server import Served, free_port, interrupt, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with pages in its reports, and files beside them."""
    folder = tmp_path_factory.mktemp("served") / "data"
    for name in (
        "data_docs/index.html",
        "data_docs/secret.json",
        "run/report.html",
        "run/run.json",
    ):
        path = folder / "reports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<!doctype html>")
    (folder / "reports" / "linked").symlink_to(folder.parent)
    (folder.parent / "report.html").write_text("outside")
    return folder


@pytest.fixture(scope="module")
def served(data_dir: Path) -> Iterator[Served]:
    with serving(data_dir) as answering:
        yield answering


def test_only_this_machine_is_answered(served: Served) -> None:
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(served.process.pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_another_name_for_this_machine_gets_no_answer(served: Served) -> None:
    assert served.status("/", Host="evil.example") == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/reports/data_docs/index.html", 200),
        ("/reports/run/report.html", 200),
        ("/reports/run/run.json", 404),
        ("/reports/data_docs/secret.json", 404),
        ("/reports/data_docs/none.html", 404),
        ("/reports/linked/report.html", 404),
        ("/reports/data_docs/..%2f..%2flookups%2fx.html", 400),
    ],
)
def test_pages_of_reports_and_no_other_file(served: Served, path: str, status: int) -> None:
    assert served.status(path) == status


def test_a_page_changes_nothing_in_the_workspace(served: Served, data_dir: Path) -> None:
    before = left_in(data_dir)
    assert served.status("/") == 200
    assert left_in(data_dir) == before


def test_ctrl_c_ends_it_without_a_traceback(data_dir: Path) -> None:
    with serving(data_dir) as answering:
        code, out = interrupt(answering)

    assert code == 130
    assert out.splitlines() == [
        f"dashboard of {data_dir}: {answering.url}  (Ctrl-C ends it)",
        "interrupted; earlier outputs are untouched",
    ]


def test_a_port_that_is_taken_is_one_line(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = ask("run-dashboard", f"data_dir={data_dir}", f"dashboard.port={port}")

    assert answer.code == 2
    assert answer.errors == [
        f"error: dashboard.port={port}: cannot be used (Address already in use); "
        f"choose another, such as dashboard.port={port + 1}"
    ]


def test_a_workspace_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    answer = ask("run-dashboard", f"data_dir={tmp_path / 'none'}")

    assert answer.code == 2
    assert answer.errors == [
        f"error: data_dir={tmp_path / 'none'}: no such folder; "
        f"fill it with: run-pipeline data_dir={tmp_path / 'none'}"
    ]
    assert left_in(tmp_path) == []


def test_there_is_one_dashboard_and_no_sweep_of_them(tmp_path: Path) -> None:
    answer = ask("run-dashboard", "--multirun", f"data_dir={tmp_path}", "dashboard.port=8600,8601")

    assert answer.code == 2
    assert answer.errors == ["error: --multirun: run-dashboard has no results to compare"]


def test_without_streamlit_one_command_adds_it(tmp_path: Path) -> None:
    # What a person sees who has not installed the extra: no such module on the path.
    hidden = tmp_path / "path"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'streamlit':\n"
        "            raise ModuleNotFoundError(name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    done = run_script("run-dashboard", f"data_dir={tmp_path}", cwd=tmp_path, path=hidden)

    assert done.returncode == 2
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert done.stderr.splitlines() == [
        "error: the dashboard needs streamlit, which is not installed; "
        f"add it with: {shlex.join(['pip', 'install', *extra['dashboard']])}"
    ]


def test_help_imports_neither_streamlit_nor_what_it_brings(tmp_path: Path) -> None:
    heavy = "{'streamlit', 'altair', 'pandas', 'pyarrow', 'dask', 'hydra', 'pydantic'}"
    after = f"assert not {heavy} & {{name.partition('.')[0] for name in sys.modules}}"
    done = run_script("run-dashboard", "--help", cwd=tmp_path, path=ROOT, after=after)

    assert done.returncode == 0, done.stderr
    assert "run-dashboard data_dir=/srv/sales" in done.stdout


def test_a_port_is_found_in_the_config() -> None:
    port = free_port()
    answer = ask("run-dashboard", "--cfg", "job", f"dashboard.port={port}")

    assert answer.code == 0
    assert f"port: {port}" in answer.out


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("{url}", 101),
        ("http://127.0.0.1:1", 403),
        ("http://localhost:1", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
def test_sockets_open_for_its_own_pages(served: Served, origin: str, status: int) -> None:
    """Another program's page on this machine is another origin."""
    handshake = {
        "Origin": origin.format(url=served.url),
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    host, port = served.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/_stcore/stream", headers=handshake)
    assert connection.getresponse().status == status
    connection.close()
