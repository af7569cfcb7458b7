"""The plant over real Modbus TCP and HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from pydantic import ValidationError
from pymodbus.client import AsyncModbusTcpClient

from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import EmulatedPlant
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock, SystemClock
from heatpump_twin.drivers.plant.devices.plant import Plant, plant_clock, step_for
from heatpump_twin.drivers.plant.errors import PortTakenError, WiringError
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of, listening
from heatpump_twin.drivers.plant.serve.site_plant import serve_plant

START = 1_768_456_800 * MICROSECONDS
"""2026-01-15 06:00 UTC."""
SETPOINT = 12
"""Holding register of the zone 1 setpoint of the Aquarea gateway, 0.1 °C."""


def load(name: str, port: int, control: int, *more: str):
    settings = [f"plant.port={port}", f"plant.control_port={control}", *more]
    return load_site(name, settings, environment={})


@asynccontextmanager
async def serving(site, clock):
    """Run the plant of a site."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve_plant(site, clock, ready.set, stop))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield
    finally:
        waiting.cancel()
        stop.set()
        if not task.done():
            await task


@pytest.fixture
def ports(unused_range) -> tuple[int, int]:
    first = unused_range(8)
    return first, first + 7


async def call(port: int, method: str, path: str, **how):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{path}", **how) as response,
    ):
        return response.status, await response.json()


async def test_a_write_over_modbus_moves_the_plant(ports, eventually) -> None:
    site, clock = load("default", *ports), ManualClock(START)
    async with serving(site, clock), AsyncModbusTcpClient("127.0.0.1", port=ports[0]) as modbus:
        before = (await modbus.read_holding_registers(SETPOINT, count=1)).registers
        assert 250 < before[0] < 450  # of the curve
        await modbus.write_register(SETPOINT, 500)
        assert (await modbus.read_holding_registers(SETPOINT, count=1)).registers == [500]
        _, state = await call(ports[1], "GET", "/state")
        supply = state["heat_pumps"]["hp1"]["truth"]["supply_temperature"]
        clock.advance(180)

        async def warmer() -> bool:
            _, now = await call(ports[1], "GET", "/state")
            return now["heat_pumps"]["hp1"]["truth"]["supply_temperature"] > supply + 1.0

        await eventually(warmer)


async def test_faults_come_and_go_over_http(ports, eventually) -> None:
    site, clock = load("default", *ports), ManualClock(START)
    async with serving(site, clock):
        control = ports[1]
        status, _ = await call(
            control, "POST", "/faults", json={"heat_pump": "hp1", "name": "controller_error"}
        )
        assert status == 201
        status, faults = await call(
            control, "POST", "/faults", json={"gateway": "hp1.controller", "name": "silence"}
        )
        assert {f["name"] for f in faults["active"]} == {"controller_error", "silence"}
        clock.advance(30)

        async def stopped() -> bool:
            _, state = await call(control, "GET", "/state")
            return state["heat_pumps"]["hp1"]["truth"]["modulation"] == 0.0

        await eventually(stopped)
        status, faults = await call(control, "DELETE", "/faults?gateway=hp1.controller")
        assert [f["name"] for f in faults["active"]] == ["controller_error"]
        status, faults = await call(control, "DELETE", "/faults")
        assert (status, faults["active"]) == (200, [])


MISTAKES = (
    ("POST", "/faults", {"heat_pump": "hp9", "name": "fan_stopped"}, 404, "there are: hp1"),
    ("POST", "/faults", {"heat_pump": "hp1", "name": "x"}, 400, "there are: strainer_clogged"),
    ("POST", "/faults", {"heat_pump": "hp1"}, 400, "name: Field required"),
    ("POST", "/faults", {"gateway": "hp1.controller", "name": "x"}, 400, "'silence'"),
    ("POST", "/faults", {"gateway": "x", "name": "silence"}, 404, "hp1.controller"),
    ("POST", "/faults", [1], 400, "valid dictionary"),
    ("POST", "/values", {"values": {"supply_setpoint": 40}}, 400, 'fault {"name": "stuck"'),
    ("DELETE", "/faults?pump=hp1", None, 400, "unknown parameters: pump"),
    ("DELETE", "/faults?gateway=hp1.climate&name=x", None, 400, "no fault 'x'"),
    ("DELETE", "/faults?gateway=x", None, 404, "hp1.controller"),
    ("DELETE", "/faults?heat_pump=hp9", None, 404, "there are: hp1"),
    ("GET", "/nothing", None, 404, "GET /state"),
)


