"""A TwinServer on a free port, with a device side that is held in arrays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from asyncua import Client, Node, ua
from asyncua.crypto.security_policies import SecurityPolicy, SecurityPolicyBasic256Sha256
from client_certificate import make_client_certificate
from namespaces import site_index
from patient_client import patient_client
from ports import claim
from raw_session import Raw

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HistorianSettings, Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, BAD_WAITING_FOR_INITIAL_DATA
from heatpump_twin.server.alarms.condition import first_state
from heatpump_twin.server.nodeset.type_models import DI, TYPES
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.server.twin_server import TwinServer
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.commands.audit import AuditLog
from heatpump_twin.twin_engine.commands.commands import CommandResult
from heatpump_twin.twin_engine.commands.refused_write import RefusedWrite
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.historian.events.event_log import EventLog
from heatpump_twin.twin_engine.historian.historian import Historian
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import NO_SAMPLES, Samples
from heatpump_twin.twin_engine.hourly_statistics import NO_HOURS, Hourly
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.provenance import Provenance

PASSWORD = "correct horse battery"
CLIENT_URI = "urn:test:client"
LIMITS = {
    "supply_setpoint": (20.0, 55.0),
    "dhw_setpoint": (40.0, 60.0),
    "operating_mode": (1.0, 5.0),
    "unit_enabled": (0.0, 1.0),
    "heating_curve": (0.0, 15.0),
    "heating_curve_offset": (-10.0, 10.0),
}
ALARM = AlarmDefinition(
    "hp1", "low_water_flow", "Low water flow", 700, "Clogged strainer", "Clean the strainer",
    ("water_flow", "compressor_on"),
)  # fmt: skip
OTHER_ALARM = AlarmDefinition(
    "hp1", "high_pressure", "High pressure", 900, "Little flow", "Check the pump", ()
)
PROVENANCE = Provenance(
    "heat_up_time", "1.2.0", "ab" * 32, "2025-01-01T00:00:00+00:00", "2025-12-31T00:00:00+00:00",
    "emulated plant", 14400.0,
)  # fmt: skip
T0 = 1_760_000_000_000_000


@dataclass
class Device:
    """A command handler over a dictionary: what a device would hold, and the audit of it."""

    held: dict[str, float] = field(default_factory=dict)
    audit: list[tuple[str, str, float, int, str]] = field(default_factory=list)
    status: int = 0
    refuses: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)

    async def write(
        self, key: str, value: float, *, user: str, origin: str, reason: str = ""
    ) -> CommandResult:
        self.audit.append(("write", key, value, self.status, f"{user} {origin}"))
        self.reasons[key] = reason
        old = self.held.get(key, float("nan"))
        if key in self.refuses:
            return CommandResult(BAD_NO_COMMUNICATION, old, value, None, "It is refused.")
        if self.status == 0:
            self.held[key] = value
        return CommandResult(self.status, old, value, self.held.get(key), "It is done.")

    async def refuse(self, refused: RefusedWrite) -> None:
        who = f"{refused.user} {refused.origin}"
        self.audit.append(("refuse", refused.key, refused.value, refused.status, who))
        self.reasons[refused.key] = refused.reason


@dataclass
class Records:
    """A history over arrays."""

    samples: dict[str, Samples] = field(default_factory=dict)

    def put(self, key: str, values: list[float], status: list[int] | None = None) -> None:
        n = len(values)
        self.samples[key] = Samples(
            np.array(values),
            np.array(status or [0] * n, dtype=np.uint32),
            T0 + np.arange(n, dtype=np.int64) * 1_000_000,
        )

    def _pick(self, key: str, mask: object) -> Samples:
        return self.samples[key][mask]

    def _time(self, key: str) -> np.ndarray:
        return self.samples.setdefault(key, NO_SAMPLES).time

    async def read_raw(
        self, key: str, start: int, end: int, *, limit: int, reverse: bool = False
    ) -> Samples:
        time = self._time(key)
        rows = np.flatnonzero((time >= start) & (time < end))
        return self._pick(key, (rows[::-1] if reverse else rows)[:limit])

    async def before(self, key: str, time: int) -> Samples:
        return self._pick(key, np.flatnonzero(self._time(key) <= time)[-1:])

    async def after(self, key: str, time: int) -> Samples:
        return self._pick(key, np.flatnonzero(self._time(key) >= time)[:1])

    async def read_hours(self, key: str, start: int, end: int) -> Hourly:
        del key, start, end
        return NO_HOURS


@dataclass
class Rig:
    """A running server and everything around it."""

    site: Site
    data: DataDirectory
    table: PointTable
    image: Image
    device: Device
    records: Records
    users: UserStore
    server: TwinServer
    clock: SystemClock
    alarms: Sequence[AlarmDefinition]
    provenance: dict[str, Provenance]
    audit: AuditLog
    conditions: ConditionStore
    historian: Historian | None = None
    trajectories: TrajectoryLog | None = None

    @property
    def url(self) -> str:
        return self.site.opcua.url

    t0 = T0
    alarm = ALARM
    password = PASSWORD

    async def namespaces(self, client: Client) -> dict[str, int]:
        array = await client.get_namespace_array()
        return {
            "di": array.index(DI),
            "types": array.index(TYPES),
            "site": await site_index(client),
        }

    async def node(self, client: Client, name: str) -> Node:
        return client.get_node(ua.NodeId(name, (await self.namespaces(client))["site"]))

    async def add_hp1(self) -> None:
        """Have the heat pump back that was removed."""
        await self.server.add(self.site.heat_pumps[0], self.alarms, self.provenance)

    def feed(self, key: str, value: float, status: int = 0, time: int | None = None) -> None:
        point = self.table.by_key[key].index
        self.image.ingest(
            Frame.of([point], value, status, self.clock.now() if time is None else time)
        )


StartRig = Callable[..., AbstractAsyncContextManager[Rig]]


@pytest.fixture(scope="session")
def users_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One user per role; hashing is slow by design, so it is done once."""
    store = UserStore(tmp_path_factory.mktemp("users") / "users.json")
    for name, role in (("victor", "viewer"), ("olga", "operator"), ("erik", "engineer")):
        store.add(name, UserRole(role), PASSWORD)
    return (tmp_path_factory.getbasetemp() / "users0" / "users.json").read_bytes()


