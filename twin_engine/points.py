"""Make the point table of a site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from heatpump_twin.config.catalogue import CATALOGUE, PointTable, Span
from heatpump_twin.drivers.protocol import MappedPoint
from heatpump_twin.twin_engine.derived import derived_entries


def build_table(
    offered: Mapping[str, Iterable[MappedPoint]],
    predicted: Mapping[str, Sequence[str]] | None = None,
) -> PointTable:
    """Return all points of a site: what devices offer, what follows, what models predict.

    Parameters
    ----------
    offered
        By heat pump: the points of its devices. Where two devices offer one point, the first has
        it.
    predicted
        By heat pump: catalogue ids of the points that a model will feed.
    """
    specs = CATALOGUE["heat_pump"]
    entries = []
    for asset, mapped in offered.items():
        limits: dict[str, Span | None] = {}
        for point in mapped:
            limits.setdefault(point.id, point.limits)
        entries += [(asset, point, specs[point], span) for point, span in limits.items()]
        entries += derived_entries(asset, limits)
        entries += [
            (asset, point, specs[point], None) for point in (predicted or {}).get(asset, ())
        ]
    return PointTable.build(entries)