async def test_mistakes_get_a_clear_answer(ports) -> None:
    async with serving(load("default", *ports), ManualClock(START)):
        for method, path, body, status, says in MISTAKES:
            got, answer = await call(ports[1], method, path, json=body)
            assert got == status, answer
            assert says in answer["error"]


async def test_device_faults_are_heard_on_the_wire(ports) -> None:
    site, clock = load("default", *ports), ManualClock(START)
    async with serving(site, clock), AsyncModbusTcpClient("127.0.0.1", port=ports[0]) as modbus:
        refusal = {"name": "exception", "space": "holding", "address": SETPOINT, "code": 4}
        await call(ports[1], "POST", "/faults", json={"gateway": "hp1.controller", **refusal})
        answer = await modbus.read_holding_registers(SETPOINT, count=1)
        assert answer.isError()
        assert answer.exception_code == 4


async def test_a_stuck_display_is_not_a_stuck_plant(ports) -> None:
    site, clock = load("default", *ports), ManualClock(START)
    async with serving(site, clock):
        fault = {"name": "stuck", "point": "outdoor_temperature", "value": -10.5}
        await call(ports[1], "POST", "/faults", json=fault)
        _, values = await call(ports[1], "GET", "/values?gateway=hp1.controller")
        assert values["hp1.controller"]["1"]["outdoor_temperature"] == -10.5
        _, state = await call(ports[1], "GET", "/state")
        assert state["heat_pumps"]["hp1"]["truth"]["outdoor_temperature"] != -10.5


async def test_two_heat_pumps_live_behind_one_plant(ports) -> None:
    site, clock = load("two-heat-pumps", *ports), ManualClock(START)
    async with serving(site, clock):
        _, state = await call(ports[1], "GET", "/state")
        east, west = (state["heat_pumps"][name]["truth"] for name in ("east", "west"))
        assert east["outdoor_temperature"] == west["outdoor_temperature"]
        assert east["room_temperature"] != west["room_temperature"]


async def test_a_taken_port_is_named_with_a_remedy(ports) -> None:
    busy = await asyncio.start_server(lambda *_: None, "127.0.0.1", ports[0] + 1)
    async with busy:
        site = load("default", *ports)
        with pytest.raises(PortTakenError, match=rf":{ports[0] + 1} .*--set plant.port="):
            async with serving(site, ManualClock(START)):
                pass
    busy = await asyncio.start_server(lambda *_: None, "127.0.0.1", ports[1])
    async with busy:
        with pytest.raises(PortTakenError, match=rf":{ports[1]} .*--set plant.control_port="):
            async with serving(site, ManualClock(START)):
                pass


async def test_gateways_can_be_shared_but_not_a_unit(ports) -> None:
    shared = [
        f"heat_pumps.hp1.devices.{d}.connection=emulated:box" for d in ("climate", "heat_meter")
    ]
    site = load("default", *ports, *shared)
    plant = Plant(site, ManualClock(START))
    with pytest.raises(WiringError, match="unit 1 of gateway box is taken"):
        gateways_of(site, plant)
    site = load("default", *ports, *shared, "heat_pumps.hp1.devices.climate.unit=2")
    gateways = gateways_of(site, plant)
    assert set(gateways["box"].devices) == {1, 2}
    async with listening(gateways):
        assert gateways["box"].port == ports[0] + 2


def test_the_plant_keeps_up_with_a_clock_that_jumps(ports) -> None:
    clock = ManualClock(START)
    plant = Plant(load("default", *ports), clock)
    pump = plant.heat_pumps["hp1"]
    counted = pump.read("electrical_energy")
    for seconds in (1.0, 600.0, 5 * 3600.0, 30 * 86_400.0):
        clock.advance(seconds)
        plant.advance()
        assert 0 <= clock.now() - pump.time < MICROSECONDS
    assert pump.residual.loop == pytest.approx(0.0, abs=1.0)
    assert 3 < pump.read("electrical_energy") - counted < 12  # of the month it lived 11 h
    clock.advance(-3600.0)
    plant.advance()
    assert pump.time > clock.now()


def test_the_clock_is_the_sites(ports) -> None:
    assert isinstance(plant_clock(EmulatedPlant(), START), SystemClock)
    fast = plant_clock(EmulatedPlant(speed=3600.0), START)
    assert fast.now() >= START
    set_back = plant_clock(EmulatedPlant(start="2021-03-22T13:00:00+01:00"), START)
    assert 0 <= set_back.now() - 1_616_414_400 * MICROSECONDS < 60 * MICROSECONDS
    with pytest.raises(ValidationError, match="'noon' is not an ISO time"):
        EmulatedPlant(start="noon")
    assert [step_for(s) for s in (1.0, 60.0, 600.0, 3600.0)] == [1.0, 5.0, 10.0, 20.0]
