"""Emulated devices as a load: real Modbus TCP, every device on a port of its own. Run as a process.

What is answered is what `EmulatedDevice` answers, made when it is asked for the first time. After
that it comes from memory, so that the devices leave the machine to whoever is measured on it.

Arguments are ``steady`` or ``changing``, and profiles, one for each device. What is measured stays,
or changes each second. Prints the ports as JSON; at the end of stdin prints, for each device, when
it saw the first request of every scan [s, CLOCK_MONOTONIC].
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from heatpump_twin.config.catalogue import CATALOGUE, PointRole
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.emulator.emulated_points import ModbusRefusal
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

_HEADER = 7
_SHARE_OF_RANGE = 0.4
_STEP = 0.002
"""Share of a range by which a value changes in a second: more than what is not recorded."""
_STEPS = 10
_COUNTERS = {
    "electrical_energy", "heat_energy", "heat_volume", "compressor_hours", "compressor_starts"
}  # fmt: skip


class Readings:
    """Every quantity at the same place of its range, every state at the first the device has.

    What is measured, and is no counter, is ``more`` of its range above that.
    """

    def __init__(self, profile: Profile, more: float) -> None:
        self._points = profile.by_name
        self._more = more

    def read(self, point: str) -> float:
        """Return a value that the device can show."""
        spec = CATALOGUE["heat_pump"][point]
        if spec.range is None:
            return float(min(self._points[point].enum.values(), default=0))
        low, high = spec.range
        moves = spec.role is PointRole.MEASURED and point not in _COUNTERS
        return low + (_SHARE_OF_RANGE + (self._more if moves else 0.0)) * (high - low)

    def write(self, point: str, value: float) -> None:
        """Refuse: nobody writes in a benchmark."""
        raise NotImplementedError(f"{point} = {value}")


class Answers:
    """Response PDUs by request PDU; of values that change, others in each second."""

    def __init__(self, name: str, *, changing: bool) -> None:
        profile = load_profile(name)
        # Up and down again.
        steps = (*range(_STEPS), *range(_STEPS, 0, -1)) if changing else (0,)
        self._devices = [EmulatedDevice(profile, Readings(profile, n * _STEP)) for n in steps]
        self._known: list[dict[bytes, bytes]] = [{} for _ in steps]

    def to(self, request: bytes) -> bytes:
        """Return the response to a request."""
        place = int(time.monotonic()) % len(self._known)
        answer = self._known[place].get(request)
        if answer is None:
            answer = self._known[place][request] = self._made(self._devices[place], request)
        return answer

    def _made(self, device: EmulatedDevice, request: bytes) -> bytes:
        try:
            return device.respond(request)
        except ModbusRefusal as refusal:
            return bytes((request[0] | 0x80, refusal.code))


class Connection(asyncio.Protocol):
    """Answers one client, and notes when it begins a scan: when it repeats its first request."""

    def __init__(self, answers: Answers, scans: list[float]) -> None:
        self._answers = answers
        self._scans = scans
        self._first = b""
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._write = transport.write

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        received = self._received + data
        while len(received) > _HEADER:
            end = 6 + int.from_bytes(received[4:6])
            if len(received) < end:
                break
            self._answer(received[:_HEADER], received[_HEADER:end])
            received = received[end:]
        self._received = received

    def _answer(self, header: bytes, request: bytes) -> None:
        self._first = self._first or request
        if request == self._first:
            self._scans.append(time.monotonic())
        answer = self._answers.to(request)
        length = (len(answer) + 1).to_bytes(2)
        self._write(header[:4] + length + header[6:] + answer)


async def main(kind: str, profiles: list[str]) -> None:
    """Serve one device for each profile until the end of stdin."""
    loop = asyncio.get_running_loop()
    answers = {name: Answers(name, changing=kind == "changing") for name in set(profiles)}
    scans: list[list[float]] = [[] for _ in profiles]
    ports = []
    for profile, noted in zip(profiles, scans, strict=True):
        server = await loop.create_server(
            lambda profile=profile, noted=noted: Connection(answers[profile], noted),
            "127.0.0.1",
            0,
        )
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(scans), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
