"""Devices that refuse, are busy or keep silent: for a moment, now and then, or about one thing."""

from __future__ import annotations

from typing import Any

import hptwin
import numpy as np
import pytest
from plain_device import (
    PLACES,
    VALUES,
    address_of,
    is_plain,
    link_at,
    plain_profile,
    plain_tank,
)
from structlog.testing import capture_logs

from heatpump_twin.drivers.modbus.emulator.emulated_gateway import (
    EmulatedGateway,
    Grudge,
    Odds,
    RtuSession,
)
from heatpump_twin.drivers.modbus.emulator.emulated_session import NotModbusError, Received
from heatpump_twin.drivers.modbus.profile.profile import Limits, Profile, Space
from heatpump_twin.drivers.status import (
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    BAD_RESOURCE_UNAVAILABLE,
    GOOD,
)

PLAIN = plain_profile()
CODES = (1, 2, 3, 4, 5, 6, 8, 10, 11)


@pytest.fixture
async def plain(serve: Any) -> EmulatedGateway:
    """A plain device behind a gateway."""
    gateway: EmulatedGateway = await serve({1: (PLAIN, plain_tank())})
    return gateway


def good_share(seen: Any) -> float:
    statuses = np.concatenate([frame.status for frame in seen.frames])
    return float((statuses == GOOD).mean())


# ── everything is refused for a while ─────────────────────────────────────────────────────────────
@pytest.mark.parametrize("code", CODES)
async def test_a_device_that_refuses_everything_is_lost_and_back_at_once(
    plain: EmulatedGateway, drive: Any, eventually: Any, code: int
) -> None:
    with capture_logs() as logs:
        driver, seen = drive(PLAIN, plain, timeout=0.5)
        await eventually(lambda: is_plain(seen))
        plain.faults.odds = Odds({code: 1.0})
        await eventually(lambda: not driver.connected)
        assert GOOD not in seen.statuses()
        polls = driver.metrics.polls
        await eventually(lambda: driver.metrics.polls >= polls + 5)
        assert not driver.connected
        plain.faults.clear()
        polls = driver.metrics.polls
        await eventually(lambda: is_plain(seen))
        assert driver.metrics.polls <= polls + 2
    assert driver.metrics.exceptions_by_code[code] == driver.metrics.exceptions
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["device lost"]
    assert f"exception {code}" in next(e["reason"] for e in logs if "reason" in e)


@pytest.mark.parametrize("code", [2, 4, 6, 10])
async def test_some_blocks_refused_for_a_while_are_all_back_within_three_polls(
    serve: Any, drive: Any, eventually: Any, code: int
) -> None:
    places = {name: 100 * place for place, name in enumerate(PLACES)}
    profile = plain_profile(places)
    gateway = await serve({1: (profile, plain_tank())})
    driver, seen = drive(profile, gateway, timeout=0.5)
    await eventually(lambda: is_plain(seen))
    names = list(places)
    for name in names[1:]:
        gateway.faults.exceptions[1, Space.HOLDING, places[name]] = code
    polls = driver.metrics.polls
    await eventually(lambda: driver.metrics.polls >= polls + 15)
    assert driver.connected
    assert set(driver.refused) == set(names[1:])
    assert seen.latest(names[0])[1] == GOOD
    gateway.faults.clear()
    polls = driver.metrics.polls
    await eventually(lambda: is_plain(seen))
    assert driver.metrics.polls <= polls + 3
    assert driver.refused == {}


# ── now and then ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("code", "share"), [(4, 0.05), (2, 0.05), (10, 0.05), (11, 0.05), (1, 0.2), (6, 0.2)]
)
async def test_exceptions_now_and_then_cost_next_to_nothing(
    serve: Any, drive: Any, eventually: Any, code: int, share: float
) -> None:
    gateway = await serve({1: (PLAIN, plain_tank())})
    gateway.faults.odds = Odds({code: share}, seed=code)
    driver, seen = drive(PLAIN, gateway, period=0.02, timeout=0.5)
    await eventually(lambda: driver.metrics.polls >= 200)
    assert good_share(seen) >= 0.99
    assert driver.metrics.exceptions_by_code[code] >= 3
    gateway.faults.clear()
    polls = driver.metrics.polls
    await eventually(lambda: driver.metrics.divided == 0 and is_plain(seen))
    assert driver.metrics.polls <= polls + 70


async def test_one_busy_answer_shows_nowhere(
    plain: EmulatedGateway, drive: Any, eventually: Any
) -> None:
    plain.faults.odds = Odds({6: 0.2}, seed=5)
    driver, seen = drive(PLAIN, plain, period=0.02, timeout=0.5)
    await eventually(lambda: driver.metrics.exceptions >= 50)
    assert driver.metrics.failed_polls == 0
    assert driver.metrics.repeated >= 40
    assert good_share(seen) >= 0.999


# ── one register, or one block ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("code", "status"),
    [(4, BAD_DEVICE_FAILURE), (6, BAD_RESOURCE_UNAVAILABLE), (11, BAD_NO_COMMUNICATION),
     (0, BAD_NO_COMMUNICATION)],
)  # fmt: skip
async def test_one_bad_register_does_not_cost_the_others(
    plain: EmulatedGateway, drive: Any, eventually: Any, code: int, status: int
) -> None:
    plain.faults.exceptions[1, Space.HOLDING, 12] = code
    with capture_logs() as logs:
        driver, seen = drive(PLAIN, plain, timeout=0.2)
        others = {name: value for name, value in VALUES.items() if name != "supply_setpoint"}
        await eventually(lambda: is_plain(seen, others))
        assert seen.latest("supply_setpoint")[1] == status
        polls = driver.metrics.polls
        await eventually(lambda: driver.metrics.polls >= polls + 10)
        assert is_plain(seen, others)
        assert set(driver.refused) == {"supply_setpoint"}
    (told,) = [e for e in logs if e["event"].startswith("point refused again and again")]
    assert told["point"] == "supply_setpoint"
    ran = await hptwin.run("read", address_of(plain), "--profile", _file(PLAIN), "--timeout", 0.2)
    assert ran.code == 1
    assert ran.out.count("Good") == 5
    plain.faults.clear()
    await eventually(lambda: is_plain(seen))


