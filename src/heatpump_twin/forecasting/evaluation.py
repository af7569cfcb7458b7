"""Evaluate forecasts by rolling origin, and keep what was found on a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin import __version__
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.forecasting.drift_watch import drifts
from heatpump_twin.forecasting.known_models import (
    learnt_house,
    learnt_remainder,
    methods_with,
)
from heatpump_twin.forecasting.site_courses import read_courses
from heatpump_twin.twin_engine.forecasting.course import PumpCourse
from heatpump_twin.twin_engine.forecasting.forecast_card import (
    ForecastCard,
    target_cards,
    write_forecast_card,
)
from heatpump_twin.twin_engine.forecasting.leakage import leaks
from heatpump_twin.twin_engine.forecasting.method import Method
from heatpump_twin.twin_engine.forecasting.mixture import RememberedMethod
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY
from heatpump_twin.twin_engine.forecasting.remainder.drift import write_drift
from heatpump_twin.twin_engine.forecasting.rolling_origin import (
    LONGEST,
    JudgedTarget,
    judge,
    origins_of,
)
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

_AUDITED = 2
"""Origins at which it is looked whether a method knows the future."""
_FEWEST_DAYS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What came of evaluating forecasts of one heat pump."""

    heat_pump: str
    course: PumpCourse
    judged: Mapping[ForecastTarget, JudgedTarget]
    left_out: tuple[str, ...]
    """Methods that were not judged, and why."""

    @property
    def card(self) -> ForecastCard:
        """What is kept of it."""
        origins = next((len(one.origins) for one in self.judged.values()), 0)
        return ForecastCard(
            heat_pump=self.heat_pump,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            software=__version__,
            start=_iso(self.course.start),
            end=_iso(self.course.end),
            forecasts=origins,
            targets=target_cards(self.judged),
        )


def evaluate(
    heat_pump: str, course: PumpCourse, methods: Sequence[Method], days: float | None = None
) -> Evaluation:
    """Evaluate the forecasts of a heat pump over the last days of its course.

    A method that knows the future is left out before it is judged.

    Raises
    ------
    TwinError
        The record is too short.
    """
    if len(course) < _FEWEST_DAYS * DAY:
        raise TwinError(
            f"{heat_pump}: {len(course) / DAY:.1f} days are recorded; forecasts can be judged from "
            f"{_FEWEST_DAYS} days on"
        )
    origins = origins_of(course, LONGEST if days is None else round(days * DAY))
    audited = origins[np.linspace(0, len(origins) - 1, _AUDITED).round().astype(int)]
    found = leaks(methods, course, audited)
    honest = [method for method in methods if not found[method.name]]
    left_out = [
        f"{name} is left out: its {leaked[0].target} changes with the future ({leaked[0].future})"
        for name, leaked in found.items()
        if leaked
    ]
    return Evaluation(heat_pump, course, judge(course, honest, origins), tuple(left_out))


async def evaluate_site(
    site: Site,
    data: DataDirectory,
    heat_pump: str | None,
    end: int | None,
    days: float | None,
    *,
    keep: bool,
) -> list[Evaluation]:
    """Evaluate the forecasts of one or all heat pumps of a site on its recorded history.

    Raises
    ------
    TwinError
        There is no such heat pump, or no history that is long enough of any.
    """
    pumps = [pump for pump in site.heat_pumps if heat_pump in (None, pump.id)]
    if not pumps:
        known = ", ".join(pump.id for pump in site.heat_pumps)
        raise TwinError(f"there is no heat pump {heat_pump!r} on this site; it has {known}")
    seen = await read_courses(site, data, end, newest=False)
    zone = ZoneInfo(site.site.timezone)
    found, short = [], []
    for pump in pumps:
        try:
            house = learnt_house(site, data, pump)
            model = None if house is None else RememberedMethod(house)
            methods = methods_with(model, zone, learnt_remainder(data, pump, model))
            found.append(evaluate(pump.id, seen.of(pump.id), methods, days))
        except TwinError as error:
            short.append(str(error))
            continue
        if keep:
            write_forecast_card(data.models, found[-1].card)
            drifted = drifts(methods, found[-1].course, found[-1].judged)
            write_drift(data.models, pump.id, drifted)
    if not found:
        raise TwinError("; ".join(short))
    return found


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).isoformat(timespec="seconds")
