"""Simulations on request: ``hptwin simulate`` in a child process, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.status import BAD_INVALID_STATE, BAD_NOT_SUPPORTED, GOOD, UNCERTAIN
from heatpump_twin.runtime.learning.child_command import run_command
from heatpump_twin.twin_engine.commands.journal import Journal
from heatpump_twin.twin_engine.programs.scenario_request import (
    ScenarioProgress,
    ScenarioQuestion,
    ScenarioState,
)
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text

LIMIT = 15 * 60.0
"""Longest simulation; a month of history takes a minute. [s]"""
FIGURES, TABLE = "figures.json", "trajectories.csv"
PROGRESS = "progress "
"""How a line begins with which a child tells its progress."""
_LEAST = frozenset({"outdoor_temperature", "electrical_power"})


@dataclass(frozen=True, slots=True)
class _Job:
    asset: str
    question: ScenarioQuestion
    user: str
    origin: str


class Scenarios:
    """`Simulator` in a child process, so that the twin's own loop never waits for it."""

    def __init__(
        self,
        table: PointTable,
        data: DataDirectory,
        arguments: Sequence[str],
        journal: Journal,
        limit: float = LIMIT,
    ) -> None:
        self._table = table
        self._arguments = [*arguments, "--data", str(data.root)]
        self._journal = journal
        self._limit = limit
        self._states: dict[str, ScenarioProgress] = {}
        self._job: _Job | None = None
        self._wanted = asyncio.Event()
        self._stop = asyncio.Event()

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has what a house is learnt from."""
        return set(self._table.by_asset.get(asset, {})) >= _LEAST

    def of(self, asset: str) -> ScenarioProgress:
        """Return the progress of the latest simulation of a heat pump."""
        return self._states.get(asset, ScenarioProgress())

    async def start(
        self, asset: str, question: ScenarioQuestion, *, user: str, origin: str
    ) -> Verdict:
        """Start a simulation, and return at once."""
        job = _Job(asset, question, user, origin)
        if question.names_file:
            words = "Another machine is a file: ask for it by `hptwin simulate` on the server."
            verdict = Verdict(BAD_NOT_SUPPORTED, words)
        # One at a time: a small machine has few cores, and the polls need one.
        elif self._job is not None:
            verdict = Verdict(
                BAD_INVALID_STATE,
                f"A simulation of {self._job.asset} is running for {self._job.user}; one runs at "
                "a time.",
            )
        else:
            self._job = job
            self._stop.clear()
            self._wanted.set()
            words = f"The simulation has started; it takes {duration_text(self._limit)} at most."
            verdict = Verdict(GOOD, words)
            self._tell(asset, ScenarioProgress(ScenarioState.RUNNING, message=words))
        await self._record(job, "SimulateScenario", verdict.status, verdict.message)
        return verdict

    async def cancel(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Stop the simulation that is running."""
        job = self._job
        if job is None or job.asset != asset:
            verdict = Verdict(BAD_INVALID_STATE, "No simulation of this heat pump is running.")
        else:
            self._stop.set()
            verdict = Verdict(GOOD, "The simulation is being stopped.")
        who = job or _Job(asset, ScenarioQuestion((), 0.0, 0), user, origin)
        who = replace(who, asset=asset, user=user, origin=origin)
        await self._record(who, "CancelScenario", verdict.status, verdict.message)
        return verdict

    async def run(self) -> None:
        """Carry out what is asked for, for ever."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            job = self._job
            if job is not None:
                found = await self._simulate(job)
                status = GOOD if found.state is ScenarioState.DONE else UNCERTAIN
                await self._record(job, "SimulateScenario", status, found.message)
                self._job = None
                self._tell(job.asset, found)

    async def _simulate(self, job: _Job) -> ScenarioProgress:
        with TemporaryDirectory(prefix="hptwin-") as folder:
            work = asyncio.create_task(self._child(job, Path(folder)))
            stop = asyncio.create_task(self._stop.wait())
            try:
                await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    return ScenarioProgress(ScenarioState.CANCELLED, message="It was stopped.")
                return self._found(*work.result(), Path(folder))
            finally:
                for task in (work, stop):
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    def _found(self, code: int | None, said: str, folder: Path) -> ScenarioProgress:
        if code is None:
            limit = duration_text(self._limit)
            return ScenarioProgress(
                ScenarioState.FAILED, message=f"It was stopped: it took longer than {limit}."
            )
        if code != 0:
            return ScenarioProgress(ScenarioState.FAILED, message=said)
        figures, table = ((folder / name).read_text("utf-8") for name in (FIGURES, TABLE))
        words = "Simulated, not measured: ScenarioFigures and ScenarioTable have the result."
        return ScenarioProgress(ScenarioState.DONE, 1.0, words, figures, table)

    async def _child(self, job: _Job, folder: Path) -> tuple[int | None, str]:
        """Run the simulation; return its exit code (None: too long) and its last lines."""
        question = job.question
        days = ["--days", f"{question.days:g}"] if question.days > 0.0 else []
        arguments = [
            *("--heat-pump", job.asset),
            *(f"--change={change}" for change in question.changes),
            *days,
            *("--seed", str(question.seed), "--result", str(folder), *self._arguments),
        ]
        heard = partial(self._advanced, job.asset)
        return await run_command("simulate", arguments, self._limit, heard)

    def _advanced(self, asset: str, words: str) -> bool:
        """Tell the progress that a line is of; return whether it is of some."""
        if not words.startswith(PROGRESS):
            return False
        with suppress(ValueError):
            share = float(words.removeprefix(PROGRESS))
            self._tell(asset, replace(self.of(asset), share=share))
        return True

    def _tell(self, asset: str, progress: ScenarioProgress) -> None:
        self._states[asset] = progress
        self._journal.changed(asset)

    async def _record(self, job: _Job, what: str, status: int, words: str) -> None:
        asked = " ".join(job.question.changes)
        message = f"{asked}: {words}" if asked else words
        await self._journal.record(
            job.asset, what, user=job.user, origin=job.origin, status=status, message=message
        )
