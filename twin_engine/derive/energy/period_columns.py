"""Which figures of periods a heat pump or a site has, and so which points the ledger feeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from heatpump_twin.config.catalogue import (
    CATALOGUE,
    FIGURES,
    HEAT_PUMP,
    SITE,
    PointEntry,
    PointSpec,
)
from heatpump_twin.config.period_figure import point_of
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.twin_engine.derive.energy.energy_sources import (
    EnergySource,
    electricity_source,
    heat_source,
)
from heatpump_twin.twin_engine.derive.operating_state import State, possible_states
from heatpump_twin.twin_engine.derive.sources import HEATERS

OUTDOOR = ("outdoor_temperature", "ambient_temperature", "source_inlet_temperature")
"""What degree days are made of, the first that a heat pump has."""
USES = {
    State.HEATING: "heating",
    State.HOT_WATER: "hot_water",
    State.COOLING: "cooling",
    State.DEFROST: "defrost",
    State.STANDBY: "standby",
    State.OFF: "standby",
    State.FAULT: "standby",
    State.LOCKOUT: "standby",
}
"""What energy is used for in a state, as the names of figures end."""
SPF = ("spf_h1", "spf_h2", "spf_h3", "spf_h4", "spf_h4_lower", "spf_h4_upper")
EXPECTED_POWER = ("expected_electrical_power", "expected_electrical_power_uncertainty")
"""Points that what was used is compared with."""
COMPARED = (
    "electricity_compared", "electricity_expected", "electricity_expected_uncertainty",
    "heat_compared", "compared_share",
    "spf_h4_expected", "spf_h4_expected_lower", "spf_h4_expected_upper",
)  # fmt: skip
LAST_RUN, GAPS = "last_run_cop", "spf_gaps"


def columns_of(ids: Collection[str], tariff: Tariff | None) -> frozenset[str]:
    """Return the figures of periods of a heat pump that has the points ``ids``."""
    have = frozenset(ids)
    used, given = electricity_source(have), heat_source(have)
    found = {*_energies("electricity", used, have), *_energies("heat", given, have)}
    if "backup_heater_on" not in have:
        found.discard("heat_heater")
    if used and given:
        found |= {*SPF} | ({*COMPARED} if have >= {*EXPECTED_POWER} else set())
    if given and not given.integrated and {"thermal_power", "operating_state"} <= have:
        found |= {"heat_taken_back"} if given.metered else set()
    if used and tariff is not None:
        found |= {"electricity_cost"} | ({"co2"} if tariff.co2 is not None else set())
    if "compressor_on" in have:
        found |= {"starts", "run_hours", "starts_per_hour", "operation_completeness"}
        if State.DEFROST in possible_states(have):
            found |= {"defrost_hours", "defrost_share"}
    if have & {*HEATERS}:
        found.add("heater_hours")
    if have & {*OUTDOOR}:
        found.add("degree_days")
    if "room_temperature" in have:
        found.add("discomfort")
    return frozenset(found)


def _energies(name: str, source: EnergySource | None, have: frozenset[str]) -> set[str]:
    if source is None:
        return set()
    found = {name, f"{name}_completeness"}
    if source.by_use:
        return found | {f"{name}_heating", f"{name}_hot_water"}
    if have & {*HEATERS}:
        found.add(f"{name}_heater")
    if "operating_state" in have:
        found |= {f"{name}_{USES[state]}" for state in possible_states(have)}
    return found


def tallied_entries(asset: str, ids: Collection[str], tariff: Tariff | None) -> list[PointEntry]:
    """Return table entries of what the ledger makes of a heat pump's points."""
    columns, specs = columns_of(ids, tariff), CATALOGUE[HEAT_PUMP]
    single = [LAST_RUN, GAPS] if "spf_h4" in columns else []
    if "compressor_on" not in ids:
        single = [point for point in single if point != LAST_RUN]
    return [(asset, point, specs[point], None) for point in (*single, *_points(columns))]


def site_tallied_entries(
    assets: Iterable[Collection[str]], tariff: Tariff | None
) -> list[PointEntry]:
    """Return table entries of what the ledger makes of all heat pumps together."""
    each = [columns_of(ids, tariff) for ids in assets]
    columns = {name for name in frozenset().union(*each) if FIGURES[name].site}
    specs = CATALOGUE[SITE]
    return [(SITE, p, _sized(specs[p], len(each)), None) for p in _points(columns)]


def _points(columns: Collection[str]) -> list[str]:
    return [
        point_of(name, span)
        for name, figure in FIGURES.items()
        if name in columns
        for span in figure.spans
    ]


def _sized(spec: PointSpec, heat_pumps: int) -> PointSpec:
    """Return the declaration of a point, with its range on a site of some size."""
    if not spec.sums or spec.range is None:
        return spec
    low, high = spec.range
    return spec.model_copy(update={"range": (heat_pumps * low, heat_pumps * high)})
