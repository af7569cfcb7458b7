"""Retrain heat-up models on request: ``hptwin train`` in a child process, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.status import BAD_INVALID_STATE, GOOD, UNCERTAIN
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES, SWITCH
from heatpump_twin.twin_engine.foresight.model_card import (
    ModelError,
    card_path,
    read_card,
    save_model,
)
from heatpump_twin.twin_engine.foresight.prediction import HEAT_UP, HeatUpModel
from heatpump_twin.twin_engine.programs.training_request import TrainingProgress, TrainingState
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text

LIMIT = 30 * 60.0
"""Longest training; years of history take minutes. [s]"""

Adopt = Callable[[str, HeatUpModel], Awaitable[bool]]
"""Puts a model to use; returns whether that was possible without a restart."""


@dataclass(frozen=True, slots=True)
class _Job:
    asset: str
    user: str
    origin: str


class Retraining:
    """`Trainer` in a child process. Trained models lie in the data directory."""

    def __init__(
        self,
        table: PointTable,
        data: DataDirectory,
        arguments: Sequence[str],
        journal: Journal,
        adopt: Adopt,
        clock: Clock,
        limit: float = LIMIT,
    ) -> None:
        self._table = table
        self._models = data.models
        self._arguments = [*arguments, "--data", str(data.root)]
        self._journal = journal
        self._adopt = adopt
        self._clock = clock
        self._limit = limit
        self._states: dict[str, TrainingProgress] = {}
        self._job: _Job | None = None
        self._wanted = asyncio.Event()

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has what a model is trained on."""
        return {*FEATURES, SWITCH} <= set(self._table.by_asset.get(asset, {}))

    def of(self, asset: str) -> TrainingProgress:
        """Return how the latest training of a heat pump's model stands."""
        return self._states.get(asset, TrainingProgress())

    async def start(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Start the training of a heat pump's model, and return at once."""
        # One at a time: a small machine has few cores, and the polls need one.
        if self._job is not None:
            verdict = Verdict(
                BAD_INVALID_STATE,
                f"The model of {self._job.asset} is being trained for {self._job.user}; one is "
                "trained at a time.",
            )
        else:
            self._job = _Job(asset, user, origin)
            self._wanted.set()
            words = f"Training has started; it takes {duration_text(self._limit)} at the most."
            verdict = Verdict(GOOD, words)
            self._state(asset, TrainingState.RUNNING, words)
        await self._record(_Job(asset, user, origin), verdict.status, verdict.message)
        return verdict

    async def run(self) -> None:
        """Carry out training requests, for ever."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            job = self._job
            if job is not None:
                state, words = await self._train(job.asset)
                used = state in (TrainingState.IN_USE, TrainingState.FROM_NEXT_START)
                await self._record(job, GOOD if used else UNCERTAIN, words)
                self._job = None
                self._state(job.asset, state, words)

    async def _train(self, asset: str) -> tuple[TrainingState, str]:
        # Under another name: a training that fails half way must not touch the model in use.
        candidate = self._models / f"{HEAT_UP}-{asset}.candidate.onnx"
        try:
            told = ["--heat-pump", asset, "--output", str(candidate), *self._arguments]
            code, output = await run_command("train", told, self._limit)
            if code is None:
                limit = duration_text(self._limit)
                return TrainingState.FAILED, f"Training was stopped: it took longer than {limit}."
            if code != 0:
                return TrainingState.FAILED, f"Training failed: {output}"
            return await self._judge(asset, candidate)
        finally:
            for path in (candidate, card_path(candidate)):
                path.unlink(missing_ok=True)

    async def _judge(self, asset: str, candidate: Path) -> tuple[TrainingState, str]:
        """Adopt the candidate model if it has proved itself on held-out runs."""
        try:
            card = (await asyncio.to_thread(HeatUpModel, candidate)).card
        except ModelError as error:
            return TrainingState.FAILED, f"The trained model cannot be used: {error}."
        # A model that a simple rule beats on runs it has not seen is told of, and not used.
        if card.shortcoming is not None:
            return TrainingState.REJECTED, f"The trained model is not used: {card.shortcoming}."
        final = self._models / f"{HEAT_UP}-{asset}.onnx"
        model = await asyncio.to_thread(_put_in_place, candidate, final)
        in_use = await self._adopt(asset, model)
        quality = (
            f"Model {card.version} was trained on {card.training.runs} heat-ups; its mean error on "
            f"{card.held_out.runs} others is {card.score.mae:.1f} min"
        )
        if in_use:
            return TrainingState.IN_USE, f"{quality}. It is in use."
        return (
            TrainingState.FROM_NEXT_START,
            f"{quality}. It is used from the next start, because there was none to replace.",
        )

    def _state(self, asset: str, state: TrainingState, words: str) -> None:
        self._states[asset] = TrainingProgress(state, words, self._clock.now())
        self._journal.changed(asset)

    async def _record(self, job: _Job, status: int, words: str) -> None:
        await self._journal.record(
            job.asset, "Retrain", user=job.user, origin=job.origin, status=status, message=words
        )


def _put_in_place(candidate: Path, final: Path) -> HeatUpModel:
    save_model(candidate.read_bytes(), read_card(candidate), final)
    return HeatUpModel(final)
