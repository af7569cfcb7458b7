"""Doubt numbers of a plate that were hardly meant in the unit of their key."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.reading.strict_yaml import YamlPath
from heatpump_twin.config.settings import Plate, Site

_WATER = 4186.0 / 60
"""Heat that a litre a minute takes for a kelvin. [W/K]"""
_SPREAD = (1.0, 40.0)
"""Usual spread of the water at nominal flow, and far beyond it. [K]"""
_LEAST_COP, _BEST_COP = 0.8, 15.0
_LARGEST_SHARE = 20.0
"""So many times the power of the plate's points is more than a heater of any size."""


def check_plates(reading: SiteReading, site: Site) -> None:
    """Add a warning for each number of a plate that does not fit the others."""
    for i, pump in enumerate(site.heat_pumps):
        place = ("heat_pumps", i, "plate")
        if not reading.spoilt(place):
            for location, message in _doubts(pump.plate):
                reading.doubt((*place, *location), message)


def _doubts(plate: Plate) -> Iterator[tuple[YamlPath, str]]:
    for index, point in enumerate(plate.heating):
        cop = point.capacity / point.power
        if not _LEAST_COP <= cop <= _BEST_COP:
            message = (
                f"{point.capacity:g} W of heat from {point.power:g} W is a COP of {cop:.3g}: "
                "are both in W?"
            )
            yield ("heating", index), message
    most = max(point.power for point in plate.heating)
    if not most * 0.8 <= plate.max_power <= most * _LARGEST_SHARE:
        message = (
            f"{plate.max_power:g} W, but `heating` has {most:g} W: is it in another unit than W?"
        )
        yield ("max_power",), message
    spread = max(point.capacity for point in plate.heating) / (_WATER * plate.nominal_flow)
    if not _SPREAD[0] <= spread <= _SPREAD[1]:
        message = (
            f"{plate.nominal_flow:g} l/min would warm by {spread:.3g} K at full capacity: is it in "
            f"another unit? 1 m³/h is 16.7 l/min, 1 l/s is 60"
        )
        yield ("nominal_flow",), message
    for key in ("standby_power", "pump_power"):
        if getattr(plate, key) >= plate.max_power:
            message = f"{getattr(plate, key):g} W is not below max_power, {plate.max_power:g} W"
            yield (key,), message
