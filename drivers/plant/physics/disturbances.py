"""The disturbances of a heat pump, by name: what can go wrong with it while the plant runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from heatpump_twin.drivers.plant.errors import DisturbanceError
from heatpump_twin.drivers.plant.physics.performance_map import Impairment
from heatpump_twin.drivers.plant.sensors import SENSORS


@dataclass(frozen=True, slots=True)
class DisturbanceKind:
    """A kind of disturbance that the plant knows, with the range of its magnitude."""

    text: str
    unit: str
    low: float
    high: float
    default: float
    of_sensor: bool = False
    """Whether it concerns one sensor, which must be named."""


KINDS = MappingProxyType(
    {
        "strainer_clogged": DisturbanceKind("Share of the water flow that is lost", "1", 0, 1, 0.5),
        "refrigerant_undercharge": DisturbanceKind(
            "Share of the refrigerant missing", "1", 0, 0.5, 0.2
        ),
        "coil_fouled": DisturbanceKind("Share of the outdoor coil that is blocked", "1", 0, 1, 0.4),
        "fan_stopped": DisturbanceKind("The outdoor fan stands still", "1", 0, 1, 1),
        "controller_error": DisturbanceKind(
            "Error code that stops the compressor", "1", 1, 65535, 99
        ),
        "water_leak": DisturbanceKind("Loss of water pressure", "bar/h", 0, 60, 1.0),
        "valve_stuck": DisturbanceKind(
            "The three-way valve stays at rooms (0) or tank (1)", "1", 0, 1, 0
        ),
        "tank_heater_stuck": DisturbanceKind(
            "The immersion heater does not switch off", "1", 0, 1, 1
        ),
        "meter_offset": DisturbanceKind(
            "The electricity meter shows too much", "W", -3000, 3000, 100
        ),
        "sensor_offset": DisturbanceKind(
            "A sensor shows too much", "point's", -1e4, 1e4, 3.0, of_sensor=True
        ),
        "sensor_stuck": DisturbanceKind(
            "A sensor keeps its value", "point's", -1e5, 1e5, float("nan"), of_sensor=True
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A disturbance that is going on."""

    name: str
    magnitude: float
    point: str | None = None


class Disturbances:
    """The disturbances that are going on."""

    def __init__(self) -> None:
        self._active: dict[tuple[str, str | None], Disturbance] = {}

    def __iter__(self) -> Iterator[Disturbance]:
        return iter(self._active.values())

    def start(self, name: str, magnitude: float | None = None, point: str | None = None) -> None:
        """Begin a disturbance, or change its magnitude. Raises `DisturbanceError`."""
        kind = KINDS.get(name)
        if kind is None:
            raise DisturbanceError(f"no disturbance {name!r}; there are: {', '.join(KINDS)}")
        if kind.of_sensor and point not in SENSORS:
            raise DisturbanceError(
                f"{name} needs the point of a sensor, not {point!r}; "
                f"there are: {', '.join(SENSORS)}"
            )
        if not kind.of_sensor and point is not None:
            raise DisturbanceError(f"{name} concerns the whole heat pump; leave out the point")
        value = kind.default if magnitude is None else float(magnitude)
        if magnitude is not None and not kind.low <= value <= kind.high:
            raise DisturbanceError(
                f"{name}: {value:g} {kind.unit} is outside {kind.low:g}…{kind.high:g}"
            )
        self._active[name, point] = Disturbance(name, value, point)

    def stop(self, name: str | None = None, point: str | None = None) -> int:
        """End all disturbances, or those of a name or a point; return how many were going on."""
        if name is not None and name not in KINDS:
            raise DisturbanceError(f"no disturbance {name!r}; there are: {', '.join(KINDS)}")
        ended = [
            key
            for key in self._active
            if name in (None, key[0]) and (point is None or point == key[1])
        ]
        for key in ended:
            del self._active[key]
        return len(ended)

    def level(self, name: str, otherwise: float = 0.0) -> float:
        """Return the magnitude of a disturbance, or `otherwise` if it is not going on."""
        active = self._active.get((name, None))
        return otherwise if active is None else active.magnitude

    def has(self, name: str) -> bool:
        """Tell whether a disturbance is going on."""
        return (name, None) in self._active

    def offset(self, point: str) -> float:
        """Return the offset of a disturbed sensor, in the unit of its point; 0: it has none."""
        active = self._active.get(("sensor_offset", point))
        return 0.0 if active is None else active.magnitude

    def stuck(self, point: str) -> float | None:
        """Return the value a sensor is stuck at; NaN: where it was; None: it is not stuck."""
        active = self._active.get(("sensor_stuck", point))
        return None if active is None else active.magnitude

    @property
    def impairment(self) -> Impairment:
        """What the disturbances do to the machine."""
        return Impairment(
            self.level("refrigerant_undercharge"),
            self.level("coil_fouled"),
            self.level("fan_stopped") >= 0.5,
        )
