"""The signal generator: a process without physics, with plausible values for any profile."""

from __future__ import annotations

import math
from collections.abc import Callable

from heatpump_twin.config.catalogue import Group, PointKind, PointRole, Span
from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.modbus.profile.codec import PointCodec
from heatpump_twin.drivers.modbus.profile.number_format import EncodeError
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint
from heatpump_twin.drivers.plant.errors import SignalError
from heatpump_twin.drivers.plant.noise import channel, uniform

Signal = Callable[[float], float]
"""A value by the time since the start. [s]"""

_HELD = frozenset({Group.CONFIGURATION, Group.IDENTIFICATION, Group.DIAGNOSTICS})
_COUNTERS = frozenset({Group.STATISTICS, Group.MAINTENANCE})
_PER_HOUR = {"kWh": 3.0, "m3": 0.8, "h": 1.0, "1": 4.0}
"""How fast counters of a unit run."""
# The ripple's period divides neither of the others, so that the pattern does not soon repeat.
_LOAD_PERIOD = 900.0
_RIPPLE_PERIOD = 47.0
_STATE_PERIOD = 240.0
"""How long a state lasts. [s]"""


class SignalGenerator:
    """The process of an emulated device that stands alone: a `drivers.process.StepwiseProcess`.

    Quantities move together with one load, within the middle of their ranges; counters count;
    states change every few minutes. Settings keep what is written, and any point what `hold` says,
    until `release` or `restart`. The same seed at the same time gives the same values.
    """

    def __init__(self, profile: Profile, clock: Clock, *, seed: int = 1, step: float = 1.0) -> None:
        self._clock = clock
        self._step = round(step * MICROSECONDS)
        self._start = clock.now()
        self._codecs = {p.point: PointCodec.of(profile, p) for p in profile.samples}
        load = _load(channel(seed, "load"))
        self._signals = {
            name: _signal(codec, load, channel(seed, name)) for name, codec in self._codecs.items()
        }
        self._held: dict[str, float | None] = {}
        self._values: dict[str, float] = {}
        self._tick = -1
        self._revision = 0

    @property
    def revision(self) -> int:
        """A number that changes whenever a value may have changed."""
        self._catch_up()
        return self._revision

    def read(self, point: str) -> float | None:
        """Return the value of a point in the present step; None: there is no such sensor."""
        self._catch_up()
        if point in self._held:
            return self._held[point]
        return self._values.get(point)

    def write(self, point: str, value: float) -> None:
        """Keep the value that a client wrote to a point."""
        self._held[point] = value
        self._revision += 1

    def require(self, point: str, value: float) -> None:
        """Raise `SignalError` unless the device's registers can show a value of a point."""
        if point not in self._codecs:
            known = ", ".join(self._codecs)
            raise SignalError(f"this device has no point {point!r}; it has: {known}")
        try:
            self._codecs[point].encode_read(value)
        except EncodeError as error:
            raise SignalError(f"{point}: {error}") from error

    def hold(self, point: str, value: float | None) -> None:
        """Keep a point at a value, or (None) without a sensor."""
        if value is not None:
            self.require(point, value)
        self._held[point] = value
        self._revision += 1

    def release(self, point: str | None = None) -> None:
        """Release a held point, or all of them, to the generated value again."""
        if point is None:
            self._held.clear()
        else:
            self._held.pop(point, None)
        self._revision += 1

    def restart(self) -> None:
        """Forget what was written or held, as a device does that keeps it in volatile memory."""
        self.release()

    def _catch_up(self) -> None:
        # All points at once, and once a step: what is read together shows the same moment.
        tick = (self._clock.now() - self._start) // self._step
        if tick != self._tick:
            self._tick = tick
            self._revision += 1
            seconds = tick * self._step / MICROSECONDS
            self._values = {name: signal(seconds) for name, signal in self._signals.items()}


def _signal(codec: PointCodec, load: Signal, stream: int) -> Signal:
    """Return the signal of one point, by what the catalogue says of it."""
    point, spec = codec.point, codec.point.spec
    held = point.write is not None or spec.role is PointRole.SETPOINT or spec.group in _HELD
    if spec.kind is not PointKind.ANALOG:
        return _state(point, stream, held=held)
    low, high = _span(codec)
    if held:
        return _constant(_at_rest(codec, low, high))
    if spec.group in _COUNTERS:
        return _counter(low, high, _PER_HOUR.get(spec.unit or "", 1.0), stream)
    if low == -high:
        low = 0.0  # what can have either sign, such as a power factor, mostly has this one
    return _moving(low, high, load, stream)


def _state(point: ProfilePoint, stream: int, *, held: bool) -> Signal:
    """Return the codes that device and catalogue share, one after the other."""
    codes = sorted(point.codes)
    if point.spec.group is Group.DIAGNOSTICS:
        return _constant(float(codes[0]))
    # The first code is mostly "off" or "none", with which a device would seem to do nothing.
    if held:
        return _constant(float(codes[min(1, len(codes) - 1)]))
    shift = _STATE_PERIOD * len(codes) * uniform(stream, 0)
    return lambda t: float(codes[int((t + shift) / _STATE_PERIOD) % len(codes)])


def _load(stream: int) -> Signal:
    """Return how hard the machine works, between about 0.25 and 0.75."""
    shift = math.tau * uniform(stream, 0)
    return lambda t: 0.5 + 0.23 * math.sin(math.tau * t / _LOAD_PERIOD + shift)


def _moving(low: float, high: float, load: Signal, stream: int) -> Signal:
    """Return a quantity that follows the load within its range, with a small ripple."""
    span, shift = high - low, math.tau * uniform(stream, 0)
    return lambda t: low + span * (load(t) + 0.01 * math.sin(math.tau * t / _RIPPLE_PERIOD + shift))


def _counter(low: float, high: float, per_hour: float, stream: int) -> Signal:
    """Return a counter that runs from somewhere in the lower part of its range."""
    start = low + (high - low) * (0.01 + 0.1 * uniform(stream, 0))
    return lambda t: min(start + per_hour * t / 3600.0, high)


def _constant(value: float) -> Signal:
    return lambda _: value


def _span(codec: PointCodec) -> Span:
    """Return the range of a point that catalogue, registers and the device's own limits allow."""
    point = codec.point
    ends = codec.clamped(-math.inf), codec.clamped(math.inf)
    low, high = max(min(ends), point.accepted[0]), min(max(ends), point.accepted[1])
    normal = point.spec.range
    if normal is None or normal[0] > high or normal[1] < low:
        return low, high
    return max(low, normal[0]), min(high, normal[1])


def _at_rest(codec: PointCodec, low: float, high: float) -> float:
    """Return a value for a setting: 0 for what reports trouble, else about the middle."""
    rules = codec.point.write
    step = rules.step * codec.point.conversion.factor if rules and rules.step else None
    middle = (low + high) / 2
    if codec.point.spec.group is Group.DIAGNOSTICS:
        middle = max(low, 0.0)
    elif step is not None:
        middle = low + round((middle - low) / step) * step
    # The middle may be the device's mark for a missing sensor, which cannot be a value.
    for value in (middle, low, high):
        try:
            return codec.rounded(value)
        except EncodeError:
            continue
    return middle
