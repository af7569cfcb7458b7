"""A page of the HMI, held open without a browser: what it costs the server is the same."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from typing import Any

import aiohttp

_QUERY = re.compile(r"query: (\{.*\}),$", re.MULTILINE)
_LISTENER = re.compile(r'"listener_id":"([^"]+)","type":"tilesInView"')
_UNIT = re.compile(r'data-unit=\\?"(\w+)')
_SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
_PING, _PONG, _CONNECT, _EVENT = "2", "3", "40", "42"
"""Packets of Engine.IO 4 with those of Socket.IO 5 in them."""
_ACK_EVERY = 3.0
"""As pages do. [s]"""
_SEE_OTHER = 303


async def logged_in(url: str, user: str, password: str) -> aiohttp.ClientSession:
    """Log in as a browser does; the session has the cookie."""
    session = aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True))
    fields = {"user": user, "password": password}
    async with session.post("/login", data=fields, allow_redirects=False) as reply:
        if reply.status != _SEE_OTHER:
            await session.close()
            raise RuntimeError(f"the log-in was refused: {reply.status}")
    return session


class PageClient:
    """One page with its socket, which counts what is pushed to it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._id, self._next = "", 0
        self._tasks: list[asyncio.Task[None]] = []
        self.values = 0
        """Values that have been told."""
        self.has_values = asyncio.Event()

    async def open(self, path: str, in_view: int = 20) -> None:
        """Load a page, connect its socket and look at its first tiles, where it has some."""
        async with self._session.get(path) as reply:
            text = await reply.text()
        found = _QUERY.search(text)
        if found is None:
            raise RuntimeError(f"no page at {path}: {reply.status}")
        query = ast.literal_eval(found.group(1))
        self._id = query["client_id"]
        self._socket = await self._session.ws_connect(_SOCKET)
        await self._socket.receive_str()
        await self._socket.send_str(_CONNECT)
        await self._socket.receive_str()
        await self._emit("handshake", {**query, "tab_id": self._id, "document_id": self._id})
        self._tasks = [asyncio.create_task(self._ack()), asyncio.create_task(self._hear())]
        if listener := _LISTENER.search(text):
            units = list(dict.fromkeys(_UNIT.findall(text)))[:in_view]
            told = {"id": 0, "listener_id": listener.group(1), "args": [json.dumps(units)]}
            await self._emit("event", {**told, "client_id": self._id})

    async def close(self) -> None:
        """Close the page as a browser does that goes elsewhere."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()

    async def _emit(self, name: str, data: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send_str(_EVENT + json.dumps([name, data]))

    async def _ack(self) -> None:
        while True:
            await asyncio.sleep(_ACK_EVERY)
            await self._emit("ack", {"client_id": self._id, "next_message_id": self._next})

    async def _hear(self) -> None:
        assert self._socket is not None
        async for message in self._socket:
            text = str(message.data)
            if text == _PING:
                await self._socket.send_str(_PONG)
            elif text.startswith(_EVENT):
                _, data = json.loads(text.removeprefix(_EVENT))
                self._take(data)

    def _take(self, data: dict[str, Any]) -> None:
        self._next = max(self._next, data.get("_id", -1) + 1)
        code = data.get("code", "")
        if code.startswith("hmi.update(") and '"values":' in code:
            told = json.loads(code.removeprefix("hmi.update(").removesuffix(")"))
            self.values += len(told["values"])
            self.has_values.set()
