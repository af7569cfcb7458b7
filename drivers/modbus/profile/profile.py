"""Device profiles: what a datasheet says of registers and writes, as schema-checked data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from heatpump_twin.config.added_quantities import Quantities, Quantity
from heatpump_twin.config.catalogue import CATALOGUE, PointKind, PointSpec, Span
from heatpump_twin.config.quantities import Duration
from heatpump_twin.drivers.fault_codes import FaultCodes
from heatpump_twin.drivers.modbus.profile.field_units import Conversion, conversion, exact
from heatpump_twin.drivers.modbus.profile.point_check import point_mistakes

ASSET_TYPE = "heat_pump"


class _Section(BaseModel):
    # A key that is not known is refused: a misspelt one would be without effect, and unnoticed.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_max_length=2000)


class DeviceKind(StrEnum):
    """What the device is for."""

    HEAT_PUMP_CONTROLLER = "heat_pump_controller"
    ELECTRICITY_METER = "electricity_meter"
    HEAT_METER = "heat_meter"
    TRANSMITTER = "transmitter"


class Space(StrEnum):
    """The four Modbus tables (Application Protocol V1.1b3, 4.3)."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"

    @property
    def of_bits(self) -> bool:
        """Whether an address holds one bit, not 16."""
        return self in (Space.COIL, Space.DISCRETE)

    def octets(self, count: int) -> int:
        """Return how many data bytes the response to a read of so many addresses has."""
        # Bits come eight in a byte, the last byte filled up with zeros (6.1, 6.2).
        return (count + 7) // 8 if self.of_bits else 2 * count

    @property
    def writable(self) -> bool:
        """Whether the protocol has a function that writes here."""
        return self in (Space.COIL, Space.HOLDING)


# The specification orders the two bytes of a register, high before low (4.2), and is silent on
# numbers in several registers: there each maker has an order, IDM the low word first, NIBE even
# another for writing than for reading.
class Order(StrEnum):
    """Word order or byte order: whether the high or the low part of a number comes first."""

    BIG = "big"
    LITTLE = "little"


class ValueType(StrEnum):
    """How a value lies in its registers."""

    BOOL = "bool"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"

    @property
    def registers(self) -> int:
        """Number of 16-bit registers that one value takes; a string states its own length."""
        digits = self.value.lstrip("abcdefghijklmnopqrstuvwxyz")
        return int(digits) // 16 if digits else 1

    @property
    def is_float(self) -> bool:
        """Whether it is IEEE 754."""
        return self in (ValueType.FLOAT32, ValueType.FLOAT64)

    @property
    def is_unsigned(self) -> bool:
        """Whether it is an unsigned integer."""
        return self.value.startswith("uint")

    @property
    def is_signed(self) -> bool:
        """Whether it is a signed integer."""
        return self.value.startswith("int")


class Coding(StrEnum):
    """What the bits of an integer mean."""

    BINARY = "binary"
    """Two's complement where it is signed."""
    BCD = "bcd"
    """A decimal digit in every four bits."""
    SIGN_MAGNITUDE = "sign_magnitude"
    """The highest bit is the sign, the others count upwards from 0 for either sign."""


class PollClass(StrEnum):
    """How often a point is read: at the device's poll period, or every ``poll.slow``."""

    FAST = "fast"
    SLOW = "slow"


class WriteFunction(StrEnum):
    """Function codes for writing: 05/06, or 15/16."""

    SINGLE = "single"
    MULTIPLE = "multiple"


