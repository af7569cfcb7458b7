"""The door of a web port: real connections to a real HTTP server behind it."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from client_certificate import make_client_certificate
from patience import PATIENCE
from structlog.testing import capture_logs

from heatpump_twin.web.door import Door
from heatpump_twin.web.guarded import Bounds

NO_HURRY = Bounds(PATIENCE, PATIENCE, PATIENCE, PATIENCE)
"""Nothing is late in these tests, unless a test says what."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
REQUEST = b"GET / HTTP/1.1\r\nHost: twin\r\n\r\n"


@dataclass
class House:
    """A web server behind a door."""

    port: int
    release: asyncio.Event
    """Set: slow pages are answered."""
    arrivals: asyncio.Semaphore
    """One for each slow page that is being answered."""
    writers: list[asyncio.StreamWriter]

    async def connect(self, host: str = "127.0.0.1") -> Connection:
        connection = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(host, 0))
        self.writers.append(connection[1])
        return connection

    async def ask(self, path: str, host: str = "127.0.0.1") -> Connection:
        connection = await self.connect(host)
        connection[1].write(REQUEST.replace(b"/ ", f"{path} ".encode()))
        return connection

    async def serving(self, pages: int) -> None:
        for _ in range(pages):
            await self.arrivals.acquire()

    async def page(self, path: str = "/") -> str:
        async with aiohttp.ClientSession() as session:
            reply = await session.get(f"http://127.0.0.1:{self.port}{path}")
            return await reply.text()


@asynccontextmanager
async def house(
    port: int,
    room: int = 8,
    bounds: Bounds = NO_HURRY,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[House]:
    release, arrivals = asyncio.Event(), asyncio.Semaphore(0)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="welcome")

    async def slow(_: web.Request) -> web.Response:
        arrivals.release()
        await release.wait()
        return web.Response(text="at last")

    async def body(request: web.Request) -> web.Response:
        try:
            return web.Response(text=str(len(await request.read())))
        except ConnectionError:
            raise web.HTTPBadRequest from None

    async def much(_: web.Request) -> web.Response:
        return web.Response(body=bytes(50_000_000))

    async def talk(request: web.Request) -> web.WebSocketResponse:
        answers = web.WebSocketResponse()
        await answers.prepare(request)
        async for message in answers:
            await answers.send_str(str(message.data))
        return answers

    app = web.Application(client_max_size=10_000_000)
    app.add_routes(
        [web.get("/", page), web.get("/slow", slow), web.post("/body", body),
         web.get("/much", much), web.get("/talk", talk)]
    )  # fmt: skip
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server is not None
    door = Door("test", runner.server, room, context, bounds)
    door.open("127.0.0.1", port)
    try:
        yield (here := House(port, release, arrivals, []))
    finally:
        release.set()
        for writer in here.writers:
            writer.close()
        await door.close()
        await runner.cleanup()


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side has closed; return whether it sent something first."""
    try:
        return bool(await reader.read())
    except ConnectionError:
        return False


async def test_who_connects_and_says_nothing_makes_way_for_who_asks(free_port) -> None:
    async with house(free_port()) as here:
        idle = [await here.connect() for _ in range(50)]
        for _ in range(20):
            assert await here.page() == "welcome"
        # The last of them stayed: there was room enough for it.
        assert not idle[-1][0].at_eof()
        assert await ended(idle[0][0]) is False


@pytest.mark.parametrize("over_tls", [False, True])
async def test_a_queue_of_newcomers_takes_no_more_files_than_there_is_room(
    free_port, tmp_path, over_tls: bool
) -> None:
    context = server_context(tmp_path) if over_tls else None
    async with house(free_port(), room=8, context=context) as here:
        with ExitStack() as stack:
            # All at once, while the event loop has no turn: they wait in the system's queue.
            clients = []
            for _ in range(100):
                clients.append(socket.create_connection(("127.0.0.1", here.port)))
                stack.enter_context(clients[-1]).sendall(REQUEST[:-2])
            stack.enter_context(files_left(8))
            with capture_logs() as logs:
                # Half of the room is for one host: the last four stay.
                assert await said_nothing(clients[95])
            assert not logs
            clients[99].sendall(b"\r\n")
            assert over_tls or not await said_nothing(clients[99])


async def said_nothing(client: socket.socket) -> bool:
    """Wait until the server sends, or closes without a word."""
    client.setblocking(False)
    try:
        return not await asyncio.get_running_loop().sock_recv(client, 1)
    except ConnectionError:
        return True


@contextmanager
def files_left(count: int) -> Iterator[None]:
    """Leave this process so many files that it may open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.dup(0)  # the lowest free number: what is open above it counts as well
    os.close(probe)
    highest = max(int(file.name) for file in Path("/proc/self/fd").iterdir())
    with ExitStack() as stack:
        for _ in range(highest - probe):
            stack.callback(os.close, os.dup(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1 + count, before[1]))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        yield


