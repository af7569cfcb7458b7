"""Records of all derived points of a heat pump."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, PointEntry
from heatpump_twin.twin_engine.derive.compressor import CompressorMemory, compressor_on
from heatpump_twin.twin_engine.derive.derivation import Derivation
from heatpump_twin.twin_engine.derive.derived_inputs import BestOf, FirstOf, Perhaps
from heatpump_twin.twin_engine.derive.derived_point import DerivedPoint
from heatpump_twin.twin_engine.derive.energy_today import (
    cop_today,
    electricity_of_day,
    energy_today,
    heat_of_day,
)
from heatpump_twin.twin_engine.derive.heat_taken_back import TAKEN_FROM, HeatTakenBack
from heatpump_twin.twin_engine.derive.measured_cop import measured_cop
from heatpump_twin.twin_engine.derive.operating_state import state_sample
from heatpump_twin.twin_engine.derive.sources import (
    COMPRESSOR_SOURCES,
    ELECTRICITY_SOURCES,
    HEAT_SOURCES,
    HEATERS,
    SHOWN_PAIRS,
    STATE_SWITCHES,
    WATER_FLOWS,
    WATER_PAIRS,
)
from heatpump_twin.twin_engine.derive.steadiness import Steadiness
from heatpump_twin.twin_engine.derive.water import heat_into_water, temperature_difference

RECORDS = (
    DerivedPoint(
        "compressor_on",
        (FirstOf(COMPRESSOR_SOURCES), Perhaps(HEATERS)),
        compressor_on,
        memory=CompressorMemory,
    ),
    DerivedPoint("operating_state", ("compressor_on", Perhaps(STATE_SWITCHES)), state_sample),
    # `FirstOf` here and `BestOf` below: what is shown must not jump between two instruments,
    # while a heat flow may take the second when the first is away.
    DerivedPoint("temperature_difference", (FirstOf(SHOWN_PAIRS),), temperature_difference),
    DerivedPoint(
        "thermal_power",
        (BestOf(WATER_FLOWS), BestOf(WATER_PAIRS), Perhaps(("operating_state",))),
        heat_into_water,
    ),
    DerivedPoint(
        "cop",
        (
            "thermal_power",
            "electrical_power",
            "compressor_on",
            BestOf(WATER_PAIRS),
            Perhaps(("defrost_active",)),
        ),
        measured_cop,
        # Steadiness is a matter of the last minutes and begins anew at a start; only the energies
        # of the day are recalled from history.
        memory=lambda _: Steadiness(),
    ),
    DerivedPoint(
        "electrical_energy_today",
        (FirstOf(ELECTRICITY_SOURCES),),
        energy_today,
        memory=electricity_of_day,
        recalls=ELECTRICITY_SOURCES,
    ),
    DerivedPoint(
        "heat_energy_today",
        (FirstOf(HEAT_SOURCES),),
        energy_today,
        memory=heat_of_day,
        recalls=HEAT_SOURCES,
    ),
    DerivedPoint(
        "cop_today",
        (
            "heat_energy_today",
            "electrical_energy_today",
            FirstOf(HEAT_SOURCES),
            Perhaps(TAKEN_FROM),
        ),
        cop_today,
        memory=HeatTakenBack,
        recalls=TAKEN_FROM,
    ),
)


# Checked once a process, at the first table, and not at import: a mistake is an error of `hptwin
# check` and not a traceback of every command.
@cache
def heat_pump_derivation() -> Derivation:
    """Return the checked derivation of all records; raise `DerivationError` on a bad one."""
    return Derivation(RECORDS, CATALOGUE[HEAT_PUMP])


def derived_entries(asset: str, ids: Iterable[str]) -> list[PointEntry]:
    """Return table entries of the points derived for an asset that has the points ``ids``."""
    specs = CATALOGUE[HEAT_PUMP]
    return [(asset, point, specs[point], None) for point in heat_pump_derivation().points(ids)]
