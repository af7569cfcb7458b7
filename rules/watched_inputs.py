"""The inputs that a rule or an event has on all assets that it watches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.status import BAD
from heatpump_twin.rules.feed import Feed
from heatpump_twin.rules.grammar.logic import Array, Status
from heatpump_twin.rules.grammar.memory import Memory
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.ruled_asset import AssetKind, RuledAsset
from heatpump_twin.rules.stretch import Stretch


def watched(
    kind: AssetKind, points: Collection[str], among: Sequence[RuledAsset], table: PointTable
) -> list[RuledAsset]:
    """Return the assets of a kind that have all of some points."""
    return [
        asset
        for asset in among
        if asset.kind is kind and table.by_asset.get(asset.id, {}).keys() >= set(points)
    ]


class WatchedInputs:
    """Points and parameters of some assets: arrays of one element per asset."""

    def __init__(
        self,
        points: Collection[str],
        parameters: Collection[str],
        assets: Sequence[RuledAsset],
        table: PointTable,
    ) -> None:
        self.index: dict[str, NDArray[np.int_]] = {
            point: np.array([table.by_asset[asset.id][point].index for asset in assets], dtype=int)
            for point in points
        }
        """Indices of the points in the table."""
        self.parameters = {
            name: np.array([asset.parameters[name] for asset in assets], dtype=np.float64)
            for name in parameters
        }

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Keep some of the assets."""
        self.index = {point: index[kept] for point, index in self.index.items()}
        self.parameters = {name: value[kept] for name, value in self.parameters.items()}

    def of(
        self, feed: Feed, elapsed: int = 0, memories: Mapping[str, Memory] | None = None
    ) -> Inputs:
        """Return the inputs as a feed has them; what is Bad is not known."""
        value = {point: feed.value[index] for point, index in self.index.items()}
        status = {point: feed.status[index] for point, index in self.index.items()}
        return self._known(value, status, elapsed, memories)

    def over(
        self,
        stretch: Stretch,
        row: NDArray[np.int64],
        elapsed: NDArray[np.int64],
        memories: Mapping[str, Memory],
    ) -> Inputs:
        """Return the inputs at many moments one after the other: arrays of shape (moments, n)."""
        place = row[:, None]
        value = {point: stretch.value[place, index] for point, index in self.index.items()}
        status = {point: stretch.status[place, index] for point, index in self.index.items()}
        return self._known(value, status, elapsed, memories)

    def _known(
        self,
        value: Mapping[str, Array],
        status: Mapping[str, Status],
        elapsed: int | NDArray[np.int64],
        memories: Mapping[str, Memory] | None,
    ) -> Inputs:
        known = {p: np.where(status[p] & BAD, np.nan, x) for p, x in value.items()}
        return Inputs({**known, **self.parameters}, status, elapsed, memories or {})
