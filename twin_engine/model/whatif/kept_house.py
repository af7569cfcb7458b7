"""A learnt house in the section of a card, and what a section says of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.house.house_fit import FittedHouse
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.simulation.house_section import (
    Belief,
    HouseErrors,
    HouseSection,
)
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.simulation.simulate import Installation
from heatpump_twin.twin_engine.model.whatif.followed_room import followed_room
from heatpump_twin.twin_engine.model.whatif.installation_fit import FittedInstallation
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse
from heatpump_twin.twin_engine.model.whatif.outlook import (
    UNSEEN_ROOM,
    HeldOutDays,
    HouseOutlook,
)

_DAY = 86_400.0


def section_of(view: HouseOutlook, seen: ObservedHouse) -> HouseSection:
    """Return what is kept of a house."""
    fit, held = view.fit, view.held_out
    base, house, likely = fit.base, fit.house, fit.likely.envelope
    room_seen = bool(np.isfinite(seen.room).any())
    return HouseSection(
        start=_iso(int(seen.time[0])),
        end=_iso(int(seen.time[-1])),
        days=round(len(seen.time) * seen.step / _DAY, 2),
        structure=house.structure,
        loss=round(likely.loss, 1),
        time_constant=round(likely.time_constants[0] / 3600.0, 1),
        scale=house.loss,
        usual_people=house.usual_people,
        house=Belief.of(house.posterior),
        together=Belief.of(fit.posterior),
        frost=base.frost,
        circuit=base.circuit,
        tank=base.tank,
        control=base.control,
        auxiliaries=base.auxiliaries,
        household=base.household,
        held_out=HouseErrors(
            days=held.days,
            room=held.room if room_seen else None,
            heat=held.heat,
            power=held.power,
        ),
        room_seen=room_seen,
        irradiance_seen=bool(np.isfinite(seen.weather.irradiance).any()),
        followed=followed_room(view, seen),
    )


def outlook_of(section: HouseSection, machine: Machine, place: HousePlace) -> HouseOutlook:
    """Return the house of a section, heated by a machine."""
    house = FittedHouse(
        section.structure,
        section.house.posterior(),
        math.nan,
        math.nan,
        section.usual_people,
        section.scale,
    )
    base = Installation(
        machine,
        circuit=section.circuit,
        tank=section.tank,
        control=section.control,
        auxiliaries=section.auxiliaries,
        household=section.household,
        frost=section.frost,
    )
    held = section.held_out
    room = UNSEEN_ROOM if held.room is None else held.room
    errors = HeldOutDays(held.days, room, held.heat, held.power)
    fit = FittedInstallation(base, house, section.together.posterior())
    return HouseOutlook(fit, errors, place)


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).isoformat(timespec="seconds")
