"""Scans of emulated devices of every profile, over real TCP: what fits, and what is asked."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from plausible import SUMMER, WINTER, PlausibleProcess
from pymodbus.constants import ExcCodes
from recorded import READS, RecordedSession
from taciturn import Taciturn

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.commissioning.gateway_scan import (
    Scan,
    ScanLimits,
    ScanReport,
    ScanStep,
)
from heatpump_twin.drivers.modbus.emulator.emulated_device import NOTHING_FORCED, Forced
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedDevice,
    EmulatedGateway,
    RtuSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_points import ModbusRefusal
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError

PROFILES = {name: load_profile(name) for name in packaged_profiles()}
QUICK = ScanLimits(timeout=2.0, pause=0.0, requests=2000, seconds=60.0)

ALIKE = ({"eastron-sdm72", "eastron-sdm630"}, {"nibe-s735", "nibe-s1155"})
"""Of these, one has the other's registers as well: the plate tells them apart, not a scan."""
ALIKE_WITHIN = 0.05

Scanned = Callable[..., Awaitable[tuple[ScanReport, RecordedSession]]]


class Generous(EmulatedDevice):
    """Answers any address that it does not have with zeros, as many devices do."""

    def respond(self, request: bytes, forced: Forced = NOTHING_FORCED) -> bytes:
        try:
            return super().respond(request, forced)
        except ModbusRefusal:
            if request[0] not in READS:
                raise
            count = int.from_bytes(request[3:5], "big")
            size = (count + 7) // 8 if request[0] <= 2 else 2 * count
            return bytes((request[0], size)) + bytes(size)


class Both(EmulatedDevice):
    """Has the registers of another device, too."""

    def also(self, other: EmulatedDevice) -> Both:
        self._other = other
        return self

    def respond(self, request: bytes, forced: Forced = NOTHING_FORCED) -> bytes:
        try:
            return super().respond(request, forced)
        except ModbusRefusal:
            return self._other.respond(request, forced)


class Busy(EmulatedDevice):
    """Answers a request only when it comes a second time."""

    def respond(self, request: bytes, forced: Forced = NOTHING_FORCED) -> bytes:
        seen = self.__dict__.setdefault("_seen", set())
        if request not in seen:
            seen.add(request)
            raise ModbusRefusal(ExcCodes.DEVICE_BUSY)
        return super().respond(request, forced)


def device(name: str, day: dict[str, float | None], kind: type = EmulatedDevice) -> Any:
    return kind(PROFILES[name], PlausibleProcess(PROFILES[name], day))


@pytest.fixture
async def scanned(shared_link: Any) -> AsyncIterator[Scanned]:
    """Return a coroutine function that serves devices and scans them."""
    running: list[EmulatedGateway] = []

    async def run(
        devices: Mapping[int, EmulatedDevice],
        units: list[int],
        limits: ScanLimits = QUICK,
        tell: Callable[[ScanStep], None] = lambda step: None,
        profiles: Mapping[str, Profile] = PROFILES,
    ) -> tuple[ScanReport, RecordedSession]:
        session = RecordedSession()
        gateway = EmulatedGateway("127.0.0.1", 0, devices, session=session)
        await gateway.start()
        running.append(gateway)
        link = shared_link(gateway)
        scan = Scan(link, units, profiles, limits, tell)
        try:
            await scan.run()
        finally:
            await link.close()
        return scan.report, session

    yield run
    for gateway in running:
        await gateway.stop()


@pytest.mark.parametrize("kind", [EmulatedDevice, Generous])
@pytest.mark.parametrize("day", [WINTER, SUMMER], ids=["winter", "summer"])
@pytest.mark.parametrize("name", sorted(PROFILES))
async def test_a_device_is_recognized_and_only_read(
    name: str, day: dict[str, float | None], kind: type, scanned: Scanned
) -> None:
    report, session = await scanned({1: device(name, day, kind)}, [1])
    (unit,) = report.units
    assert unit.answers
    alike = next((names for names in ALIKE if name in names), {name})
    right = next(fit for fit in unit.fits if fit.profile == name)
    assert right in unit.recognized, unit.strange
    assert unit.fits[0].profile in alike
    assert unit.fits[0].score < right.score + ALIKE_WITHIN
    assert all(fit.score < right.score for fit in unit.fits if fit.profile not in alike)
    assert session.functions <= READS
    assert report.requests == len(session.requests)


FAMILIES = ("kermi", "stiebel", "nibe", "eastron", "carlo", "panasonic")
"""Makers of whose devices one has some of the other's registers."""


def strangers_of(name: str) -> dict[str, Profile]:
    """Return the profiles of other makers; the two transmitters are alike as well."""
    family = next((f for f in FAMILIES if name.startswith(f)), name)
    alike = {"climate-transmitter", "xy-md02"} if name in ("climate-transmitter", "xy-md02") else ()
    return {n: p for n, p in PROFILES.items() if not n.startswith(family) and n not in alike}


