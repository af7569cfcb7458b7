"""When a heat-up will be started, by what is measured, what is forecast, and what was learnt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import structlog

from heatpump_twin.config.catalogue import SITE
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.settings import SmartStartSettings
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times, Values
from heatpump_twin.drivers.status import UNCERTAIN, UNCERTAIN_SUB_NORMAL, is_bad
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.foresight.prediction import HeatUpModel
from heatpump_twin.twin_engine.history import HistoryReader, Samples
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.ready_machine import ReadyMachine
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUpStart
from heatpump_twin.twin_engine.smart_start.last_day import DAY, STANDING, LastDay
from heatpump_twin.twin_engine.smart_start.lead import LeadModel
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyProgram, ReadyQuantity
from heatpump_twin.twin_engine.smart_start.start_plan import Ahead, planned
from heatpump_twin.twin_engine.wording import duration_text

log = structlog.stdlib.get_logger(__name__)

Newest = Callable[[str], tuple[int, Samples] | None]
"""Returns when the newest forecast of a point was issued, and what it says."""
PROVEN = 10
"""With fewer heat-ups of its own it is not proven on this machine."""
_SETPOINT = "supply_setpoint"
_AIR = f"{SITE}.forecast_temperature"
_GRID = 900 * MICROSECONDS
_MOST = 200_000
"""Samples of a day are fewer, one a second."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a heat-up will be started, as far as can be told now, and why then."""

    start_at: int
    """[µs since the Unix epoch, UTC]"""
    status: int
    """Uncertain; UncertainSubNormal as long as it is not proven on this machine."""
    reason: str
    start: HeatUpStart | None = None
    """What it would begin from now; None: its sensor shows nothing."""
    expected: float | None = None
    """How long it is likely to take; None: not known. [s]"""


