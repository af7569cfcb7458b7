"""Read recorded samples page by page (HistoryRead raw, OPC 10000-11) and decimate them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from asyncua import Client, ua

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.measure import Measure
from heatpump_twin.hmi.presentation import DisplayedValue, epoch_ms
from heatpump_twin.hmi.trends.decimation import Envelope, Silence, TrendPoint

_PAGE = 2000
"""Rows per request: small enough that decoding one page does not hold up live values."""
MOST_SAMPLES = 1200
"""Of one series."""


async def read_samples(
    client: Client, variable: Variable, start: datetime, end: datetime, *, silence: Silence
) -> list[TrendPoint]:
    """Return the samples of a range, reduced, and broken where there was a gap.

    Raises
    ------
    OSError, TimeoutError, ua.UaError
        They cannot be read now.
    """
    # Reduced as it arrives: what a device sends a hundred times a second would not fit into a
    # browser.
    envelope = Envelope(epoch_ms(start), epoch_ms(end), MOST_SAMPLES, silence)
    async for page in _pages(client, variable, start, end):
        envelope.feed(page)
        # Live values of all other pages are in this loop: they get their turn after each page.
        await asyncio.sleep(0)
    return envelope.points()


async def _pages(
    client: Client, variable: Variable, start: datetime, end: datetime
) -> AsyncIterator[list[TrendPoint]]:
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=start,
        EndTime=end,
        NumValuesPerNode=_PAGE,
        # With bounds, so that a line enters and leaves the chart instead of hanging in it.
        ReturnBounds=True,
    )
    node = variable.node
    point: bytes | None = None
    try:
        while True:
            result = await _request(client, details, node, point)
            point = None
            result.StatusCode.check()
            values = getattr(result.HistoryData, "DataValues", None) or []
            samples = (_point(value, variable.measure) for value in values)
            yield [sample for sample in samples if sample is not None]
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


def _point(data: ua.DataValue, measure: Measure) -> TrendPoint | None:
    """Return a sample for the chart; bounds that do not exist are no samples."""
    sample = DisplayedValue.of(data, measure)
    absent = (ua.StatusCodes.BadBoundNotFound, ua.StatusCodes.BadNoData)
    if sample.time is None or (sample.status in absent and sample.value is None):
        return None
    return epoch_ms(sample.time), sample.value
