"""What is known of the heat pumps of a site, read of its history."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import structlog

from heatpump_twin.calibrating.calibrated_site import opened
from heatpump_twin.config.catalogue import SITE, PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.errors import TwinError
from heatpump_twin.forecasting.course_file import KEPT, KeptCourses, courses_until
from heatpump_twin.forecasting.weather_issues import weather_issues
from heatpump_twin.twin_engine.forecasting.course import OUTDOOR, PumpCourse, WeatherIssues
from heatpump_twin.twin_engine.forecasting.targets import TARGETS
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog

log = structlog.stdlib.get_logger(__name__)

AIR = ("outdoor_temperature", "outdoor_humidity", "irradiance")
"""Points of the site that stand for those that a heat pump has not itself."""
OF_HEAT_PUMP = tuple(dict.fromkeys(
    (
        *(point for target in TARGETS for point in target.observed),
        *OUTDOOR, "outdoor_humidity",
    )
))  # fmt: skip
"""Points of a heat pump from which it is forecast."""
_EVER = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class SiteCourses:
    """What is known of the heat pumps of a site."""

    now: int
    """Until when. [µs since the Unix epoch, UTC]"""
    kept: KeptCourses
    weather: WeatherIssues | None

    def of(self, asset: str) -> PumpCourse:
        """Return the course of a heat pump."""
        rows = {key: row for row, key in enumerate(self.kept.keys)}
        own = {point: rows.get(f"{asset}.{point}") for point in OF_HEAT_PUMP}
        site = {point: rows.get(f"{SITE}.{point}") for point in AIR}
        # The sensor at the machine first: it is what its controller goes by.
        found = {**site, **{point: row for point, row in own.items() if row is not None}}
        return PumpCourse(
            self.kept.start,
            {
                point: self.kept.values[row].astype(float)
                for point, row in found.items()
                if row is not None
            },
            self.weather,
        )


async def read_courses(
    site: Site,
    data: DataDirectory,
    now: int | None,
    *,
    newest: bool,
    length: int = KEPT,
    only: Sequence[HeatPump] | None = None,
) -> SiteCourses:
    """Return what is known until a time in µs, by default until the last that is recorded.

    ``newest``: of the forecasts of the weather only the newest is wanted. ``length``: so many
    quarter-hours of record, at most. ``only``: heat pumps that are looked at; default: all.

    Raises
    ------
    TwinError
        There is no history, or nothing of a heat pump in it.
    """
    async with opened(site, data) as history:
        keys = _keys(site.heat_pumps if only is None else only, history)
        if now is None:
            now = await _latest(history, keys)
        known = KeptCourses.read(data.courses)
        kept = await courses_until(history, keys, now, known, length)
    if length == KEPT and only is None:
        _keep(kept, data)
    # The table is for those who announce; here is only read.
    with closing(TrajectoryLog(PointTable.build([]), database_url(site.historian, data))) as issued:
        first = now - 7 * 86_400_000_000 if newest else kept.start
        weather = await weather_issues(issued, first, now + 1, newest=newest)
    return SiteCourses(now, kept, weather)


def _keep(kept: KeptCourses, data: DataDirectory) -> None:
    try:
        kept.write(data.courses)
    except OSError as error:
        log.warning("the courses of forecasts are not kept", error=str(error))


def _keys(pumps: Sequence[HeatPump], history: StoredHistory) -> list[str]:
    known = set(history.keys)
    wanted = [f"{pump.id}.{point}" for pump in pumps for point in OF_HEAT_PUMP]
    return [key for key in (*wanted, *(f"{SITE}.{point}" for point in AIR)) if key in known]


async def _latest(history: StoredHistory, keys: Sequence[str]) -> int:
    newest = [await history.before(key, _EVER) for key in keys]
    found = max((int(one.time[0]) for one in newest if len(one)), default=None)
    if found is None:
        raise TwinError("nothing is recorded of the heat pumps of this site: forecasts need some")
    return found
