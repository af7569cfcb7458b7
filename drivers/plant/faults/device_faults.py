"""Faults of the field devices by name, as they are asked for: silence, latency, exception code, …

Without a gateway, unit or point a fault concerns all of them.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from heatpump_twin.drivers.modbus.emulator.emulated_gateway import Corruption
from heatpump_twin.drivers.modbus.profile.profile import Space

Seconds = Annotated[float, Field(gt=0, le=600)]
UnitId = Annotated[int | None, Field(ge=0, le=255)]
OneIn = Annotated[int, Field(ge=1, description="it hits one request in so many")]


class _Fault(BaseModel):
    # Neither unknown keys nor infinite numbers: a misspelt detail must not be without effect.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    gateway: str | None = None


class Silence(_Fault):
    """Requests are swallowed: those to one unit, or all."""

    name: Literal["silence"]
    unit: UnitId = None
    one_in: OneIn = 1


class Latency(_Fault):
    """Every response comes late."""

    name: Literal["latency"]
    seconds: Seconds
    one_in: OneIn = 1


class Late(_Fault):
    """Responses come late, in order, on whatever connection is open then: as from a bus."""

    name: Literal["late"]
    seconds: Seconds
    one_in: OneIn = 1


class Garbage(_Fault):
    """Every response is spoiled."""

    name: Literal["garbage"]
    kind: Corruption = Corruption.GARBAGE
    one_in: OneIn = 1


class Offline(_Fault):
    """A unit does not answer its gateway, which says so; on a bus nobody does."""

    name: Literal["offline"]
    unit: UnitId = None


class Refusal(_Fault):
    """Requests that touch a point, or an address, get an exception code."""

    name: Literal["exception"]
    unit: UnitId = None
    point: str | None = None
    space: Space | None = None
    address: int | None = Field(None, ge=0, le=65535)
    code: int = Field(2, ge=1, le=255)

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.point is None and (self.space is None or self.address is None):
            raise ValueError("state a point, or space and address")
        return self


class StuckSensor(_Fault):
    """A sensor keeps its value, or one that is given."""

    name: Literal["stuck"]
    unit: UnitId = None
    point: str
    value: float | None = None


class DriftingSensor(_Fault):
    """A sensor goes away from the truth."""

    name: Literal["drift"]
    unit: UnitId = None
    point: str
    per_hour: float = Field(description="in the unit of the point")
    since: int | None = Field(None, description="µs since the Unix epoch; default: now")


class HalfOpen(_Fault):
    """The connections of now are never answered and never closed; new ones work."""

    name: Literal["half_open"]


class Reboot(_Fault):
    """Connections are dropped, new ones refused for a while, what is volatile is forgotten."""

    name: Literal["reboot"]
    seconds: Seconds = 10.0


class Unreachable(_Fault):
    """As if the cable were pulled: neither connections nor attempts to connect get an answer."""

    name: Literal["unreachable"]


DeviceFault = Annotated[
    Silence
    | Latency
    | Late
    | Garbage
    | Offline
    | Refusal
    | StuckSensor
    | DriftingSensor
    | HalfOpen
    | Reboot
    | Unreachable,
    Field(discriminator="name"),
]
