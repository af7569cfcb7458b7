"""The vocabulary of model.yaml: names, data types, modelling rules and their checks."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from heatpump_twin.config.catalogue import CATALOGUE, PointKind, PointSpec
from heatpump_twin.config.catalogue import HEAT_PUMP as HEAT_PUMP_ASSET
from heatpump_twin.config.catalogue import SITE as SITE_ASSET
from heatpump_twin.config.catalogue import TWIN as TWIN_ASSET

HEAT_PUMP = CATALOGUE[HEAT_PUMP_ASSET]
SITE = CATALOGUE[SITE_ASSET]
TWIN = CATALOGUE[TWIN_ASSET]

Name = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")]
"""A BrowseName of ours: PascalCase."""
StandardName = Annotated[str, StringConstraints(pattern=r"^((di|machinery):)?[A-Z][A-Za-z0-9]*$")]
"""A type of the standard (no prefix) or of a companion specification."""


class Strict(BaseModel):
    """A section of model.yaml, in which unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataType(StrEnum):
    """Data types of properties and arguments, by their names in the standard."""

    BOOLEAN = "Boolean"
    INT32 = "Int32"
    DOUBLE = "Double"
    STRING = "String"
    LOCALIZED_TEXT = "LocalizedText"
    UTC_TIME = "UtcTime"
    DURATION = "Duration"
    DATA_VALUE = "DataValue"
    NODE_ID = "NodeId"
    STATUS_CODE = "StatusCode"


VARIABLE_TYPES = {
    PointKind.ANALOG: "AnalogUnitRangeType",
    PointKind.TWO_STATE: "TwoStateDiscreteType",
    # With its numbers stated: the codes may have gaps, which MultiStateDiscreteType cannot say.
    PointKind.MULTI_STATE: "MultiStateValueDiscreteType",
}
MONEY_TYPE = "AnalogItemType"
"""Variable type of an amount of money: it has a CurrencyUnit, and no unit of UNECE."""

DATA_TYPES = {
    PointKind.ANALOG: DataType.DOUBLE,
    PointKind.TWO_STATE: DataType.BOOLEAN,
    PointKind.MULTI_STATE: DataType.INT32,
}
"""The data type of points by their kind."""


class ModellingRule(StrEnum):
    """The modelling rule of a declaration: whether every instance has it (OPC 10000-3, 6.4.4)."""

    MANDATORY = "Mandatory"
    OPTIONAL = "Optional"


def known(names: Iterable[str], among: Iterable[str], where: str) -> None:
    """Raise ValueError for names that are not declared."""
    if unknown := sorted(set(names) - set(among)):
        raise ValueError(f"not in {where}: {', '.join(unknown)}")


def every(wanted: Iterable[str], given: Iterable[str], where: str) -> None:
    """Raise ValueError for a section that leaves something out."""
    if missing := sorted(set(wanted) - set(given)):
        raise ValueError(f"{where} has nothing for {', '.join(missing)}")


def once(names: Iterable[str]) -> None:
    """Raise ValueError for a point that is in two parts."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name} is in two parts; it belongs to one")
        seen.add(name)


def variable_type(spec: PointSpec) -> str:
    """Return the variable type of a point that no model predicts."""
    return MONEY_TYPE if spec.currency else VARIABLE_TYPES[spec.kind]
