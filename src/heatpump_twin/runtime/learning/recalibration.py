"""Calibrate machines on schedule, in child processes, and put to use what was promoted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump, Plate
from heatpump_twin.drivers.clock import MICROSECONDS, SystemClock
from heatpump_twin.runtime.learning.calibrated_models import calibrated_model
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

log = structlog.stdlib.get_logger(__name__)

LOOK = 60.0
"""How often it is looked for a model that was promoted, or is due. [s]"""
LIMIT = 30 * 60.0
"""Longest calibration of a heat pump. [s]"""
_AGAIN = 86_400.0
"""After a start, and after one that was refused, the next is tried so much later. [s]"""

_Numbers = tuple[int | None, int | None]
"""Versions whose machine and whose house are in use; None: the plate, and no house."""
AdoptModel = Callable[[str, LearntModel | None], None]


class Recalibration:
    """Schedule of calibrations, and the models that heat pumps are compared with.

    Parameters
    ----------
    pumps : callable
        Returns the heat pumps that there are.
    arguments
        Tell a process of ours what site it is for.
    every : float
        How old the newest version may be; 0: nothing is calibrated by itself. [s]
    adopt : callable
        Gets the model of a heat pump when another is in use; None: its plate.
    """

    def __init__(
        self,
        pumps: Callable[[], Sequence[HeatPump]],
        data: DataDirectory,
        arguments: Sequence[str],
        every: float,
        adopt: AdoptModel,
    ) -> None:
        self._pumps, self._models, self._every, self._adopt = pumps, data.models, every, adopt
        self._arguments = [*arguments, "--data", str(data.root)]
        # People's days, and not those of an emulated site: each takes some seconds of a core.
        self._clock = SystemClock()
        self._begun = self._clock.now()
        self._tried: dict[str, int] = {}
        self._used: dict[str, tuple[_Numbers, Plate]] = {}

    async def run(self, look: float = LOOK) -> None:
        """Look after models for ever."""
        for pump in self._pumps():
            numbers = await asyncio.to_thread(_in_use, self._models, pump.id)
            self._used[pump.id] = numbers, pump.plate
        while True:
            await asyncio.sleep(look)
            for pump in self._pumps():
                if self._due(pump.id):
                    await self._calibrate(pump.id)
                await self._look(pump)

    async def _look(self, pump: HeatPump) -> None:
        numbers = await asyncio.to_thread(_in_use, self._models, pump.id)
        # A reload may have brought another plate, for which another model holds.
        if self._used.get(pump.id) != (numbers, pump.plate):
            self._used[pump.id] = numbers, pump.plate
            model = await asyncio.to_thread(calibrated_model, pump, self._models)
            self._adopt(pump.id, model)
            log.info(
                "another model is in use", heat_pump=pump.id, machine=numbers[0], house=numbers[1]
            )

    def _due(self, asset: str) -> bool:
        now = self._clock.now()
        since = max(self._begun, self._tried.get(asset, self._begun))
        if not self._every or now - since < _AGAIN * MICROSECONDS:
            return False
        return now - _newest(self._models, asset) >= self._every * MICROSECONDS

    async def _calibrate(self, asset: str) -> None:
        self._tried[asset] = self._clock.now()
        arguments = ["--heat-pump", asset, *self._arguments]
        code, words = await run_command("calibrate", arguments, LIMIT)
        log.info("calibrated", heat_pump=asset, code=code, told=words[-500:])


def _in_use(models: Path, asset: str) -> _Numbers:
    versions = ModelVersions(models, asset)
    try:
        return versions.promoted, versions.house
    except CalibrationError as error:
        log.warning("a calibrated model is left out", heat_pump=asset, reason=str(error))
        return None, None


def _newest(models: Path, asset: str) -> int:
    """Return when the newest version was made. [µs]"""
    versions = ModelVersions(models, asset)
    paths = [versions.path(number) for number in versions.numbers]
    return max((path.stat().st_mtime_ns // 1000 for path in paths), default=0)
