"""Ask a web server for a page, as a browser does, to see whether it serves."""

from __future__ import annotations

import aiohttp

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (to be replaced, not listened on)


def local_url(scheme: str, host: str, port: int, path: str) -> str:
    """Return the URL at which this machine reaches a server that listens on ``host``."""
    host = _ANY.get(host, host)
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}:{port}{path}"


async def page_is_served(url: str, patience: float) -> bool:
    """Tell whether a whole page is served without an error, within ``patience`` seconds."""
    timeout = aiohttp.ClientTimeout(total=patience)
    try:
        # A connection for each look: one that is kept would not notice that no new ones are taken.
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            # Our own server on this machine: its certificate may be made for another name.
            session.get(url, ssl=False) as reply,
        ):
            await reply.read()
            return reply.status < 400
    except (OSError, TimeoutError, aiohttp.ClientError):
        return False
