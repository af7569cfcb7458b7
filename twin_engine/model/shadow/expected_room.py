"""How warm the rooms of n heat pumps should be, by the houses that were learnt.

What is expected is what heat, weather, sun and people make of the house as it was a day ago
(`room_model`). Good only where the house has been followed for a day and a half, in air such as it
was learnt at, below the room from which on people open windows, and not while it is cooled.
"""

from __future__ import annotations

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.derive.operating_state import State
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.house.room_model import TANK_LOSS, RoomModel
from heatpump_twin.twin_engine.model.house.sun import clear_sky, on_orientations
from heatpump_twin.twin_engine.model.machine.power_model import NORMAL_90
from heatpump_twin.twin_engine.model.shadow.expectation import FleetState, beside
from heatpump_twin.twin_engine.model.shadow.reading import (
    ShadowReading,
    doubted,
    following,
    without,
)
from heatpump_twin.twin_engine.model.shadow.room_state import RoomReadings, RoomState
from heatpump_twin.twin_engine.model.shadow.shadow_points import ENVELOPE, INTERIOR
from heatpump_twin.twin_engine.model.simulation.household import WEEKEND, local_clock

_MARGIN = 2.0
"""How far beyond the air that it was learnt at a house is still trusted. [K]"""


def gains(model: RoomModel, place: HousePlace, time: int, light: Values) -> tuple[Values, Values]:
    """Return the heat of the sun and of people in n houses at a moment in µs. [W]

    Where the irradiance ``light`` (n,) is not known (NaN), the sun gives its usual share.
    """
    moment = np.array([time], dtype=np.int64)
    shining = light
    if np.isnan(light).any():
        clear = clear_sky(moment, place.latitude, place.longitude)[0]
        shining = np.where(np.isnan(light), model.lit * clear, light)
    moments = np.full(len(light), time, dtype=np.int64)
    sides = on_orientations(moments, shining, place.latitude, place.longitude)
    clock = local_clock(moment, place.zone)
    weekend = int(clock.weekday[0] >= WEEKEND)
    people = model.people[:, weekend, clock.second[0] // 3600]
    return np.asarray((model.aperture * sides).sum(axis=-1)), np.asarray(people)


def heat_into_rooms(now: FleetState) -> ShadowReading:
    """Return what n heat pumps give to their rooms, with what their tanks lose. [W]"""
    charging = now.state.value == State.HOT_WATER
    return following(np.where(charging, 0.0, now.heat.value) + TANK_LOSS, now.heat, now.state)


def expected_room(
    model: RoomModel, now: FleetState, rooms: RoomReadings, state: RoomState
) -> dict[str, ShadowReading]:
    """Return expected rooms of n heat pumps, their uncertainties, and what the houses remember."""
    air, envelope, interior = state.house
    found = following(air, now.state, rooms.outdoor, rooms.heat)
    low, high = model.outdoor.T - np.array([[_MARGIN], [-_MARGIN]])
    such = (rooms.outdoor.value >= low) & (rooms.outdoor.value <= high)
    lit = ~rooms.light.bad | ~(model.with_light > 0.0)
    usual = such & lit & (air <= model.warmest) & (now.state.value != State.COOLING)
    found = doubted(found, usual & state.known)
    # One that was begun just now is what is measured, and tells nothing.
    found = without(found, ~(state.settled > 0.0), BAD_NO_DATA)
    heavy = model.a[:, 0, 2] > 0.0
    return {
        "expected_room_temperature": found,
        "expected_room_temperature_uncertainty": beside(found, NORMAL_90 * model.spread),
        ENVELOPE: beside(found, envelope),
        INTERIOR: beside(found, np.where(heavy, interior, np.nan)),
    }
