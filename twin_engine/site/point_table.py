"""Build the point table of a site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from heatpump_twin.config.catalogue import (
    CATALOGUE,
    HEAT_PUMP,
    SITE,
    TWIN,
    PointRole,
    PointSpec,
    PointTable,
    Section,
    Span,
)
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.derive.derived_records import derived_entries
from heatpump_twin.twin_engine.derive.energy.period_columns import (
    site_tallied_entries,
    tallied_entries,
)
from heatpump_twin.twin_engine.derive.plausibility.implausibility import judged_entries
from heatpump_twin.twin_engine.forecasting.targets import forecast_entries
from heatpump_twin.twin_engine.model.shadow.shadow_points import shadow_entries
from heatpump_twin.twin_engine.site.site_records import site_entries
from heatpump_twin.twin_engine.smart_start.ready_kinds import ready_entries


def build_table(
    offered: Mapping[str, Iterable[MappedPoint]],
    predicted: Mapping[str, Sequence[str]] | None = None,
    tariff: Tariff | None = None,
    *,
    weather: bool = False,
    forecasts: bool = True,
) -> PointTable:
    """Return all points of a site: what devices offer, what follows, what models predict.

    The heat pumps come first, in the order given; then the asset ``site``, and ``twin`` last.

    Parameters
    ----------
    offered
        By heat pump: the points of its devices. Where two devices offer one point, the first has
        it.
    predicted
        By heat pump: catalogue ids of the points that a model will feed.
    tariff
        What electricity costs at the site.
    weather
        Whether there is a forecast of the weather.
    forecasts
        Whether heat pumps are forecast.
    """
    specs = CATALOGUE[HEAT_PUMP]
    entries: list[tuple[str, str, PointSpec, Span | None]] = []
    assets: dict[str, set[str]] = {asset: set() for asset in offered}
    for asset, mapped in offered.items():
        first: dict[str, MappedPoint] = {}
        for point in mapped:
            # The first device has it: the order in the site file is the owner's way to say which
            # one is to be believed.
            first.setdefault(point.id, point)
        entries += [(asset, p.id, p.spec or specs[p.id], p.limits) for p in first.values()]
        followed = derived_entries(asset, {name: point.limits for name, point in first.items()})
        entries += followed
        entries += judged_entries(asset, first.keys())
        entries += [
            (asset, point, specs[point], None) for point in (predicted or {}).get(asset, ())
        ]
        known = {*first, *(entry[1] for entry in followed)}
        entries += shadow_entries(asset, known)
        if forecasts:
            entries += forecast_entries(asset, known, tariff=tariff is not None)
        entries += ready_entries(asset, {name: point.limits for name, point in first.items()})
    for asset, identifier, _, _ in entries:
        assets[asset].add(identifier)
    # Last, since what the site has follows from what its heat pumps have, derived points
    # included.
    for asset, ids in assets.items():
        entries += tallied_entries(asset, ids, tariff)
    entries += site_entries(assets.values(), tariff)
    entries += site_tallied_entries(assets.values(), tariff)
    if weather:
        entries += [
            (SITE, point, spec, None)
            for point, spec in CATALOGUE[SITE].items()
            if spec.role is PointRole.PREDICTED
        ]
    # All of these on every site as well.
    entries += [
        (SITE, point, spec, None)
        for point, spec in CATALOGUE[SITE].items()
        if spec.section is Section.ALARMS
    ]
    # All of them on every site: who looks after the twin finds the same points everywhere.
    entries += [(TWIN, point, spec, None) for point, spec in CATALOGUE[TWIN].items()]
    return PointTable.build(entries)
