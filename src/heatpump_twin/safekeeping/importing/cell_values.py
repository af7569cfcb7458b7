"""Numbers and states of cells, in the unit of their point."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from heatpump_twin.config.catalogue import UNITS, Point, PointKind
from heatpump_twin.drivers.modbus.profile.field_units import Conversion, conversion, exact
from heatpump_twin.safekeeping.importing.import_map import PointRule, TableFormat

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_YES, _NO = ("true", "on", "yes", "1"), ("false", "off", "no", "0")


@dataclass(frozen=True, slots=True)
class CellValues:
    """The values of a column."""

    point: Point
    rule: PointRule
    format: TableFormat
    conversion: Conversion

    @classmethod
    def of(cls, point: Point, rule: PointRule, format_: TableFormat) -> CellValues:
        """Return the values of a column; raise `ValueError` for a unit that cannot become ours."""
        unit = point.spec.unit
        if rule.unit is not None and unit is None:
            raise ValueError(f"{point.key} has no unit; leave out {rule.unit!r}")
        asked = _named(rule.unit)
        known = Conversion() if asked is None or unit is None else conversion(asked, unit)
        scaled = Conversion(
            exact(rule.scale) * known.factor, exact(rule.offset) * known.factor + known.offset
        )
        return cls(point, rule, format_, scaled)

    def value(self, text: str) -> float:
        """Return the value of a cell in the point's unit; raise `ValueError`."""
        if self.rule.states:
            if text not in self.rule.states:
                raise ValueError(f"{text!r} is none of the states of the map")
            return self._known(float(self.rule.states[text]))
        if self.point.spec.kind is PointKind.ANALOG:
            return self._finite(text)
        return self._known(self._state(text))

    def outside(self, value: float) -> bool:
        """Tell whether a value is outside the range of its point."""
        span = self.point.spec.range
        return span is not None and math.isfinite(value) and not span[0] <= value <= span[1]

    def _finite(self, text: str) -> float:
        try:
            value = self.conversion.of(self._number(text))
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise ValueError(f"{text!r} is too large")
        return value

    def _number(self, text: str) -> float:
        decimal, thousands = self.format.decimal, self.format.thousands
        plain = text.replace("\xa0", " ")
        if "." in plain and "." not in (decimal, thousands):
            raise ValueError(f"{text!r} has a point, and decimals are behind a comma")
        whole, point, rest = plain.partition(decimal)
        if thousands:
            whole = _without(thousands, whole)
        plain = f"{whole}.{rest}" if point else whole
        if not _NUMBER.fullmatch(plain):
            hint = "; write format: {decimal: ','}" if "," in text and decimal == "." else ""
            raise ValueError(f"{text!r} is no number{hint}")
        return float(plain)

    def _state(self, text: str) -> float:
        if self.point.spec.kind is PointKind.TWO_STATE and text.lower() in (*_YES, *_NO):
            return float(text.lower() in _YES)
        for code, name in self.point.spec.codes.items():
            if text == name:
                return float(code)
        return self._number(text)

    def _known(self, code: float) -> float:
        if code not in self.point.spec.codes:
            raise ValueError(f"{code:g} is no state of {self.point.key}")
        return code


def _without(separator: str, whole: str) -> str:
    """Return a whole number without the separators of its thousands, which are three digits."""
    first, *groups = whole.split(separator)
    if groups and (len(first.lstrip("+-")) not in (1, 2, 3) or any(len(g) != 3 for g in groups)):
        raise ValueError(f"{whole!r} has {separator!r} elsewhere than between thousands")
    return "".join((first, *groups))


def _named(unit: str | None) -> str | None:
    """Return the name of a unit that is written with its sign, as an export has it."""
    named = {known.symbol: name for name, known in UNITS.items()}
    return named.get(unit, unit) if unit else None
