"""What heat pumps come to and go from: the one contract of all parts of a running twin."""

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
    """A heat pump that comes; its points are in the table."""

    heat_pump: HeatPump
    assembly: Assembly
    """That of the site with this heat pump in it."""

    @property
    def asset(self) -> str:
        """Its id."""
        return self.heat_pump.id

    @property
    def plans(self) -> Sequence[DevicePlan]:
        """Its devices."""
        return [plan for plan in self.assembly.plans if plan.asset == self.asset]

    @property
    def model(self) -> HeatUpModel | None:
        """What predicts for it; None: nothing does."""
        return self.assembly.models.get(self.asset)


class HeatPumpPart(Protocol):
    """A part of the twin that knows single heat pumps, or keeps arrays over the point table.

    When a heat pump comes, first every part grows, then it is added to one part after the other in
    the order of the flow. When it goes, it is removed against the flow: those who ask for something
    before those who carry it out. A part does nothing where it inherits these methods.
    """

    def grow(self) -> None:
        """Take in the points that were added to the table, before the first frame of them."""
        return

    async def add(self, newcomer: Newcomer) -> None:  # noqa: ARG002 (a part says what it does)
        """Take in a heat pump."""
        return

    async def remove(self, asset: str) -> None:  # noqa: ARG002
        """Let a heat pump go; wait for what is under way."""
        return