@pytest.mark.parametrize("kind", [EmulatedDevice, Generous])
@pytest.mark.parametrize("day", [WINTER, SUMMER], ids=["winter", "summer"])
@pytest.mark.parametrize("name", sorted(PROFILES))
async def test_a_device_of_a_maker_that_is_not_in_the_list_is_not_taken_for_another(
    name: str, day: dict[str, float | None], kind: type, scanned: Scanned
) -> None:
    report, session = await scanned({1: device(name, day, kind)}, [1], profiles=strangers_of(name))
    (unit,) = report.units
    assert unit.answers
    assert unit.recognized == []
    assert session.functions <= READS


class Foreign:
    """A server that is no device: a word for any address, maybe up to an end."""

    def __init__(self, word: Callable[[int], int], end: int = 65536) -> None:
        self.profile = PROFILES["xy-md02"]
        self._word = word
        self._end = end

    def respond(self, request: bytes, _forced: Forced = NOTHING_FORCED) -> bytes:
        start, count = struct.unpack(">HH", request[1:5])
        if start + count > self._end:
            raise ModbusRefusal(ExcCodes.ILLEGAL_ADDRESS)
        words = [self._word(address) & 0xFFFF for address in range(start, start + count)]
        if request[0] <= 2:
            bits = sum((word & 1) << i for i, word in enumerate(words))
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = struct.pack(f">{count}H", *words)
        return bytes((request[0], len(data))) + data


RANDOM = random.Random(7)
FOREIGN: dict[str, Callable[[int], int]] = {
    "ramp": lambda address: address,
    "ramp from one": lambda address: address + 1,
    "ramp from a hundred": lambda address: address + 100,
    "ramp of tens": lambda address: 10 * address,
    "saw-tooth": lambda address: address % 100,
    "down": lambda address: 65535 - address,
    "zeros": lambda _: 0,
    "ones": lambda _: 1,
    "a plausible constant": lambda _: 300,
    "all bits": lambda _: 0xFFFF,
    "random": lambda _: RANDOM.randrange(65536),
    "small and random": lambda _: RANDOM.randrange(600),
    "random but fixed": lambda address: random.Random(address).randrange(65536),
    "small, random but fixed": lambda address: random.Random(7 * address).randrange(600),
}


@pytest.mark.parametrize("end", [65536, 1500])
@pytest.mark.parametrize("name", FOREIGN)
async def test_of_a_server_that_is_no_device_nothing_can_be_told(
    name: str, end: int, scanned: Scanned
) -> None:
    server: Any = Foreign(FOREIGN[name], end)
    report, session = await scanned({1: server}, [1])
    (unit,) = report.units
    assert unit.answers
    assert unit.recognized == []
    assert session.functions <= READS


async def test_a_meter_with_the_registers_of_several_profiles_fits_them_equally(
    scanned: Scanned,
) -> None:
    """A real SDM630 has its phases where an SDM120 has its only one, and all that an SDM72 has."""
    meter = device("eastron-sdm630", WINTER, Both).also(device("eastron-sdm120", WINTER))
    report, _ = await scanned({1: meter}, [1])
    first, second, third, *others = report.units[0].fits
    names = {first.profile, second.profile, third.profile}
    assert names == {"eastron-sdm120", "eastron-sdm630", "eastron-sdm72"}
    assert first.score == second.score == third.score
    assert all(fit.score < first.score for fit in others)


async def test_a_device_that_shows_zero_everywhere_fits_nothing(scanned: Scanned) -> None:
    nothing = dict.fromkeys(WINTER, 0.0)
    report, _ = await scanned({1: device("climate-transmitter", nothing, Generous)}, [1])
    (unit,) = report.units
    assert unit.answers
    assert unit.fits
    assert not any(fit.is_good for fit in unit.fits)


async def test_a_device_that_is_busy_now_and_then(scanned: Scanned) -> None:
    report, _ = await scanned({1: device("lg-therma-v", WINTER, Busy)}, [1])
    best = report.units[0].fits[0]
    assert (best.profile, best.refused) == ("lg-therma-v", 0)


async def test_units_that_the_gateway_does_not_reach(scanned: Scanned) -> None:
    devices = {u: device(n, WINTER) for u, n in ((2, "xy-md02"), (17, "eastron-sdm120"))}
    report, session = await scanned(devices, [1, 2, 3, 17])
    assert [unit.unit for unit in report.answering] == [2, 17]
    assert [unit.fits[0].profile for unit in report.answering] == ["xy-md02", "eastron-sdm120"]
    silent = next(unit for unit in report.units if unit.unit == 3)
    assert "no response from the device behind the gateway" in silent.said
    assert sum(request.unit == 3 for request in session.requests) == 1


