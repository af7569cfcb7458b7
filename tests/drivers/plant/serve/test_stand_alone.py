"""Any profile as a device of its own, over real Modbus, with everything that can break."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pymodbus.client import AsyncModbusTcpClient

from heatpump_twin.config.catalogue import CATALOGUE, Point, PointKind
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import write_limits
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.plant.errors import PortTakenError
from heatpump_twin.drivers.plant.serve.stand_alone import Serving, StandAlone, serve_stand_alone
from heatpump_twin.drivers.plant.serve.transport import Transport
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_CONFIGURATION_ERROR, BAD_NO_DATA, GOOD

METER, HJ = "eastron-sdm120", "panasonic-aquarea-hj"
SPEC = CATALOGUE["heat_pump"]


@asynccontextmanager
async def standing(
    devices: Mapping[int, str | Path], clock: ManualClock, **more: Any
) -> AsyncIterator[Serving]:
    """Serve profiles by unit id, on any free ports."""
    wanted = StandAlone(
        {unit: load_profile(name) for unit, name in devices.items()}, "device", port=0,
        control_port=0,
    )  # fmt: skip
    ready: asyncio.Future[Serving] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(
        serve_stand_alone(dataclasses.replace(wanted, **more), clock, ready.set_result, stop)
    )
    await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        task.result()
    try:
        yield await ready
    finally:
        stop.set()
        await task


class Client:
    """A driver on one device, and the latest of what it read, by point."""

    def __init__(self, address: str, profile: Profile, unit: int = 1) -> None:
        points = {
            p.point: Point(i, "hp1", p.point, SPEC[p.point], write_limits(p, SPEC[p.point]))
            for i, p in enumerate(profile.samples)
        }
        self.latest: dict[str, tuple[float, int]] = {}
        self._names = list(points)
        self.driver = ModbusDriver(
            name="hp1.device", profile=profile, points=points, unit=unit, period=1.0, timeout=0.7,
            link=ModbusLink.to(DeviceConnection.model_validate(address)), clock=ManualClock(0),
        )  # fmt: skip

    async def poll(self) -> dict[str, tuple[float, int]]:
        """Return value and status of every point that was read just now."""
        self.latest = {}
        await self.driver.poll(self._take)
        return self.latest

    async def write(self, point: str, value: float) -> WriteState:
        return (await self.driver.write(self._names.index(point), value)).state

    def _take(self, frame: Frame) -> None:
        for index, value, status in zip(frame.point, frame.value, frame.status, strict=True):
            self.latest[self._names[index]] = float(value), int(status)


@pytest.fixture
async def client() -> AsyncIterator[Callable[..., Client]]:
    """Return a function that makes a client of the first gateway, closed with the test."""
    made: list[Client] = []

    def make(serving: Serving, name: str | Path = METER, unit: int = 1) -> Client:
        address = next(iter(serving.addresses.values()))
        profile = load_profile(name).model_copy(update={"pause": 0.0})
        made.append(Client(address, profile, unit))
        return made[-1]

    yield make
    for x in made:
        await x.driver.close()


async def call(serving: Serving, method: str, path: str, **how: Any) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, serving.control.url + path, **how) as response,
    ):
        return response.status, await response.json()


async def start(serving: Serving, name: str, **details: Any) -> None:
    status, answer = await call(serving, "POST", "/faults", json={"name": name, **details})
    assert status == 201, answer


async def repair(serving: Serving) -> None:
    assert (await call(serving, "DELETE", "/faults"))[1]["active"] == []


# ── values ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", packaged_profiles())
async def test_every_point_of_every_profile_has_a_plausible_value_at_any_time(
    name: str, client: Any
) -> None:
    clock = ManualClock(1_768_456_800 * MICROSECONDS)
    async with standing({1: name}, clock) as serving:
        reader = client(serving, name)
        seen: dict[str, set[float]] = {}
        for _ in range(15):
            samples = await reader.poll()
            assert samples.keys() == {point.point for point in load_profile(name).samples}
            for point, (value, status) in samples.items():
                assert status == GOOD, point
                seen.setdefault(point, set()).add(value)
            clock.advance(257)
        for point, values in seen.items():
            spec = SPEC[point]
            if spec.kind is PointKind.ANALOG:
                low, high = spec.range
                assert low - 1 <= min(values) <= max(values) <= high + 1, point
            else:
                assert values <= set(spec.codes), point
        moving = [p for p, values in seen.items() if len(values) > 1]
        assert moving or all(load_profile(name).by_name[p].write for p in seen)


async def test_a_profile_that_comes_as_a_file(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "{title: Own, kind: transmitter, source: a test, points: ["
        "{point: room_temperature, space: input, address: 3, type: int16, scale: 0.1},"
        "{point: name, space: input, address: 4, type: string, length: 4}]}"
    )
    async with standing({1: path}, ManualClock(0)) as serving:
        assert (await client(serving, path).poll())["room_temperature"][1] == GOOD
        port = serving.gateways["device"].port
        async with AsyncModbusTcpClient("127.0.0.1", port=port) as modbus:
            words = (await modbus.read_input_registers(4, count=4)).registers
        assert b"".join(word.to_bytes(2, "big") for word in words) == b"EMULATED"


async def test_what_is_written_stays(client: Any) -> None:
    clock = ManualClock(0)
    async with standing({1: HJ}, clock) as serving:
        controller = client(serving, HJ)
        assert await controller.write("supply_setpoint", 47.5) is WriteState.CONFIRMED
        assert await controller.write("unit_enabled", 0) is WriteState.CONFIRMED
        clock.advance(3600)
        samples = await controller.poll()
        assert samples["supply_setpoint"] == (47.5, GOOD)
        assert samples["unit_enabled"] == (0, GOOD)


async def test_any_point_can_be_set_taken_away_and_left_to_itself(client: Any) -> None:
    async with standing({1: METER}, ManualClock(0)) as serving:
        meter = client(serving)
        before = (await meter.poll())["voltage"]
        wish = {"values": {"voltage": 999.5, "current": "absent"}}
        status, values = await call(serving, "POST", "/values", json=wish)
        assert status == 200
        assert values["device"]["1"]["voltage"] == 999.5
        assert values["device"]["1"]["current"] is None
        samples = await meter.poll()
        assert samples["voltage"] == (999.5, GOOD)
        assert samples["current"][1] != GOOD
        await call(serving, "POST", "/values", json={"values": {"voltage": "auto"}})
        assert (await meter.poll())["voltage"] == before


async def test_units_behind_one_gateway_and_gateways_side_by_side(client: Any) -> None:
    async with standing({1: METER, 7: HJ}, ManualClock(0)) as serving:
        assert (await client(serving).poll())["voltage"][1] == GOOD
        assert (await client(serving, HJ, 7).poll())["supply_temperature"][1] == GOOD
    async with standing({1: METER}, ManualClock(0), count=3) as serving:
        assert list(serving.gateways) == ["device.1", "device.2", "device.3"]
        assert len(set(serving.addresses.values())) == 3
        _, values = await call(serving, "GET", "/values?gateway=device.3")
        assert list(values) == ["device.3"]


@pytest.mark.parametrize("transport", list(Transport))
async def test_every_transport(transport: Transport, client: Any) -> None:
    async with standing({1: METER}, ManualClock(0), transport=transport) as serving:
        address = serving.addresses["device"]
        assert address.startswith(f"{transport}://")
        if transport is Transport.SERIAL:
            serving.addresses["device"] = f"{address}?parity=N"
        meter = client(serving)
        assert (await meter.poll())["voltage"][1] == GOOD
        for fault in ("half_open", "unreachable", "reboot"):
            await start(serving, fault)
            if transport is Transport.SERIAL or fault != "half_open":
                assert (await meter.poll())["voltage"][1] != GOOD
            await repair(serving)
            assert (await meter.poll())["voltage"][1] == GOOD


async def test_ports_that_cannot_be_had(tmp_path: Path) -> None:
    busy = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with busy:
        taken = busy.sockets[0].getsockname()[1]
        with pytest.raises(PortTakenError, match=f":{taken} .*--port PORT"):
            async with standing({1: METER}, ManualClock(0), port=taken):
                pass
        with pytest.raises(PortTakenError, match=f":{taken} .*--control-port PORT"):
            async with standing({1: METER}, ManualClock(0), control_port=taken):
                pass
    line = DeviceConnection.model_validate(f"serial://{tmp_path}/none")
    with pytest.raises(PortTakenError, match=r"none cannot be opened: .*--line"):
        async with standing({1: METER}, ManualClock(0), transport=Transport.SERIAL, line=line):
            pass


# ── faults ────────────────────────────────────────────────────────────────────────────────────────
DEAD = [
    ("silence", {}),
    ("silence", {"unit": 1}),
    ("latency", {"seconds": 1.5}),
    ("late", {"seconds": 60}),
    ("offline", {}),
    ("unreachable", {}),
    ("reboot", {"seconds": 600}),
    *(("garbage", {"kind": kind}) for kind in (
        "garbage", "truncated", "wrong_transaction", "wrong_unit", "wrong_function", "wrong_count",
        "wrong_byte_count", "no_transaction", "no_unit", "echo",
    )),
]  # fmt: skip


async def test_a_fault_takes_the_device_away_until_it_is_repaired(client: Any) -> None:
    """Every fault on a device of its own, all at the same time."""

    async def suffer(name: str, details: Mapping[str, Any]) -> None:
        async with standing({1: METER}, ManualClock(0)) as serving:
            meter = client(serving)
            assert (await meter.poll())["voltage"][1] == GOOD
            await start(serving, name, **details)
            (active,) = (await call(serving, "GET", "/faults"))[1]["active"]
            assert active.items() >= {"name": name, "gateway": "device", **details}.items()
            assert (await meter.poll())["voltage"][1] != GOOD, (name, details)
            await repair(serving)
            # What is still on its way on the connection comes first.
            samples = [await meter.poll() for _ in range(3)]
            assert samples[-1]["voltage"][1] == GOOD, (name, details)

    await asyncio.gather(*(suffer(name, details) for name, details in DEAD))


async def test_a_half_open_connection_is_given_up_for_a_new_one(client: Any) -> None:
    async with standing({1: METER}, ManualClock(0)) as serving:
        meter = client(serving)
        await meter.poll()
        await start(serving, "half_open")
        assert (await meter.poll())["voltage"][1] == GOOD
        _, known = await call(serving, "GET", "/faults")
        assert known["active"] == []


async def test_a_point_can_be_refused(client: Any) -> None:
    async with standing({1: METER}, ManualClock(0)) as serving:
        await start(serving, "exception", point="current", code=2)
        samples = await client(serving).poll()
        assert samples["current"][1] == BAD_CONFIGURATION_ERROR
        assert {s for p, (_, s) in samples.items() if p != "current"} == {GOOD}


async def test_sensors_stick_and_drift(client: Any) -> None:
    clock = ManualClock(0)
    async with standing({1: METER}, clock) as serving:
        meter = client(serving)
        voltage = (await meter.poll())["voltage"][0]
        await call(serving, "POST", "/values", json={"values": {"current": 5}})
        await start(serving, "stuck", point="voltage")
        await start(serving, "drift", point="current", per_hour=-2)
        clock.advance(1800)
        samples = await meter.poll()
        assert samples["voltage"][0] == pytest.approx(voltage, rel=1e-6)
        assert samples["current"][0] == pytest.approx(4.0, rel=1e-6)
        await repair(serving)
        samples = await meter.poll()
        assert samples["current"][0] == 5
        assert samples["voltage"][0] != pytest.approx(voltage, rel=1e-6)


async def test_a_reboot_forgets_what_was_written_and_ends_by_itself(
    client: Any, eventually: Any
) -> None:
    async with standing({1: HJ}, ManualClock(0)) as serving:
        controller = client(serving, HJ)
        start_value = (await controller.poll())["supply_setpoint"]
        await controller.write("supply_setpoint", 47.5)
        await start(serving, "reboot", seconds=0.3)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", serving.gateways["device"].port)

        async def back() -> bool:
            return (await controller.poll()).get("supply_setpoint") == start_value

        await eventually(back)
        assert (await call(serving, "GET", "/faults"))[1]["active"] == []


async def test_one_request_in_three_is_hit(client: Any) -> None:
    async with standing({1: METER}, ManualClock(0)) as serving:
        await start(serving, "exception", point="voltage", code=6)
        await start(serving, "silence", one_in=3)
        port = serving.gateways["device"].port
        answered = []
        async with AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.1, retries=0) as modbus:
            for _ in range(6):
                try:
                    answered.append((await modbus.read_input_registers(12, count=2)).isError())
                except Exception as error:  # noqa: BLE001 (pymodbus says so in several ways)
                    answered.append(type(error).__name__)
        assert answered[:2] == answered[3:5] == [False, False]
        assert answered[2] == answered[5] != False  # noqa: E712


MISTAKES = (
    ("POST", "/faults", {"name": "nonesuch"}, 400, "there are: silence, latency"),
    ("POST", "/faults", {"name": "stuck", "point": "x"}, 404, "there are: apparent_power"),
    ("POST", "/faults", {"name": "silence", "unit": 9}, 404, "it has: 1"),
    ("POST", "/faults", {"name": "exception"}, 400, "state a point, or space and address"),
    ("POST", "/faults", {"name": "strainer_clogged"}, 400, "no fault"),
    ("POST", "/values", {"values": {"x": 1}}, 400, "there are: apparent_power"),
    ("POST", "/values", {"values": {"voltage": "high"}}, 400, "absent"),
    ("POST", "/values", {"values": {"voltage": 1e300}}, 400, "does not fit"),
    ("POST", "/faults", {"name": "stuck", "point": "voltage", "value": 1e999}, 400, "finite"),
    ("POST", "/values", {"unit": 4, "values": {"voltage": 1}}, 404, "device [1]"),
    ("POST", "/values", {"values": {"current": 3.0, "voltage": 1e300}}, 400, "does not fit"),
    ("GET", "/values?device=1", None, 400, "there are: gateway, unit"),
    ("PUT", "/values", None, 405, "POST /values"),
)


async def test_mistakes_get_a_clear_answer_and_change_nothing() -> None:
    async with standing({1: METER}, ManualClock(0)) as serving:
        _, before = await call(serving, "GET", "/values")
        for method, path, body, status, says in MISTAKES:
            got, answer = await call(serving, method, path, json=body)
            assert got == status, answer
            assert says in answer["error"]
        assert (await call(serving, "GET", "/values"))[1] == before
        assert (await call(serving, "GET", "/faults"))[1]["active"] == []


async def test_a_mark_for_a_missing_sensor_is_never_shown_for_a_value(
    client: Any, tmp_path: Path
) -> None:
    path = tmp_path / "marked.yaml"
    path.write_text(
        "{title: T, kind: transmitter, source: a test, points: [{point: outdoor_temperature, "
        "space: input, address: 0, type: int16, scale: 0.1, absent: 0}]}"
    )
    async with standing({1: path}, ManualClock(0)) as serving:
        generator = serving.gateways["device"].devices[1].process
        generator.write("outdoor_temperature", 0.0)
        reader = client(serving, path)
        assert (await reader.poll())["outdoor_temperature"] == (pytest.approx(0.1), GOOD)
        await call(serving, "POST", "/values", json={"values": {"outdoor_temperature": "absent"}})
        assert (await reader.poll())["outdoor_temperature"][1] == BAD_NO_DATA
