"""Refuse a time of its own where real devices are, which live in real time."""

from __future__ import annotations

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import Site


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
    for i, pump in enumerate(site.heat_pumps):
        for j, device in enumerate(pump.devices):
            if wanted and device.connection.scheme != "emulated":
                reading.add(
                    ("heat_pumps", i, "devices", j, "connection"),
                    f"a real device lives in real time: leave out {_listed(wanted)} (--speed), "
                    "which are for sites whose devices are all emulated",
                )


def _listed(names: list[str]) -> str:
    return " and ".join(f"plant.{name}" for name in names)
