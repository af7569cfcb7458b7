"""The start of an asset's history archive (StartOfArchive, OPC 10000-11)."""

from __future__ import annotations

import datetime as dt

import structlog

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.server.space.point_values import MIN_TIME, to_datetime
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.history import HistoryReader

log = structlog.stdlib.get_logger(__name__)


async def archive_starts(
    history: HistoryReader, table: PointTable, clock: Clock, known: int | None = None
) -> dict[str, dt.datetime]:
    """Return the start of the archive of every asset.

    ``known`` is one of all, which may not be recorded yet. [µs since the Unix epoch]
    """
    if known is not None:
        return dict.fromkeys(table.by_asset, to_datetime(known))
    return {asset: await archive_start(history, table, asset, clock) for asset in table.by_asset}


async def archive_start(
    history: HistoryReader, table: PointTable, asset: str, clock: Clock
) -> dt.datetime:
    """Return the time of an asset's first sample; now, if nothing is recorded yet.

    All points of an asset are recorded from its first poll on, so one of them tells.
    """
    first = next(iter(table.by_asset[asset].values()))
    time = clock.now()
    try:
        found = await history.after(first.key, MIN_TIME)
        time = int(found.time[0]) if len(found) else time
    # A property that describes the archive is no reason not to serve live values.
    except EngineError as error:
        log.warning("start of the archive is not known", asset=asset, error=str(error))
    return to_datetime(time)
