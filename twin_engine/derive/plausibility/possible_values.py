"""Records of what a measured value can be: between which limits, and how fast it can change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from heatpump_twin.config.catalogue import Point, PointRole, Span
from heatpump_twin.config.settings import Plate

WATER: Span = (-15.0, 110.0)
"""Water of a heating circuit, with glycol, up to where it boils at 1.5 bar. [°C]"""
HEATER = 9000.0
"""Largest electric heater that is built into a heat pump of a house. [W]"""
MAINS = 230.0
"""Phase to neutral. [V]"""
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Place:
    """The machine and where it stands: what limits follow from."""

    plate: Plate
    latitude: float
    """[°]"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Between which values a quantity can be, beside what its instrument can measure."""

    points: tuple[str, ...]
    span: Callable[[Place], Span]
    replaces: bool = False
    """Whether they stand in place of the catalogue's instrument range."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a quantity can go from one sample to the next. [its unit, and per second]"""

    points: tuple[str, ...]
    step: float
    rate: float
    most: float
    """Farther than this it does not go, however far apart the samples are."""
    apart: float
    """Samples farther apart tell nothing of a jump. [s]"""


def air_span(place: Place) -> Span:
    """Return the temperatures of outdoor air that occur where people live. [°C]

    The lowest on record fall by about 0.75 K for each degree of latitude: -17 °C in the north of
    Africa, -40 °C in Anatolia, -47 °C in Denmark's latitude; the highest are 57 °C in the
    subtropics and 40 °C beyond the polar circle (WMO Weather and Climate Extremes Archive).
    """
    north = abs(place.latitude)
    return -10.0 - 0.75 * north, 57.0 - 0.5 * max(north - 35.0, 0.0)


def power_span(place: Place) -> Span:
    """Return the electrical power that can flow to a machine and the heaters beside it. [W]"""
    # Below zero: current transformers the wrong way round show a machine that feeds the grid.
    plate = place.plate
    return -max(0.05 * plate.max_power, 50.0), 2 * plate.max_power + HEATER


def current_span(place: Place) -> Span:
    """Return the current that can flow in one phase. [A]"""
    # All of it in one phase; what a small machine's meter can measure is left to it.
    return 0.0, max(100.0, power_span(place)[1] / MAINS)


def heat_span(place: Place) -> Span:
    """Return the heat that a machine and its heaters can give, or a defrost can take. [W]"""
    most = 10 * place.plate.max_power + HEATER
    return -most, most


def flow_span(place: Place) -> Span:
    """Return the water flow that a circuit can have. [l/min]"""
    return -0.1 * place.plate.nominal_flow, 5 * place.plate.nominal_flow


LIMITS = (
    Limits(("outdoor_temperature", "ambient_temperature"), air_span),
    Limits(("room_temperature",), lambda _: (-20.0, 50.0)),
    Limits(
        (
            "supply_temperature",
            "return_temperature",
            "zone1_water_temperature",
            "zone2_water_temperature",
            "dhw_temperature",
            "heater_outlet_temperature",
            "meter_supply_temperature",
            "meter_return_temperature",
        ),
        lambda _: WATER,
    ),
    Limits(
        ("electrical_power", "controller_electrical_power", "apparent_power"),
        power_span,
        replaces=True,
    ),
    Limits(("current",), current_span, replaces=True),
    # Carbon dioxide: transmitters of 160 bar beyond the gas cooler, and of 80 bar before.
    Limits(("high_pressure",), lambda _: (0.0, 160.0), replaces=True),
    Limits(("low_pressure",), lambda _: (0.0, 80.0), replaces=True),
    Limits(("meter_heat_power", "controller_heat_power"), heat_span, replaces=True),
    Limits(("water_flow", "controller_water_flow"), flow_span, replaces=True),
)

# Not of the heating circuit: its sensors read the room at rest, and leap when water comes.
PACES = (
    # A sensor in a pocket of a tank lags by ten seconds or more, however cold the water is that
    # passes it.
    # From one minute to the next a draw may exchange what is around it: nothing is a jump then.
    Pace(("dhw_temperature",), step=3.0, rate=0.3, most=20.0, apart=MINUTE),
    # A front, or the sun that comes upon a sensor, makes 10 K in half an hour.
    Pace(
        ("outdoor_temperature", "ambient_temperature"),
        step=4.0, rate=0.05, most=15.0, apart=HOUR,
    ),
    Pace(("room_temperature",), step=4.0, rate=0.05, most=12.0, apart=HOUR),
)  # fmt: skip
SETTLED = 30 * MINUTE
"""A new level is believed after this time, if the value moves there. [s]"""


def span_of(point: Point, place: Place) -> Span:
    """Return what a measured point can be; without end where nothing is known of it."""
    if point.spec.role is not PointRole.MEASURED:
        return -math.inf, math.inf
    low, high = point.spec.instrument_range or (-math.inf, math.inf)
    for limits in LIMITS:
        if point.id in limits.points:
            lowest, highest = limits.span(place)
            if limits.replaces:
                return lowest, highest
            low, high = max(low, lowest), min(high, highest)
    return low, high


def pace_of(point: Point) -> Pace | None:
    """Return how fast a measured point can change, where that is known."""
    return next((pace for pace in PACES if point.id in pace.points), None)
