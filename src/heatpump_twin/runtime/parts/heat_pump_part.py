"""Protocol of the parts of a running twin, to which heat pumps are added while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan
from heatpump_twin.runtime.assembly import Assembly
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Heat pump that is being added; its points are in the table."""

    heat_pump: HeatPump
    assembly: Assembly
    """That of the site with this heat pump in it."""

    @property
    def asset(self) -> str:
        """Its id."""
        return self.heat_pump.id

    @property
    def plans(self) -> Sequence[DevicePlan]:
        """Device plans of the heat pump."""
        return [plan for plan in self.assembly.plans if plan.asset == self.asset]

    @property
    def model(self) -> HeatUpModel | None:
        """Heat-up model of the heat pump; None: it has none."""
        return self.assembly.models.get(self.asset)


class HeatPumpPart(Protocol):
    """A part of the twin that knows single heat pumps, or keeps arrays over the point table.

    When a heat pump comes, first every part grows, then it is added to one part after the other in
    the order of the flow. When it goes, it is removed against the flow: those who ask for something
    before those who carry it out. A part does nothing where it inherits these methods.
    """

    def grow(self) -> None:
        """Append rows for points added to the table, before their first frame."""
        return

    async def add(self, newcomer: Newcomer) -> None:  # noqa: ARG002 (a part says what it does)
        """Add a heat pump."""
        return

    async def remove(self, asset: str) -> None:  # noqa: ARG002
        """Remove a heat pump; wait for work under way."""
        return
