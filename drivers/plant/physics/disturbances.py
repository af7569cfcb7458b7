"""The disturbances of a heat pump, by name: what can go wrong with it while the plant runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.errors import DisturbanceError
from heatpump_twin.drivers.plant.noise import channel, uniform
from heatpump_twin.drivers.plant.physics.performance_map import HEALTHY, Impairment
from heatpump_twin.drivers.plant.sensors import SENSORS

_DAY = 86_400.0 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class DisturbanceKind:
    """A kind of disturbance that the plant knows, with the range of its magnitude."""

    text: str
    unit: str
    low: float
    high: float
    default: float
    worst: float = float("nan")
    """Magnitude at severity 1, the worst that a field has; at 0 there is nothing. NaN: the
    magnitude says what it is and not how much, and the severity for which share of the time."""
    of_sensor: bool = False
    """Whether it concerns one sensor, which must be named."""
    lasts: float = 600.0
    """For how long one that comes and goes is there, or is not, at least. [s]"""

    @property
    def comes_and_goes(self) -> bool:
        """Whether its severity is a share of the time."""
        return math.isnan(self.worst)


KINDS = MappingProxyType(
    {
        "strainer_clogged": DisturbanceKind(
            "Share of the water flow that is lost", "1", 0, 1, 0.5, 0.9
        ),
        "air_in_circuit": DisturbanceKind(
            "Share of the radiators and of the pump that is full of air", "1", 0, 1, 0.4, 1
        ),
        "refrigerant_undercharge": DisturbanceKind(
            "Share of the refrigerant missing", "1", 0, 0.5, 0.2, 0.5
        ),
        "coil_fouled": DisturbanceKind(
            "Share of the outdoor coil that is blocked", "1", 0, 1, 0.4, 0.9
        ),
        "fan_stopped": DisturbanceKind(
            "Share of its air that the outdoor fan no longer moves", "1", 0, 1, 1, 1
        ),
        "reversing_valve_stuck": DisturbanceKind(
            "How far the four-way valve is from its seat: hot gas leaks, defrosts fail",
            "1", 0, 1, 0.5, 1,
        ),
        "controller_error": DisturbanceKind(
            "Error code that stops the compressor", "1", 1, 65535, 99
        ),
        "curve_wrong": DisturbanceKind(
            "The heating curve is set too warm by so much", "K", -15, 15, 6.0, 12
        ),
        "water_leak": DisturbanceKind("Loss of water pressure", "bar/h", 0, 60, 1.0, 5),
        "valve_stuck": DisturbanceKind(
            "The three-way valve stays at rooms (0), at tank (1) or between", "1", 0, 1, 0
        ),
        "diverter_leaking": DisturbanceKind(
            "Share of the water for the rooms that leaks through the tank", "1", 0, 1, 0.2, 0.5
        ),
        "mixing_valve_stuck": DisturbanceKind(
            "Share of the water that goes past the rooms", "1", 0, 1, 0.5, 0.8
        ),
        "tank_coil_scaled": DisturbanceKind(
            "Share of the coil's heat transfer that scale has taken", "1", 0, 1, 0.4, 0.9
        ),
        "tank_heater_stuck": DisturbanceKind(
            "Share of the immersion heater that does not switch off", "1", 0, 1, 1, 1
        ),
        "backup_heater_stuck": DisturbanceKind(
            "Share of the backup heater that does not switch off", "1", 0, 1, 1, 1
        ),
        "backup_heater_failed": DisturbanceKind(
            "Share of the backup heater that does not switch on", "1", 0, 1, 1, 1
        ),
        "meter_offset": DisturbanceKind(
            "The electricity meter shows too much", "W", -3000, 3000, 100, 500
        ),
        "sensor_offset": DisturbanceKind(
            "A sensor shows too much", "point's", -1e4, 1e4, 3.0, 10, of_sensor=True
        ),
        "sensor_drift": DisturbanceKind(
            "A sensor shows more too much every day", "point's per day", -1e4, 1e4, 1.0, 5,
            of_sensor=True,
        ),
        "sensor_stuck": DisturbanceKind(
            "A sensor keeps its value", "point's", -1e5, 1e5, float("nan"), of_sensor=True
        ),
        "sensor_open": DisturbanceKind(
            "Share of the time in which the sensor's wire is broken", "1", 0, 1, 1, 1,
            of_sensor=True,
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A disturbance that is going on."""

    name: str
    magnitude: float
    point: str | None = None
    since: int = 0
    """When it began. [µs since the Unix epoch]"""
    share: float = 1.0
    """Share of the time in which it is there. [-]"""


