"""Write one point of a device: refuse what it would not take, send once, read back.

Before it is sent, a value has to pass the profile's limits, steps, throttle and interlocks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.modbus.driver.device_requests import DeviceRequests
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.number_format import EncodeError
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, WriteRules
from heatpump_twin.drivers.modbus.wire.link import NotSentError
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError, Request
from heatpump_twin.drivers.protocol import LinkError, WriteOutcome, WriteState
from heatpump_twin.drivers.status import (
    BAD_INVALID_STATE,
    BAD_NOT_WRITABLE,
    BAD_OUT_OF_RANGE,
    BAD_RESOURCE_UNAVAILABLE,
    BAD_TIMEOUT,
    GOOD,
)
from heatpump_twin.drivers.write_range import out_of_range

_ILLEGAL_VALUE, _DEVICE_FAILURE, _ACKNOWLEDGE, _NO_RESPONSE = 3, 4, 5, 11
# 4: it failed "while attempting to perform the requested action", perhaps in the middle of it. 5:
# the device has accepted the request and is still at work. 11: the gateway has passed it on and has
# heard nothing (Application Protocol V1.1b3, 7). All others refuse before they begin.
_STILL_OPEN = frozenset({_DEVICE_FAILURE, _ACKNOWLEDGE, _NO_RESPONSE})
"""Exceptions after which the device may yet carry the write out."""
_READ_BACK_INTERVAL = 0.2
"""Pause between two read-backs of one write. [s]"""

ReadBack = Callable[[ProfilePoint], Awaitable[Frame]]
ReadHeld = Callable[[ProfilePoint], Awaitable[Sequence[int]]]


class DeviceWriter:
    """Write points of one device. Every outcome is a `WriteOutcome`; nothing is raised."""

    def __init__(
        self,
        profile: Profile,
        points: Mapping[str, Point],
        requests: DeviceRequests,
        read_back: ReadBack,
        read_held: ReadHeld,
    ) -> None:
        self._profile = profile
        self._requests = requests
        self._read_back = read_back
        self._read_held = read_held
        self._fields = asyncio.Lock()
        self._by_index = {
            points[point.point].index: (point, PointCodec.of(profile, point), points[point.point])
            for point in profile.samples
            if point.point in points
        }
        self._last_write: dict[int, float] = {}

    async def write(self, index: int, value: float) -> WriteOutcome:
        """Write a value, in the catalogue's unit, to a point by its index in the point table."""
        point, codec, _ = self._by_index[index]
        rules = point.write or WriteRules()
        # The interlock comes last: it alone costs a request.
        refusal = self.refusal(index, value) or await self._interlocked(rules)
        if refusal is not None:
            return refusal
        # A push-button acts on the change from 0 to 1: one that still shows 1 is let go first.
        strokes = [0.0, value] if rules.momentary and value else [value]
        doubt = ""
        for stroke in strokes:
            outcome, want, doubt = await self._put(codec, rules, stroke)
            if outcome is not None:
                return outcome
        # A write in doubt counts as well: the memory cell may have been written.
        self._last_write[index] = asyncio.get_running_loop().time()
        if rules.momentary:
            return await self._pressed(point, doubt)
        return await self._verified(point, rules, codec, want, doubt)

    async def _put(
        self, codec: PointCodec, rules: WriteRules, value: float
    ) -> tuple[WriteOutcome | None, float, str]:
        """Send a value; return the outcome if it failed, what should be read back, and a doubt."""
        if not codec.needs_held:
            outcome, doubt = await self._send(codec.point, rules, codec.encode(value))
            return outcome, codec.rounded(value), doubt
        # Two fields of a register that are written at once: between reading the register and
        # writing it nobody else of ours may, or one of the two would be lost. What the device
        # itself changes meanwhile cannot be kept: Mask Write Register (22) is too rare to use.
        async with self._fields:
            try:
                held = await self._read_held(codec.point)
                words, want = codec.encode(value, held), codec.rounded(value, held)
            except LinkError as error:
                message = f"nothing was sent: what the register holds cannot be read: {error}"
                return _refused(error.status, message), math.nan, ""
            except EncodeError as error:
                return _refused(BAD_OUT_OF_RANGE, str(error)), math.nan, ""
            outcome, doubt = await self._send(codec.point, rules, words)
        return outcome, want, doubt

    async def _send(
        self, point: ProfilePoint, rules: WriteRules, words: list[int]
    ) -> tuple[WriteOutcome | None, str]:
        """Send one write request; return its outcome if it failed for sure, else what is in doubt.

        It is sent again only where the device is busy and has begun nothing: otherwise the first
        one may have been carried out, and some registers act on each write or wear out by it.
        """
        space = rules.space or point.space
        unit = self._requests.unit
        request = Request.write(unit, space, point.write_address, words, rules.function)
        try:
            await self._requests.write(request)
        except NotSentError as error:
            return _refused(error.status, f"nothing was sent: {error}"), ""
        except ModbusExceptionError as answer:
            if answer.code not in _STILL_OPEN:
                # By the specification 3 is about the structure of a request and not about a value;
                # devices use it for a value that they do not take.
                status = BAD_OUT_OF_RANGE if answer.code == _ILLEGAL_VALUE else answer.status
                return _refused(status, f"the device refused: {answer}"), ""
            return None, str(answer)
        except LinkError as error:
            return None, str(error)
        return None, ""

    async def _pressed(self, point: ProfilePoint, doubt: str) -> WriteOutcome:
        """Return the outcome of a push-button: that the device took the request is all we can know.

        Whether it still shows the button pressed proves nothing; it is read so that clients see it.
        """
        found: float | None = None
        with suppress(LinkError):
            found = float((await self._read_back(point)).value[0])
        if doubt:
            message = f"it is not known whether the device took the request: {doubt}"
            return WriteOutcome(WriteState.UNKNOWN, BAD_TIMEOUT, None, message)
        return WriteOutcome(WriteState.CONFIRMED, GOOD, found, "the device took the request")

    def refusal(self, index: int, value: float) -> WriteOutcome | None:
        """Say why a value would not be sent to a point, as far as is known without the device."""
        point, codec, target = self._by_index[index]
        if point.write is None:
            return _refused(BAD_NOT_WRITABLE, f"{target.id} cannot be written")
        refusal = self._forbidden(point, point.write, codec, target, value)
        return refusal or self._throttled(index, point.write)

    def remember(self, index: int, ago: float) -> None:
        """Have the throttle count a write to a point that another run made. [s ago]"""
        self._last_write[index] = asyncio.get_running_loop().time() - ago

    async def _verified(
        self, point: ProfilePoint, rules: WriteRules, codec: PointCodec, want: float, doubt: str
    ) -> WriteOutcome:
        """Read a write back until the device shows the value or its time to settle is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + rules.settle
        found: float | None = None
        while True:
            try:
                frame = await self._read_back(point)
                found = float(frame.value[0])
            except LinkError as error:  # one lost read-back: there may be time for another
                doubt = doubt or str(error)
            if found is not None and _same(codec, found, want):
                message = "the device reads back the value"
                return WriteOutcome(WriteState.CONFIRMED, GOOD, found, message)
            if loop.time() >= deadline:
                break
            await asyncio.sleep(_READ_BACK_INTERVAL)
        if found is None:
            message = f"it is not known whether the device took the value: {doubt}"
            return WriteOutcome(WriteState.UNKNOWN, BAD_TIMEOUT, None, message)
        message = f"the device reads back {found:g} instead of {want:g}"
        message += f"; the write itself was not answered properly: {doubt}" if doubt else ""
        return WriteOutcome(WriteState.MISMATCH, BAD_INVALID_STATE, found, message)

    def _forbidden(
        self,
        point: ProfilePoint,
        rules: WriteRules,
        codec: PointCodec,
        target: Point,
        value: float,
    ) -> WriteOutcome | None:
        # The site's limits are what clients see, and the tighter ones: the device's still hold.
        low, high = point.accepted
        wanted = target.limits or (low, high)
        limits = max(low, wanted[0]), min(high, wanted[1])
        if refusal := out_of_range(target.spec, limits, value):
            return _refused(refusal.status, refusal.message)
        step = None if rules.step is None else float(rules.step * point.conversion.factor)
        # Steps are counted from min, 20.5, 21, … from a min of 20, and without a min from 0.
        base = low if math.isfinite(low) else 0.0
        if step is not None and not math.isclose(
            (value - base) / step, round((value - base) / step), abs_tol=1e-6
        ):
            return _refused(BAD_OUT_OF_RANGE, f"the device takes steps of {step:g} from {base:g}")
        if point.scale_factor_address is None:  # else only the device knows what fits
            try:
                codec.encode(value)
            except EncodeError as error:
                return _refused(BAD_OUT_OF_RANGE, str(error))
        return None

    def _throttled(self, index: int, rules: WriteRules) -> WriteOutcome | None:
        if index not in self._last_write:
            return None
        wait = self._last_write[index] + rules.throttle - asyncio.get_running_loop().time()
        if wait <= 0:
            return None
        message = f"the device's memory wears out; write again in {wait:.0f} s"
        return _refused(BAD_RESOURCE_UNAVAILABLE, message)

    async def _interlocked(self, rules: WriteRules) -> WriteOutcome | None:
        # Read now, since the last poll may be a period old. A Bad value is NaN: it equals nothing
        # and refuses as well.
        for name, needed in rules.requires.items():
            try:
                frame = await self._read_back(self._profile.by_name[name])
            except LinkError as error:
                return _refused(error.status, f"the interlock {name} cannot be read: {error}")
            if frame.value[0] != needed:
                message = f"only while {name} is {needed:g}; it is {frame.value[0]:g}"
                return _refused(BAD_INVALID_STATE, message)
        return None


def _same(codec: PointCodec, found: float, want: float) -> bool:
    """Tell whether values agree within half the device's resolution, or the rounding of a float."""
    if codec.point.type.is_float:
        return math.isclose(found, want, rel_tol=1e-6, abs_tol=1e-9)
    if codec.point.scale_factor_address is not None:  # both are multiples of the device's step
        return math.isclose(found, want, rel_tol=1e-9, abs_tol=1e-9)
    return abs(found - want) <= abs(codec.factor) / 2


def _refused(status: int, message: str) -> WriteOutcome:
    return WriteOutcome(WriteState.REFUSED, status, None, message)
