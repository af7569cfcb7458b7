"""Find the heat-ups of a heat pump in its recorded history, and keep them to be learnt from."""

from __future__ import annotations

import numpy as np

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.heat_up_training import read_all
from heatpump_twin.twin_engine.historian.database.database_access import database_url
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory
from heatpump_twin.twin_engine.history import HistoryReader
from heatpump_twin.twin_engine.programs.program_store import ProgramStore
from heatpump_twin.twin_engine.smart_start.heat_up_search import RecordedSeries, found_heat_ups
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_kinds import KINDS, TO_TANK
from heatpump_twin.twin_engine.smart_start.ready_program import ReadyQuantity

Span = tuple[int | None, int | None]
"""First ≤ time < last; None: no end. [µs since the Unix epoch, UTC]"""
_OUTDOOR = "outdoor_temperature"
_EVER = 2**62


async def site_heat_ups(
    site: Site,
    data: DataDirectory,
    heat_pump: str,
    quantity: ReadyQuantity,
    target: float | None,
    span: Span = (None, None),
    *,
    keep: bool,
) -> HeatUps:
    """Return the heat-ups in the history of a heat pump, in order of time.

    ``target`` (°C) stands for a setpoint that was not recorded. Of a ``span`` nothing is known that
    was before it or came after. With ``keep`` they are stored as those that smart start learns
    from.

    Raises
    ------
    TwinError
        There is no such heat pump, no history of it, or the database cannot be used.
    """
    if heat_pump not in {pump.id for pump in site.heat_pumps}:
        raise TwinError(f"there is no heat pump {heat_pump!r} on this site")
    url = database_url(site.historian, data)
    history, kind = StoredHistory(url), KINDS[quantity]
    try:
        await history.start()
        temperature, setpoint, outdoor = [
            await _series(history, f"{heat_pump}.{point}", span)
            for point in (kind.observed, kind.setpoint, _OUTDOOR)
        ]
        if quantity is ReadyQuantity.WATER:
            temperature = await _of_rooms(history, heat_pump, temperature)
        if target is not None:
            setpoint = RecordedSeries(temperature.time[:1], np.array([target]))
        for name, series in ((kind.observed, temperature), (kind.setpoint, setpoint)):
            if not len(series.time):
                raise TwinError(f"{heat_pump}: no history of {name}")
        found = found_heat_ups(temperature, setpoint, outdoor)
        if keep:
            store = ProgramStore(url)
            try:
                await store.remember(*_records(found, heat_pump, quantity))
            finally:
                await store.stop()
    except EngineError as error:
        raise TwinError(str(error)) from error
    finally:
        await history.stop()
    return found


async def _of_rooms(
    history: HistoryReader, heat_pump: str, water: RecordedSeries
) -> RecordedSeries:
    """Return the water temperature of when it did not go to the tank, which gets it warmer."""
    for point in TO_TANK:
        to_tank = await _series(history, f"{heat_pump}.{point}", (None, None))
        if len(to_tank.time):
            return water.while_idle(to_tank)
    return water


async def _series(history: HistoryReader, key: str, span: Span) -> RecordedSeries:
    found = await read_all(history, key)
    good = np.array([not is_bad(int(status)) for status in found.status], bool)
    good &= np.isfinite(found.value)
    first, last = span
    good &= (found.time >= (first or 0)) & (found.time < (last or _EVER))
    return RecordedSeries(found.time[good], found.value[good])


def _records(found: HeatUps, heat_pump: str, quantity: ReadyQuantity) -> list[HeatUpRecord]:
    return [
        HeatUpRecord(
            asset=heat_pump,
            quantity=quantity,
            begin=int(found.begin[k]),
            ended=int(found.begin[k]) + round(float(found.seconds[k]) * MICROSECONDS),
            initial=float(found.initial[k]),
            target=float(found.target[k]),
            outdoor=None if np.isnan(found.outdoor[k]) else float(found.outdoor[k]),
            told=None,
            expected=None,
            ready_at=None,
            probability=None,
            outcome=HeatUpOutcome.OBSERVED if found.reached[k] else HeatUpOutcome.NOT_REACHED,
            held_energy=None,
            reason="found in the history",
            user="",
        )
        for k in range(len(found))
    ]
