"""Method declarations of model.yaml: for the methods of HeatPumpType and of its instances."""

from __future__ import annotations

from pydantic import Field, model_validator

from heatpump_twin.config.catalogue import UNITS, PointSpec
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.server.nodeset.vocabulary import (
    DATA_TYPES,
    HEAT_PUMP,
    DataType,
    Name,
    Strict,
    known,
)
from heatpump_twin.server.security.users import UserRole


class ArgumentDeclaration(Strict):
    """An argument of a method: the value of a point, or with a type and text of its own."""

    point: str | None = None
    type: DataType | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _point_or_type(self) -> ArgumentDeclaration:
        if self.point is None and (self.type is None or self.text is None):
            raise ValueError("state a point, or a type and a text")
        if self.point is not None:
            known((self.point,), HEAT_PUMP, "heat_pump")
            # One fact, one place: a type said again could come to differ from the point's.
            if self.type is not None:
                raise ValueError("the type comes from the point: leave it out")
        return self

    @property
    def data_type(self) -> DataType:
        """The data type of the argument."""
        return self.type if self.type is not None else DATA_TYPES[self._spec.kind]

    @property
    def description(self) -> str:
        """The description of the argument, with the unit if it is the value of a point."""
        if self.text is not None:
            return Text(self.text, Context.COMMANDS)
        symbol = UNITS[self._spec.unit].symbol if self._spec.unit else ""
        if not symbol:
            return self._spec.title
        return Text(f"{self._spec.title} [{symbol}]", Context.COMMANDS)

    @property
    def meaning(self) -> str:
        """The description of the argument without its unit."""
        if self.text is not None:
            # Where a range follows, it has the unit already.
            return Text(self.text.partition(" [")[0], Context.COMMANDS)
        return self._spec.title

    @property
    def _spec(self) -> PointSpec:
        return HEAT_PUMP[self.point or ""]


class MethodDeclaration(Strict):
    """A method of a heat pump, its arguments and the role that may call it."""

    role: UserRole
    """The least role that may call it."""
    writes: tuple[str, ...] = ()
    """Points that the method writes: an instance has the method if one can be written."""
    text: str
    inputs: dict[Name, ArgumentDeclaration] = Field(default_factory=dict)
    outputs: tuple[Name, ...] = ()
    """Names of results, in order."""

    @model_validator(mode="after")
    def _points_exist(self) -> MethodDeclaration:
        known(self.writes, HEAT_PUMP, "heat_pump")
        return self

    @property
    def description(self) -> str:
        """The description of the method: what it does, and who may call it."""
        # Said in the node, too: a client shows it before the call, not after the refusal.
        words = f"{self.text} For the role {self.role.value} and above; every call is recorded."
        return Text(words, Context.COMMANDS)
