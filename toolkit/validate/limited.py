"""Run checks that may never end on a few values in a process with limited CPU time.

Python's patterns backtrack, and a JSON schema may refer to itself or to the web.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

SECONDS = 10
_LETTERS_A_SECOND = 1_000_000

_PATTERN = """
import re
search = re.compile(request["what"]).search
answers = [search(value) is not None for value in values]
"""
_SCHEMA = """
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY
checker = validator_for(request["what"])
checker.check_schema(request["what"])
# A registry that fetches nothing: a reference to a file or to the web is an error.
checks = checker(request["what"], registry=REGISTRY)
answers = [checks.is_valid(json.loads(value)) for value in values]
"""
_PROGRAM = """
import json, resource, sys
request = json.loads(sys.stdin.buffer.readline())
body = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
values = body.split(chr(0)) if request["joined"] else json.loads(body)
sys.path[:] = request["path"]
seconds = request["seconds"]
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
try:
{}
    result = {{"answers": "".join(map("01".__getitem__, answers))}}
except Exception as error:
    result = {{"why": (str(error) or type(error).__name__).partition(chr(10))[0]}}
json.dump(result, sys.stdout)
"""


def search_within_limit(pattern: str, values: Sequence[str]) -> list[bool]:
    """Return whether Python's re finds the pattern in each value.

    Raises ValueError when it takes more than SECONDS plus a microsecond per character.
    """
    return _answers(_PATTERN, pattern, values, "write it without look-around and repeated groups")


def fits_schema_within_limit(schema: Any, values: Sequence[str]) -> list[bool]:
    """Return whether each value, parsed as JSON, fits the schema. References are never fetched.

    Raises ValueError for invalid JSON, an invalid schema, and timeouts as above.
    """
    return _answers(_SCHEMA, schema, values, "write it without nested alternatives")


def _answers(program: str, what: Any, values: Sequence[Any], advice: str) -> list[bool]:
    letters = sum(len(value) if isinstance(value, str) else 1 for value in values)
    seconds = SECONDS + letters // _LETTERS_A_SECOND
    joined = all(isinstance(value, str) for value in values) and bool(values)
    body = "\0".join(values) if joined else ""
    # A separator that also occurs in a value could not be recognised.
    joined = joined and body.count("\0") == len(values) - 1
    request = {"what": what, "joined": joined, "seconds": seconds, "path": sys.path}
    head = json.dumps(request, default=str).encode()
    rest = body if joined else json.dumps(list(values), default=str)
    indented = program.strip().replace("\n", "\n    ")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PROGRAM.format(f"    {indented}")],
        input=b"\n".join([head, rest.encode("utf-8", "surrogatepass")]),
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, -signal.SIGXCPU, -signal.SIGKILL):
        raise RuntimeError(done.stderr.decode(errors="replace").strip()[-500:])
    if done.returncode != 0:
        shown = repr(what) if isinstance(what, str) else json.dumps(what, default=str)
        raise ValueError(
            f"{shown[:100]} takes more than {seconds} s of CPU time on {len(values):,} values, "
            f"and was stopped; {advice}"
        )
    result = json.loads(done.stdout)
    if "why" in result:
        raise ValueError(result["why"])
    return [answer == "1" for answer in result["answers"]]
