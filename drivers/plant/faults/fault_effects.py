"""The effects of faults on gateways: where a fault belongs, what lasts, and what happens once."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.emulator.emulated_faults import Drifting, Stuck
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway, Outage
from heatpump_twin.drivers.plant.errors import FaultError
from heatpump_twin.drivers.plant.faults.device_faults import (
    DeviceFault,
    DriftingSensor,
    Garbage,
    HalfOpen,
    Late,
    Latency,
    Offline,
    Reboot,
    Refusal,
    Silence,
    StuckSensor,
    Unreachable,
)


def placed(
    fault: DeviceFault, name: str, gateway: EmulatedGateway, clock: Clock
) -> Iterator[DeviceFault]:
    """Give a fault with its place, once for each unit of a gateway that it concerns; maybe none.

    Raises `FaultError` for a unit that is not there.
    """
    match fault:
        case Silence() | Offline() | Refusal() | StuckSensor() | DriftingSensor():
            if fault.unit not in (None, *gateway.devices):
                known = ", ".join(map(str, gateway.devices))
                raise FaultError(f"gateway {name} has no unit {fault.unit}; it has: {known}")
            # A silent gateway swallows requests to any unit, also to those that it does not have.
            if isinstance(fault, Silence) and fault.unit is None:
                yield fault.model_copy(update={"gateway": name})
                return
            for unit in gateway.devices if fault.unit is None else (fault.unit,):
                details = _details(fault, gateway.devices[unit], clock)
                if details is not None:
                    yield fault.model_copy(update={"gateway": name, "unit": unit, **details})
        case _:
            yield fault.model_copy(update={"gateway": name})


def apply(fault: DeviceFault, gateway: EmulatedGateway, clock: Clock) -> None:
    """Switch a placed fault on, if it is one that lasts."""
    faults = gateway.faults
    match fault:
        case Silence(unit=unit, one_in=one_in):
            faults.one_in["silent"] = one_in
            if unit is None:
                faults.silent = True
            else:
                faults.silent_units.add(unit)
        case Latency(seconds=seconds, one_in=one_in):
            faults.latency, faults.one_in["latency"] = seconds, one_in
        case Late(seconds=seconds, one_in=one_in):
            faults.late, faults.one_in["late"] = seconds, one_in
        case Garbage(kind=kind, one_in=one_in):
            faults.corruption, faults.one_in["corruption"] = kind, one_in
        case Offline(unit=int(unit)):
            faults.offline.add(unit)
        case Refusal(unit=int(unit), space=space, address=int(address), code=code) if space:
            faults.exceptions[unit, space, address] = code
        case StuckSensor(unit=int(unit), point=point, value=float(value)):
            gateway.devices[unit].sensors[point] = Stuck(value)
        case DriftingSensor(unit=int(unit), point=point, per_hour=per_hour, since=int(since)):
            gateway.devices[unit].sensors[point] = Drifting(per_hour, since, clock)


async def begin(fault: DeviceFault, gateway: EmulatedGateway) -> None:
    """Do what a fault does once, when it begins."""
    match fault:
        case HalfOpen():
            gateway.freeze_connections()
        case Reboot(seconds=seconds):
            await gateway.reboot(seconds)
        case Unreachable():
            await gateway.vanish()


async def end(fault: DeviceFault, gateway: EmulatedGateway) -> None:
    """Undo what a fault did once, when it is stopped."""
    match fault:
        case Late():
            gateway.drop_late()
        case HalfOpen():
            gateway.thaw_connections()
        case Reboot() | Unreachable():
            await gateway.come_back()


def is_over(fault: DeviceFault, gateway: EmulatedGateway) -> bool:
    """Tell whether a fault has ended by itself."""
    match fault:
        case HalfOpen():
            return not gateway.frozen
        case Reboot():
            return gateway.outage is not Outage.REBOOT
        case Unreachable():
            return gateway.outage is not Outage.UNREACHABLE
        case _:
            return False


def _details(
    fault: Silence | Offline | Refusal | StuckSensor | DriftingSensor,
    device: EmulatedDevice,
    clock: Clock,
) -> dict[str, object] | None:
    """Return what follows from the device; None: it has nothing that could have this fault."""
    match fault:
        case Refusal(point=str(point)):
            if point not in device.points:
                return None
            place = device.points[point].point
            return {"space": place.space, "address": place.address}
        case StuckSensor(point=point, value=value):
            shown = device.points.get(point)
            # The true value: one that another fault falsifies now would outlast that fault.
            now = shown and shown.value({})
            return None if now is None else {"value": now if value is None else value}
        case DriftingSensor(point=point, since=since):
            # Kept with the fault: applied again, the drift goes on from where it was.
            begun = clock.now() if since is None else since
            return {"since": begun} if point in device.points else None
        case _:
            return {}
