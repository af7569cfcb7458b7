"""HistoryRead with every knob in reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from asyncua import Client, ua

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOT_GIVEN = datetime(1601, 1, 1, tzinfo=UTC)


class Processed:
    """Processed reads of a client; times are seconds after the first sample of the records."""

    def __init__(self, rig, client: Client) -> None:
        self.rig, self.client = rig, client

    def at(self, second: float | None) -> datetime:
        if second is None:
            return NOT_GIVEN
        return EPOCH + timedelta(microseconds=self.rig.t0 + round(second * 1e6))

    async def ask(self, details, *names: str, point: bytes | None = None, times=None):
        request = ua.HistoryReadParameters()
        request.HistoryReadDetails = details
        request.TimestampsToReturn = times or ua.TimestampsToReturn.Both
        request.ReleaseContinuationPoints = False
        for name in names:
            node = ua.HistoryReadValueId()
            node.NodeId = (await self.rig.node(self.client, name)).nodeid
            node.ContinuationPoint = point
            request.NodesToRead.append(node)
        return await self.client.uaclient.history_read(request)

    def details(self, start, end, interval: float, *aggregates: str, **configuration: object):
        details = ua.ReadProcessedDetails()
        details.StartTime, details.EndTime = self.at(start), self.at(end)
        details.ProcessingInterval = interval * 1000.0
        details.AggregateType = [
            ua.NodeId(getattr(ua.ObjectIds, f"AggregateFunction_{name}")) for name in aggregates
        ]
        asked = ua.AggregateConfiguration()
        asked.UseServerCapabilitiesDefaults = not configuration
        asked.PercentDataBad = asked.PercentDataGood = 100
        for name, value in configuration.items():
            setattr(asked, name, value)
        details.AggregateConfiguration = asked
        return details

    async def read(self, name, start, end, interval, aggregate, **configuration):
        details = self.details(start, end, interval, aggregate, **configuration)
        (answer,) = await self.ask(details, name)
        return answer

    def seconds(self, answer) -> list[float]:
        zero = self.at(0)
        return [(v.SourceTimestamp - zero).total_seconds() for v in answer.HistoryData.DataValues]


def values(answer) -> list[object]:
    return [v.Value.Value for v in answer.HistoryData.DataValues]


def codes(answer) -> list[str]:
    return [hex(v.StatusCode.value) for v in answer.HistoryData.DataValues]
