"""The page behind the link of a message: it asks once more, and then acknowledges the alarm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.notifications.signed_link import PATH, LinkSigner, Permit

Acknowledge = Callable[[Permit], Awaitable[str]]
"""Acknowledges in the name of a receiver; returns in a sentence what came of it."""

ORIGIN = "link in a message"
"""What the audit has for the place that the request came from."""
USER = "receiver:"
"""Before a receiver's name: it is nobody's who logs in."""
_PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><h1>{title}</h1>{body}</body></html>
"""
_FORM = """\
<p>{alarm}</p><form method="post"><input type="hidden" name="token" value="{token}">
<button>Acknowledge</button></form>
"""
_OVER = "This link is not valid, or not any more. Acknowledge in the HMI."


class AcknowledgePage:
    """Pages of one site: only a signed token opens them, and a look at one does nothing.

    Mail scanners follow links: what acknowledges is the button.
    """

    def __init__(self, signer: LinkSigner, acknowledge: Acknowledge, clock: Clock) -> None:
        self._signer, self._acknowledge, self._clock = signer, acknowledge, clock

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the page at its path."""
        router.add_get(PATH, self._ask)
        router.add_post(PATH, self._do)

    async def _ask(self, request: web.Request) -> web.Response:
        token = request.query.get("token", "")
        permit = self._signer.permit(token, self._clock.now())
        if permit is None:
            return _page("Not valid", f"<p>{_OVER}</p>", 403)
        return _page(
            "Acknowledge an alarm", _FORM.format(alarm=escape(permit.key), token=escape(token))
        )

    async def _do(self, request: web.Request) -> web.Response:
        try:
            token = str((await request.post()).get("token", ""))
        except (ValueError, LookupError):  # bytes that are no text, or in no encoding there is
            token = ""
        permit = self._signer.permit(token, self._clock.now())
        if permit is None:
            return _page("Not valid", f"<p>{_OVER}</p>", 403)
        outcome = await self._acknowledge(permit)
        return _page("Alarm", f"<p>{escape(permit.key)}: {escape(outcome)}</p>")


def _page(title: str, body: str, status: int = 200) -> web.Response:
    # Neither kept nor framed by anybody.
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    }
    text = _PAGE.format(title=title, body=body)
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def acknowledge_page(
    signer: LinkSigner | None, server: TwinServer, clock: Clock
) -> AcknowledgePage | None:
    """Return the page of a running server; None: the site wants none."""
    if signer is None:
        return None

    async def acknowledge(permit: Permit) -> str:
        return await server.acknowledge(permit.key, permit.raised, USER + permit.receiver, ORIGIN)

    return AcknowledgePage(signer, acknowledge, clock)
