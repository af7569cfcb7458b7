"""The values that emulated devices show, and how to set them to something else."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway
from heatpump_twin.drivers.plant.devices.signal_generator import SignalGenerator
from heatpump_twin.drivers.plant.errors import FaultError, SignalError

WORDS = ("absent", "auto")
"""No such sensor; or back to what the device would show by itself."""


class Wish(BaseModel):
    """Values that devices are to show; without gateway or unit, all devices that have the point."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    gateway: str | None = None
    unit: int | None = None
    values: dict[str, float | str] = Field(min_length=1)
    """By point: a number in the catalogue's unit, or one of `WORDS`."""


class ShownValues:
    """Read and set the points of the devices behind some gateways."""

    def __init__(self, gateways: Mapping[str, EmulatedGateway]) -> None:
        self._gateways = gateways

    def all(
        self, gateway: str | None = None, unit: str | None = None
    ) -> dict[str, dict[str, dict[str, float | None]]]:
        """Return all shown values by gateway, unit and point; None: there is no such sensor."""
        found: dict[str, dict[str, dict[str, float | None]]] = {}
        for name, number, device in self._devices(gateway, unit):
            values = {point: shown.shown(device.sensors) for point, shown in device.points.items()}
            found.setdefault(name, {})[str(number)] = values
        return found

    def set(self, wish: Wish) -> None:
        """Set points; raise `SignalError` and leave everything as it is if one cannot be set."""
        devices = [device for _, _, device in self._devices(wish.gateway, wish.unit)]
        found: list[tuple[SignalGenerator, str, float | str]] = []
        for point, value in wish.values.items():
            having = [device for device in devices if point in device.points]
            if not having:
                known = sorted({name for device in devices for name in device.points})
                raise SignalError(f"no device shows {point!r}; there are: {', '.join(known)}")
            found += [(_generator(device, point), point, value) for device in having]
        # All are looked at before the first is set: half a wish would be a state nobody asked for.
        for generator, point, wished in found:
            if not isinstance(wished, str):
                generator.require(point, wished)
            elif wished not in WORDS:
                raise SignalError(f"{point}: {wished!r} is neither a number nor one of {WORDS}")
        for generator, point, wished in found:
            if wished == "auto":
                generator.release(point)
            else:
                generator.hold(point, None if isinstance(wished, str) else wished)

    def _devices(
        self, gateway: str | None, unit: int | str | None
    ) -> list[tuple[str, int, EmulatedDevice]]:
        """Return the devices that are meant, with gateway and unit, or raise `FaultError`."""
        found = [
            (name, number, device)
            for name, x in self._gateways.items()
            for number, device in x.devices.items()
            if gateway in (None, name) and (unit is None or str(unit) == str(number))
        ]
        if not found:
            known = ", ".join(f"{n} {list(x.devices)}" for n, x in self._gateways.items())
            raise FaultError(f"no such device; there are (gateway [units]): {known}")
        return found


def _generator(device: EmulatedDevice, point: str) -> SignalGenerator:
    """Return the signal generator behind a device, or raise `SignalError`."""
    # A value that is set against the physics would contradict the energy balance and the meters.
    if not isinstance(device.process, SignalGenerator):
        raise SignalError(
            f"{point} follows from the plant's physics; to hold what a device shows of it, "
            'start the fault {"name": "stuck", "point": …, "value": …}'
        )
    return device.process
