"""The log of forecasts: models write what they issue, readers get the newest or an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import URL, Connection

from heatpump_twin.config.catalogue import PointTable, Relation
from heatpump_twin.twin_engine.errors import DatabaseAway, EngineError
from heatpump_twin.twin_engine.historian.database.database_access import (
    access,
    close_engine,
    open_engine,
)
from heatpump_twin.twin_engine.historian.trajectories.trajectory_rows import (
    add_trajectories,
    issued_between,
)
from heatpump_twin.twin_engine.history import Samples
from heatpump_twin.twin_engine.trajectory import Curve, Trajectory

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

_EVER = 2**62
_BOUNDS = {Relation.LOWER_OF: Curve.LOWER, Relation.UPPER_OF: Curve.UPPER}


class TrajectoryLog:
    """Log of forecasts in the table ``trajectory``.

    Whoever writes forecasts of a point announces it first: from then on the point, and those that
    the catalogue names as the bounds of its interval, are known to have some.
    """

    def __init__(self, table: PointTable, url: str | URL) -> None:
        self._table = table
        self._engine = open_engine(url)
        self._newest: dict[str, Trajectory] = {}
        self._curves: dict[str, tuple[str, Curve]] = {}

    @property
    def keys(self) -> Iterable[str]:
        """The points that have forecasts."""
        return self._curves.keys()

    async def announce(self, keys: Iterable[str]) -> None:
        """Have predicted points show forecasts: the last ones, if there were some before."""
        for key in keys:
            self._curves[key] = key, Curve.MIDDLE
            point = self._table.by_key[key]
            for other in self._table.by_asset[point.asset].values():
                for relation, curve in _BOUNDS.items():
                    if other.spec.relations.get(relation) == point.id:
                        self._curves[other.key] = key, curve
            try:
                last = await self.issued(key, -_EVER, _EVER, limit=1, reverse=True)
            except EngineError as error:
                log.warning("the last forecast is not known", point=key, error=str(error))
                last = []
            for one in last:
                self._newest[key] = one

    async def write(self, issued: Sequence[Trajectory]) -> None:
        """Keep forecasts and simulations durably; forecasts are the newest from then on.

        Raises
        ------
        DatabaseAway
            They were not kept, and are not shown.
        """
        await self._transact(partial(add_trajectories, issued=issued))
        for one in issued:
            known = self._newest.get(one.key)
            if not one.scenario and (known is None or known.issued <= one.issued):
                self._newest[one.key] = one

    def newest(self, key: str) -> tuple[int, Samples] | None:
        """Return when the newest forecast of a point was issued, and what it says; or none."""
        base, curve = self._curves.get(key, ("", Curve.MIDDLE))
        one = self._newest.get(base)
        return None if one is None else (one.issued, one.curve(curve))

    def model(self, key: str) -> str:
        """Return the model of the newest forecast of a point; empty: none has been issued."""
        one = self._newest.get(self._curves.get(key, ("", Curve.MIDDLE))[0])
        return "" if one is None else one.model

    async def issues(
        self, key: str, first: int, last: int, *, limit: int, reverse: bool = False
    ) -> list[tuple[int, Samples]]:
        """Return the forecasts of a point with first ≤ issued < last: when, and what each says.

        Raises
        ------
        EngineError
            They cannot be read.
        """
        base, curve = self._curves.get(key, (key, Curve.MIDDLE))
        found = await self.issued(base, first, last, limit=limit, reverse=reverse)
        return [(one.issued, one.curve(curve)) for one in found]

    async def issued(
        self,
        key: str,
        first: int,
        last: int,
        *,
        limit: int,
        reverse: bool = False,
        scenario: str = "",
    ) -> list[Trajectory]:
        """Return whole trajectories with first ≤ issued < last, at most ``limit`` of them."""
        read = partial(
            issued_between,
            key=key,
            scenario=scenario,
            span=(first, last),
            limit=limit,
            reverse=reverse,
        )
        return await self._transact(read)

    def close(self) -> None:
        """Close all connections."""
        close_engine(self._engine)

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        def transaction() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await access(
            transaction, lambda reason: DatabaseAway(f"forecasts cannot be reached now: {reason}")
        )
