"""The fault board: which faults of field devices are on, and how to start and stop them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway
from heatpump_twin.drivers.plant.errors import FaultError
from heatpump_twin.drivers.plant.faults import fault_effects as effects
from heatpump_twin.drivers.plant.faults.device_faults import DeviceFault

# Taken from the union of the faults, so that a new one cannot be missing here.
DEVICE_FAULTS: tuple[str, ...] = tuple(
    get_args(kind.model_fields["name"].annotation)[0] for kind in get_args(get_args(DeviceFault)[0])
)
"""The names of all device faults."""

_PLACE = ("name", "gateway", "unit", "point", "space", "address")
"""What tells one fault from another; of two at the same place the later one counts."""


class FaultBoard:
    """Switch faults of gateways on and off, and keep account of those that are on."""

    def __init__(self, gateways: Mapping[str, EmulatedGateway], clock: Clock) -> None:
        self.gateways = gateways
        self.clock = clock
        self._on: dict[tuple[Any, ...], DeviceFault] = {}

    async def start(self, fault: DeviceFault) -> None:
        """Begin a fault wherever it is asked for, or raise `FaultError`."""
        names = self._names(fault.gateway)
        # All places first: if one of them cannot have the fault, it begins nowhere.
        found = [
            placed
            for name in names
            for placed in effects.placed(fault, name, self.gateways[name], self.clock)
        ]
        if not found:
            points = {p for n in names for d in self.gateways[n].devices.values() for p in d.points}
            raise FaultError(f"no device shows that point; there are: {', '.join(sorted(points))}")
        for placed in found:
            self._on[_place(placed)] = placed
            await effects.begin(placed, self._gateway(placed))
        self._apply(names)

    async def stop(self, gateway: str | None = None, **which: str) -> None:
        """End the faults that match; ``which``: name, unit, point."""
        names = self._names(gateway)
        for key, fault in list(self._on.items()):
            if fault.gateway in names and all(
                str(getattr(fault, part, None)) == value for part, value in which.items()
            ):
                del self._on[key]
                # One that is over by itself has nothing to undo: to end a reboot that is over would
                # end the outage that came after it.
                if not effects.is_over(fault, self._gateway(fault)):
                    await effects.end(fault, self._gateway(fault))
        self._apply(names)

    def active(self) -> Iterator[dict[str, Any]]:
        """Give every fault that is on, in the form in which it could be asked for."""
        for key, fault in list(self._on.items()):
            if effects.is_over(fault, self._gateway(fault)):
                del self._on[key]
            else:
                yield fault.model_dump(mode="json", exclude_none=True)

    def _apply(self, names: list[str]) -> None:
        """Set the faults of some gateways anew from those that are on."""
        # From nothing, because several faults share fields (`one_in`), of which one that ends could
        # not tell what the others need.
        for name in names:
            self.gateways[name].faults.clear()
            for device in self.gateways[name].devices.values():
                device.sensors.clear()
        for fault in self._on.values():
            if fault.gateway in names:
                effects.apply(fault, self._gateway(fault), self.clock)

    def _names(self, gateway: str | None) -> list[str]:
        if gateway is None:
            return list(self.gateways)
        if gateway not in self.gateways:
            known = ", ".join(self.gateways)
            raise FaultError(f"no gateway {gateway!r}; there are: {known}")
        return [gateway]

    def _gateway(self, fault: DeviceFault) -> EmulatedGateway:
        assert fault.gateway is not None  # noqa: S101 (placed)
        return self.gateways[fault.gateway]


def _place(fault: DeviceFault) -> tuple[Any, ...]:
    return tuple(getattr(fault, part, None) for part in _PLACE)