@pytest.mark.parametrize("name", ["xy-md02", "panasonic-aquarea-hj"])
async def test_units_on_a_bus_of_which_only_some_are_there(serve: Any, name: str) -> None:
    """Where no gateway says so, an absent unit is just silent, and others are behind it."""
    process = PlausibleProcess(PROFILES[name], WINTER)
    gateway = await serve({5: (PROFILES[name], process)}, session=RtuSession())
    address = DeviceConnection(scheme="rtu+tcp", host="127.0.0.1", port=gateway.port)
    link, limits = ModbusLink.to(address), ScanLimits(0.3, 0.0, 2000, 60.0)
    scan = Scan(link, [1, 2, 5, 6], {name: PROFILES[name]}, limits, lambda step: None)
    await scan.run()
    await link.close()
    assert not scan.report.ended
    assert [unit.unit for unit in scan.report.units] == [1, 2, 5, 6]
    assert [unit.unit for unit in scan.report.answering] == [5]
    assert scan.report.answering[0].fits[0].profile == name


async def test_a_limit_of_requests_ends_the_scan(scanned: Scanned) -> None:
    limits = ScanLimits(timeout=2.0, pause=0.0, requests=25, seconds=60.0)
    report, session = await scanned({1: device("lg-therma-v", WINTER)}, [1, 2], limits)
    assert len(session.requests) == 25
    assert "25 requests" in report.ended
    assert [unit.answers for unit in report.units] == [True, False]


async def test_a_limit_of_time_ends_the_scan(scanned: Scanned) -> None:
    limits = ScanLimits(timeout=2.0, pause=60.0, requests=2000, seconds=0.2)
    report, session = await scanned({1: device("lg-therma-v", WINTER)}, [1, 2], limits)
    assert "0.2 s" in report.ended
    assert len(session.requests) == 1


async def test_steps_are_told_and_never_go_back(scanned: Scanned) -> None:
    steps: list[ScanStep] = []
    await scanned({1: device("xy-md02", WINTER)}, [1, 2], tell=steps.append)
    assert "looking for unit 1" in steps[0].doing
    assert any("unit 1: trying xy-md02" in step.doing for step in steps)
    assert all(0 <= step.done < step.total for step in steps)
    fitting = [step.done for step in steps if step.doing.startswith("unit 1")]
    assert fitting == sorted(fitting)


async def test_a_device_that_keeps_silent_about_strange_registers_costs_little() -> None:
    """Each profile that does not fit costs two time-outs, not two for every point."""
    taciturn = Taciturn(device("lg-therma-v", WINTER))
    limits = ScanLimits(timeout=0.05, pause=0.0, requests=2000, seconds=60.0)
    async with taciturn.served() as link:
        scan = Scan(link, [1], PROFILES, limits, lambda step: None)
        await scan.run()
    assert scan.report.units[0].fits[0].profile == "lg-therma-v"
    assert 0 < taciturn.silences <= 2 * 2 * len(PROFILES)


async def test_a_gateway_that_drops_the_connection_gets_a_second_try(
    serve: Any, shared_link: Any
) -> None:
    process = PlausibleProcess(PROFILES["lg-therma-v"], WINTER)
    gateway = await serve({1: (PROFILES["lg-therma-v"], process)})
    tasks: list[asyncio.Task[None]] = []

    def drop(step: ScanStep) -> None:
        if step.doing.endswith("trying lg-therma-v"):
            tasks.append(asyncio.get_running_loop().create_task(gateway.drop_connections()))

    scan = Scan(shared_link(gateway), [1], PROFILES, QUICK, drop)
    await scan.run()
    await asyncio.gather(*tasks)
    assert tasks
    assert not scan.report.ended
    assert scan.report.units[0].fits[0].profile == "lg-therma-v"
    assert scan.report.units[0].fits[0].refused == 0


async def test_nothing_listens(shared_link: Any, serve: Any) -> None:
    gateway = await serve({})
    link = shared_link(gateway)
    await gateway.stop()
    with pytest.raises(NotSentError, match="cannot connect"):
        await Scan(link, [1], PROFILES, QUICK, lambda step: None).run()


async def test_a_gateway_that_dies_ends_the_scan_with_what_is_known(
    shared_link: Any, serve: Any
) -> None:
    process = PlausibleProcess(PROFILES["lg-therma-v"], WINTER)
    gateway = await serve({1: (PROFILES["lg-therma-v"], process)})
    tasks: list[asyncio.Task[None]] = []

    def die(step: ScanStep) -> None:
        if step.doing.endswith("trying lg-therma-v"):
            tasks.append(asyncio.get_running_loop().create_task(gateway.stop()))

    scan = Scan(shared_link(gateway), [1], PROFILES, QUICK, die)
    await scan.run()
    await asyncio.gather(*tasks)
    assert "cannot connect" in scan.report.ended
    assert scan.report.units[0].answers


def test_the_days_know_every_point() -> None:
    points = {point.point for profile in PROFILES.values() for point in profile.samples}
    assert points <= WINTER.keys()
    assert WINTER.keys() == SUMMER.keys()
