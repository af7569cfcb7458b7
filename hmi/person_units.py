"""The units that a person reads: what they chose, else those of the server.

Values are converted where they come into the HMI and where they leave it again, by the measure of
their variable: between the two, on every page, there are the person's units only. What the server
says in words (messages of alarms, reasons of a schedule) stays as it says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from starlette.requests import Request

from heatpump_twin.hmi.heat_pump_model import HeatPumpSummary, SiteModel, Variable
from heatpump_twin.hmi.measure import Measure

COOKIE = "hmi-units"

_Pump = TypeVar("_Pump", bound=HeatPumpSummary)

Scale = tuple[str, Measure]
"""Symbol of a person's unit, and how it is reckoned."""

# A difference has a symbol of its own, as building controls write it: on an axis, or beside a
# temperature, it must not be taken for one.
_FAHRENHEIT: Mapping[str, Scale] = {
    "°C": ("°F", Measure(9 / 5, 32.0)),
    "K": ("Δ°F", Measure(9 / 5)),
    "K·d": ("Δ°F·d", Measure(9 / 5)),
}
# The International Table unit. Heat only: electrical power is in watts where capacity is in BTU/h,
# too, and energy stays in kWh, the unit of the bill, so that a COP can be reckoned from both.
_BTU: Mapping[str, Scale] = {"W": ("BTU/h", Measure(1 / 0.29307107017))}
_HEAT = ("thermal_power", "heat_power")
"""What the ids of points that are a heat flow have in them."""


@dataclass(frozen=True, slots=True)
class PersonUnits:
    """Units that a person has chosen."""

    code: str
    """As it stands in the cookie."""
    name: str
    """Symbols, the same in every language."""
    _of_all: Mapping[str, Scale] = field(default_factory=dict)
    _of_heat: Mapping[str, Scale] = field(default_factory=dict)

    def of(self, variable: Variable) -> Variable:
        """Return a variable as the person reads it: unit, span, and how its values are reckoned."""
        found = self._of_all.get(variable.unit)
        if found is None and any(part in variable.id for part in _HEAT):
            found = self._of_heat.get(variable.unit)
        if found is None:
            return variable
        unit, measure = found
        span = None if variable.span is None else measure.shown_span(variable.span)
        return replace(variable, unit=unit, span=span, measure=measure)

    def of_pump(self, pump: _Pump) -> _Pump:
        """Return a heat pump with its variables as the person reads them."""
        # Shared by all who read what the server sends: of 250 heat pumps nothing is copied.
        if not (self._of_all or self._of_heat):
            return pump
        return replace(pump, variables={k: self.of(v) for k, v in pump.variables.items()})

    def of_site(self, site: SiteModel) -> SiteModel:
        """Return a site with its variables as the person reads them."""
        return replace(site, variables={k: self.of(v) for k, v in site.variables.items()})


UNITS = {
    units.code: units
    for units in (
        PersonUnits("c-w", "°C, W"),
        PersonUnits("c-btu", "°C, BTU/h", _of_heat=_BTU),
        PersonUnits("f-w", "°F, W", _FAHRENHEIT),
        PersonUnits("f-btu", "°F, BTU/h", _FAHRENHEIT, _BTU),
    )
}
"""By code; the first are those of the server."""
AS_SENT_UNITS = next(iter(UNITS.values()))


def units_of(request: Request) -> PersonUnits:
    """Return the units of whoever asks."""
    return UNITS.get(request.cookies.get(COOKIE, ""), AS_SENT_UNITS)
