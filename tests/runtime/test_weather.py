"""A whole twin with a weather service, which is the emulated plant's own: over HTTP, and away."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from asyncua import Node, ua
from namespaces import site_index
from patience import PATIENCE
from whole_twin import Twin

NOT_USED, FRESH, NONE = 0, 1, 3


async def shown_of(node: Node) -> float:
    """The value of a variable, which may be Uncertain."""
    return (await node.read_data_value(raise_on_bad_status=False)).Value.Value


async def test_the_forecast_is_shown_read_ahead_and_kept_by_its_issue(
    twin: Twin, connect, eventually
) -> None:
    async with connect(twin) as client:
        space = await site_index(client)

        def node(name: str):
            return client.get_node(ua.NodeId(name, space))

        async def is_fresh() -> bool:
            value = await node("twin.weather_state").read_data_value(raise_on_bad_status=False)
            shown = await node("site.forecast_temperature").read_data_value(
                raise_on_bad_status=False
            )
            return value.Value.Value == FRESH and not shown.StatusCode.is_bad()

        await eventually(is_fresh)
        low, middle, high = [
            await shown_of(node(f"site.forecast_temperature{end}"))
            for end in ("_lower", "", "_upper")
        ]
        assert low < middle < high
        # The plant's sensor and its service speak of the same weather.
        assert abs(middle - await shown_of(node("hp1.outdoor_temperature"))) < 4.0
        now = datetime.now(UTC)
        ahead = await node("site.forecast_temperature").read_raw_history(
            now + timedelta(minutes=1), now + timedelta(hours=47)
        )
        times = [value.SourceTimestamp for value in ahead]
        # Before the first quarter-hour may stand what was recorded of now.
        steps = {after - before for before, after in pairwise(times[-186:])}
        assert steps == {timedelta(minutes=15)}
        assert times[-1] - now > timedelta(hours=46)
        issues = await node("site.forecast_temperature.Forecast").read_raw_history(
            now - timedelta(minutes=10), now + timedelta(minutes=1), return_bounds=False
        )
        assert len(issues) >= 1


async def test_a_service_that_does_not_answer_is_told_and_stops_nothing(
    fresh_twin: Twin, connect, eventually
) -> None:
    free = fresh_twin.ports.hmi  # nobody listens there: this twin has no pages
    fresh_twin.extra = [
        "--set", "weather.source=open-meteo",
        "--set", f"weather.url=http://127.0.0.1:{free}/v1/forecast",
    ]  # fmt: skip
    fresh_twin.start()
    async with connect(fresh_twin) as client:
        space = await site_index(client)
        state = client.get_node(ua.NodeId("twin.weather_state", space))
        power = client.get_node(ua.NodeId("hp1.electrical_power", space))
        shown = client.get_node(ua.NodeId("site.forecast_temperature", space))

        async def is_told() -> bool:
            value = await state.read_data_value(raise_on_bad_status=False)
            live = await power.read_data_value(raise_on_bad_status=False)
            forecast = await shown.read_data_value(raise_on_bad_status=False)
            return (
                value.Value.Value == NONE
                and live.StatusCode.is_good()
                and forecast.StatusCode.value == ua.StatusCodes.BadNoData
            )

        await eventually(is_told)
    assert "no weather forecast" in fresh_twin.output


def test_a_service_that_never_answers_does_not_hold_up_a_stop(fresh_twin: Twin) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        fresh_twin.extra = [
            "--set", "weather.source=bright-sky", "--set", f"weather.url=http://127.0.0.1:{port}/",
        ]  # fmt: skip
        fresh_twin.start()
        deaf.settimeout(PATIENCE)
        asked, _ = deaf.accept()
        with asked:
            assert asked.recv(4) == b"GET "
            # Waits for its end, which the twin's own limits of time give it.
            assert fresh_twin.stop() == 0