class WriteRules(_Section):
    """What a device accepts. ``min``, ``max`` and ``step`` are in the point's `unit`."""

    min: float | None = None
    max: float | None = None
    step: float | None = Field(None, gt=0, description="only multiples of it, counted from min")
    function: WriteFunction | None = Field(
        None, description="default: single for one register or coil, else multiple"
    )
    space: Space | None = Field(None, description="table it is written in, if not where it is read")
    address: int | None = Field(
        None, ge=0, le=65535, description="address it is written at, if not where it is read"
    )
    throttle: Duration = Field(
        0.0, ge=0, description="shortest time between writes, for EEPROM cells [s]"
    )
    settle: Duration = Field(
        2.0, ge=0, description="longest time until a read shows what was written [s]"
    )
    momentary: bool = Field(
        False,
        description="a push-button: it acts when it goes from 0 to 1, and may fall back by itself",
    )
    refresh: Duration | None = Field(
        None,
        gt=0,
        description="written again this often while it is overridden, for a device that falls back "
        "by itself [s]",
    )
    requires: dict[str, float] = Field(
        default_factory=dict, description="interlock: points of this profile that must have a value"
    )

    @model_validator(mode="after")
    def _ordered(self) -> WriteRules:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.refresh is not None and self.refresh < self.throttle:
            message = f"refresh {self.refresh:g} s is faster than throttle {self.throttle:g} s"
            raise ValueError(f"{message} allows")
        if self.refresh is not None and self.momentary:
            raise ValueError("a push-button is not pressed again and again: no refresh")
        return self


class StartUpWrite(_Section):
    """What is written after each connect and each return of the device, before it is read."""

    space: Space = Space.HOLDING
    address: int = Field(ge=0, le=65535, description="zero-based, as on the wire")
    words: tuple[Annotated[int, Field(ge=0, le=65535)], ...] = Field(min_length=1, max_length=123)
    function: WriteFunction | None = Field(None, description="default: single for one word")
    throttle: Duration = Field(
        60.0, ge=0, description="shortest time between two such writes, however often it connects"
    )
    why: str = Field(min_length=1, description="what it is for, in the words of the audit")

    @model_validator(mode="after")
    def _possible(self) -> StartUpWrite:
        if not self.space.writable:
            raise ValueError(f"a {self.space} cannot be written")
        if self.space.of_bits and max(self.words) > 1:
            raise ValueError("a coil is 0 or 1")
        if self.function is WriteFunction.SINGLE and len(self.words) > 1:
            raise ValueError("function single writes one word")
        if self.address + len(self.words) > 65536:
            raise ValueError("what is written ends behind address 65535")
        return self

    def __str__(self) -> str:
        words = " ".join(f"{word:04X}" for word in self.words)
        return f"{self.space} {self.address} := {words} ({self.why})"


_NUMBER_OR_NUMBERS = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}
# An int stays one: as a float, the largest number of 64 bits would be another.
Mark = Annotated[int, Strict()] | float


def _several(value: object) -> object:
    several = [value] if isinstance(value, int | float) else value
    if not isinstance(several, list | tuple) or not all(
        isinstance(v, int | float) for v in several
    ):
        raise ValueError("write a number or a list of numbers, for example 0x8000")
    return several


def _rules(value: object) -> object:
    if value is not None and not isinstance(value, dict | WriteRules):
        raise ValueError("write for example `write: {min: 20, max: 60}`; leave it out to only read")
    return value


