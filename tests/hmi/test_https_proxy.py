"""Behind a proxy that speaks HTTPS: cookies are for HTTPS alone, and browsers stay with it."""

from __future__ import annotations

import aiohttp
import pytest

from .conftest import OPERATOR, PASSWORD, Site

HOST = "twin.example.org"
PROXIED = {"Host": HOST, "Origin": f"https://{HOST}", "X-Forwarded-Proto": "https"}
"""What a proxy passes on of what a browser has sent to it."""
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"

pytestmark = pytest.mark.parametrize(
    "site", [("default", "hmi.https_proxy=true", "hmi.strict_transport=30 d")], indirect=True
)


async def test_cookies_are_secure_and_browsers_told_to_stay(site: Site) -> None:
    async with aiohttp.ClientSession(site.hmi.url, headers=PROXIED) as browser:
        form = {"user": OPERATOR, "password": PASSWORD}
        async with browser.post("/login", data=form, allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (303, "/")
            assert reply.headers["Strict-Transport-Security"] == "max-age=2592000"
            (login,) = reply.headers.getall("Set-Cookie")
        assert {"secure", "httponly", "samesite=lax"} <= flags(login)
        cookie = {"Cookie": login.partition(";")[0]}
        choice = {"code": "f-w", "page": "/"}
        async with browser.post(
            "/units", data=choice, headers=cookie, allow_redirects=False
        ) as reply:
            chosen = next(c for c in reply.headers.getall("Set-Cookie") if "f-w" in c)
        assert {"secure", "httponly"} <= flags(chosen)
        async with browser.get("/", headers=cookie) as reply:
            assert "<title>Overview" in await reply.text()
        async with browser.ws_connect(SOCKET, headers=cookie) as socket:
            assert "sid" in await socket.receive_str()
        elsewhere = {**cookie, "Origin": "https://evil.example"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.ws_connect(SOCKET, headers=elsewhere)
        assert refused.value.status == 403


def flags(cookie: str) -> set[str]:
    return {part.strip().lower() for part in cookie.split(";")[1:]}
