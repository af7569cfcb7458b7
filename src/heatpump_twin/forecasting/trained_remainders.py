"""Learn remainders of forecasts on the history of a site, or on tables, and keep versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from heatpump_twin import __version__
from heatpump_twin.calibrating.calibrated_tables import TableMap
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.errors import TwinError
from heatpump_twin.forecasting.known_models import learnt_house, learnt_remainder, methods_with
from heatpump_twin.forecasting.site_courses import read_courses
from heatpump_twin.forecasting.table_courses import table_courses
from heatpump_twin.twin_engine.errors import CalibrationError, ForecastError
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.method import BaseMethod
from heatpump_twin.twin_engine.forecasting.mixture import RememberedMethod
from heatpump_twin.twin_engine.forecasting.remainder.base_in_use import base_in_use
from heatpump_twin.twin_engine.forecasting.remainder.features import FeatureSource
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import RemainderCard
from heatpump_twin.twin_engine.forecasting.remainder.remainder_model import RemainderModel
from heatpump_twin.twin_engine.forecasting.remainder.remainder_training import (
    HELD_OUT,
    LONGEST_LEARNT,
    Candidate,
    Learner,
    learn,
)
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import (
    RemainderVersions,
    require_usable,
)
from heatpump_twin.twin_engine.forecasting.remainder.usual_base import UsualBase


@dataclass(frozen=True, slots=True)
class LearntOutcome:
    """What came of learning the remainder of one heat pump."""

    heat_pump: str
    candidate: Candidate | None
    """None: it was refused."""
    version: int | None
    """None: nothing was kept."""
    words: str
    """Why it is in use or not, or why it was refused."""


async def train_site(
    site: Site, data: DataDirectory, heat_pump: str | None, end: int | None, *, keep: bool
) -> list[LearntOutcome]:
    """Learn the remainder of one or all heat pumps of a site from its history until ``end`` in µs.

    Raises
    ------
    TwinError
        There is no such heat pump, or no history.
    """
    pumps = known_pumps(site, heat_pump)
    whole = HELD_OUT + LONGEST_LEARNT
    seen = await read_courses(site, data, end, newest=False, length=whole, only=pumps)
    zone = ZoneInfo(site.site.timezone)
    found = []
    for pump in pumps:
        house = learnt_house(site, data, pump)
        base = None if house is None else RememberedMethod(house)
        learner = learner_of(pump.id, base, zone, emulated=pump.emulated)
        champion = learnt_remainder(data, pump, base)
        found.append(_one(learner, seen.of(pump.id), champion, data if keep else None))
    return found


def train_tables(tables: Sequence[Path], map_: TableMap, zone: ZoneInfo) -> Iterator[LearntOutcome]:
    """Learn what remains after the climatology of each heat pump that tables are of.

    Raises
    ------
    TwinError
        A table cannot be read.
    """
    for name, course in table_courses(tables, map_, zone):
        learner = learner_of(name, None, zone, emulated=False)
        try:
            one = learn(learner, course)
        except ForecastError as error:
            yield LearntOutcome(name, None, None, str(error))
            continue
        yield LearntOutcome(name, one, None, one.verdict.reason)


def learner_of(name: str, base: BaseMethod | None, zone: ZoneInfo, *, emulated: bool) -> Learner:
    """Return what a remainder is learnt with: of a model, else of the climatology."""
    usual = RememberedMethod(UsualBase())
    return Learner(
        name,
        emulated,
        usual if base is None else base,
        methods_with(base, zone),
        FeatureSource(usual, zone),
        __version__,
    )


def known_pumps(site: Site, heat_pump: str | None) -> list[HeatPump]:
    """Return one or all heat pumps of a site; raise `TwinError` where there is no such."""
    pumps = [pump for pump in site.heat_pumps if heat_pump in (None, pump.id)]
    if not pumps:
        known = ", ".join(pump.id for pump in site.heat_pumps)
        raise TwinError(f"there is no heat pump {heat_pump!r} on this site; it has {known}")
    return pumps


def promote_remainder(site: Site, data: DataDirectory, heat_pump: str, number: int) -> str:
    """Put a version of a learnt remainder to use; say so. Raise `TwinError` where it cannot be."""
    pump = known_pumps(site, heat_pump)[0]
    versions = RemainderVersions(data.models, pump.id)
    try:
        if number in versions.numbers:
            base = base_in_use(data.models, pump.id)
            card = versions.card(number)
            require_usable(card, number, pump.id, base=base, emulated=pump.emulated)
        versions.promote(number)
    except (CalibrationError, ForecastError) as error:
        raise TwinError(str(error)) from error
    return f"{pump.id}: version {number} of its learnt remainder is in use"


def roll_back_remainder(site: Site, data: DataDirectory, heat_pump: str) -> str:
    """Take back the version in use; say what is in use then. Raise `TwinError` without any."""
    pump = known_pumps(site, heat_pump)[0]
    try:
        number = RemainderVersions(data.models, pump.id).roll_back()
    except ForecastError as error:
        raise TwinError(str(error)) from error
    after = "no learnt remainder" if number is None else f"version {number} of its learnt remainder"
    return f"{pump.id}: {after} is in use"


def known_versions(site: Site, data: DataDirectory) -> Iterator[str]:
    """Yield a line about each version: whether it is in use, and what it is."""
    for pump in site.heat_pumps:
        versions = RemainderVersions(data.models, pump.id)
        for number in versions.numbers:
            used = "in use" if number == versions.promoted else "not in use"
            try:
                words = _of_card(versions.model(number).card)
            except ForecastError as error:
                words = f"cannot be used: {error}"
            yield f"{pump.id}: version {number}, {used}: {words}"


def _of_card(card: RemainderCard) -> str:
    asked = ", ".join(point.removeprefix("forecast_") for point in card.proved)
    return (
        f"what remains after the {card.base}, learnt from {card.trained.start[:10]} to "
        f"{card.trained.end[:10]} ({card.connection}), asked for {asked or 'nothing'}"
    )


def _one(
    learner: Learner,
    course: PumpCourse,
    champion: RemainderModel | None,
    kept: DataDirectory | None,
) -> LearntOutcome:
    try:
        found = learn(learner, course, champion)
    except ForecastError as error:
        return LearntOutcome(learner.heat_pump, None, None, str(error))
    if kept is None:
        return LearntOutcome(learner.heat_pump, found, None, found.verdict.reason)
    versions = RemainderVersions(kept.models, learner.heat_pump)
    number = versions.keep(found.content, found.card)
    if found.verdict.promoted:
        versions.promote(number)
    return LearntOutcome(learner.heat_pump, found, number, found.verdict.reason)
