"""How well a learnt house tells its room, followed with what is measured, on unseen days."""

from __future__ import annotations

import numpy as np

from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.house_fit import HouseObservations
from heatpump_twin.twin_engine.model.house.room_model import STEP, RoomModel, drawn_to
from heatpump_twin.twin_engine.model.house.sun import clear_sky, on_orientations
from heatpump_twin.twin_engine.model.simulation.house_section import FollowedRoom, room_model_of
from heatpump_twin.twin_engine.model.simulation.household import Household
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse
from heatpump_twin.twin_engine.model.whatif.outlook import HouseOutlook, cut_of

_SENSOR = 0.1
"""Less than a sensor and its place in the room are off nobody promises. [K]"""

_KNOWN_AFTER = 4 * 86_400.0
"""[s]"""


def followed_room(view: HouseOutlook, seen: ObservedHouse) -> FollowedRoom | None:
    """Return how well the room of a record is told by the house that its first part tells.

    None where no day was held out, or nobody measures the room.
    """
    known = np.isfinite(seen.room)
    cut = cut_of(seen)
    if view.unseen is None or not known[cut:].any():
        return None
    sky = seen.weather
    clear = clear_sky(sky.time, sky.latitude, sky.longitude)
    lit = float(np.sum(sky.light) / max(np.sum(clear), 1.0))
    outdoor = sky.outdoor[np.isfinite(sky.outdoor)]
    told = FollowedRoom(
        outdoor=(float(outdoor.min()), float(outdoor.max())), lit=round(lit, 3), spread=_SENSOR
    )
    with_light = bool(np.isfinite(sky.irradiance).any())
    house = view.unseen.house
    model = room_model_of(
        house.posterior, house.structure, house.loss, told, warmest=np.inf, with_light=with_light
    )
    # What is not known when it happens is not known here either.
    light = sky.light if with_light else lit * clear
    sun = on_orientations(sky.time, light, sky.latitude, sky.longitude) @ model.aperture
    people = house.people * seen.house(Household()).people
    # Some days before them it is followed, so that it is known by then.
    before = max(cut - round(_KNOWN_AFTER / seen.step), 0)
    own = seen.house(Household()).part(before, len(seen.room))
    off = room_apart(model, own, sun[before:], people[before:])[cut - before :]
    if not np.isfinite(off).any():
        return None
    spread = float(np.sqrt(np.nanmean(off**2)))
    return told.model_copy(update={"spread": round(max(spread, _SENSOR), 3)})


def room_apart(model: RoomModel, seen: HouseObservations, sun: Floats, people: Floats) -> Floats:
    """Return measured less expected room at the begin of each step, (n,). [K]

    Parameters
    ----------
    sun, people : array
        Heat of the sun and of people over each step, (n,). [W]
    """
    inputs = np.stack([seen.outdoor, seen.heat, sun, people], axis=-1)
    known = np.isfinite(inputs.sum(axis=-1))
    every = max(round(seen.step / STEP), 1)
    found = np.full(len(seen.room), np.nan)
    both = np.flatnonzero(np.isfinite(seen.room + seen.outdoor))
    if not len(both):
        return found
    first = int(both[0])
    house = model.at_rest(seen.room[first], seen.outdoor[first])
    moving = np.nan_to_num(inputs[first])
    for step in range(first, len(seen.room)):
        moving = inputs[step] if known[step] else moving
        begun = house[0]
        for _ in range(every):
            house = drawn_to(model.after(house, moving), seen.room[step])
        # The room of a step is its mean.
        found[step] = seen.room[step] - 0.5 * (begun + house[0])
    return found
