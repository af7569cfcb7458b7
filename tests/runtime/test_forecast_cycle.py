"""What is shown of forecasts that were made when the weather's own is old."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import numpy as np

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.status import UNCERTAIN, UNCERTAIN_LAST_USABLE_VALUE
from heatpump_twin.runtime.parts import forecast_cycle
from heatpump_twin.runtime.parts.forecast_cycle import ForecastCycle
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.twin_engine.forecasting.quarter_hours import STEP
from heatpump_twin.twin_engine.historian.database.database_access import (
    close_engine,
    migrate,
    open_engine,
)
from heatpump_twin.twin_engine.historian.trajectories.trajectory_log import TrajectoryLog
from heatpump_twin.twin_engine.trajectory import Trajectory

NOW = 1_768_478_400_000_000
ROOM, TANK = "hp1.forecast_room_temperature", "hp1.forecast_dhw_temperature"


def issued(key: str, model: str) -> Trajectory:
    return Trajectory(
        key=key,
        issued=NOW,
        time=NOW + STEP * np.arange(192),
        quantiles=np.array([0.1, 0.5, 0.9]),
        values=np.array([[20.0], [21.0], [22.0]]) * np.ones(192),
        model=model,
    )


async def test_what_was_simulated_in_old_weather_says_so(tmp_path, monkeypatch, eventually) -> None:
    monkeypatch.setattr(forecast_cycle, "_LOOK", 0.01)

    async def made(arguments: list[str], now: int) -> list[Trajectory]:
        return [issued(ROOM, "simulation"), issued(TANK, "seasonal naive")]

    monkeypatch.setattr(forecast_cycle, "forecast_run", made)
    site = load_site("default", environment={})
    found = Foundation.lay(site, DataDirectory.open(tmp_path), ManualClock(NOW))
    engine = open_engine(found.database)
    migrate(engine)
    close_engine(engine)
    log = TrajectoryLog(found.table, found.database)
    old = False
    cycle = ForecastCycle(found, SimpleNamespace(trajectories=log), [], lambda: old)
    await cycle.announce()
    running = asyncio.create_task(cycle.run())

    def statuses() -> list[int]:
        places = [found.table.by_key[key].index for key in (ROOM, TANK)]
        return [int(found.image.status[place]) for place in places]

    try:
        await eventually(lambda: statuses() == [UNCERTAIN, UNCERTAIN])
        old = True
        # What does not go by the weather is as good as before.
        await eventually(lambda: statuses() == [UNCERTAIN_LAST_USABLE_VALUE, UNCERTAIN])
        old = False
        await eventually(lambda: statuses() == [UNCERTAIN, UNCERTAIN])
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        log.close()
