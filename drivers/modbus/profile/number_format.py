"""Bits of a register as an integer, and back: sign, BCD, sign and magnitude, split counters."""

from __future__ import annotations

from heatpump_twin.drivers.modbus.profile.profile import Coding, ProfilePoint

WORD = 65536


class EncodeError(ValueError):
    """A value has no representation in the device's registers."""


def width_of(point: ProfilePoint) -> int:
    """Return the number of bits that a point has."""
    return point.bits if point.bit is not None else 16 * point.type.registers


def raw_span(point: ProfilePoint) -> tuple[int, int] | None:
    """Return the smallest and largest raw number that the registers hold; None: it is a float."""
    if point.type.is_float:
        return None
    width = width_of(point)
    if point.radix != WORD:
        return 0, int(point.radix**point.type.registers) - 1
    if point.coding is Coding.BCD:
        return 0, int(10 ** (width // 4)) - 1
    half = 1 << width - 1
    if point.coding is Coding.SIGN_MAGNITUDE:
        return 1 - half, half - 1
    return (-half, half - 1) if point.type.is_signed else (0, 2 * half - 1)


def number_of(pattern: int, point: ProfilePoint) -> int | None:
    """Return the number that the bits of a point mean; None: they mean none (A to F in BCD)."""
    if point.radix != WORD:
        return _split_number(pattern, point)
    width = width_of(point)
    if point.coding is Coding.BCD:
        digits = f"{pattern:x}"
        return int(digits) if digits.isdecimal() else None
    sign = 1 << width - 1
    if not point.type.is_signed or not pattern & sign:
        return pattern
    return sign - pattern if point.coding is Coding.SIGN_MAGNITUDE else pattern - 2 * sign


def pattern_of(number: int, point: ProfilePoint) -> int:
    """Return the bits of a point for a number. Raises `EncodeError` if it does not fit."""
    span = raw_span(point)
    if span is not None and not span[0] <= number <= span[1]:
        where = f"{point.bits} bits of {point.type}" if point.bit is not None else str(point.type)
        raise EncodeError(f"raw value {number} does not fit in {where}")
    if point.radix != WORD:
        return _split_pattern(number, point)
    if point.coding is Coding.BCD:
        return int(str(number), 16)
    width = width_of(point)
    if point.coding is Coding.SIGN_MAGNITUDE and number < 0:
        return (1 << width - 1) - number
    return number % (1 << width)


def _split_number(pattern: int, point: ProfilePoint) -> int:
    """Return the number of a split counter, each word of which counts `radix` (kWh, MWh: 1000)."""
    number = 0
    for index in reversed(range(point.type.registers)):
        number = number * point.radix + (pattern >> 16 * index & 0xFFFF)
    return number


def _split_pattern(number: int, point: ProfilePoint) -> int:
    pattern = 0
    for index in range(point.type.registers):
        number, digit = divmod(number, point.radix)
        pattern |= digit << 16 * index
    return pattern
