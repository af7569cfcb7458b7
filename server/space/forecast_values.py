"""Forecasts as OPC UA values: of each an array of data values, at the times that it is about."""

from __future__ import annotations

from asyncua import ua

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import BAD_WAITING_FOR_INITIAL_DATA, is_bad
from heatpump_twin.server.space.point_values import to_datetime
from heatpump_twin.server.space.ua_values import status_code, timed_value
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.history import Samples

FORECAST = "Forecast"
"""Name of the variable that shows the forecasts of a point."""


class ForecastValues:
    """The reader of the newest forecasts."""

    def __init__(self, log: TrajectoryLog, table: PointTable, clock: Clock) -> None:
        self._log = log
        self._table = table
        self._clock = clock

    def __contains__(self, key: str) -> bool:
        return key in self._log.keys

    def value(self, index: int) -> ua.DataValue:
        """Return the newest forecast of a point; Bad while none has been issued."""
        newest = self._log.newest(self._table[index].key)
        if newest is None:
            status, now = status_code(BAD_WAITING_FOR_INITIAL_DATA), to_datetime(self._clock.now())
            return timed_value(ua.Variant(), status, now, now)
        return issued_value(*newest)


def issued_value(issued: int, samples: Samples) -> ua.DataValue:
    """Return a forecast as a value of the time at which it was issued [µs]."""
    columns = (samples.time.tolist(), samples.value.tolist(), samples.status.tolist())
    values = [_at(*one) for one in zip(*columns, strict=True)]
    moment = to_datetime(issued)
    # As the best of its values: of an expectation none is Good.
    status = status_code(int(samples.status.min()))
    content = ua.Variant(values, ua.VariantType.DataValue, is_array=True)
    return timed_value(content, status, moment, moment)


def _at(time: int, value: float, status: int) -> ua.DataValue:
    content = ua.Variant() if is_bad(status) else ua.Variant(value, ua.VariantType.Double)
    moment = to_datetime(time)
    return timed_value(content, status_code(status), moment, moment)