class StartOutlook:
    """Start times of ready programs, by the image, forecasts and models of heat pumps."""

    def __init__(
        self,
        image: Image,
        models: Mapping[str, HeatUpModel],
        newest: Newest,
        settings: SmartStartSettings,
        history: HistoryReader | None = None,
    ) -> None:
        self._image = image
        self._history = history
        self._recalled: set[str] = set()
        self._models = models
        self._newest = newest
        self._settings = settings
        self._rooms: defaultdict[str, LastDay] = defaultdict(LastDay)
        self._failures = FailureLog("a heat-up time cannot be predicted", "asset")

    def note(self, program: ReadyProgram, now: int) -> None:
        """Look at the room of a program, whose last day tells how warm its walls are."""
        machine = ReadyMachine(self._image, program.asset, program.quantity)
        if program.quantity is ReadyQuantity.ROOM and machine.temperature is not None:
            self._rooms[program.asset].note(now, machine.temperature)

    async def recall(self, program: ReadyProgram, now: int) -> None:
        """Look up the last day of a program's room, once: what was measured before this run."""
        asset, history = program.asset, self._history
        if program.quantity is not ReadyQuantity.ROOM or history is None or asset in self._recalled:
            return
        machine = ReadyMachine(self._image, asset, program.quantity)
        key = f"{asset}.{machine.kind.observed}"
        try:
            found = await history.read_raw(key, now - DAY - STANDING, now, limit=_MOST)
        except EngineError as error:
            # Tried again when it is planned anew; until then it is told without it.
            log.warning("the last day of a room cannot be read", asset=asset, error=str(error))
            return
        self._recalled.add(asset)
        known = found.usable
        self._rooms[asset].recall(known.time, known.value, now)

    def outlook(self, program: ReadyProgram, learnt: LeadModel, now: int) -> Outlook | None:
        """Return when a program will be started; None until its sensor was read once.

        Where the sensor is Bad later, or nothing is known of heat-ups, it is the fallback: a broken
        room sensor must not leave the building cold.
        """
        machine = ReadyMachine(self._image, program.asset, program.quantity)
        # After a start the first values are a poll away. The fallback would start programs of the
        # next hours at once.
        if machine.waits:
            return None
        start = machine.start(now, program.target, self._told(program))
        if start is None:
            return self._fallback(program, Text("its sensor shows nothing", Context.MESSAGES))
        if program.quantity is ReadyQuantity.ROOM:
            start = replace(start, lately=self._rooms[program.asset].mean(now))
        shortest = self._settings.shortest
        if machine.warm(program.target):
            # Nothing to heat, but it is to be held from then on.
            latest = program.ready_at - round(shortest * MICROSECONDS)
            return Outlook(
                latest, UNCERTAIN, Text("it is warm already", Context.MESSAGES), start, 0.0
            )
        ahead = self._ahead(machine, program, start)
        plan = planned(learnt, program.ready_at, start, ahead, shortest)
        if plan is None:
            why = Text("nothing is known yet of its heat-ups", Context.MESSAGES)
            return self._fallback(program, why, start)
        runs = len(learnt.past)
        status = UNCERTAIN if runs >= PROVEN else UNCERTAIN_SUB_NORMAL
        reason = Phrase(
            "{span} are expected by the {method} ({runs} heat-ups of its own); "
            "in time with {share} %",
            span=duration_text(plan.expected),
            method=learnt.method,
            runs=runs,
            share=round(100 * plan.probability),
        )
        return Outlook(plan.start_at, status, reason, start, plan.expected)

    def _fallback(
        self, program: ReadyProgram, why: str, start: HeatUpStart | None = None
    ) -> Outlook:
        lead = self._settings.fallback
        begin = program.ready_at - round(lead * MICROSECONDS)
        reason = Phrase(
            "{why}: {span} before, as the site has it", why=why, span=duration_text(lead)
        )
        return Outlook(begin, UNCERTAIN_SUB_NORMAL, reason, start)

    def _told(self, program: ReadyProgram) -> float:
        """Return what the heat-up model of a heat pump says of its water; NaN: it does not. [s]"""
        model = self._models.get(program.asset)
        if model is None or program.quantity is not ReadyQuantity.WATER:
            return np.nan
        points = self._image.table.by_asset[program.asset]
        names = [feature.point for feature in model.card.features]
        if not set(names) <= set(points):
            return np.nan
        index = [points[name].index for name in names]
        # The setpoint in force now is not what the program will set: the target stands in for it.
        given = [name == _SETPOINT for name in names]
        status = zip(self._image.status[index].tolist(), given, strict=True)
        if any(is_bad(int(one)) for one, fixed in status if not fixed):
            return np.nan
        values = np.where(given, program.target, self._image.value[index])
        try:
            minutes = float(model.predict(values[np.newaxis, :])[0])
        except Exception:  # noqa: BLE001 (the boundary of one model: the others are asked as ever)
            self._failures.failed(program.asset)
            return np.nan
        self._failures.worked(program.asset)
        return 60.0 * minutes

    def _ahead(self, machine: ReadyMachine, program: ReadyProgram, now: HeatUpStart) -> Ahead:
        """Return what is forecast until the ready time, moved to what is measured now."""
        time = np.arange(now.begin, max(program.ready_at, now.begin + 1), _GRID, dtype=np.int64)
        key = f"{program.asset}.{machine.kind.forecast}"
        initial = self._moved(key, time, now.initial) if machine.kind.forecast else None
        outdoor = self._moved(_AIR, time, now.outdoor)
        return Ahead(
            time,
            np.full(len(time), now.initial) if initial is None else initial,
            np.full(len(time), now.outdoor) if outdoor is None else outdoor,
        )

    def _moved(self, key: str, time: Times, now: float) -> Values | None:
        found = self._newest(key)
        if found is None or np.isnan(now):
            return None
        told = found[1]
        known = np.isfinite(told.value)
        if not known.any() or told.time[known][-1] < time[0]:
            return None
        course = np.interp(time, told.time[known], told.value[known])
        return np.asarray(now + course - course[0])
