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
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.protocol import LinkError


@pytest.mark.parametrize("space", list(Space))
@pytest.mark.parametrize("count", [1, 2, 3, 8, 9, 16, 17, 24, 125])
def test_probes_have_responses_of_other_lengths(space: Space, count: int) -> None:
    asked = Request.read(UNIT, space, 40, count)
    *probes, last = asked.probes(space, 40)
    assert len({asked.response_length, *(p.response_length for p in probes)}) == 3
    assert {p.pdu[:3] for p in probes} == {asked.pdu[:3]}
    assert last.function != asked.function
    assert last.tells_apart(b"\x80\x02", asked)
    assert not any(asked.tells_apart(b"\x80\x02", probe) for probe in probes)


@pytest.mark.parametrize("words", [[1], [1, 2]])
@pytest.mark.parametrize("space", [Space.COIL, Space.HOLDING])
def test_a_write_is_probed_by_reading(space: Space, words: list[int]) -> None:
    asked = Request.write(UNIT, space, 40, words, None)
    for probe in asked.probes(asked.table, asked.address):
        assert probe.is_read
        assert probe.pdu[1:3] == asked.pdu[1:3]
        assert asked.tells_apart(b"\x80\x02", probe)


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
