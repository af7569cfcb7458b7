"""Refuse what only an emulated site can have where real devices are: another time, and a past."""

from __future__ import annotations

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.runtime.clock.past_plan import PastPlan
from heatpump_twin.runtime.clock.site_clock import kept_time


def check_clock(reading: SiteReading, site: Site) -> None:
    """Add a problem for each real device of a site whose clock is not that of the system."""
    plant = site.plant
    if plant is None:
        return
    wanted = [
        name
        for name, is_own in (("speed", plant.speed != 1.0), ("start", plant.start is not None))
        if is_own
    ]
    if wanted:
        _refuse_real(
            reading,
            site,
            f"a real device lives in real time: leave out {_listed(wanted)} (--speed), which are "
            "for sites whose devices are all emulated",
        )


def check_past(reading: SiteReading, site: Site, data: DataDirectory | None) -> None:
    """Add a problem for each real device where history is an emulated plant's."""
    if data is None:
        return
    if PastPlan.read(data) is not None or kept_time(data) > SystemClock().now():
        _refuse_real(
            reading,
            site,
            f"a real device, whose history would be mixed with that of an emulated plant "
            f"in {data.root}: begin with another directory, --data DIR",
        )


def _refuse_real(reading: SiteReading, site: Site, message: str) -> None:
    for _, _, place in site.real_devices():
        reading.add((*place, "connection"), message)


def _listed(names: list[str]) -> str:
    return " and ".join(f"plant.{name}" for name in names)