@pytest.fixture(scope="session")
def start_rig(tmp_path_factory: pytest.TempPathFactory, users_file: bytes) -> StartRig:
    @asynccontextmanager
    async def start(
        *overrides: str,
        data_path: Path | None = None,
        alarms: Sequence[AlarmDefinition] = (ALARM, OTHER_ALARM),
        hmi_certificate: bytes | None = None,
        recording: bool = False,
        forecasts: Sequence[str] = (),
        without: Collection[str] = (),
    ) -> AsyncIterator[Rig]:
        # With a tariff: some of the catalogue's points are amounts of money.
        tariff = ("tariff.currency=EUR", "tariff.price=0.2")
        site = load_site("default", [f"opcua.port={claim()}", *tariff, *overrides], {})
        data = DataDirectory.open(data_path or tmp_path_factory.mktemp("data"))
        if not data.users.exists():
            write_private(data.users, users_file)
        clock = SystemClock()
        table = PointTable.build(
            ("hp1", name, spec, LIMITS.get(name))
            for name, spec in CATALOGUE["heat_pump"].items()
            if name not in without
        )
        image, device, records = Image(table, clock.now()), Device(), Records()
        users = UserStore(data.users)
        provenance = {p.key: PROVENANCE for p in table if p.spec.role == "predicted"}
        database = f"sqlite:///{data.database}"
        audit, conditions = AuditLog(database), ConditionStore(database)
        events = EventLog(database)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(audit.stop)
            stack.push_async_callback(conditions.stop)
            stack.push_async_callback(events.stop)
            await audit.start()
            await conditions.load()
            historian = None
            if recording:
                # What is written is of a fixed day, which gets older than any usual retention.
                settings = HistorianSettings(flush=0.02, retention=500 * 366 * 86_400)
                historian = Historian(table, database, settings, clock)
                await historian.start()
                stack.push_async_callback(historian.stop)
            trajectories = TrajectoryLog(table, database)
            stack.callback(trajectories.close)
            await trajectories.announce(forecasts)
            server = TwinServer(
                site=site, data=data, table=table, image=image, alarms=alarms,
                commands=device, history=historian.stored if historian else records,
                editor=historian, users=users,
                provenance=provenance, clock=clock, hmi_certificate=hmi_certificate,
                audit=audit, conditions=conditions, events=events, trajectories=trajectories,
            )  # fmt: skip
            image.subscribe(server.publish)
            await server.start()
            stack.push_async_callback(server.stop)
            writing = asyncio.create_task(events.run())
            stack.callback(writing.cancel)
            yield Rig(
                site, data, table, image, device, records, users, server, clock, alarms, provenance,
                audit, conditions, historian, trajectories,
            )  # fmt: skip

    return start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_rig(start_rig: StartRig) -> AsyncIterator[Rig]:
    """One server per test module: building the standard address space takes its time."""
    async with start_rig() as running:
        yield running


@pytest.fixture
def rig(shared_rig: Rig, users_file: bytes) -> Rig:
    """The module's server with nothing recorded, and users and alarms as at first."""
    shared_rig.device.held.clear()
    shared_rig.device.audit.clear()
    shared_rig.device.reasons.clear()
    shared_rig.device.status = 0
    shared_rig.device.refuses.clear()
    shared_rig.records.samples.clear()
    write_private(shared_rig.data.users, users_file)
    now = shared_rig.clock.now()
    for condition in shared_rig.server._running.space.conditions._by_key.values():
        condition.state = first_state(condition.alarm, now)
    shared_rig.image.ingest(
        Frame.bad(range(len(shared_rig.table)), BAD_WAITING_FOR_INITIAL_DATA, now)
    )
    return shared_rig


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("client")
    return make_client_certificate(folder, CLIENT_URI)


Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(scope="session")
def connect(certificate: tuple[Path, Path]) -> Connect:
    """A client: anonymous without encryption, or as a user over an encrypted channel."""

    @asynccontextmanager
    async def open_client(
        rig: Rig,
        user: str | None = None,
        *,
        encrypted: bool = False,
        policy: type[SecurityPolicy] = SecurityPolicyBasic256Sha256,
        password: str = PASSWORD,
        files: tuple[Path, Path] | None = None,
        mode: ua.MessageSecurityMode = ua.MessageSecurityMode.SignAndEncrypt,
    ) -> AsyncIterator[Client]:
        client = patient_client(rig.url)
        client.application_uri = CLIENT_URI
        if user is not None or encrypted:
            await client.set_security(policy, *(files or certificate), mode=mode)
        if user is not None:
            client.set_user(user)
            client.set_password(password)
        async with client:
            yield client

    return open_client


@pytest.fixture
def raw() -> type[Raw]:
    return Raw


@pytest.fixture
def soon() -> Any:
    async def start(work: Any) -> asyncio.Task:
        """Start a request and return when it is on its way."""
        task = asyncio.ensure_future(work)
        await asyncio.sleep(0)
        return task

    return start
