"""Scale and offset of a point, in whole numbers: a value is what the device means, to the digit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from heatpump_twin.drivers.modbus.profile.field_units import Conversion, exact
from heatpump_twin.drivers.modbus.profile.profile import ProfilePoint


@dataclass(frozen=True, slots=True)
class Scaling:
    """``value = (raw · multiplier + addend) / divisor``, in the catalogue's unit.

    The three are whole numbers. As long as those they make are below 2⁵³, nothing is rounded but
    the quotient, and that to the nearest float: 449 at a scale of 0.1 is 44.9, where 449 · 0.1
    would be 44.900000000000006.
    """

    multiplier: float
    addend: float
    divisor: float

    @classmethod
    def of(cls, point: ProfilePoint) -> Scaling:
        """Return the scaling of a point: its scale and offset, and the conversion of its unit."""
        return _scaling(point.scale, point.offset, point.conversion)

    @property
    def step(self) -> float:
        """The step of the value where the raw number steps by one."""
        return abs(self.multiplier / self.divisor)

    def value(self, raw: float) -> float:
        """Return the value of a raw number."""
        return (raw * self.multiplier + self.addend) / self.divisor

    def raw(self, value: float) -> float:
        """Return the raw number of a value, not rounded."""
        return (value * self.divisor - self.addend) / self.multiplier

    def at_power(self, power: int) -> Scaling:
        """Return the scaling with another power of ten in its scale: not in its offset."""
        if power >= 0:
            return Scaling(self.multiplier * 10.0**power, self.addend, self.divisor)
        shift = 10.0**-power
        return Scaling(self.multiplier, self.addend * shift, self.divisor * shift)


# A site of 250 devices has 15,000 points and a dozen scales; fractions are slow.
@lru_cache(maxsize=256)
def _scaling(scale: float, offset: float, unit: Conversion) -> Scaling:
    # value = (raw · scale + offset) · factor + offset of the unit
    factor = exact(scale) * unit.factor
    addend = exact(offset) * unit.factor + unit.offset
    divisor = math.lcm(factor.denominator, addend.denominator)
    try:
        return Scaling(float(factor * divisor), float(addend * divisor), float(divisor))
    except OverflowError:  # a scale such as 1e-320
        return Scaling(float(factor), float(addend), 1.0)
