"""Check how the devices of a site are reached: no two on one unit, one setting on each line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.quantities import duration_text
from heatpump_twin.config.reading.strict_yaml import YamlPath
from heatpump_twin.config.settings import Device, HeatPump, Site, gateway_name

_LONG = 60.0
"""A bare number above this was hardly meant in seconds. [s]"""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A device with its place in the file."""

    pump: HeatPump
    device: Device
    at: YamlPath

    @property
    def name(self) -> str:
        return f"{self.pump.id}.{self.device.id}"

    @property
    def line(self) -> str:
        """The cable or the port on which the device is alone with others, each with its unit."""
        if self.device.connection.is_emulated:
            return f"gateway {gateway_name(self.pump, self.device)} of the plant"
        return self.device.connection.line


def check_lines(reading: SiteReading, site: Site) -> None:
    """Add a problem for each device that is not reached, or not alone, as its file says."""
    units: dict[tuple[str, int], _Placed] = {}
    lines: dict[str, _Placed] = {}
    for placed in _devices(site):
        _check_emulated(reading, site, placed)
        _doubt_bare_seconds(reading, placed)
        connection = (*placed.at, "connection")
        if reading.spoilt(connection):
            continue
        _check_line(reading, placed, lines.setdefault(placed.line, placed))
        if not reading.spoilt((*placed.at, "unit")):
            key = (placed.line, placed.device.unit)
            _check_unit(reading, placed, units.setdefault(key, placed))


def _devices(site: Site) -> Iterator[_Placed]:
    for i, pump in enumerate(site.heat_pumps):
        for j, device in enumerate(pump.devices):
            yield _Placed(pump, device, ("heat_pumps", i, "devices", j))


def _check_unit(reading: SiteReading, placed: _Placed, first: _Placed) -> None:
    here, there = placed.device, first.device
    # The plant has one device on each unit, a real controller whatever its maker put there.
    shared = here.shares_unit and there.shares_unit and not here.connection.is_emulated
    if first is placed or shared:
        return
    if placed.pump is first.pump:
        names = f"{there.id} and {here.id}"
    else:
        names = f"{first.name} and {placed.name}"
    where = placed.line if here.connection.is_emulated else str(here.connection)
    message = (
        f"{names} are both unit {here.unit} at {where}: write the unit of each; of one controller "
        "with two profiles give both `shares_unit: true`"
    )
    place = "unit" if reading.states((*placed.at, "unit")) else "connection"
    reading.add((*placed.at, place), message)


def _check_line(reading: SiteReading, placed: _Placed, first: _Placed) -> None:
    here, there = placed.device.connection, first.device.connection
    if first is placed or here.is_emulated or there.is_emulated:
        return
    if (here.scheme, here.options) == (there.scheme, there.options):
        return
    line = reading.source.line((*first.at, "connection"))
    what = "one line has one setting" if here.scheme == there.scheme else "one port speaks one way"
    message = (
        f"{placed.name} is at {_settings(here)} and {first.name} (line {line}) at "
        f"{_settings(there)}; {what}: write the same for both"
    )
    reading.add((*placed.at, "connection"), message)


def _settings(connection: DeviceConnection) -> str:
    options = ", ".join(f"{key} {value}" for key, value in sorted(connection.options.items()))
    return f"{connection} with {options or 'the defaults'}"


def _check_emulated(reading: SiteReading, site: Site, placed: _Placed) -> None:
    emulated = placed.device.connection.is_emulated
    if emulated and site.plant is None and not reading.spoilt(("plant",)):
        message = (
            "emulated needs a section `plant:` in this file (`plant: {}` will do); write "
            "tcp://HOST:PORT for a real device"
        )
        reading.add((*placed.at, "connection"), message)


def _doubt_bare_seconds(reading: SiteReading, placed: _Placed) -> None:
    """Doubt a long period that was written without its unit."""
    for key, value in (("poll", placed.device.poll), ("timeout", placed.device.timeout)):
        if value is not None and value > _LONG and reading.bare((*placed.at, key)):
            message = (
                f"{value:g} is {duration_text(value)}; did you mean {value:g} ms? Write the unit"
            )
            reading.doubt((*placed.at, key), message)