SILENT = {
    "outdoor_temperature": 104,
    "supply_temperature": 105,
    "return_temperature": 107,
    "supply_setpoint": 200,
    "dhw_temperature": 201,
}


@pytest.mark.parametrize("code", [0, 6, 10])
async def test_a_block_that_is_not_answered_as_a_whole_is_divided_and_told_of(
    serve: Any, drive: Any, eventually: Any, code: int
) -> None:
    """Registers 200 to 290 in one request with others: silence. Singly they are fine."""
    profile = plain_profile(SILENT, limits={"registers": 125, "gap": 100})
    gateway = await serve({1: (profile, plain_tank())})
    gateway.faults.grudges.append(Grudge(Space.HOLDING, 200, 290, code))
    values = {name: VALUES[name] for name in SILENT}
    with capture_logs() as logs:
        driver, seen = drive(profile, gateway, timeout=0.6)
        await eventually(lambda: is_plain(seen, values))
        told = "registers are not answered in one request: they are read in parts"
        await eventually(lambda: any(entry["event"] == told for entry in logs))
    (lesson,) = [entry for entry in logs if entry["event"] == told]
    assert lesson["registers"] == "holding 104 to 201"
    assert lesson["parts"] == ["holding 104 to 107", "holding 200", "holding 201"]
    polls, requests = driver.metrics.polls, gateway.requests
    await eventually(lambda: driver.metrics.polls >= polls + 10)
    assert is_plain(seen, values)
    # Three blocks a poll, and an attempt now and then to read them as one: where the device says
    # that it is busy, each is repeated within the poll.
    attempt = 4 if code == 6 else 1
    assert gateway.requests - requests <= 3 * (driver.metrics.polls - polls + 1) + 2 * attempt + 1
    read = await hptwin.run(
        "read", address_of(gateway), "--profile", _file(profile), "--timeout", 1
    )
    assert read.code == 0, read.err
    assert read.out.count("Good") == 5
    assert "holding 104 to 201 is not answered in one request" in " ".join(read.err.split())
    gateway.faults.clear()
    await eventually(lambda: driver.metrics.divided == 0)
    assert is_plain(seen, values)


async def test_the_limits_to_write_are_named(serve: Any, drive: Any, eventually: Any) -> None:
    """A device that reads no holes: `gap: 0` would have planned what it answers."""
    profile = plain_profile()
    strict = plain_profile(limits={"registers": 125, "gap": 0})
    gateway = await serve({1: (strict, plain_tank())})
    with capture_logs() as logs:
        _, seen = drive(profile, gateway, timeout=0.3)
        await eventually(lambda: is_plain(seen))
        await eventually(lambda: any("remedy" in entry for entry in logs))
    assert "write limits: {gap: 0} into the profile" in next(
        entry["remedy"] for entry in logs if "remedy" in entry
    )


async def test_a_device_that_reads_one_register_a_request(
    serve: Any, drive: Any, eventually: Any
) -> None:
    gateway = await serve({1: (PLAIN, plain_tank())})
    gateway.faults.grudges.append(Grudge(Space.HOLDING, 0, 99, 3))
    driver, seen = drive(PLAIN, gateway, timeout=0.5)
    await eventually(lambda: is_plain(seen))
    assert driver.refused == {}


async def test_blocks_of_many_silent_registers_do_not_stop_the_rest(
    serve: Any, drive: Any, eventually: Any
) -> None:
    places = {name: 100 * place for place, name in enumerate(PLACES)}
    profile = plain_profile(places)
    gateway = await serve({1: (profile, plain_tank())})
    names = list(places)
    for name in names[1:]:
        gateway.faults.exceptions[1, Space.HOLDING, places[name]] = 0
    driver, seen = drive(profile, gateway, timeout=0.1)
    await eventually(lambda: set(driver.refused) == set(names[1:]))
    assert seen.latest(names[0])[1] == GOOD
    gateway.faults.clear()
    await eventually(lambda: is_plain(seen))


def _file(profile: Profile) -> str:
    """Write a profile to a file of this process, and return its path."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
        file.write(profile.model_dump_json(exclude_unset=True))
    return file.name


# ── a device that hangs up ────────────────────────────────────────────────────────────────────────
class Impolite(RtuSession):
    """Hangs up at one request in so many, instead of answering it."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._heard = 0

    def take(self, buffer: bytearray) -> Received | None:
        found = super().take(buffer)
        self._heard += found is not None
        if found is not None and self._heard % self._every == 0:
            raise NotModbusError
        return found


@pytest.mark.parametrize("every", [3, 4, 5])
async def test_a_device_that_hangs_up_now_and_then_makes_no_gap(
    serve: Any, drive: Any, eventually: Any, every: int
) -> None:
    """A closed connection says nothing of the block that was asked for on it."""
    profile = PLAIN.model_copy(update={"limits": Limits(registers=12, gap=40)})
    gateway = await serve({1: (profile, plain_tank())}, session=Impolite(every))
    driver, seen = drive(profile, link_at(gateway, "rtu+tcp"), timeout=0.5)
    await eventually(lambda: driver.metrics.polls >= 20)
    assert seen.statuses() == {GOOD}
    assert good_share(seen) == 1.0
    assert driver.metrics.divided == 0
