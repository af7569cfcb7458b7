"""Where frames carry no number, a late response must not be taken for the next one."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fault_matrix import UNIT, Truth, WatchedGateway, matrix_profile

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.emulator.emulated_connection import EmulatedConnection
from heatpump_twin.drivers.modbus.emulator.emulated_session import Received
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.doubt import Doubt, KnownReads, Reply
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError


@pytest.mark.parametrize("space", list(Space))
@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 16, 17, 24, 125])
@pytest.mark.parametrize("answered", [(), (1,), (2, 9), (125, 9, 1)])
def test_probes_have_responses_unlike_each_other(
    space: Space, count: int, answered: tuple[int, ...]
) -> None:
    known = KnownReads()
    for length in answered:
        known.note(Request.read(UNIT, space, 300, length), Reply.DATA)
    lost = Request.read(UNIT, space, 40, count)
    probes = known.probes(lost)
    shapes = {(p.function, p.response_length) for p in (lost, *probes)}
    assert len(shapes) == 1 + len(probes) >= 4
    # An exception says nothing but the function code.
    doubt = Doubt(lost, known)
    told = [doubt.is_dispelled_by(b"\x80\x02", probe) for probe in probes]
    assert told == [probe.function != lost.function for probe in probes]
    assert any(told)


@pytest.mark.parametrize("words", [[1], [1, 2]])
@pytest.mark.parametrize("space", [Space.COIL, Space.HOLDING])
def test_a_write_is_probed_by_reading(space: Space, words: list[int]) -> None:
    asked = Request.write(UNIT, space, 40, words, None)
    known = KnownReads()
    for probe in known.probes(asked):
        assert probe.is_read
        assert Doubt(asked, known).is_dispelled_by(b"\x80\x02", probe)


def test_what_is_asked_in_doubt_is_what_was_answered_and_is_elsewhere() -> None:
    known = KnownReads()
    for address, count in ((0, 7), (1, 2), (100, 5), (100, 7)):
        known.note(Request.read(UNIT, Space.HOLDING, address, count), Reply.DATA)
    lost = Request.read(UNIT, Space.HOLDING, 1, 2)
    first, second, *_ = known.probes(lost)
    assert (first.address, first.end) == (100, 107)
    assert (second.address, second.end) == (100, 105)
    known.note(first, Reply.SILENCE)  # asked for again only where there is nothing else
    known.note(second, Reply.EXCEPTION)
    assert not {first, second} & set(known.probes(lost))


class Grudging(WatchedGateway):
    """A device on a bus that answers a block or nothing: it ignores reads of other lengths."""

    ignored = 0

    def _answer(self, request: Received, connection: EmulatedConnection) -> None:
        if request.pdu[4] < 7:
            self.ignored += 1
        else:
            super()._answer(request, connection)


async def test_a_device_that_ignores_probes_comes_back_all_the_same(
    drive: Any, eventually: Any
) -> None:
    profile = matrix_profile()
    gateway = Grudging(Truth(profile), profile, "rtu+tcp")
    await gateway.start()
    link = ModbusLink.to(DeviceConnection(scheme="rtu+tcp", host="127.0.0.1", port=gateway.port))
    driver, seen = drive(profile, link, unit=UNIT, period=0.1, timeout=0.3)
    await eventually(lambda: driver.connected)
    gateway.faults.silent = True
    await eventually(lambda: not driver.connected)
    gateway.faults.clear()
    await eventually(lambda: driver.connected)
    assert gateway.ignored >= 2
    assert math.isfinite(seen.value("supply_temperature"))
    await gateway.stop()


async def test_what_was_not_sent_for_doubt_is_known_not_to_be_sent() -> None:
    profile = matrix_profile()
    gateway = WatchedGateway(Truth(profile), profile, "rtu+tcp")
    await gateway.start()
    link = ModbusLink.to(DeviceConnection(scheme="rtu+tcp", host="127.0.0.1", port=gateway.port))
    await link.request(Request.read(UNIT, Space.HOLDING, 0, 7), 5.0)  # the line does not echo
    gateway.faults.silent = True
    write = Request.write(UNIT, Space.HOLDING, 0, [7], None)
    with pytest.raises(LinkError) as first:
        await link.request(write, 0.2)
    assert not isinstance(first.value, NotSentError)
    with pytest.raises(NotSentError):
        await link.request(write, 0.2)
    await link.close()
    await gateway.stop()
