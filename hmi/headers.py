"""Add security headers: nothing is loaded from elsewhere, and no page can be framed."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    # NiceGUI's pages build themselves with inline scripts and eval; everything comes from here.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers to every response.

    ``strict_transport``: for how many seconds browsers shall come by HTTPS only (RFC 6797).
    """

    def __init__(self, app: ASGIApp, strict_transport: float | None = None) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if strict_transport is not None:
            self._headers["Strict-Transport-Security"] = f"max-age={round(strict_transport)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to its response."""

        # Plain ASGI: web sockets and streamed files pass as they are.
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)
