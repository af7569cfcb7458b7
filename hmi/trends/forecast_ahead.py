"""Forecasts of what a trend shows: which variables have one, and what is to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncua import Client, ua

from heatpump_twin.hmi.browsing.address_reader import AddressReader
from heatpump_twin.hmi.browsing.point_book import PointBook
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.journal.event_history import TYPES
from heatpump_twin.hmi.trends.decimation import Silence, TrendPoint
from heatpump_twin.hmi.trends.raw_history import read_samples

_FORECAST, _LOWER, _UPPER = "HasForecast", "HasLowerBound", "HasUpperBound"
_SILENCE = Silence(2 * 900_000)
"""A forecast has a value for each quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The variables that tell what is to come of another one."""

    middle: Variable
    lower: Variable
    upper: Variable


@dataclass(frozen=True, slots=True)
class Band:
    """What is to come: the forecast, and the ends of its interval."""

    middle: Sequence[TrendPoint]
    lower: Sequence[TrendPoint]
    upper: Sequence[TrendPoint]


async def forecasts_of(
    client: Client, variables: Sequence[Variable], points: PointBook
) -> dict[str, Forecast]:
    """Return the forecast of each variable that has one, by key; of a forecast, itself.

    ``points`` are what is known of the session's variables.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        It cannot be asked now.
    """
    namespaces = await client.get_namespace_array()
    if TYPES not in namespaces or not variables:
        return {}
    own = await _references(client, variables, points)
    targets = {
        variable.key: [variable, *own[variable.key].get(_FORECAST, ())] for variable in variables
    }
    asked = list({found.key: found for some in targets.values() for found in some}.values())
    bounds = await _references(client, asked, points)
    return {
        variable.key: forecast
        for variable in variables
        for target in targets[variable.key]
        if (forecast := _forecast(target, bounds[target.key])) and target.unit == variable.unit
    }


async def read_band(client: Client, forecast: Forecast, start: datetime, end: datetime) -> Band:
    """Return what is forecast from one time to another.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        It cannot be read now.
    """
    read = [
        await read_samples(client, variable, start, end, silence=_SILENCE)
        for variable in (forecast.middle, forecast.lower, forecast.upper)
    ]
    return Band(*read)


def _forecast(middle: Variable, found: Mapping[str, Sequence[Variable]]) -> Forecast | None:
    if not (found.get(_LOWER) and found.get(_UPPER)):
        return None
    return Forecast(middle, found[_LOWER][0], found[_UPPER][0])


async def _references(
    client: Client, variables: Sequence[Variable], points: PointBook
) -> dict[str, dict[str, list[Variable]]]:
    """Return what each variable refers to, by its key and the name of the reference's type."""
    reader = AddressReader(client)
    everything = await reader.browse(
        [variable.node for variable in variables], ua.ObjectIds.NonHierarchicalReferences
    )
    # Types of variables are referred to as well.
    browsed = [[r for r in refs if r.NodeClass == ua.NodeClass.Variable] for refs in everything]
    kinds = list({ref.ReferenceTypeId for refs in browsed for ref in refs})
    read = await reader.attributes(kinds, ua.AttributeIds.BrowseName)
    names = {kind: name.Name for kind, name in zip(kinds, read, strict=True) if name is not None}
    keys = [str(ref.NodeId.Identifier) for refs in browsed for ref in refs]
    known = await points.learn(client, keys)
    found: dict[str, dict[str, list[Variable]]] = {}
    for variable, refs in zip(variables, browsed, strict=True):
        own = found.setdefault(variable.key, {})
        for ref in refs:
            target = known.get(str(ref.NodeId.Identifier))
            if target is not None and ref.ReferenceTypeId in names:
                own.setdefault(names[ref.ReferenceTypeId], []).append(target)
    return found
