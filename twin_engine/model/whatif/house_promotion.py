"""Whether a newly learnt house is put to use: only where unseen days speak for it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.calibration.promotion import Promotion
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.simulation.house_section import HouseSection
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.whatif.kept_house import outlook_of
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse
from heatpump_twin.twin_engine.model.whatif.outlook import (
    HeldOutDays,
    HouseOutlook,
    cut_of,
    errors_of,
    root_mean,
    steps_of,
)

_ROOM, _ENERGY = 0.5, 0.06
"""Errors that weigh the same: of a room [K], and of a day's heat or electricity [-]."""
_LEAST_DAYS = 4
"""Days since the house in use was learnt, from which on only these are looked at."""
_DAY = 86_400.0


class _Judged(NamedTuple):
    """Days on which two are compared, and what the candidate said of them."""

    first: int
    errors: HeldOutDays


def house_promotion(
    view: HouseOutlook, seen: ObservedHouse, machine: Machine, present: HouseSection | None
) -> Promotion:
    """Judge a learnt house against the one in use, on the days that its fit had not seen.

    Where none is in use it has to be better than to say of each day what the days before it were
    on average. The one in use may have seen some of the days when it was learnt, and is judged on
    those since where they are enough: so it never loses by that.
    """
    if view.held_out.days < 1:
        return Promotion(False, "no day was held out: nothing can speak for it")
    if present is None:
        theirs, name = _as_before(seen), "days as they were before"
        own = view.held_out
    else:
        first = _since(seen, present)
        own = errors_of(view.unseen or view.fit, seen, first, view.place)
        theirs = errors_of(outlook_of(present, machine, view.place).fit, seen, first, view.place)
        name = "the house in use"
    room = bool(np.isfinite(seen.room).any())
    words = f"{own.days} days that it had not seen: {_told(own, room)}; {name}: " + _told(
        theirs, room
    )
    return Promotion(_score(own, room) < _score(theirs, room), words)


def _since(seen: ObservedHouse, present: HouseSection) -> int:
    """Return the first step of those that are compared."""
    cut = cut_of(seen)
    end = round(datetime.fromisoformat(present.end).timestamp()) * MICROSECONDS
    day = round(_DAY / seen.step)
    later = -(-int(np.searchsorted(seen.time, end, side="right")) // day) * day
    enough = len(seen.time) - later >= _LEAST_DAYS * day
    return max(cut, later) if enough else cut


def _as_before(seen: ObservedHouse) -> HeldOutDays:
    """Return the errors of one who says of each day what those before were on average."""
    cut, day = cut_of(seen), round(_DAY / seen.step)
    early, late = steps_of(seen, 0, cut), steps_of(seen, cut, len(seen.time) // day * day)
    heat, power = (
        root_mean(np.full_like(b, _mean(a))[None], b[None], seen.step)
        for a, b in ((early.heat, late.heat), (early.power, late.power))
    )
    apart = late.room - _mean(early.room)
    known = apart[np.isfinite(apart)]
    room = float(np.sqrt((known**2).mean())) if len(known) else 0.0
    return HeldOutDays(len(late.time) // day, room, heat, power)


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _score(errors: HeldOutDays, room: bool) -> float:
    return (errors.room / _ROOM if room else 0.0) + (errors.heat + errors.power) / _ENERGY


def _told(errors: HeldOutDays, room: bool) -> str:
    rooms = f"room {errors.room:.2f} K, " if room else ""
    return f"{rooms}heat of a day {errors.heat:.0%}, electricity {errors.power:.0%}"
