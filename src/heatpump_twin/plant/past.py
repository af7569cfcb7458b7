"""Simulate the past of a site's emulated plant, and pass on what a twin would have recorded.

The same plant, registers, decoders, derived points and compression as live, without a network:
each device is read once in two minutes. It runs in a process of its own, beside the twin, and
writes what is to be recorded to a stream.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import Site, gateway_name
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan
from heatpump_twin.drivers.modbus.driver.prepared_poll import PreparedPoll
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.profile.poll_plan import plan
from heatpump_twin.drivers.modbus.profile.profile import PollClass
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.plant.serve.field_devices import gateways_of
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.runtime.assembly import assemble
from heatpump_twin.runtime.clock.past_stream import HEAD
from heatpump_twin.twin_engine.engine import Engine
from heatpump_twin.twin_engine.historian.columns.column_codec import encode_frame
from heatpump_twin.twin_engine.historian.recording.deadband import Deadband
from heatpump_twin.twin_engine.historian.recording.resolution import Resolution

SAMPLE = 120 * MICROSECONDS
"""Time from one look at the devices to the next. [µs]"""
_SLOW_EVERY = 5
"""Settings, and what else a profile calls slow, are read at every so many looks."""
_SHADOW_PERIOD = 300 * MICROSECONDS
"""Expected values of the past are computed this often: they take longer than the plant. [µs]"""
_TOTALS_EVERY = 2
"""And the totals of the site are computed. Costs are of samples at most five minutes apart."""
LONGEST_REST = 900.0
"""A value that stays the same is recorded again after this time. [s]"""
PIECE = 180
"""Looks that are passed on together: a quarter of a day."""

DeviceLook = Callable[[int, bool], Frame]
"""Reads the fast points of a device, or all, at a time. [µs]"""
_POLITE = 10
"""The live plant and the twin go first."""


def tell_past(site: Site, span: PastSpan, out: BinaryIO) -> None:
    """Write the past of a site to a stream, as `past_stream` says."""
    os.nice(_POLITE)
    keys, pieces = past_of(site, span)
    out.write(json.dumps(keys).encode() + b"\n")
    for reached, frame in pieces:
        data = encode_frame(frame)
        out.write(HEAD.pack(reached, len(data)) + data)
        out.flush()


def past_of(site: Site, span: PastSpan) -> tuple[list[str], Iterator[tuple[int, Frame]]]:
    """Return the keys of all points, and pieces of what is recorded with the time they reach."""
    clock = ManualClock(span.begin)
    assembly = assemble(site, None)
    plant = Plant(_without_faults(site), clock)
    recorder = _Recorder(assembly.table)
    engine = Engine(
        site, assembly.table, clock, recorder.take,
        totals_every=_TOTALS_EVERY, shadow_period=_SHADOW_PERIOD,
    )  # fmt: skip
    looks = device_looks(site, plant, assembly.plans, assembly.table)
    pieces = _pieces(plant, engine, recorder, looks, span, clock)
    return [point.key for point in assembly.table], pieces


def _without_faults(site: Site) -> Site:
    """Return a site whose machines are healthy: faults come with the first start."""
    if site.plant is None:
        return site
    return site.model_copy(update={"plant": site.plant.model_copy(update={"faults": []})})


def _pieces(
    plant: Plant,
    engine: Engine,
    recorder: _Recorder,
    looks: list[DeviceLook],
    span: PastSpan,
    clock: ManualClock,
) -> Iterator[tuple[int, Frame]]:
    for number, time in enumerate(range(span.begin + SAMPLE, span.end + 1, SAMPLE), 1):
        clock.set(time)
        plant.live_through(time)
        everything = number % _SLOW_EVERY == 1 or time == span.end
        engine.take(Frame.concat([look(time, everything) for look in looks]))
        if number % PIECE == 0:
            yield time, recorder.recorded()
    yield span.end, Frame.concat([recorder.recorded(), recorder.last(span.end)])


class _Recorder:
    """What the historian would record of frames."""

    def __init__(self, table: PointTable) -> None:
        deadband = [point.spec.deadband for point in table]
        self._resolution, self._deadband = Resolution(deadband), Deadband(deadband, LONGEST_REST)
        self._kept: list[Frame] = []

    def take(self, frame: Frame) -> None:
        """Take a frame. A sink of the image."""
        self._kept.append(self._deadband.keep(self._resolution.of(frame)))

    def recorded(self) -> Frame:
        """Return what is to be recorded of the frames since the last call."""
        kept, self._kept = self._kept, []
        return Frame.concat(kept)

    def last(self, now: int) -> Frame:
        """Return the samples that were left out last: nothing comes behind them from here."""
        ended = self._deadband.close(now)
        there = ended.status != BAD_NO_DATA
        return Frame(ended.point[there], ended.value[there], ended.status[there], ended.time[there])


def device_looks(
    site: Site, plant: Plant, plans: Sequence[DevicePlan], table: PointTable
) -> list[DeviceLook]:
    """Return for each device what reads its points."""
    gateways = gateways_of(site, plant)
    pumps = {pump.id: pump for pump in site.heat_pumps}
    looks = []
    for device_plan in plans:
        gateway = gateways[gateway_name(pumps[device_plan.asset], device_plan.device)]
        device = gateway.devices[device_plan.device.unit]
        looks.append(_look(device_plan, device, table))
    return looks


def _look(device_plan: DevicePlan, device: EmulatedDevice, table: PointTable) -> DeviceLook:
    profile, points = device_plan.profile, table.by_asset[device_plan.asset]
    index = {point: points[name].index for point, name in device_plan.names.items()}
    wanted = [point for point in profile.samples if point.point in index]
    fast = [point for point in wanted if point.poll is PollClass.FAST]
    unit = device_plan.device.unit
    polls = {
        everything: PreparedPoll(profile, unit, index, plan(profile, points))
        for everything, points in ((True, wanted), (False, fast))
    }

    def look(time: int, everything: bool) -> Frame:
        poll = polls[everything]
        # Behind function code and length is what the driver decodes.
        answers = [device.respond(request.pdu)[2:] for request in poll.requests]
        return poll.frame(answers, [time] * len(answers))

    return look
