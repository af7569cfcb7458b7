"""What is to be expected of an installation, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.house_fit import HouseUnknownError
from heatpump_twin.twin_engine.model.house.house_place import HousePlace
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Simulated, simulate
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries
from heatpump_twin.twin_engine.model.whatif.installation_fit import (
    FittedInstallation,
    fit_installation,
)
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse

NORMAL_90 = 1.645
"""Half the width of the interval that holds 90 % of a normal distribution, over its deviation."""
_LEARNT = 2.0 / 3.0
"""Share of a record from which the rest is predicted, to see how well."""
_DAY = 86_400.0
UNSEEN_ROOM = 1.0
"""Deviation of a room where nobody measures it. [K]"""
_UNSEEN = 0.25
"""Deviation of a day's energies where no day was held out, over those of a mean day. [-]"""


@dataclass(frozen=True, slots=True)
class HeldOutDays:
    """Errors of days that a fit had not seen: root mean squares."""

    days: int
    room: float
    """Of each moment. [K]"""
    heat: float
    """Of a day over that of a mean day. [-]"""
    power: float
    """Likewise. [-]"""


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected quantity over time, shape (t,), and half the width of its 90 % interval."""

    value: Floats
    half: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HouseOutlook:
    """A learnt installation, and how well it predicts."""

    fit: FittedInstallation
    held_out: HeldOutDays
    place: HousePlace
    unseen: FittedInstallation | None = None
    """What the first part of its record tells, by which the rest was predicted."""

    def cases(self, weather: WeatherSeries, count: int, seed: int) -> list[Case]:
        """Return the most likely case, and ``count`` that are as likely as the record says."""
        drawn = self.fit.drawn(count, seed)
        chance = np.random.default_rng(seed)
        seeds = chance.integers(0, 2**31, count).tolist()
        return [
            Case(self.fit.likely, weather, self.place.zone),
            *(
                Case(one, weather, self.place.zone, seed=own)
                for one, own in zip(drawn, seeds, strict=True)
            ),
        ]

    def days(self, run: Simulated, quantity: str) -> Expected:
        """Return means of days of a quantity of `cases`: ``room`` [°C], ``heat``, ``power`` [W]."""
        means = by_day(run.of(quantity), run.interval)
        value = means[0]
        drawn = means[1:].std(axis=0) if len(means) > 2 else np.zeros(len(value))
        share = getattr(self.held_out, quantity)
        own = share if quantity == "room" else share * float(value.mean())
        # Draws and held-out days tell of the same errors: the larger of the two counts.
        return Expected(value, NORMAL_90 * np.maximum(drawn, own))


def outlook(seen: ObservedHouse, plate: Plate, machine: Machine, place: HousePlace) -> HouseOutlook:
    """Return what a record tells of an installation, judged by its last third.

    Raises
    ------
    HouseUnknownError
        The record does not tell the house.
    """
    fit = fit_installation(seen, plate, machine)
    unseen = _unseen_fit(seen, plate, machine)
    held = HeldOutDays(0, UNSEEN_ROOM, _UNSEEN, _UNSEEN)
    if unseen is not None:
        held = errors_of(unseen, seen, cut_of(seen), place)
    return HouseOutlook(fit, held, place, unseen)


def by_day(values: Floats, step: float) -> Floats:
    """Return means of whole days from the begin on, shape (m, days)."""
    day = round(_DAY / step)
    whole = values[:, : values.shape[1] // day * day]
    return np.asarray(whole.reshape(len(values), -1, day).mean(axis=2))


def steps_of(seen: ObservedHouse, first: int, last: int) -> ObservedHouse:
    """Return some steps of what was observed; the weather stays whole."""
    cut = slice(first, last)
    rows = {
        field.name: getattr(seen, field.name)[cut]
        for field in fields(seen)
        if isinstance(getattr(seen, field.name), np.ndarray)
    }
    clock, sky = seen.clock, seen.weather
    own = replace(sky, time=sky.time[cut], outdoor=sky.outdoor[cut],
                  irradiance=sky.irradiance[cut], humidity=sky.humidity[cut])  # fmt: skip
    clock = clock._replace(second=clock.second[cut], weekday=clock.weekday[cut])
    return replace(seen, **rows, weather=own, clock=clock)


def cut_of(seen: ObservedHouse) -> int:
    """Return the step from which on a record is predicted, to see how well."""
    day = round(_DAY / seen.step)
    return round(len(seen.time) * _LEARNT / day) * day


def errors_of(
    fit: FittedInstallation, seen: ObservedHouse, first: int, place: HousePlace
) -> HeldOutDays:
    """Return how well an installation tells the whole days from a step of a record on."""
    day = round(_DAY / seen.step)
    late = steps_of(seen, first, first + (len(seen.time) - first) // day * day)
    start = int(late.time[0])
    end = int(late.time[-1]) + round(seen.step * MICROSECONDS)
    case = Case(fit.likely, seen.weather, place.zone)
    known = (start - int(seen.time[0])) / MICROSECONDS / _DAY
    every = round(seen.step / 60.0)
    run = simulate([case], start, end, every=every, warm_up=known)
    heat, power = (
        root_mean(run.of(name), getattr(late, name)[None], seen.step) for name in ("heat", "power")
    )
    return HeldOutDays(
        len(late.time) // day, _room_error(run.of("room")[0] - late.room), heat, power
    )


def root_mean(found: Floats, wanted: Floats, step: float) -> float:
    """Return the root mean square error of means of days, over the mean day. [-]"""
    apart = by_day(found, step) - by_day(wanted, step)
    if not np.isfinite(apart).any():
        return _UNSEEN
    return float(np.sqrt(np.nanmean(apart**2)) / max(np.nanmean(wanted), 1.0))


def _unseen_fit(seen: ObservedHouse, plate: Plate, machine: Machine) -> FittedInstallation | None:
    """Return what the first part of a record tells; None: it does not tell the house."""
    try:
        return fit_installation(steps_of(seen, 0, cut_of(seen)), plate, machine)
    except HouseUnknownError:
        return None


def _room_error(apart: Floats) -> float:
    return float(np.sqrt(np.nanmean(apart**2))) if np.isfinite(apart).any() else UNSEEN_ROOM