async def test_a_torn_header_never_becomes_a_request_by_waiting(free_port) -> None:
    async with house(free_port(), bounds=replace(NO_HURRY, head_time=1.0)) as here:
        reader, writer = await here.connect()
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        drip = asyncio.create_task(_drip(writer))
        assert await ended(reader) is False
        drip.cancel()


async def test_one_that_is_only_slow_is_served(free_port) -> None:
    async with house(free_port()) as here:
        reader, writer = await here.connect()
        for byte in REQUEST:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"a")
        await asyncio.sleep(0.05)


async def test_a_body_that_never_ends_is_cut_off(free_port) -> None:
    async with house(free_port(), bounds=replace(NO_HURRY, request_time=1.0)) as here:
        reader, writer = await here.connect()
        writer.write(b"POST /body HTTP/1.1\r\nHost: twin\r\nContent-Length: 900\r\n\r\n")
        drip = asyncio.create_task(_drip(writer))
        assert await ended(reader) is False
        drip.cancel()


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000,
                 b"POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 9000000\r\n\r\n"
                 + bytes(2**21)],
    ids=["headers", "body"],
)  # fmt: skip
async def test_what_is_too_long_is_read_no_further(free_port, request_: bytes) -> None:
    async with house(free_port()) as here:
        reader, writer = await here.connect()
        writer.write(request_)
        said = await _said(reader)
        assert b"200" not in said
        assert await here.page() == "welcome"


async def _said(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def test_who_does_not_take_the_answer_is_let_go(free_port) -> None:
    async with house(free_port(), bounds=replace(NO_HURRY, stalled_time=1.0)) as here:
        reader, writer = await here.connect()
        writer.write(REQUEST.replace(b"/ ", b"/much "))
        await writer.drain()
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await _closed_by_server(writer)
        assert await here.page() == "welcome"


async def _closed_by_server(writer: asyncio.StreamWriter) -> None:
    """Write until that fails: who reads nothing cannot tell otherwise."""
    with suppress(ConnectionError):
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)


async def test_a_connection_that_asks_nothing_more_is_closed(free_port) -> None:
    async with house(free_port(), bounds=replace(NO_HURRY, idle_time=1.0)) as here:
        reader, writer = await here.connect()
        writer.write(REQUEST)
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        assert await ended(reader) is True  # the page, then nothing


async def test_who_is_being_served_is_not_sent_away(free_port) -> None:
    async with house(free_port(), room=8) as here:
        served = [await here.ask("/slow") for _ in range(3)]
        await here.serving(3)
        for _ in range(30):
            await here.connect()
        here.release.set()
        for reader, _ in served:
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


async def test_one_host_has_half_of_the_room(free_port) -> None:
    async with house(free_port(), room=8) as here:
        for _ in range(4):
            await here.ask("/slow")
        await here.serving(4)
        reader, _ = await here.ask("/")
        assert await ended(reader) is False
        # From another host there is room.
        reader, _ = await here.ask("/", "127.0.0.2")
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")


async def test_a_web_socket_stays(free_port) -> None:
    bounds = replace(NO_HURRY, request_time=1.0, idle_time=1.0)
    async with (
        house(free_port(), bounds=bounds) as here,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{here.port}/talk") as web_socket,
    ):
        for number in range(4):
            await web_socket.send_str(str(number))
            assert await web_socket.receive_str() == str(number)
            await asyncio.sleep(0.6)  # longer, in all, than any bound


async def test_the_answers_of_pipelined_requests_all_come(free_port) -> None:
    async with house(free_port()) as here:
        reader, writer = await here.connect()
        writer.write(REQUEST * 3)
        for _ in range(3):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(7) == b"welcome"
        writer.close()


async def test_over_tls_too_who_says_nothing_makes_way(free_port, tmp_path) -> None:
    context = server_context(tmp_path)
    async with house(free_port(), context=context) as here, aiohttp.ClientSession() as session:
        # Before the handshake as well, which none of these begins.
        idle = [await here.connect() for _ in range(20)]
        for _ in range(5):
            async with session.get(f"https://127.0.0.1:{here.port}/", ssl=False) as reply:
                assert await reply.text() == "welcome"
        assert await ended(idle[0][0]) is False


def server_context(folder: Path) -> ssl.SSLContext:
    certificate, key = make_client_certificate(folder, "urn:test:door")
    pem = folder / "certificate.pem"
    pem.write_text(ssl.DER_cert_to_PEM_cert(certificate.read_bytes()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context
