"""Let only pages of ours, and people who have logged in, open the socket of the pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from heatpump_twin.hmi.pages.login import TOKEN

_SOCKET = "/_nicegui_ws/"
_POLICY_VIOLATION = 1008


class SocketGate:
    """ASGI middleware before the socket, behind the one that reads the cookie.

    The cookie is signed by us and holds the token of a login. The login itself may be over: the
    page that then connects again is told so, and goes to the login page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is for the socket and from somebody else."""
        of_socket = scope["type"] == "websocket" or (
            scope["type"] == "http" and scope["path"].startswith(_SOCKET)
        )
        if not of_socket or _may_connect(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse("forbidden", 403)(scope, receive, send)
        else:
            # Before it is accepted: the client gets a 403.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


def _may_connect(connection: HTTPConnection) -> bool:
    origin = connection.headers.get("origin")
    # Browsers send it with each web socket; a cookie that came with none is no browser's.
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host"):
        return False
    return isinstance(connection.session.get(TOKEN), str)