class ProfilePoint(_Section):
    """One quantity of a device: where it lies and how to read it."""

    point: str = Field(description="id in the point catalogue")
    space: Space
    address: int = Field(ge=0, le=65535, description="zero-based, as on the wire")
    type: ValueType
    length: int | None = Field(None, ge=1, le=125, description="registers of a string")
    bit: int | None = Field(
        None, ge=0, le=63, description="lowest bit of a bit field; signed if the type is"
    )
    bits: int = Field(1, ge=1, le=32, description="width of a bit field")
    word_order: Order | None = Field(None, description="default: the profile's")
    byte_order: Order | None = Field(None, description="default: the profile's")
    write_word_order: Order | None = Field(None, description="default: word_order")
    coding: Coding = Coding.BINARY
    next_words: tuple[Annotated[int, Field(ge=0, le=65535)], ...] = Field(
        (),
        description="addresses of the second word and those behind it, where they are not adjacent",
    )
    scale_factor_address: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="register of the same table that holds the power of ten of the scale, an int16 "
        "from -10 to 10; 0x8000 there: the value is absent (sunssf of SunSpec)",
    )
    radix: int = Field(
        65536, ge=2, le=65536, description="units of a word in the next higher one (split counters)"
    )
    scale: float = Field(1.0, description="value = raw · scale + offset, in `unit`")
    offset: float = 0.0
    unit: str | None = Field(None, description="the device's unit; default: the catalogue's")
    absent: Annotated[
        tuple[Mark, ...], BeforeValidator(_several), WithJsonSchema(_NUMBER_OR_NUMBERS)
    ] = Field((), description="raw values that mean: there is no such sensor")
    enum: dict[int, int] = Field(default_factory=dict, description="raw value → catalogue code")
    poll: PollClass = PollClass.FAST
    write: Annotated[WriteRules | None, BeforeValidator(_rules)] = None
    quantity: SkipJsonSchema[PointSpec | None] = Field(None, exclude=True)
    """Its declaration, where the catalogue does not have it: see `Profile.quantities`."""

    @cached_property
    def spec(self) -> PointSpec:
        """The point's declaration in the catalogue, with the step of its registers."""
        return self.stepping(self.quantity or CATALOGUE[ASSET_TYPE][self.point])

    def stepping(self, spec: PointSpec) -> PointSpec:
        """Return a declaration with the step of these registers, if it has none and they have."""
        of_device = self.type.is_float or self.scale_factor_address is not None
        if of_device or spec.step is not None or spec.kind is not PointKind.ANALOG:
            return spec
        factor = conversion(self.unit, spec.unit).factor if self.unit and spec.unit else 1
        return spec.model_copy(update={"step": abs(float(exact(self.scale) * factor)) or None})

    @property
    def codes(self) -> set[int]:
        """The codes that the device has of those in the catalogue; empty for an analog value."""
        if self.spec.flags and self.enum:
            had = sum(self.enum.values())
            return {code for code in self.spec.codes if code | had == had}
        return set(self.enum.values()) or set(self.spec.codes)

    @cached_property
    def conversion(self) -> Conversion:
        """How a value in the device's unit becomes one in the catalogue's."""
        if self.unit is None or self.spec.unit is None:
            return Conversion()
        return conversion(self.unit, self.spec.unit)

    @property
    def write_space(self) -> Space | None:
        """The table that a write goes to; None: the point cannot be written."""
        return (self.write.space or self.space) if self.write is not None else None

    @property
    def accepted(self) -> Span:
        """What the device accepts in a write, in the catalogue's unit."""
        rules = self.write or WriteRules()
        low = -math.inf if rules.min is None else self.conversion.of(rules.min)
        high = math.inf if rules.max is None else self.conversion.of(rules.max)
        return low, high

    @property
    def write_address(self) -> int:
        """The address that a write goes to."""
        rules = self.write
        return self.address if rules is None or rules.address is None else rules.address

    @property
    def size(self) -> int:
        """Number of addresses that the value takes."""
        return self.length if self.length is not None else self.type.registers

    @property
    def end(self) -> int:
        """First address behind the value, or behind its first word where they are not adjacent."""
        return self.address + (1 if self.next_words else self.size)

    @cached_property
    def parts(self) -> tuple[range, ...]:
        """The addresses of the value, and of its scale factor behind it, run by run."""
        runs = [range(self.address, self.end), *(range(a, a + 1) for a in self.next_words)]
        if self.scale_factor_address is not None:
            runs.append(range(self.scale_factor_address, self.scale_factor_address + 1))
        return tuple(runs)

    @model_validator(mode="after")
    def _consistent(self) -> ProfilePoint:
        if mistakes := self._mistakes():
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes(self) -> list[str]:
        """Return what is impossible about the point, in the order in which to repair it."""
        return point_mistakes(self)


class UnverifiedPoint(ProfilePoint):
    """A reading of a register that only one source gives, or that sources dispute."""

    why: str = Field(min_length=1, description="who says so, and who says otherwise")

    def _mistakes(self) -> list[str]:
        found = super()._mistakes()
        if self.write is not None:
            found.append("what is not verified is never written")
        return found


