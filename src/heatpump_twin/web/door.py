"""The door of a web port: it takes connections, so many and from one host so many, and no more.

Where there is no room, whoever has waited longest without asking for anything gives way to the
newcomer: who keeps connections open for nothing gains nothing, and who asks is answered.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from heatpump_twin.web.guarded import Bounds, Guarded

log = structlog.stdlib.get_logger(__name__)

BACKLOG = 128
_SWEEP = 1.0
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE = 1.0
"""After the system had no room for a connection. [s]"""
_COMPLAINT_PERIOD = 60.0


class Door:
    """Listener of one web port.

    Parameters
    ----------
    name
        Of the port, for the log.
    factory
        Makes the HTTP server's protocol for a connection.
    room
        Connections at a time; one host has half of them.
    """

    def __init__(
        self,
        name: str,
        factory: Callable[[], asyncio.BaseProtocol],
        room: int,
        context: ssl.SSLContext | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._name = name
        self._factory = factory
        self._room = room
        self._context = context
        self._bounds = bounds or Bounds()
        self._inside: set[Guarded] = set()
        self._handshakes: dict[Guarded, asyncio.Task[None]] = {}
        self._hosts: Counter[str] = Counter()
        """Connections by host, those that shake hands over TLS included."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self._complained = -_COMPLAINT_PERIOD

    def open(self, host: str, port: int) -> None:
        """Listen, and take connections from now on; raise `OSError` if that is not possible."""
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        try:
            for family, _, _, _, address in dict.fromkeys(found):
                listener = socket.create_server(
                    (str(address[0]), int(address[1])), family=family, backlog=BACKLOG
                )
                listener.setblocking(False)
                self._sockets.append(listener)
        except OSError:
            self._shut()
            raise
        for listener in self._sockets:
            self._spawn(self._take_from(listener))
        self._spawn(self._sweep())

    async def close(self) -> None:
        """Take no more connections. Those that are inside are the server's to end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._shut()

    def _shut(self) -> None:
        for listener in self._sockets:
            listener.close()
        self._sockets.clear()

    async def _take_from(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listener)
            except OSError as error:
                # Without a pause this would be tried as fast as the processor can.
                if error.errno in _EXHAUSTED:
                    self._complain("no file is left for a connection", error)
                    await self._make_way(None)
                    await asyncio.sleep(_PAUSE)
                continue
            host = str(address[0])
            try:
                room = await self._has_room(host)
            except asyncio.CancelledError:
                connection.close()
                raise
            if room:
                self._enter(connection, host)
            else:
                self._complain("there is no room for a connection", None)
                connection.close()

    async def _has_room(self, host: str) -> bool:
        if self._hosts[host] >= max(1, self._room // 2):
            return await self._make_way(host)
        return self._hosts.total() < self._room or await self._make_way(None)

    async def _make_way(self, host: str | None) -> bool:
        """Close the connection, of a host or of the greediest, that has waited longest.

        It is closed when this returns: a queue of newcomers does not take a file each while those
        that give way still have theirs.
        """
        waiting = [c for c in self._inside if c.waits and host in (None, c.host)]
        if not waiting:
            return False
        most = max(self._hosts[c.host] for c in waiting)
        first = min((c for c in waiting if self._hosts[c.host] == most), key=lambda c: c.since)
        self._leave(first)
        handshake = self._handshakes.get(first)
        if handshake is not None:
            handshake.cancel()
            await asyncio.wait([handshake])
        await first.end()
        return True

    def _enter(self, connection: socket.socket, host: str) -> None:
        time = asyncio.get_running_loop().time
        guarded = Guarded(self._factory(), host, self._bounds, time, self._leave)
        self._inside.add(guarded)
        self._hosts[host] += 1
        handshake = self._spawn(self._shake_hands(guarded, connection))
        self._handshakes[guarded] = handshake
        # Not by the task itself: one that is cancelled before its first step does nothing.
        handshake.add_done_callback(partial(self._shaken, guarded, connection))

    async def _shake_hands(self, guarded: Guarded, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        limit = self._bounds.head_time if self._context else None
        await loop.connect_accepted_socket(
            lambda: guarded, connection, ssl=self._context, ssl_handshake_timeout=limit
        )

    def _shaken(
        self, guarded: Guarded, connection: socket.socket, handshake: asyncio.Task[None]
    ) -> None:
        del self._handshakes[guarded]
        # One that came to nothing is the client's affair.
        if handshake.cancelled() or handshake.exception() is not None:
            connection.close()
            self._leave(guarded)

    def _leave(self, guarded: Guarded) -> None:
        if guarded in self._inside:
            self._inside.remove(guarded)
            self._hosts[guarded.host] -= 1
            if not self._hosts[guarded.host]:
                del self._hosts[guarded.host]

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            for guarded in [c for c in self._inside if c.overdue]:
                guarded.abort()

    def _complain(self, event: str, error: OSError | None) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained >= _COMPLAINT_PERIOD:
            self._complained = now
            greedy = ", ".join(host for host, _ in self._hosts.most_common(3))
            reason = None if error is None else error.strerror
            log.warning(event, port=self._name, most_from=greedy, reason=reason)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
