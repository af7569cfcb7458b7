"""A plain controller of six points, in one block, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from field_rig import Seen, Tank

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.status import GOOD

PLACES = {
    "outdoor_temperature": 1,
    "supply_temperature": 2,
    "return_temperature": 3,
    "supply_setpoint": 12,
    "dhw_temperature": 32,
    "zone1_water_temperature": 40,
}
VALUES = dict(zip(PLACES, (-7.3, 35.2, 30.1, 40.0, 46.8, 24.0), strict=True))


def plain_profile(places: dict[str, int] | None = None, **keys: Any) -> Profile:
    """Return the profile of temperatures in holding registers; ``keys`` are those of the file."""
    points: list[dict[str, Any]] = [
        {
            "point": name, "space": "holding", "address": address, "type": "int16",
            "scale": 0.1, "unit": "degC",
        }
        for name, address in (places or PLACES).items()
    ]  # fmt: skip
    for point in points:
        if point["point"] == "supply_setpoint":
            point["write"] = {"min": 20, "max": 60, "step": 0.5, "settle": "300 ms"}
    about = {"title": "Field test controller", "kind": "heat_pump_controller", "source": "test"}
    limits = {"registers": 125, "gap": 40}
    return Profile.model_validate({**about, "limits": limits, "points": points, **keys})


def plain_tank() -> Tank:
    """Return a process that shows the values of the plain device."""
    return Tank(dict(VALUES))


def link_at(gateway: EmulatedGateway, scheme: str = "tcp", options: str = "") -> ModbusLink:
    """Return a link to a gateway."""
    return ModbusLink.to(address_of(gateway, scheme, options))


def address_of(
    gateway: EmulatedGateway, scheme: str = "tcp", options: str = ""
) -> DeviceConnection:
    """Return the connection to a gateway."""
    return DeviceConnection.model_validate(f"{scheme}://127.0.0.1:{gateway.port}{options}")


def is_plain(seen: Seen, points: dict[str, float] = VALUES) -> bool:
    """Tell whether the latest values are all Good and those of the plain device."""
    try:
        found = {name: seen.latest(name) for name in points}
    except LookupError:
        return False
    return all(
        status == GOOD and value == pytest.approx(points[name], abs=1e-6)
        for name, (value, status, _) in found.items()
    )
