"""Pages of Data Docs and run reports, handed to a browser that may not open files itself."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from toolkit.dashboard.links import REPORTS_URL, is_shown

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def report_routes(reports: Path) -> list[BaseRoute]:
    """Routes for what `is_shown` of the reports folder, to be read and nothing else."""

    def answer(request: Request) -> Response:
        path = (reports / request.path_params["path"]).resolve()
        if not is_shown(path, reports.resolve()) or not path.is_file():
            raise HTTPException(404)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)

    return [Route(f"{REPORTS_URL}/{{path:path}}", answer, methods=["GET"])]