class Limits(_Section):
    """The largest request that the device answers."""

    # 125 registers and 2000 bits are the protocol's own limits of a read (6.1 to 6.4).
    registers: int = Field(125, ge=1, le=125)
    bits: int = Field(2000, ge=1, le=2000)
    # No gap by default: for one address that is not there, a device may refuse the whole request
    # with exception 2.
    gap: int = Field(
        0, ge=0, le=2000, description="unmapped addresses that a request may read across"
    )

    def of(self, space: Space) -> int:
        """Return the largest count of registers, or bits, in one request."""
        return self.bits if space.of_bits else self.registers


class Periods(_Section):
    """Poll periods of the classes; that of `fast` is the `poll` of the device in the site file."""

    slow: Duration = Field(10.0, gt=0)


def _sound(declared: Mapping[str, object]) -> dict[str, PointSpec]:
    """Return the quantities without a mistake; the others are told of where they stand."""
    found = {}
    for name, quantity in declared.items():
        with suppress(ValidationError):
            found[name] = _QUANTITY.validate_python(quantity)
    return found


def _declared(point: object, declared: Mapping[str, PointSpec]) -> object:
    if isinstance(point, Mapping) and point.get("point") in declared:
        return {**point, "quantity": declared[point["point"]]}
    return point


_QUANTITY: TypeAdapter[PointSpec] = TypeAdapter(Quantity)


class Profile(_Section):
    """A whole profile file."""

    title: str = Field(min_length=1)
    kind: DeviceKind
    source: str = Field(min_length=1, description="where the facts come from")
    unverified: tuple[str, ...] = Field(
        (), description="what was inferred or not tried on hardware"
    )
    wire_addresses: bool = Field(
        False,
        description="addresses such as 40001 are so on the wire, and no numbers of a printed table",
    )
    word_order: Order = Order.BIG
    byte_order: Order = Order.BIG
    limits: Limits = Limits()
    pause: Duration = Field(0.0, ge=0, description="silence that the device needs after a response")
    connect_delay: Duration = Field(
        0.0, ge=0, description="silence that the device needs after the connection is made"
    )
    timeout: Duration = Field(0.5, gt=0, description="longest time to a response")
    poll: Periods = Periods()
    start_up: tuple[StartUpWrite, ...] = Field(
        (), description="written after each connect and each return of the device"
    )
    quantities: Quantities = Field(
        default_factory=dict, description="points that the catalogue does not have, by name"
    )
    faults: FaultCodes = Field(
        default_factory=dict, description="what the codes of `error_code` mean; alarms tell it"
    )
    points: tuple[ProfilePoint, ...] = Field(min_length=1)
    unverified_points: tuple[UnverifiedPoint, ...] = Field(
        (), description="read on request only (`hptwin read --unverified`), never polled or written"
    )

    @model_validator(mode="before")
    @classmethod
    def _with_quantities(cls, value: object) -> object:
        """Hand the quantities of the profile to the points that are of them."""
        declared = value.get("quantities") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(declared, Mapping):
            return value
        declared = _sound(declared)
        lists = {
            key: [_declared(point, declared) for point in value[key]]
            for key in ("points", "unverified_points")
            if isinstance(value.get(key), list)
        }
        return {**value, **lists}

    @cached_property
    def by_name(self) -> dict[str, ProfilePoint]:
        """Points by their name in the profile."""
        return {point.point: point for point in self.points}

    @cached_property
    def samples(self) -> tuple[ProfilePoint, ...]:
        """Points that are polled: all but the texts, which no Frame can hold."""
        return tuple(point for point in self.points if point.type is not ValueType.STRING)

    def read_order(self, point: ProfilePoint) -> tuple[Order, Order]:
        """Return word and byte order for reading."""
        return point.word_order or self.word_order, point.byte_order or self.byte_order

    def write_order(self, point: ProfilePoint) -> tuple[Order, Order]:
        """Return word and byte order for writing."""
        word, byte = self.read_order(point)
        return point.write_word_order or word, byte
