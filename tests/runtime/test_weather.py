"""A whole twin with a weather service, which is the emulated plant's own: over HTTP, and away."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from asyncua import Node, ua
from namespaces import site_index
from patience import PATIENCE
from whole_twin import Twin

NOT_USED, FRESH, OLD, NONE = 0, 1, 2, 3
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
"""Of an answer that does not go on."""


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


@pytest.mark.parametrize("said", [b"", HEAD], ids=["nothing", "half of an answer"])
async def test_a_service_that_times_out_is_told_and_polling_goes_on(
    fresh_twin: Twin, connect, eventually, said: bytes
) -> None:
    with ExitStack() as opened:
        slow = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        fresh_twin.extra = [
            "--set", "weather.source=open-meteo",
            "--set", f"weather.url=http://127.0.0.1:{slow.getsockname()[1]}/v1/forecast",
        ]  # fmt: skip
        fresh_twin.start()
        slow.settimeout(PATIENCE)
        asked = opened.enter_context((await asyncio.to_thread(slow.accept))[0])
        asked.sendall(said)
        async with connect(fresh_twin) as client:
            space = await site_index(client)
            power = client.get_node(ua.NodeId("hp1.electrical_power", space))
            begun = (await power.read_data_value(raise_on_bad_status=False)).SourceTimestamp

            async def is_told() -> bool:
                return "does not answer: time-out" in fresh_twin.output

            await eventually(is_told)
            live = await power.read_data_value()
            assert live.StatusCode.is_good()
            assert begun is None or live.SourceTimestamp > begun
            state = client.get_node(ua.NodeId("twin.weather_state", space))
            assert await state.read_value() == NONE


async def test_a_forecast_that_is_old_is_shown_as_the_last_that_was_usable(
    fresh_twin: Twin, connect, eventually, tmp_path: Path
) -> None:
    file = tmp_path / "weather.json"
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now + timedelta(hours=k) for k in range(-48, 72)]
    columns = {"temperature_2m": 5.0, "relative_humidity_2m": 80.0, "shortwave_radiation": 100.0}
    hourly = {name: [value] * len(hours) for name, value in columns.items()}
    times = [round(hour.timestamp()) for hour in hours]
    units = {"time": "unixtime", "temperature_2m": "°C", "relative_humidity_2m": "%",
             "shortwave_radiation": "W/m²"}  # fmt: skip
    file.write_text(json.dumps({"hourly_units": units, "hourly": {"time": times, **hourly}}))
    fresh_twin.extra = ["--set", "weather.source=file", "--set", f"weather.file={file}"]
    fresh_twin.start()
    async with connect(fresh_twin) as client:
        space = await site_index(client)
        state = client.get_node(ua.NodeId("twin.weather_state", space))
        nodes = [
            client.get_node(ua.NodeId(f"site.forecast_{name}", space))
            for name in ("temperature", "humidity", "irradiance")
        ]

        async def is_shown(wanted: int, status: int) -> bool:
            found = [await node.read_data_value(raise_on_bad_status=False) for node in nodes]
            value = await state.read_data_value(raise_on_bad_status=False)
            codes = {one.StatusCode.value & 0xFFFF0000 for one in found}
            return value.Value.Value == wanted and codes == {status}

        async def is_fresh() -> bool:
            return await is_shown(FRESH, ua.StatusCodes.Uncertain)

        async def is_old() -> bool:
            return await is_shown(OLD, ua.StatusCodes.UncertainLastUsableValue)

        await eventually(is_fresh)
        written = (now - timedelta(days=1)).timestamp()
        os.utime(file, (written, written))
        await eventually(is_old)


async def test_a_site_that_is_not_forecast_has_no_points_of_forecasts(
    fresh_twin: Twin, connect
) -> None:
    fresh_twin.start()  # as most twins of tests, with `forecasts.every` of 0
    async with connect(fresh_twin) as client:
        space = await site_index(client)
        power = client.get_node(ua.NodeId("hp1.forecast_electrical_power", space))
        with pytest.raises(ua.UaStatusCodeError) as refused:
            await power.read_value()
        assert refused.value.code == ua.StatusCodes.BadNodeIdUnknown
        assert await client.get_node(ua.NodeId("hp1.expected_cop", space)).read_browse_name()
