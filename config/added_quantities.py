"""Quantities that a site or a profile adds to the catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP, Group, PointRole, PointSpec


def _completed(value: object) -> object:
    """Fill in what may be left out: the text, and that it is a measured value of the operation."""
    if not isinstance(value, Mapping):
        return value
    usual = {"group": Group.OPERATIONAL.value, "role": PointRole.MEASURED.value}
    return {**usual, "text": value.get("title"), **value}


def _of_a_device(spec: PointSpec) -> PointSpec:
    if spec.currency or spec.section is not None or spec.relations:
        raise ValueError("what a device has is no money, no point of the site and no prediction")
    if spec.role not in (PointRole.MEASURED, PointRole.SETPOINT):
        raise ValueError("the role of what a device has is measured or setpoint")
    for key in ("range", "instrument_range"):
        span = getattr(spec, key)
        if span is not None and not -math.inf < span[0] < span[1] < math.inf:
            raise ValueError(f"{key}: write the lower end, then the upper one: [5, 90]")
    return spec


Quantity = Annotated[PointSpec, BeforeValidator(_completed), AfterValidator(_of_a_device)]
"""``{title: Buffer temperature, unit: Cel, range: [5, 90]}``, with the keys of the catalogue."""


def _not_in_the_catalogue(quantities: dict[str, PointSpec]) -> dict[str, PointSpec]:
    if known := sorted(quantities.keys() & CATALOGUE[HEAT_PUMP].keys()):
        raise ValueError(f"the catalogue has {', '.join(known)} already")
    return quantities


QuantityName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""It goes into NodeIds and history keys, so it never changes."""

Quantities = Annotated[dict[QuantityName, Quantity], AfterValidator(_not_in_the_catalogue)]
"""Quantities by name."""
