"""Forecasts of a site, made by ``hptwin forecast`` in a child process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.twin_engine.forecasting.forecast_file import read_forecasts
from heatpump_twin.twin_engine.trajectory import Trajectory

log = structlog.stdlib.get_logger(__name__)

LIMIT = 10 * 60.0
"""Longest run; of a large site one takes seconds. [s]"""


async def forecast_run(arguments: Sequence[str], now: int) -> list[Trajectory]:
    """Return the forecasts of a site made at a time in µs; none, with the reason in the log.

    In a process of its own, so that polls and clients never wait for it.
    """
    moment = datetime.fromtimestamp(now / MICROSECONDS, UTC).isoformat()
    with TemporaryDirectory(prefix="hptwin-") as folder:
        told = ["--at", moment, "--result", folder, *arguments]
        code, words = await run_command("forecast", told, LIMIT)
        if code != 0:
            log.warning("no forecasts were made", code=code, told=words[-500:])
            return []
        try:
            return await asyncio.to_thread(read_forecasts, Path(folder))
        except (OSError, ValueError, KeyError) as error:
            log.warning("forecasts cannot be read", error=str(error))
            return []
