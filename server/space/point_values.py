"""OPC UA data values of points: typed, with status and timestamps, from the image."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.config.catalogue import Point, PointKind
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.server.space.ua_values import status_code, text, timed_value
from heatpump_twin.twin_engine.image import Image

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MIN_TIME, MAX_TIME = -11_644_473_600_000_000, 253_402_300_799_000_000
"""What an OPC UA DateTime and Python's can both hold: 1601 to 9999. [µs]"""

VARIANT_TYPES = {
    PointKind.ANALOG: ua.VariantType.Double,
    PointKind.TWO_STATE: ua.VariantType.Boolean,
    PointKind.MULTI_STATE: ua.VariantType.Int32,
}

INT32 = range(-(2**31), 2**31)
"""What the type of a state holds."""

DataValueOf = Callable[[int], ua.DataValue]


def to_datetime(time: int) -> dt.datetime:
    """Return a time in µs since the Unix epoch as a datetime that OPC UA can encode."""
    return EPOCH + dt.timedelta(microseconds=min(max(time, MIN_TIME), MAX_TIME))


def to_microseconds(time: dt.datetime) -> int:
    """Return a datetime as µs since the Unix epoch; without a zone it is UTC, as on the wire."""
    aware = time if time.tzinfo else time.replace(tzinfo=dt.UTC)
    return (aware - EPOCH) // dt.timedelta(microseconds=1)


def typed_value(point: Point, value: float) -> float | bool | int:
    """Return a point's value in its OPC UA type."""
    match point.spec.kind:
        case PointKind.TWO_STATE:
            # The image holds floats only; half way is as good a limit as any between 0 and 1.
            return value >= 0.5
        case PointKind.MULTI_STATE:
            return round(value)
        case _:
            return value


class PointValues:
    """The reader of points' data values from the image."""

    def __init__(self, image: Image, clock: Clock) -> None:
        self._image = image
        self._clock = clock

    def value(self, index: int) -> ua.DataValue:
        """Return the value of a point's variable; null where the status is Bad."""
        point = self._image.table[index]
        kind = VARIANT_TYPES[point.spec.kind]
        # A Bad value is null: clients that overlook the status must not show a number.
        number = self._known(index)
        return self._data_value(
            index,
            ua.Variant() if number is None else ua.Variant(typed_value(point, number), kind),
        )

    def state_text(self, index: int) -> ua.DataValue:
        """Return the name of a multi-state point's value (OPC 10000-8, 5.3.3.4)."""
        number = self._known(index)
        codes = self._image.table[index].spec.codes
        # A code that the catalogue does not know is shown as it is, not hidden.
        name = "" if number is None else codes.get(round(number), f"{number:g}")
        return self._data_value(index, ua.Variant(text(name), ua.VariantType.LocalizedText))

    def issue_time(self, index: int) -> ua.DataValue:
        """Return the time when a prediction was made, as a data value."""
        if is_bad(int(self._image.status[index])):
            return self._data_value(index, ua.Variant())
        time = to_datetime(int(self._image.time[index]))
        return timed_value(ua.Variant(time, ua.VariantType.DateTime), ua.StatusCode(), time, time)

    def _known(self, index: int) -> float | None:
        value = float(self._image.value[index])
        status = int(self._image.status[index])
        if is_bad(status):
            return None
        # A switch or a state has no NaN to say "unknown" with; an analog value has.
        kind = self._image.table[index].spec.kind
        if kind is PointKind.ANALOG:
            return value
        if not math.isfinite(value):
            return None
        # Nor has a state a number for what its type does not hold.
        return value if kind is PointKind.TWO_STATE or round(value) in INT32 else None

    def _data_value(self, index: int, value: ua.Variant) -> ua.DataValue:
        return timed_value(
            value,
            status_code(int(self._image.status[index])),
            to_datetime(int(self._image.time[index])),
            # ServerTimestamp is of now: the server has just looked (OPC 10000-4, 7.11).
            to_datetime(self._clock.now()),
        )


@dataclass(frozen=True, slots=True)
class ShownPoint:
    """The computed value of the variable that shows a point, which `ValueColumns` know."""

    values: PointValues
    index: int

    def __call__(self, _node: ua.NodeId, _attribute: ua.AttributeIds) -> ua.DataValue:
        """Return the value as it is now."""
        return self.values.value(self.index)
