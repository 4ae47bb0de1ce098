"""Serve pages of Data Docs and run reports, since a browser may not open local files from a
page.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from toolkit.dashboard.links import REPORTS_URL, is_shown

# Pages bring all their assets, and nothing in them may contact another host.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def report_routes(reports: Path) -> list[BaseRoute]:
    """Return read-only routes for the pages of the reports folder for which `is_shown` is true."""

    def answer(request: Request) -> Response:
        path = (reports / request.path_params["path"]).resolve()
        if not is_shown(path, reports.resolve()) or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)

    return [Route(f"{REPORTS_URL}/{{path:path}}", answer, methods=["GET"])]
