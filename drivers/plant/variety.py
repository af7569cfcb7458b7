"""Variety: how houses, installers and people differ, drawn from a seed.

A model that was fitted to one emulated house knows that house. The figures spread about as those of
metered installations do: light and heavy houses, radiators and heated floors, with and without a
buffer, curves set by cautious and by careful installers, one to three people with their own hours.
"""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.settings import HouseKind
from heatpump_twin.drivers.plant.noise import channel, uniform


@dataclass(frozen=True, slots=True)
class Variety:
    """How one installation differs from the reference; factors of it unless stated otherwise."""

    mass: float = 1.0
    """Heat capacity of walls and floors."""
    load: float = 1.0
    """Design heat load, for the machine's capacity."""
    windows: float = 1.0
    """Sunlit area."""
    floor_heating: bool = False
    buffer_litres: float = 0.0
    """Volume in series in the heating circuit. [l]"""
    curve_shift: float = 0.0
    """How much warmer than needed the installer has set the curve. [K]"""
    approach: float = 1.0
    """Temperature differences of the heat exchangers."""
    people: float = 1.0
    """Hot water that is drawn."""
    hours_later: float = 0.0
    """By how much later than others people get up and go to bed. [h]"""
    room_setpoint: float = 20.5
    """[°C]"""
    dhw_setpoint: float = 48.0
    """[°C]"""
    setback: float = 0.0
    """How much colder the water is at night. [K]"""


REFERENCE = Variety()
_LIGHT, _HEAVY = 0.45, 2.2
_BUFFER = 50.0
_KINDS: dict[HouseKind, Variety] = {
    HouseKind.REFERENCE: REFERENCE,
    HouseKind.LIGHT: Variety(mass=_LIGHT),
    HouseKind.HEAVY: Variety(mass=_HEAVY),
    HouseKind.FLOOR: Variety(floor_heating=True),
    HouseKind.BUFFER: Variety(buffer_litres=_BUFFER),
}


def variety_of(kind: HouseKind, seed: int) -> Variety:
    """Return the installation of a kind; the seed decides where all of it varies."""
    if kind is not HouseKind.VARIED:
        return _KINDS[kind]
    stream = channel(seed, "variety")

    def between(place: int, low: float, high: float) -> float:
        return low + (high - low) * uniform(stream, place)

    floor = uniform(stream, 1) < 0.3
    return Variety(
        mass=_LIGHT * (_HEAVY / _LIGHT) ** uniform(stream, 0),
        load=between(2, 0.8, 1.4),
        windows=between(3, 0.6, 1.5),
        floor_heating=floor,
        buffer_litres=between(4, 30.0, 80.0) if uniform(stream, 5) < 0.4 else 0.0,
        curve_shift=between(6, -1.0, 3.0),
        approach=between(7, 0.85, 1.2),
        people=between(8, 0.25, 0.85),
        hours_later=between(9, -1.0, 1.5),
        room_setpoint=round(2.0 * between(10, 19.5, 21.5)) / 2.0,
        dhw_setpoint=round(between(11, 45.0, 51.0)),
        setback=between(12, 1.0, 4.0) if uniform(stream, 13) < 0.35 else 0.0,
    )