class Disturbances:
    """The disturbances that are going on."""

    def __init__(self) -> None:
        # Replaced as a whole: no part of what a plant remembers over a restart. When each began is:
        # a drift goes on from there.
        self._active: Mapping[tuple[str, str | None], Disturbance] = MappingProxyType({})
        self._begun: dict[str, int] = {}

    def __iter__(self) -> Iterator[Disturbance]:
        return iter(self._active.values())

    def start(
        self,
        name: str,
        magnitude: float | None = None,
        point: str | None = None,
        severity: float | None = None,
        time: int = 0,
    ) -> None:
        """Begin a disturbance, or change how bad it is. Raises `DisturbanceError`.

        Parameters
        ----------
        magnitude : float, optional
            In the unit of its kind; default: the kind's.
        severity : float, optional
            From 0, nothing, to 1, the worst that fields have. It stands for the magnitude; of a
            kind that comes and goes it is the share of the time, beside the magnitude. [-]
        time : int
            Now, from which a drift counts. [µs since the Unix epoch]
        """
        kind = KINDS.get(name)
        if kind is None:
            raise DisturbanceError(f"no disturbance {name!r}; there are: {', '.join(KINDS)}")
        if kind.of_sensor and point not in SENSORS:
            given = "" if point is None else f", and {point!r} is none"
            raise DisturbanceError(
                f"{name} needs the point of a sensor{given}; there are: {', '.join(SENSORS)}"
            )
        if not kind.of_sensor and point is not None:
            raise DisturbanceError(f"{name} concerns the whole heat pump; leave out the point")
        share = 1.0
        if severity is not None:
            _check_severity(name, kind, magnitude, severity)
            if kind.comes_and_goes:
                share = severity
            else:
                magnitude = severity * kind.worst
        value = kind.default if magnitude is None else float(magnitude)
        if magnitude is not None and not kind.low <= value <= kind.high:
            raise DisturbanceError(
                f"{name}: {value:g} {kind.unit} is outside {kind.low:g}…{kind.high:g}"
            )
        since = self._begun.setdefault(_key(name, point), time)
        begun = {(name, point): Disturbance(name, value, point, since, share)}
        self._active = MappingProxyType({**self._active, **begun})

    def stop(self, name: str | None = None, point: str | None = None) -> int:
        """End all disturbances, or those of a name or a point; return how many were going on."""
        if name is not None and name not in KINDS:
            raise DisturbanceError(f"no disturbance {name!r}; there are: {', '.join(KINDS)}")
        ended = [
            key
            for key in self._active
            if name in (None, key[0]) and (point is None or point == key[1])
        ]
        left = {key: fault for key, fault in self._active.items() if key not in ended}
        self._active = MappingProxyType(left)
        self.forget_ended()
        return len(ended)

    def forget_ended(self) -> None:
        """Forget when those began that are not going on."""
        active = {_key(*key) for key in self._active}
        for key in self._begun.keys() - active:
            del self._begun[key]

    def level(self, name: str, otherwise: float = 0.0) -> float:
        """Return the magnitude of a disturbance, or `otherwise` if it is not going on."""
        if not self._active:  # asked for a dozen times in each step
            return otherwise
        active = self._active.get((name, None))
        return otherwise if active is None else active.magnitude

    def present(self, name: str, time: int, point: str | None = None) -> float | None:
        """Return the magnitude of one that comes and goes, at a time in µs; None: it is not there.

        What is there in a smaller share of the time is there in a larger one as well.
        """
        active = self._active.get((name, point)) if self._active else None
        if active is None:
            return None
        if active.share < 1.0:
            slice_of_time = time // round(KINDS[name].lasts * MICROSECONDS)
            if uniform(channel(0, f"{name}.{point}"), slice_of_time) >= active.share:
                return None
        return active.magnitude

    def offset(self, point: str, time: int) -> float:
        """Return by how much a sensor is off at a time in µs, in the unit of its point."""
        off = self.level_of("sensor_offset", point)
        drift = self._active.get(("sensor_drift", point))
        if drift is not None:
            off += drift.magnitude * (time - drift.since) / _DAY
        return off

    def level_of(self, name: str, point: str) -> float:
        """Return the magnitude of a disturbance of a sensor; 0: it is not going on."""
        active = self._active.get((name, point))
        return 0.0 if active is None else active.magnitude

    @property
    def none(self) -> bool:
        """Whether nothing is wrong."""
        return not self._active

    @property
    def impairment(self) -> Impairment:
        """What the disturbances do to the machine."""
        if self.none:
            return HEALTHY
        return Impairment(
            self.level("refrigerant_undercharge"),
            self.level("coil_fouled"),
            self.level("fan_stopped"),
            self.level("reversing_valve_stuck"),
        )


def _key(name: str, point: str | None) -> str:
    return name if point is None else f"{name} {point}"


def _check_severity(
    name: str, kind: DisturbanceKind, magnitude: float | None, severity: float
) -> None:
    if magnitude is not None and not kind.comes_and_goes:
        raise DisturbanceError(f"{name}: state magnitude or severity, not both")
    if not 0.0 <= severity <= 1.0:
        raise DisturbanceError(f"{name}: severity {severity:g} is outside 0…1")
