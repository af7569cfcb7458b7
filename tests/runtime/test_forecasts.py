"""A whole twin that forecasts from its first day on: over OPC UA, in a child process."""

from __future__ import annotations

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
    """The default site after three days, of which it has recorded the quarter-hours."""
    twin = Twin(tmp_path_factory.mktemp("twin"), new_ports(), forecasts=True)
    begin = quarter_begin(SystemClock().now()) - 3 * DAY * STEP
    recorded_site(twin.data, as_record(repeating(3, begin=begin)))
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
        method = await node("room_temperature_method").read_value()
        assert method == 3  # climatology: no house is learnt yet
