"""Which key figures a heat pump has, which not, and what is missing for those."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from heatpump_twin.twin_engine.derive.energy.energy_sources import ELECTRICITY, HEAT
from heatpump_twin.twin_engine.derive.energy.period_columns import OUTDOOR

_Choice = tuple[str, ...]
"""Points that are needed together."""
_Choices = tuple[_Choice, ...]
"""One of these is enough."""
_ELECTRICITY: _Choices = (*ELECTRICITY, ("electrical_power",))
_HEAT: _Choices = (*HEAT, ("thermal_power",))
_USE: _Choices = (("operating_state",), ELECTRICITY[2])


@dataclass(frozen=True, slots=True)
class KnownFigure:
    """A kind of key figure, and which points it takes."""

    name: str
    takes: tuple[_Choices, ...]
    """Of each of these, one choice."""


KNOWN_FIGURES = (
    KnownFigure("electricity", (_ELECTRICITY,)),
    KnownFigure("heat", (_HEAT,)),
    KnownFigure("SPF", (_ELECTRICITY, _HEAT)),
    KnownFigure("energy by use", (_ELECTRICITY, _USE)),
    KnownFigure("runs and starts", ((("compressor_on",),),)),
    KnownFigure("defrosts", ((("defrost_active",),),)),
    KnownFigure("heaters", ((("backup_heater_on",), ("dhw_heater_on",)),)),
    KnownFigure("degree days", (tuple((point,) for point in OUTDOOR),)),
    KnownFigure("discomfort", ((("room_temperature",),),)),
)


def lacking(ids: Collection[str]) -> dict[str, tuple[_Choices, ...]]:
    """Return, for each kind of figure that a heat pump lacks, what one choice of is missing."""
    have = frozenset(ids)
    return {
        figure.name: missing
        for figure in KNOWN_FIGURES
        if (missing := tuple(c for c in figure.takes if not any(have >= {*one} for one in c)))
    }
