"""The rules of a point's aggregates, where a request names no others."""

from __future__ import annotations

from heatpump_twin.config.catalogue import PointRole, PointSpec
from heatpump_twin.twin_engine.aggregates.series.rules import Rules


def point_rules(spec: PointSpec) -> Rules:
    """Return the defaults of OPC 10000-13; but a prediction, always Uncertain, is not Bad."""
    return Rules(
        stepped=spec.is_stepped, treat_uncertain_as_bad=spec.role is not PointRole.PREDICTED
    )
