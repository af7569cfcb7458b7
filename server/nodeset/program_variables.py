"""Program variables of model.yaml: for the variables of the type and of its instances."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from heatpump_twin.config.catalogue import UNITS, EngineeringUnit
from heatpump_twin.config.text_fields import StateText
from heatpump_twin.server.nodeset.vocabulary import (
    HEAT_PUMP,
    DataType,
    Name,
    StandardName,
    Strict,
    known,
)


def _texts(value: Any) -> Any:
    """Return state texts with the word "None" where YAML may have made it a null."""
    return tuple("None" if text is None else text for text in value) if value else value


class ProgramVariable(Strict):
    """A program variable: with a data type, in the unit of a point, or with named states."""

    type: DataType | None = None
    array: bool = False
    point: str | None = None
    states: Annotated[tuple[StateText, ...], BeforeValidator(_texts)] = ()
    text: str

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> ProgramVariable:
        if sum((self.type is not None, self.point is not None, bool(self.states))) != 1:
            raise ValueError("state exactly one of type, point and states")
        if self.point is not None:
            known((self.point,), HEAT_PUMP, "heat_pump")
            if HEAT_PUMP[self.point].unit is None:
                raise ValueError(f"{self.point} has no unit")
        return self

    @property
    def data_type(self) -> str:
        """Name of the data type in the standard."""
        if self.type is not None:
            return self.type.value
        return "UInt32" if self.states else "Double"

    @property
    def variable_type(self) -> str:
        """Name of the variable type in the standard (OPC 10000-8, 5.3)."""
        if self.states:
            return "MultiStateDiscreteType"
        return "AnalogUnitType" if self.point else "BaseDataVariableType"

    @property
    def unit(self) -> EngineeringUnit | None:
        """The engineering unit of the variable; None if it has none."""
        unit = HEAT_PUMP[self.point].unit if self.point else None
        return UNITS[unit] if unit else None


class ProgramGroup(Strict):
    """The object that holds the program variables of a heat pump."""

    name: Name
    of: StandardName
    text: str
    variables: dict[Name, ProgramVariable]
