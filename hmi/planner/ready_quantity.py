"""What of a heat pump can be ready at a time: its codes and points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heatpump_twin.config.phrase import Text
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.presentation import number_text, told_text

METHOD, CANCEL = "ScheduleReady", "CancelSchedule"


@dataclass(frozen=True, slots=True)
class ReadyQuantity:
    """Something that can be warm at a time."""

    code: int
    """Of the method's input; the variable ``ScheduleQuantity`` counts from one more."""
    name: str
    """As the records of heat-ups call it."""
    title: Text
    setpoint: str
    """Point that is written for it, whose unit and limits a target has."""
    observed: str
    """Point that tells whether it is warm."""

    def variable(self, unit: HeatPumpModel) -> Variable | None:
        """Return its setpoint; None: this heat pump has none."""
        return unit.variables.get(self.setpoint)


# In the order of the codes that the server's type gives them.
QUANTITIES = tuple(
    ReadyQuantity(code, name, texts.READY_QUANTITIES[code + 1], *points)
    for code, (name, *points) in enumerate(
        (
            ("water", "supply_setpoint", "supply_temperature"),
            ("room", "room_setpoint", "room_temperature"),
            ("tank", "dhw_setpoint", "dhw_temperature"),
        )
    )
)
BY_NAME: Mapping[str, ReadyQuantity] = {quantity.name: quantity for quantity in QUANTITIES}


def askable(unit: HeatPumpModel) -> list[ReadyQuantity]:
    """Return what this person may ask of this heat pump, as its method says."""
    method = unit.methods.get(METHOD)
    if method is None or "Quantity" not in method.inputs:
        return []
    codes = method.inputs["Quantity"].states
    return [one for one in QUANTITIES if one.code in codes and one.variable(unit) is not None]


def of_schedule(code: object) -> ReadyQuantity | None:
    """Return the quantity of a schedule by its variable's code; None: there is no schedule."""
    known = isinstance(code, int) and 1 <= code <= len(QUANTITIES)
    return QUANTITIES[code - 1] if known and isinstance(code, int) else None


def target_text(
    unit: HeatPumpModel, quantity: ReadyQuantity | None, value: float | None, decimal: str
) -> str:
    """Return a temperature of something that is to be warm; of the server, as the person reads it.

    Without a unit where the heat pump no longer has its points.
    """
    points = () if quantity is None else (quantity.setpoint, quantity.observed)
    variable = next((unit.variables[point] for point in points if point in unit.variables), None)
    if variable is not None:
        return told_text(variable, value, decimal)
    return texts.NO_VALUE if value is None else number_text(value, 1, decimal)
