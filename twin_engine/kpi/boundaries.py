"""SPF by the boundaries of SEPEMO: H1 the unit, H2 with its source, H3 with the backup, H4 all.

One meter in front of a heat pump measures H4. H1, H2 and H3 leave out what is behind the meter and
not theirs: the circulation pump of the building, heaters, and the fan or the pump of the source, by
their power on the plate and the time for which they ran.

References
----------
A. Zottl, R. Nordman, M. Miara, "Benchmarking method of seasonal performance", SEPEMO-Build D4.4,
2012.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple

from heatpump_twin.config.settings import Plate
from heatpump_twin.twin_engine.derive.energy.energy_sources import electricity_source, heat_source
from heatpump_twin.twin_engine.derive.sources import HEATERS
from heatpump_twin.twin_engine.kpi.figure import Figure, missing, ratio

_PUMP = "pump by its plate"


class SpfGap(IntFlag):
    """The codes of ``spf_gaps``: what is not metered apart."""

    PUMP_BY_PLATE = 1
    SOURCE_BY_PLATE = 2
    SOURCE_NOT_APART = 4
    HEATERS_BY_PLATE = 8
    HEATERS_NOT_APART = 16
    CONTROLLER = 32


@dataclass(frozen=True, slots=True)
class Auxiliaries:
    """Electricity of what is behind the meter and not the compressor's. [kWh]"""

    pump: float
    source: float | None
    """None: it is not told apart."""
    heaters: float
    """NaN: one was on, and its power is not known."""
    heaters_told: bool
    """Whether the machine tells when a heater is on."""
    backup_heat: float
    """Heat that the meter has counted and a heater has given."""


def spf_gaps(plate: Plate, ids: Collection[str]) -> SpfGap:
    """Return what of the SPF of a heat pump with the points ``ids`` is not metered apart."""
    gaps = SpfGap.PUMP_BY_PLATE
    gaps |= SpfGap.SOURCE_NOT_APART if plate.source_power is None else SpfGap.SOURCE_BY_PLATE
    power = {"backup_heater_on": plate.backup_power, "dhw_heater_on": plate.tank_heater_power}
    switches = [switch for switch in HEATERS if switch in ids]
    apart = bool(switches) and all(power[switch] is not None for switch in switches)
    gaps |= SpfGap.HEATERS_BY_PLATE if apart else SpfGap.HEATERS_NOT_APART
    sources = (electricity_source(ids), heat_source(ids))
    if any(source is not None and not source.metered for source in sources):
        gaps |= SpfGap.CONTROLLER
    return gaps


class Boundary(NamedTuple):
    """What is on either side of the fraction at one boundary."""

    name: str
    heat: Figure
    electricity: Figure

    @property
    def spf(self) -> Figure:
        """Heat over electricity."""
        return ratio(self.name, self.heat, self.electricity)


def boundaries(heat: Figure, electricity: Figure, others: Auxiliaries) -> list[Boundary]:
    """Return heat and electricity at H1 to H4 from what the meters have counted."""
    if not others.heaters_told:
        told = "whether a heater is behind the meter is not told"
        electricity = electricity._replace(doubts=(*electricity.doubts, told))
    h4 = Boundary("spf_h4", heat, electricity)
    h3 = Boundary("spf_h3", heat, _without(electricity, others.pump, _PUMP))
    if math.isnan(others.heaters):
        unknown = missing("electricity", "kWh", "a heater was on, and has no power on the plate")
        return [*(Boundary(name, heat, unknown) for name in ("spf_h1", "spf_h2")), h3, h4]
    own = heat._replace(value=heat.value - others.backup_heat, low=heat.low - others.backup_heat)
    words = (_PUMP, "heater by its plate") if others.heaters else (_PUMP,)
    with_source = _without(electricity, others.pump + others.heaters, *words)
    if others.source is None:
        alone = _without(with_source, 0.0, "fan or source pump not told apart: as H2")
    else:
        alone = _without(with_source, others.source, "fan or source pump by its plate")
    return [Boundary("spf_h1", own, alone), Boundary("spf_h2", own, with_source), h3, h4]


def _without(electricity: Figure, part: float, *doubts: str) -> Figure:
    """Return an electricity without a part that is known by its plate alone."""
    # What is on the plate is at full speed: it took between nothing and all of this.
    return electricity._replace(
        value=electricity.value - part,
        low=electricity.low - part,
        doubts=(*electricity.doubts, *doubts),
    )
