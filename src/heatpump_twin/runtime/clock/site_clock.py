"""The one clock of a site: real time, or the time of its emulated plant, at any speed.

What a plant lives through in a minute of real time may be an hour: then plant, twin, programs,
alarms, forecasts and history have to live through it together. So there is one clock for all, made
here, and the plant's process is told of it.
"""

from __future__ import annotations

import asyncio
import json
import time

import requests
import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.config.settings import EmulatedPlant, Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ScaledClock, SystemClock
from heatpump_twin.drivers.plant.devices.plant import start_time
from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.clock.past_plan import real_device
from heatpump_twin.runtime.web_probe import local_url

log = structlog.stdlib.get_logger(__name__)

KEEP_PERIOD = 5.0
"""How often it is written down how far the clock has come. [s]"""
PLANT_TIMEOUT = 30.0
"""Longest wait for a plant that runs elsewhere to tell its time. [s]"""
_ASK_PERIOD = 0.2
_ASK_TIMEOUT = 2.0


async def site_clock(site: Site, data: DataDirectory) -> Clock:
    """Return the clock of a site.

    Where all is emulated it may start elsewhere than now, run at any speed, and is never behind
    what is recorded in ``data``. Else it is the system clock.

    Raises
    ------
    TwinError
        The plant runs elsewhere, has a time of its own, and does not tell it; or what is recorded
        is ahead of a real device's time.
    """
    plant = site.plant
    now = SystemClock().now()
    real = real_device(site)
    if real is not None and kept_time(data) > now:
        raise TwinError(
            f"the history in {data.root} is ahead of now ({data.clock.name}), as that of an "
            f"emulated plant, and {real} is a real device, which lives in real time: begin with "
            "another directory, --data DIR"
        )
    if plant is None or not site.emulated_gateways():
        return SystemClock()
    own_time = plant.start is not None or plant.speed != 1.0
    if not plant.managed:
        return await _clock_of(plant) if own_time else SystemClock()
    start = max(start_time(plant, now), kept_time(data))
    if plant.speed == 1.0 and start <= now and plant.start is None:
        return SystemClock()
    return ScaledClock(start, plant.speed)


class ClockKeeper:
    """Keeper of how far a clock of its own has come, so that the next run goes on from there.

    Else the history of a run of an hour at speed 60 would end two days ahead of the next one.
    """

    def __init__(self, clock: Clock, data: DataDirectory) -> None:
        self._clock = clock
        self._data = data

    async def run(self) -> None:
        """Write it down every `KEEP_PERIOD`, and at the end."""
        if not isinstance(self._clock, ScaledClock):
            return
        ahead = round(KEEP_PERIOD * self._clock.speed * MICROSECONDS)
        try:
            while True:
                # As far as it will have come by the next time: a run that is killed says no more.
                self._write(self._clock.now() + ahead)
                await asyncio.sleep(KEEP_PERIOD)
        finally:
            self._write(self._clock.now())

    def _write(self, reached: int) -> None:
        try:
            write_private(self._data.clock, json.dumps({"reached": reached}) + "\n")
        except OSError as error:
            log.warning("not written", file=str(self._data.clock), error=error.strerror)


def kept_time(data: DataDirectory) -> int:
    """Return how far the clock of the runs before has come; 0: it was the system's."""
    try:
        return int(json.loads(data.clock.read_text("utf-8"))["reached"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


async def _clock_of(plant: EmulatedPlant) -> Clock:
    """Return the clock of a plant that runs elsewhere."""
    url = local_url("http", "127.0.0.1", plant.control_port, "/clock")
    end = time.monotonic() + PLANT_TIMEOUT
    while True:
        try:
            return await asyncio.to_thread(_asked, url)
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            if time.monotonic() >= end:
                raise TwinError(
                    f"plant.managed: false, and no plant tells its time at {url} ({error}): start "
                    "it first with `hptwin plant` and the same site and settings"
                ) from error
        await asyncio.sleep(_ASK_PERIOD)


def _asked(url: str) -> ScaledClock:
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between us and loopback
        answer = session.get(url, timeout=_ASK_TIMEOUT).json()
    return ScaledClock(int(answer["time"]), float(answer["speed"]))
