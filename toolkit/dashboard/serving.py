"""run-dashboard: serve the app to this machine only."""

from __future__ import annotations

import os
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from toolkit.dashboard.palette import DARK, LIGHT
from toolkit.errors import DashboardError
from toolkit.pages.mask_key import KEY_VARIABLE, find_key
from toolkit.pages.visible import in_line
from toolkit.settings.commands import typed
from toolkit.settings.config import Settings
from toolkit.settings.workspace import Workspace

HOST = "127.0.0.1"
_NOT_ALLOWED = 1008
_APP = Path(__file__).with_name("app.py")
# Overrides the user's own ~/.streamlit/config.toml.
_CONFIG: dict[str, Any] = {
    "server.address": HOST,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableStaticServing": False,
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": False,
    "server.maxUploadSize": 1,
    "browser.gatherUsageStats": False,
    "browser.serverAddress": HOST,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "theme.light.primaryColor": LIGHT.main,
    "theme.dark.primaryColor": DARK.main,
}


def run_dashboard(settings: Settings, _: Path) -> None:
    """Serve the dashboard of data_dir until it is interrupted.

    Raises DashboardError without streamlit, without a workspace, or when the port is taken, and
    ConfigError for an invalid key of masks.
    """
    try:
        # Importing takes a second; an older streamlit than the toolkit needs lacks the module, too.
        import_module("streamlit.starlette")
    except ModuleNotFoundError:
        raise DashboardError.not_installed() from None
    workspace = Workspace(settings.data_dir.absolute())
    if not workspace.data_dir.is_dir():
        raise DashboardError.no_workspace(
            settings.data_dir, f"run-pipeline {typed('data_dir', str(settings.data_dir))}"
        )
    if settings.mask_key is not None or KEY_VARIABLE in os.environ:
        find_key(workspace.data_dir, settings.mask_key)
    _check_port(settings.dashboard.port)
    _serve(workspace, settings)


def _check_port(port: int) -> None:
    try:
        with socket.create_server((HOST, port)):
            pass
    except OSError as error:
        raise DashboardError.port_in_use(port, os.strerror(error.errno or 0)) from None


class _SameOrigin:
    """Accept websockets from the dashboard's own pages only, not from pages of another local port.

    Streamlit accepts any page of localhost.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        origin = headers.get(b"origin")
        if scope["type"] == "websocket" and origin not in (None, b"http://" + headers[b"host"]):
            await send({"type": "websocket.close", "code": _NOT_ALLOWED})
            return
        await self._app(scope, receive, send)


def _serve(workspace: Workspace, settings: Settings) -> None:
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from streamlit.starlette import App

    from toolkit.dashboard.report_files import report_routes

    # Load what the pages need before the first request.
    import_module("toolkit.dashboard.app")

    port = settings.dashboard.port
    app = App(
        _APP,
        routes=report_routes(workspace.reports),
        # Against DNS rebinding: a foreign host name that resolves to this machine gets no answer.
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(_SameOrigin),
        ],
    )
    # Arguments after the program's name become the app's own.
    key_file = settings.mask_key and settings.mask_key.absolute()
    sys.argv[1:] = [str(path) for path in (workspace.data_dir, key_file) if path]
    shown = in_line(str(workspace.data_dir))
    print(f"dashboard of {shown}: http://{HOST}:{port}  (Ctrl-C ends it)", flush=True)
    app.run(
        config={
            **_CONFIG,
            "server.port": port,
            "browser.serverPort": port,
            "server.headless": settings.dashboard.headless,
        }
    )
