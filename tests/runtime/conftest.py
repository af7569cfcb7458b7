"""A whole twin as its user runs it: `hptwin run` with ports and data of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import Client, Node
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from client_certificate import make_client_certificate
from patient_client import patient_client
from whole_twin import OPERATOR, PASSWORD, VIEWER, Twin, new_ports


@pytest.fixture(scope="session")
def client_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a client certificate and its key."""
    return make_client_certificate(tmp_path_factory.mktemp("client"), "urn:test:client")


@pytest.fixture(scope="session")
def connect(client_certificate: tuple[Path, Path]) -> Callable[..., object]:
    """Return an async context manager: a client, anonymous, or as a user over encryption."""

    @asynccontextmanager
    async def open_client(twin: Twin, user: str | None = None) -> AsyncIterator[Client]:
        client = patient_client(twin.url)
        client.application_uri = "urn:test:client"
        if user is not None:
            certificate, key = client_certificate
            await client.set_security(SecurityPolicyBasic256Sha256, certificate, key)
            client.set_user(user)
            client.set_password(PASSWORD)
        async with client:
            yield client

    return open_client


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> bool:
    """Return whether a module's twins serve the HMI: where it says so with ``PAGES = True``."""
    return getattr(request.module, "PAGES", False)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory, pages: bool) -> Iterator[Twin]:
    """Return the running default site, with an operator and a viewer made before its start."""
    twin = Twin(tmp_path_factory.mktemp("twin"), new_ports(), pages=pages)
    twin.add_user(OPERATOR, "operator")
    twin.add_user(VIEWER, "viewer")
    try:
        twin.start()
        yield twin
        assert twin.process is not None
        if twin.process.poll() is None:
            twin.stop()
    finally:
        twin.kill()


@pytest.fixture
def fresh_twin(tmp_path: Path, pages: bool) -> Iterator[Twin]:
    """Return a twin that the test starts itself."""
    twin = Twin(tmp_path / "data", new_ports(), pages=pages)
    yield twin
    twin.kill()


@pytest.fixture(scope="session")
def find() -> Callable[..., object]:
    """Return a function that walks from Objects by names, whatever their namespace."""

    async def walk(client: Client, *names: str) -> Node:
        node = client.nodes.objects
        for name in names:
            for child in await node.get_children():
                if (await child.read_browse_name()).Name == name:
                    node = child
                    break
            else:
                children = [(await c.read_browse_name()).Name for c in await node.get_children()]
                pytest.fail(f"{name} is not among {children}")
        return node

    return walk
