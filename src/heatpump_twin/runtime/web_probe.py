"""Ask a web server for a page, as a browser does, to see whether it serves."""

from __future__ import annotations

import aiohttp

from heatpump_twin.config.hosts import local_host, url_host


def local_url(scheme: str, host: str, port: int, path: str) -> str:
    """Return the URL at which this machine reaches a server that listens on ``host``."""
    return f"{scheme}://{url_host(local_host(host))}:{port}{path}"


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
