"""Clients of the web ports that connect and never ask: nobody else is to notice."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from patience import until
from whole_twin import Twin

PAGES = True
FILES = 256
TORN = b"GET /healthz HTTP/1.1\r\nX: "


@contextmanager
def torn_requests(port: int, count: int) -> Iterator[None]:
    """Connect so many times, and never finish a request."""
    with ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(TORN)
        yield


async def test_many_torn_requests_leave_files_and_the_log_to_others(
    fresh_twin: Twin, connect
) -> None:
    fresh_twin.spawn()
    assert fresh_twin.process is not None
    # The process may not raise it again, as its own hard limit it is.
    resource.prlimit(fresh_twin.process.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
    until(lambda: fresh_twin.ready()[0] == 200, otherwise=lambda: fresh_twin.output)
    before = len(fresh_twin.output)
    with (
        torn_requests(fresh_twin.ports.ops, 300),
        torn_requests(fresh_twin.ports.hmi, 300),
    ):
        assert fresh_twin.get("/healthz")[0] == 200
        assert fresh_twin.ready()[0] == 200, fresh_twin.ready()
        async with connect(fresh_twin) as client:
            assert await client.nodes.server_state.read_value() == 0
    assert "resource" not in fresh_twin.output
    assert len(fresh_twin.output) - before < 10_000


def test_nonsense_from_strangers_does_not_fill_the_log(twin: Twin) -> None:
    before = len(twin.output)
    for port in (twin.ports.ops, twin.ports.hmi):
        for nonsense in (
            b"\x16\x03\x01\x02\x00",
            b"GET\r\n\r\n",
            b"\0" * 100,
            b"GET / HTTP/9\r\n\r\n",
            b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST /readyz HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n"
            b"Content-Length: 3\r\n\r\nabc",
        ):
            for _ in range(50):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(nonsense)
                    client.shutdown(socket.SHUT_WR)
                    with suppress(ConnectionError):
                        while client.recv(4096):
                            pass
    assert twin.ready()[0] == 200
    assert len(twin.output) - before < 50_000
    assert "Traceback" not in twin.output[before:]


def test_an_unknown_path_has_a_way_back(twin: Twin) -> None:
    status, page = twin.get("/metric")
    assert status == 404
    assert 'href="/metrics"' in page
    assert twin.get("/metrics")[0] == 200
