"""Refuse faults of the emulated plant that it does not know, or that mean nothing."""

from __future__ import annotations

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import PlantFault, Site
from heatpump_twin.drivers.plant.errors import DisturbanceError
from heatpump_twin.drivers.plant.physics.disturbances import Disturbances


def check_faults(reading: SiteReading, site: Site) -> None:
    """Add a problem for each fault with which the plant would not start."""
    if site.plant is None:
        return
    pumps = [pump.id for pump in site.heat_pumps]
    for i, fault in enumerate(site.plant.faults):
        place = ("plant", "faults", i)
        if fault.heat_pump not in (None, *pumps):
            known = ", ".join(pumps)
            message = f"there is no heat pump {fault.heat_pump!r}; there are: {known}"
            reading.add((*place, "heat_pump"), message)
        if (wrong := _wrong(fault)) is not None:
            reading.add(place, wrong)


def _wrong(fault: PlantFault) -> str | None:
    """Return what is wrong with a fault, as the plant would say it."""
    try:
        Disturbances().start(fault.name, fault.magnitude, fault.point, fault.severity)
    except DisturbanceError as error:
        return str(error)
    return None
