"""A whole twin as its user runs it: `hptwin run` with ports and data of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from asyncua import Client, Node
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

OPERATOR, VIEWER, PASSWORD = "olga", "victor", "correct horse battery"
START_TIMEOUT = 40.0


@dataclass
class Ports:
    """The ports of one twin."""

    opcua: int
    hmi: int
    ops: int
    plant: int
    control: int

    @property
    def settings(self) -> list[str]:
        values = {
            "opcua.port": self.opcua, "hmi.port": self.hmi, "ops.port": self.ops,
            "plant.port": self.plant, "plant.control_port": self.control,
        }  # fmt: skip
        return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


@dataclass
class Twin:
    """A running (or stopped) twin and what a test does with it."""

    data: Path
    ports: Ports
    site: str = "default"
    extra: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.ports.opcua}/heatpump-twin"

    @property
    def output(self) -> str:
        return (self.data / "output.log").read_text("utf-8")

    def command(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "heatpump_twin", *arguments],
            input=text, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def add_user(self, name: str, role: str) -> None:
        result = self.command(
            "user", "add", name, "--role", role, "--password-stdin", "--data", str(self.data),
            text=PASSWORD + "\n",
        )  # fmt: skip
        assert result.returncode == 0, result.stderr

    def spawn(self) -> None:
        self.data.mkdir(exist_ok=True, parents=True)
        with (self.data / "output.log").open("w") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "heatpump_twin", "run",
                    "--site", self.site, "--data", str(self.data),
                    *self.ports.settings, *self.extra,
                ],
                stdout=output, stderr=subprocess.STDOUT, text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def start(self) -> None:
        self.spawn()
        deadline = time.monotonic() + START_TIMEOUT
        while (status := self.ready()[0]) != 200:
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"/readyz answers {status}: {self.ready()[1]}\n{self.output}")
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.ports.ops}{path}", timeout=5
            ) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self) -> tuple[int, dict[str, object]]:
        status, body = self.get("/readyz")
        return status, json.loads(body) if status else {"error": body}

    def children(self) -> dict[str, psutil.Process]:
        assert self.process is not None
        found = {}
        for child in psutil.Process(self.process.pid).children():
            line = child.cmdline()
            found[line[line.index("heatpump_twin") + 1]] = child
        return found

    def stop(self, number: int = signal.SIGTERM, within: float = 20.0) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(within)


@pytest.fixture(scope="session")
def client_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a self-signed client certificate and its key, as any OPC UA client has them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test client")])
    start = x509.datetime.datetime.now(x509.datetime.timezone.utc)
    day = x509.datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - day).not_valid_after(start + day)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:test:client")]), False
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    (folder / "client.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "client.der", folder / "client.pem"


@pytest.fixture(scope="session")
def connect(client_certificate: tuple[Path, Path]) -> Callable[..., object]:
    """Return an async context manager: a client, anonymous, or as a user over encryption."""

    @asynccontextmanager
    async def open_client(twin: Twin, user: str | None = None) -> AsyncIterator[Client]:
        client = Client(twin.url, timeout=10)
        client.application_uri = "urn:test:client"
        if user is not None:
            certificate, key = client_certificate
            await client.set_security(SecurityPolicyBasic256Sha256, certificate, key)
            client.set_user(user)
            client.set_password(PASSWORD)
        async with client:
            yield client

    return open_client


def consecutive_ports(count: int) -> int:
    """Find the first of ``count`` free TCP ports in a row."""
    while True:
        first = random.randrange(20000, 32000)
        try:
            with ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


def new_ports() -> Ports:
    """Find ports for one twin; its plant takes up to eight in a row."""
    first = consecutive_ports(12)
    return Ports(first, first + 1, first + 2, plant=first + 4, control=first + 3)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Return the running default site, with an operator and a viewer made before its start."""
    twin = Twin(tmp_path_factory.mktemp("twin"), new_ports())
    twin.add_user(OPERATOR, "operator")
    twin.add_user(VIEWER, "viewer")
    twin.start()
    yield twin
    if twin.process is not None and twin.process.poll() is None:
        twin.stop()


@pytest.fixture
def fresh_twin(tmp_path: Path) -> Iterator[Twin]:
    """Return a twin that the test starts itself."""
    twin = Twin(tmp_path / "data", new_ports())
    yield twin
    if twin.process is not None and twin.process.poll() is None:
        twin.process.kill()
        twin.process.wait()


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
