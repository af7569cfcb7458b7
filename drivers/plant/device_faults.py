"""Faults of the field devices by name: silence, latency, exceptions, garbage."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from heatpump_twin.drivers.modbus.emulator import Corruption, EmulatedGateway
from heatpump_twin.drivers.modbus.profile import Space


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    gateway: str


class Silence(_Fault):
    """Requests are swallowed."""

    name: Literal["silence"]


class Latency(_Fault):
    """Every response comes late."""

    name: Literal["latency"]
    seconds: float = Field(gt=0, le=600)


class Garbage(_Fault):
    """Every response is spoiled."""

    name: Literal["garbage"]
    kind: Corruption = Corruption.GARBAGE


class Offline(_Fault):
    """A unit behind the gateway does not answer it."""

    name: Literal["offline"]
    unit: int = Field(1, ge=0, le=255)


class Refusal(_Fault):
    """Requests that touch an address get an exception code."""

    name: Literal["exception"]
    unit: int = Field(1, ge=0, le=255)
    space: Space
    address: int = Field(ge=0, le=65535)
    code: int = Field(2, ge=1, le=255)


DeviceFault = Annotated[
    Silence | Latency | Garbage | Offline | Refusal, Field(discriminator="name")
]


def start(fault: DeviceFault, gateway: EmulatedGateway) -> None:
    """Begin a fault of a gateway."""
    faults = gateway.faults
    match fault:
        case Silence():
            faults.silent = True
        case Latency():
            faults.latency = fault.seconds
        case Garbage():
            faults.corruption = fault.kind
        case Offline():
            faults.offline.add(fault.unit)
        case Refusal():
            faults.exceptions[fault.unit, fault.space, fault.address] = fault.code


def active(name: str, gateway: EmulatedGateway) -> list[dict[str, Any]]:
    """List the faults of a gateway, as they would be asked for."""
    faults = gateway.faults
    found: list[DeviceFault] = []
    if faults.silent:
        found.append(Silence(gateway=name, name="silence"))
    if faults.latency:
        found.append(Latency(gateway=name, name="latency", seconds=faults.latency))
    if faults.corruption is not None:
        found.append(Garbage(gateway=name, name="garbage", kind=faults.corruption))
    found += [Offline(gateway=name, name="offline", unit=unit) for unit in sorted(faults.offline)]
    found += [
        Refusal(gateway=name, name="exception", unit=unit, space=space, address=place, code=code)
        for (unit, space, place), code in faults.exceptions.items()
    ]
    return [fault.model_dump(mode="json") for fault in found]


def stop(gateway: EmulatedGateway, name: str | None) -> None:
    """End all faults of a gateway, or those of one name."""
    faults = gateway.faults
    match name:
        case None:
            faults.clear()
        case "silence":
            faults.silent = False
        case "latency":
            faults.latency = 0.0
        case "garbage":
            faults.corruption = None
        case "offline":
            faults.offline.clear()
        case "exception":
            faults.exceptions.clear()
