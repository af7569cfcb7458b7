"""Mistakes of a profile's points: what no device can mean, and keys that would have no effect."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointKind
from heatpump_twin.drivers.modbus.profile.field_units import conversion

if TYPE_CHECKING:
    from heatpump_twin.drivers.modbus.profile.profile import ProfilePoint

_WORD = 65536
_OF_NUMBERS = (
    "bit", "bits", "coding", "next_words", "scale_factor_address", "word_order",
    "write_word_order", "radix", "scale", "offset", "unit", "absent", "enum", "poll",
)  # fmt: skip
"""Keys that mean something of a number, and nothing of a text."""
_OF_REGISTERS = (
    "bit", "coding", "next_words", "scale_factor_address", "word_order", "byte_order",
    "write_word_order", "radix", "absent",
)  # fmt: skip
"""Keys that mean something of registers, and nothing of a coil or discrete input."""
_OF_SCALES = ("scale", "offset", "scale_factor_address")
_OF_LIMITS = ("min", "max", "step")


def point_mistakes(point: ProfilePoint) -> list[str]:
    """Return what is impossible about a point, in the order in which to repair it."""
    if point.type == "string" or point.length is not None:
        return list(_of_text(point))
    if point.quantity is None and point.point not in CATALOGUE[HEAT_PUMP]:
        near = get_close_matches(point.point, CATALOGUE[HEAT_PUMP], 1)
        hint = f"; did you mean {near[0]}?" if near else "; see docs/point-list.md"
        return [f"the catalogue has no point {point.point!r}{hint}"]
    checks = (_of_place, _of_layout, _of_bits, _of_marks, _of_meaning, _of_write, _of_no_effect)
    return [mistake for check in checks for mistake in check(point)]


def _of_text(point: ProfilePoint) -> Iterator[str]:
    if point.type != "string":
        yield "only a string has a length"
    elif point.length is None:
        yield "a string needs its length in registers"
    elif point.space.of_bits:
        yield f"a {point.space} holds a bool, not a string"
    elif point.write is not None:
        yield "a string cannot be written"
    for key in _given(point, _OF_NUMBERS):
        yield f"{key} has no effect on a string"


def _of_place(point: ProfilePoint) -> Iterator[str]:
    if point.space.of_bits and point.type != "bool":
        yield f"a {point.space} holds a bool, not {point.type}"
    if point.end > _WORD:
        yield "the value ends behind address 65535"
    if point.scale == 0:
        yield "scale 0 makes every value the same"


def _of_layout(point: ProfilePoint) -> Iterator[str]:
    """Find mistakes in where the words of a value are, and in what they count."""
    kind = point.type
    if point.next_words and len(point.next_words) != kind.registers - 1:
        yield f"{kind} has {kind.registers} words, so next_words has {kind.registers - 1} addresses"
    if len({point.address, *point.next_words}) <= len(point.next_words):
        yield "next_words has one address twice"
    if point.radix != _WORD and not (kind.is_unsigned and kind.registers > 1):
        yield "radix splits a uint32 or uint64"
    if point.radix != _WORD and (point.bit is not None or point.coding != "binary"):
        yield "radix goes with neither bit nor coding"
    if point.coding == "bcd" and not kind.is_unsigned:
        yield "bcd has no sign: it goes with an unsigned type"
    if point.coding == "bcd" and _width(point) % 4:
        yield "bcd has four bits for each digit"
    if point.coding == "sign_magnitude" and not kind.is_signed:
        yield "sign_magnitude goes with a signed type"
    if point.scale_factor_address is not None and point.enum:
        yield "a state has no scale factor"
    own = {*range(point.address, point.end), *point.next_words}
    if point.scale_factor_address in own:
        yield "the scale factor lies on the value itself"


def _of_bits(point: ProfilePoint) -> Iterator[str]:
    kind = point.type
    if point.bit is None:
        if "bits" in point.model_fields_set:
            yield "bits has no effect without bit"
        return
    if not (kind.is_unsigned or kind.is_signed):
        yield f"a bit field is picked out of an integer, not {kind}"
    elif point.bit + point.bits > 16 * kind.registers:
        yield "the bit field ends outside its registers"
    elif kind.is_signed and point.bits < 2:
        yield "a signed field has two bits or more; take it out of an unsigned type"


def _of_marks(point: ProfilePoint) -> Iterator[str]:
    """Find marks that the registers cannot hold: wrapped around, they would hide a real value."""
    for mark in point.absent:
        if point.type.is_float:
            if not _held_by_float(point, float(mark)):
                yield f"absent {mark:g} is outside {point.type}"
        elif mark != int(mark):
            yield f"absent is a number in the register, before its scale, so {mark:g} is none"
        elif not _is_in(span := _mark_span(point), int(mark)):
            yield f"absent {int(mark)} is outside {point.type}, which is {span[0]} to {span[1]}"


def _held_by_float(point: ProfilePoint, mark: float) -> bool:
    try:
        struct.pack(">f" if point.type == "float32" else ">d", mark)
    except OverflowError:
        return False
    return True


def _mark_span(point: ProfilePoint) -> tuple[int, int]:
    if point.radix != _WORD:  # a split counter's mark is the count that its words make
        return 0, sum((_WORD - 1) * point.radix**i for i in range(point.type.registers))
    half = 1 << 16 * point.type.registers - 1
    return (-half, half - 1) if point.type.is_signed else (0, 2 * half - 1)


def _is_in(span: tuple[int, int], mark: int) -> bool:
    # Data sheets write the mark of a signed register as its bits: 0x8000 in an int16.
    return span[0] <= mark <= (span[1] - span[0] if span[0] < 0 else span[1])


def _of_meaning(point: ProfilePoint) -> Iterator[str]:
    spec = point.spec
    codes = set(spec.flags or spec.codes)
    if spec.kind is PointKind.ANALOG and point.enum:
        yield f"{point.point} is a quantity, so it has no enum"
    if spec.kind is not PointKind.ANALOG and point.unit is not None:
        yield f"{point.point} is a state, so it has no unit"
    if spec.flags and any(raw <= 0 or raw & (raw - 1) for raw in point.enum):
        yield f"{point.point} has several states at once, so its raw values are bits: 1, 2, 4, …"
    if never := [raw for raw in point.enum if not _can_be(point, raw)]:
        yield f"enum {never[0]} cannot be read from {_what_is_read(point)}"
    if both := sorted({*point.enum} & {*point.absent}) if point.bit is None else []:
        yield f"{both[0]} is a state in enum, and absent as well"
    if unknown := set(point.enum.values()) - codes if codes else set():
        yield f"{point.point} has no code {sorted(unknown)}; it has {sorted(codes)}"
    if point.unit is not None and spec.unit is not None:
        try:
            conversion(point.unit, spec.unit)
        except ValueError as error:
            yield str(error)


def _can_be(point: ProfilePoint, raw: int) -> bool:
    """Tell whether a state can come out of its registers: no other one is ever met."""
    if point.type.is_float:
        return True
    width = 1 if point.space.of_bits else _width(point)
    half = 1 << width - 1
    return -half <= raw < half if point.type.is_signed else 0 <= raw < 2 * half


def _what_is_read(point: ProfilePoint) -> str:
    if point.space.of_bits:
        return f"a {point.space}"
    return f"{point.bits} bits of {point.type}" if point.bit is not None else str(point.type)


def _width(point: ProfilePoint) -> int:
    return point.bits if point.bit is not None else 16 * point.type.registers


def _of_write(point: ProfilePoint) -> Iterator[str]:
    rules, space = point.write, point.write_space
    if rules is None or space is None:
        return
    if len(set(point.enum.values())) < len(point.enum):
        yield "two raw values have the same code, so a write would be ambiguous"
    if not space.writable:
        yield f"a {space} cannot be written"
    if space.of_bits != point.space.of_bits:
        yield f"what is read as {point.space} cannot be written as {space}"
    if rules.momentary and point.spec.kind is not PointKind.TWO_STATE:
        yield f"a push-button has two states, and {point.point} has not"
    if point.next_words:
        # Two requests, between which the device would have half of each value.
        yield "a value in words that are not adjacent cannot be written"
    if point.write_address + point.size > _WORD:
        yield "what is written ends behind address 65535"
    if rules.function == "single" and point.size > 1:
        yield f"function single writes one register, and {point.type} has {point.size}"


def _of_no_effect(point: ProfilePoint) -> Iterator[str]:
    """Find keys that would change nothing: what their author meant does not happen."""
    if point.space.of_bits:
        for key in _given(point, _OF_REGISTERS):
            yield f"{key} has no effect in a table of bits"
    elif point.type.registers == 1:
        for key in _given(point, ("word_order", "write_word_order")):
            yield f"{key} has no effect on one register"
    if point.enum or point.spec.kind is not PointKind.ANALOG:
        for key in _given(point, _OF_SCALES):
            yield f"{key} has no effect on a state"
        for key in sorted(point.write.model_fields_set & {*_OF_LIMITS}) if point.write else ():
            yield f"write.{key} has no effect on a state"
    if point.write is None and point.write_word_order is not None:
        yield "write_word_order has no effect without write"


def _given(point: ProfilePoint, keys: tuple[str, ...]) -> list[str]:
    """Return which of some keys are given, and as something else than their default."""
    fields = type(point).model_fields
    return [
        key
        for key in keys
        if getattr(point, key) != fields[key].get_default(call_default_factory=True)
    ]
