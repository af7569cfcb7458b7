"""The life of learnt remainders: trained in child processes, put to use, watched for drift."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, SystemClock
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INVALID_STATE, BAD_OUT_OF_RANGE, GOOD, UNCERTAIN
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.errors import CalibrationError, ForecastError
from heatpump_twin.twin_engine.forecasting.remainder.base_in_use import base_in_use
from heatpump_twin.twin_engine.forecasting.remainder.drift import DriftState, read_drift
from heatpump_twin.twin_engine.forecasting.remainder.remainder_versions import (
    RemainderVersions,
    require_usable,
)
from heatpump_twin.twin_engine.forecasting.targets import MODEL_DRIFT, MODEL_VERSION, TARGETS
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.calibration.model_versions import ModelVersions
from heatpump_twin.twin_engine.programs.forecast_models import (
    ForecastModelStanding,
    ForecastModelState,
)
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text

log = structlog.stdlib.get_logger(__name__)

LIMIT = 60 * 60.0
"""Longest training of a heat pump; it takes a minute or two of a core. [s]"""
LOOK = 30.0
"""How often it is looked for a version that was promoted, or is due. [s]"""
_AGAIN = 86_400 * MICROSECONDS
"""After a start, and after one that was refused, the next is tried so much later. [µs]"""
_TWIN, _SCHEDULE = "twin", "schedule"

Pumps = Callable[[], Sequence[HeatPump]]
"""Returns the heat pumps that there are."""


@dataclass(frozen=True, slots=True)
class _Job:
    asset: str
    user: str
    origin: str


class LearntForecasts:
    """`ForecastModels` of a site, in child processes; versions lie in the data directory.

    ``every``: how old the newest version may be, in s; 0: nothing is trained by itself.
    """

    def __init__(
        self,
        image: Image,
        clock: Clock,
        data: DataDirectory,
        pumps: Pumps,
        arguments: Sequence[str],
        journal: Journal,
        every: float,
    ) -> None:
        self._image, self._clock = image, clock
        self._models = data.models
        self._pumps = pumps
        self._every = every
        self._arguments = [*arguments, "--data", str(data.root)]
        self._journal = journal
        # People's days, and not those of an emulated site: each takes a minute of a core.
        self._wall = SystemClock()
        self._begun = self._wall.now()
        self._tried: dict[str, int] = {}
        self._states: dict[str, ForecastModelStanding] = {}
        self._drifts: dict[str, DriftState] = {}
        self._stamps: dict[str, tuple[tuple[str, int, int], ...]] = {}
        self._damaged: set[str] = set()
        self._job: _Job | None = None
        self._unjudged: set[str] = set()
        self._wanted = asyncio.Event()

    @property
    def damaged(self) -> int:
        """How many versions in use cannot be used."""
        return len(self._damaged)

    @property
    def drifted(self) -> int:
        """How many heat pumps have moved away from what their version in use was learnt in."""
        return sum(drift > DriftState.AS_LEARNT for drift in self._drifts.values())

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has forecasts."""
        points = self._image.table.by_asset.get(asset, {})
        return any(target.point in points for target in TARGETS)

    def of(self, asset: str) -> ForecastModelStanding:
        """Return how it stands with a heat pump."""
        return self._states.get(asset, ForecastModelStanding())

    async def train(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Start a training, and return at once."""
        job = _Job(asset, user, origin)
        # One at a time: a small machine has few cores, and the polls need one.
        if self._job is not None:
            words = f"The forecasts of {self._job.asset} are being trained; one is at a time."
            verdict = Verdict(BAD_INVALID_STATE, words)
        else:
            self._job = job
            self._wanted.set()
            words = f"Training has started; it takes {duration_text(LIMIT)} at the most."
            verdict = Verdict(GOOD, words)
            self._tell(asset, ForecastModelState.RUNNING, words)
        await self._record(job, "Train", verdict.status, verdict.message)
        return verdict

    async def promote(self, asset: str, version: int, *, user: str, origin: str) -> Verdict:
        """Put a version to use; what is shown is decided by the record."""
        try:
            await asyncio.to_thread(self._promote, asset, version)
        except (CalibrationError, ForecastError) as error:
            verdict = Verdict(BAD_OUT_OF_RANGE, f"{error}.", argument="Version")
        else:
            words = f"Version {version} is in use; the record decides what is shown."
            verdict = Verdict(GOOD, words)
            self._changed(asset, ForecastModelState.PROMOTED, words)
        await self._record(_Job(asset, user, origin), "Promote", verdict.status, verdict.message)
        return verdict

    async def roll_back(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Put the version to use that was before."""
        try:
            number = await asyncio.to_thread(RemainderVersions(self._models, asset).roll_back)
        except ForecastError as error:
            verdict = Verdict(BAD_INVALID_STATE, f"{error}.")
        else:
            now = "No learnt part" if number is None else f"Version {number}"
            verdict = Verdict(GOOD, f"{now} is in use.")
            self._changed(asset, ForecastModelState.ROLLED_BACK, verdict.message)
        await self._record(_Job(asset, user, origin), "Rollback", verdict.status, verdict.message)
        return verdict

    async def run(self, look: float = LOOK) -> None:
        """Train what is asked for or due, and show what is in use, for ever."""
        while True:
            for pump in self._pumps():
                await self._show(pump)
            with suppress(TimeoutError):
                async with asyncio.timeout(look):
                    await self._wanted.wait()
            self._wanted.clear()
            await self._work()

    async def _work(self) -> None:
        for asset in sorted(self._unjudged):
            self._unjudged.discard(asset)
            arguments = ["--keep", "--heat-pump", asset, *self._arguments]
            code, words = await run_command("evaluate", arguments, LIMIT)
            log.info("forecasts were judged", heat_pump=asset, code=code, told=words[-500:])
        for pump in self._pumps():
            if self._job is None and self._due(pump.id):
                self._job = _Job(pump.id, _TWIN, _SCHEDULE)
                self._tell(pump.id, ForecastModelState.RUNNING, "It is trained as scheduled.")
            job = self._job
            if job is not None:
                state, words = await self._train(job)
                self._job = None
                promoted = state is ForecastModelState.PROMOTED
                await self._record(job, "Train", GOOD if promoted else UNCERTAIN, words)
                self._tell(job.asset, state, words)

    def _due(self, asset: str) -> bool:
        now = self._wall.now()
        since = max(self._begun, self._tried.get(asset, self._begun))
        if not self._every or now - since < _AGAIN or not self.offered(asset):
            return False
        drifted = self._drifts.get(asset, DriftState.NONE) > DriftState.AS_LEARNT
        return drifted or now - self._newest(asset) >= self._every * MICROSECONDS

    def _newest(self, asset: str) -> int:
        """Return when the newest version was made. [µs]"""
        paths = self._folder(asset).glob("[0-9]*.onnx")
        return max((path.stat().st_mtime_ns // 1000 for path in paths), default=0)

    async def _train(self, job: _Job) -> tuple[ForecastModelState, str]:
        self._tried[job.asset] = self._wall.now()
        told: list[str] = []

        def heard(line: str) -> bool:
            if line.startswith((f"{job.asset}: ", "refused: ")):
                told.append(line)
            return False

        arguments = ["--of", "forecasts", "--heat-pump", job.asset, *self._arguments]
        code, words = await run_command("train", arguments, LIMIT, heard)
        if code is None:
            limit = duration_text(LIMIT)
            return ForecastModelState.FAILED, f"Training was stopped: it took longer than {limit}."
        sentence = f"{' '.join(told) or words[-500:]}."
        if code != 0:
            return ForecastModelState.FAILED, sentence
        used = any(", in use:" in line for line in told)
        return ForecastModelState.PROMOTED if used else ForecastModelState.REFUSED, sentence

    def _promote(self, asset: str, number: int) -> None:
        versions = RemainderVersions(self._models, asset)
        pump = next(pump for pump in self._pumps() if pump.id == asset)
        if number in versions.numbers:
            base = base_in_use(self._models, asset)
            require_usable(versions.card(number), number, asset, base=base, emulated=pump.emulated)
        versions.promote(number)

    def _changed(self, asset: str, state: ForecastModelState, words: str) -> None:
        # Another method is there now, or one less: which is shown has to be found anew.
        self._unjudged.add(asset)
        self._wanted.set()
        self._tell(asset, state, words)

    async def _show(self, pump: HeatPump) -> None:
        """Put version and drift into the image, where they are others than before."""
        if not self.offered(pump.id):
            return
        # A model is read and hashed only where something has changed: there may be 250 of them.
        stamp = await asyncio.to_thread(self._stamp, pump.id)
        if self._stamps.get(pump.id) == stamp:
            return
        self._stamps[pump.id] = stamp
        number, card, damaged = await asyncio.to_thread(self._in_use, pump)
        drift = DriftState.NONE
        if card:
            drift = await asyncio.to_thread(read_drift, self._models, pump.id)
        self._drifts[pump.id] = drift
        (self._damaged.add if damaged else self._damaged.discard)(pump.id)
        self._states[pump.id] = replace(self.of(pump.id), card=card)
        points = self._image.table.by_asset.get(pump.id, {})
        rows = [
            (points[name].index, float(value))
            for name, value in ((MODEL_VERSION, number), (MODEL_DRIFT, int(drift)))
            if name in points
        ]
        if rows:
            index, value = zip(*rows, strict=True)
            self._image.ingest(Frame.of(index, value, GOOD, self._clock.now()))
        self._journal.changed(pump.id)

    def _stamp(self, asset: str) -> tuple[tuple[str, int, int], ...]:
        """Return name, time and size of all files of a heat pump, and of its houses.

        A house that is put to use or taken back is another base: what was learnt of the former
        no longer fits.
        """
        houses = ModelVersions(self._models, asset).folder
        try:
            paths = [*self._folder(asset).iterdir()]
            paths += houses.iterdir() if houses.is_dir() else ()
            found = [(str(path), path.stat()) for path in paths]
        except OSError:
            return ()
        return tuple(sorted((name, of.st_mtime_ns, of.st_size) for name, of in found))

    def _folder(self, asset: str) -> Path:
        return RemainderVersions(self._models, asset).folder

    def _in_use(self, pump: HeatPump) -> tuple[int, str, bool]:
        """Return number (0: none) and card of the version in use, and whether it is damaged."""
        versions = RemainderVersions(self._models, pump.id)
        try:
            number = versions.promoted
            if number is None:
                return 0, "", False
            card = versions.model(number).card
            base = base_in_use(self._models, pump.id)
            require_usable(card, number, pump.id, base=base, emulated=pump.emulated)
        except (CalibrationError, ForecastError) as error:
            if pump.id not in self._damaged:
                log.warning("a learnt remainder is left out", heat_pump=pump.id, reason=str(error))
            return 0, "", True
        return number, card.model_dump_json(), False

    def _tell(self, asset: str, state: ForecastModelState, words: str) -> None:
        self._states[asset] = replace(self.of(asset), state=state, message=words)
        self._journal.changed(asset)

    async def _record(self, job: _Job, what: str, status: int, words: str) -> None:
        await self._journal.record(
            job.asset, what, user=job.user, origin=job.origin, status=status, message=words
        )
