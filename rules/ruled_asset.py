"""Assets that rules watch: heat pumps, and the twin itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, TWIN
from heatpump_twin.config.settings import DEFAULT_POLL, HeatPump
from heatpump_twin.drivers.clock import SHORTEST_POLL, kept_period
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.rules.grammar.parser import PARAMETERS

TWIN_PERIOD = 1.0
"""Period of the twin's looks at its own parts. [s]"""


class AssetKind(StrEnum):
    """Kind of asset that a rule is for: an asset type of the catalogue."""

    HEAT_PUMP = HEAT_PUMP
    TWIN = TWIN

    @property
    def parameters(self) -> tuple[str, ...]:
        """Numbers that conditions on such an asset may use beside its points."""
        return tuple(PARAMETERS) if self is AssetKind.HEAT_PUMP else ()

    @property
    def points(self) -> frozenset[str]:
        """Ids of the points that such an asset can have."""
        return frozenset(CATALOGUE[self])


@dataclass(frozen=True, slots=True)
class RuledAsset:
    """One asset as the rules see it."""

    id: str
    kind: AssetKind
    poll: float
    """Period of its slowest values. [s]"""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """Numbers of its plate, by name."""
    faults: Mapping[int, FaultCode] = field(default_factory=dict)
    """What its fault codes mean."""
    pace: float = 1.0
    """Seconds of the clock that count as one of its own."""

    @classmethod
    def of(
        cls,
        heat_pump: HeatPump,
        speed: float = 1.0,
        faults: Mapping[int, FaultCode] = MappingProxyType({}),
    ) -> RuledAsset:
        """Return a heat pump as the rules see it by a clock of that speed."""
        # The slowest device: "3 polls" means three looks at the slowest input, or one late frame
        # would be an alarm.
        poll = max(
            kept_period(device.poll or DEFAULT_POLL, speed, SHORTEST_POLL)
            for device in heat_pump.devices
        )
        plate = {name: float(getattr(heat_pump.plate, name)) for name in PARAMETERS}
        return cls(heat_pump.id, AssetKind.HEAT_PUMP, poll, plate, faults)


def the_twin(speed: float = 1.0) -> RuledAsset:
    """Return the twin itself as the rules see it by a clock of that speed.

    What its parts do takes real time, whatever the clock of the site does: so do its delays.
    """
    return RuledAsset(TWIN, AssetKind.TWIN, TWIN_PERIOD, pace=speed)
