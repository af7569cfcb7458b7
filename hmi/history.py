"""Read recorded samples page by page (HistoryRead raw, OPC 10000-11) and decimate them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from asyncua import Client, ua

from heatpump_twin.hmi.decimation import Envelope, TrendPoint
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import DisplayedValue, epoch_ms

_PAGE = 2000
"""Rows per request: small enough that decoding one page does not hold up live values."""


async def read_trend(
    client: Client, variable: Variable, start: int, end: int, *, limit: int, silence: int
) -> AsyncIterator[Envelope]:
    """Yield the growing series after each page; start and end are ms since the epoch."""
    # Reduced as it arrives: a raw query over a year would not fit into the browser, nor here.
    envelope = Envelope(start, end, limit, silence)
    async for page in _pages(client, variable.node, _time(start), _time(end)):
        envelope.feed(page)
        yield envelope
        # Live values of all other pages are in this loop: they get their turn after each page.
        await asyncio.sleep(0)


async def _pages(
    client: Client, node: ua.NodeId, start: datetime, end: datetime
) -> AsyncIterator[list[TrendPoint]]:
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=start,
        EndTime=end,
        NumValuesPerNode=_PAGE,
        # With bounds, so that a line enters and leaves the chart instead of hanging in it.
        ReturnBounds=True,
    )
    point: bytes | None = None
    try:
        while True:
            result = await _request(client, details, node, point)
            point = None
            result.StatusCode.check()
            values = getattr(result.HistoryData, "DataValues", None) or []
            yield [sample for sample in map(_point, values) if sample is not None]
            point = result.ContinuationPoint or None
            if point is None:
                return
    finally:
        if point is not None:  # the reader lost interest: give the server its memory back
            await _request(client, details, node, point, release=True)


async def _request(
    client: Client,
    details: ua.ReadRawModifiedDetails,
    node: ua.NodeId,
    point: bytes | None,
    *,
    release: bool = False,
) -> ua.HistoryReadResult:
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
    parameters.ReleaseContinuationPoints = release
    parameters.NodesToRead = [ua.HistoryReadValueId(NodeId=node, ContinuationPoint=point)]
    (result,) = await client.uaclient.history_read(parameters)
    return result


def _point(data: ua.DataValue) -> TrendPoint | None:
    """Return a sample for the chart; bounds that do not exist are no samples."""
    sample = DisplayedValue.of(data)
    absent = (ua.StatusCodes.BadBoundNotFound, ua.StatusCodes.BadNoData)
    if sample.time is None or (sample.status in absent and sample.value is None):
        return None
    return epoch_ms(sample.time), sample.value


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
