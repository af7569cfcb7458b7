"""A whole twin that forecasts from its first day on: over OPC UA, in a child process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua
from namespaces import site_index
from recorded_site import recorded_site
from repeating_house import as_record, repeating
from whole_twin import Twin, new_ports

from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.twin_engine.forecasting.quarter_hours import DAY, STEP, quarter_begin

QUANTITIES = (
    "thermal_power", "electrical_power", "supply_temperature", "room_temperature",
    "dhw_temperature",
)  # fmt: skip


@pytest.fixture(scope="module")
def forecasting_twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The default site after five days: their quarter-hours are recorded, and it was judged."""
    twin = Twin(tmp_path_factory.mktemp("twin"), new_ports(), forecasts=True)
    begin = quarter_begin(SystemClock().now()) - 5 * DAY * STEP
    recorded_site(twin.data, as_record(repeating(5, begin=begin)))
    judged = twin.command("evaluate", "--site", twin.site, "--data", str(twin.data), "--keep")
    assert judged.returncode == 0, judged.stderr
    twin.extra = ["--set", "forecasts.every=15 min"]
    try:
        twin.start()
        yield twin
    finally:
        twin.kill()


async def test_each_quantity_is_forecast_with_its_interval_and_read_as_history_of_the_future(
    forecasting_twin: Twin, connect, eventually
) -> None:
    async with connect(forecasting_twin) as client:
        space = await site_index(client)

        def node(name: str):
            return client.get_node(ua.NodeId(f"hp1.forecast_{name}", space))

        async def are_forecast() -> bool:
            found = [
                await node(name).read_data_value(raise_on_bad_status=False) for name in QUANTITIES
            ]
            return all(not one.StatusCode.is_bad() for one in found)

        await eventually(are_forecast)
        now = datetime.now(UTC)
        for name in QUANTITIES:
            ahead = [
                [
                    value.Value.Value
                    for value in await node(f"{name}{end}").read_raw_history(
                        now + timedelta(minutes=15), now + timedelta(hours=46)
                    )
                ]
                for end in ("_lower", "", "_upper")
            ]
            assert len(ahead[0]) == len(ahead[1]) == len(ahead[2]) >= 183
            for low, middle, high in zip(*ahead, strict=True):
                assert low <= middle <= high
        newest = await node("room_temperature.Forecast").read_data_value(raise_on_bad_status=False)
        # An expectation is never Good.
        assert newest.StatusCode.is_uncertain()
        assert len(newest.Value.Value) == 192


async def test_what_a_forecast_is_from_and_how_good_it_was_is_told(
    forecasting_twin: Twin, connect, eventually
) -> None:
    card = forecasting_twin.data / "models" / "forecast" / "hp1.json"
    told = json.loads(card.read_text("utf-8"))["targets"]["forecast_room_temperature"]
    async with connect(forecasting_twin) as client:
        space = await site_index(client)

        async def shown(end: str) -> float | None:
            node = client.get_node(ua.NodeId(f"hp1.forecast_room_temperature{end}", space))
            value = await node.read_data_value(raise_on_bad_status=False)
            return value.Value.Value if value.StatusCode.is_good() else None

        async def is_told() -> bool:
            return await shown("_coverage") is not None and await shown("_method") is not None

        await eventually(is_told)
        assert await shown("_coverage") == pytest.approx(100.0 * told["coverage"])
        assert await shown("_skill") == pytest.approx(100.0 * told["skill"])
        codes = ("", "persistence", "seasonal naive", "climatology")
        method = await shown("_method")
        assert method is not None
        assert codes[int(method)] == told["chosen"]
