"""A self-contained HTML page whose policy forbids it to load anything."""

from __future__ import annotations

import os
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import quote

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def standalone_page(title: str, style: str, body: str) -> str:
    """The page: `style` goes on where the style that all pages share ends; `body` is HTML."""
    shared = read_style(__package__, "pages.css")
    return _PAGE.format(title=escape(title), style=shared + style, body=body)


def read_style(package: str, name: str) -> str:
    """A style sheet that lies in the package."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def link_from(folder: Path, path: Path) -> str:
    """A link from a page in `folder`, that holds when all of it is moved together.

    Symbolic links on the way stay in it: those of published outputs lead to another place soon.
    """
    return quote(os.fsencode(os.path.relpath(os.path.abspath(path), os.path.abspath(folder))))
