"""Dead bands: what they hold back, and where they are refused (OPC 10000-8, 7.2)."""

from __future__ import annotations

import pytest
from asyncua import ua

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY, SWITCH, STATE = "hp1.supply_temperature", "hp1.unit_enabled", "hp1.operating_mode"
NAN = float("nan")


def band(kind: ua.DeadbandType, width: float, trigger=ua.DataChangeTrigger.StatusValue):
    return ua.DataChangeFilter(trigger, kind, width)


ABSOLUTE, PERCENT = ua.DeadbandType.Absolute, ua.DeadbandType.Percent


@pytest.mark.parametrize(
    ("key", "kind", "width", "code"),
    [
        (KEY, PERCENT, 10.0, "Good"),
        (KEY, PERCENT, 100.0, "Good"),
        (KEY, PERCENT, 150.0, "BadDeadbandFilterInvalid"),
        (KEY, PERCENT, -1.0, "BadDeadbandFilterInvalid"),
        (KEY, PERCENT, NAN, "BadDeadbandFilterInvalid"),
        (KEY, ABSOLUTE, 0.0, "Good"),
        (KEY, ABSOLUTE, float("inf"), "BadDeadbandFilterInvalid"),
        (KEY, 7, 1.0, "BadDeadbandFilterInvalid"),
        (STATE, ABSOLUTE, 1.0, "Good"),
        (STATE, PERCENT, 10.0, "BadMonitoredItemFilterUnsupported"),
        (SWITCH, ABSOLUTE, 1.0, "BadFilterNotAllowed"),
        (SWITCH, PERCENT, 10.0, "BadFilterNotAllowed"),
    ],
)
async def test_a_dead_band_is_checked(rig, connect, raw, key, kind, width, code) -> None:
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe()).SubscriptionId
        node = (await rig.node(client, key)).nodeid
        (result,) = await session.monitor(subscription, [node], Filter=band(kind, width))
        assert result.StatusCode.name == code


async def test_a_percentage_is_of_the_range(rig, connect, raw) -> None:
    async with connect(rig) as client:
        node = await rig.node(client, KEY)
        limits = await (await rig.node(client, f"{KEY}.EURange")).read_value()
        tenth = (limits.High - limits.Low) / 10.0
        rig.feed(KEY, limits.Low)
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        await session.monitor(subscription, [node.nodeid], Filter=band(PERCENT, 10.0), QueueSize=10)
        for tenths in (0.9, 1.1, 1.9, 2.0, 2.2):
            rig.feed(KEY, limits.Low + tenths * tenth)
        await session.enable(subscription, True)
        assert await session.values() == [
            pytest.approx(limits.Low + t * tenth) for t in (0.0, 1.1, 2.2)
        ]


@pytest.mark.parametrize(
    ("trigger", "kind", "expected"),
    [
        (ua.DataChangeTrigger.Status, ua.DeadbandType.None_, [1.0, None, 3.0]),
        (ua.DataChangeTrigger.StatusValue, ua.DeadbandType.None_, [1.0, 2.0, None, 3.0]),
        (
            ua.DataChangeTrigger.StatusValueTimestamp,
            ua.DeadbandType.None_,
            [1.0, 2.0, 2.0, None, 3.0],
        ),
        # With a dead band a new time alone is no news.
        (ua.DataChangeTrigger.StatusValueTimestamp, ABSOLUTE, [1.0, 2.0, None, 3.0]),
    ],
)
async def test_a_trigger_says_what_news_is(rig, connect, raw, trigger, kind, expected) -> None:
    rig.feed(KEY, 1.0, time=1000)
    async with connect(rig) as client:
        session = raw(client)
        subscription = (await session.subscribe(100.0, PublishingEnabled=False)).SubscriptionId
        node = (await rig.node(client, KEY)).nodeid
        await session.monitor(subscription, [node], Filter=band(kind, 0.5, trigger), QueueSize=10)
        for value, status, time in (
            (2.0, 0, 1000), (2.0, 0, 2000), (NAN, 0x80310000, 2000), (3.0, 0, 2000),
        ):  # fmt: skip
            rig.feed(KEY, value, status, time)
        await session.enable(subscription, True)
        assert await session.values() == expected
