"""Corrections of one point for one client: in pieces, each on record before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Times
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.server.history.update import correction_record
from heatpump_twin.server.history.update.correction_record import rows, written
from heatpump_twin.server.history.update.update_results import FAILED, result_of
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind
from heatpump_twin.twin_engine.correction import Change, Corrected, Correction, HistoryEditor
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.history import Samples

PIECE = 1_000
"""Values in one record of the audit, and in one transaction."""


@dataclass(frozen=True, slots=True)
class PointCorrection:
    """The corrections that one update of a request makes."""

    editor: HistoryEditor
    recorder: Recorder
    key: str
    who: tuple[str, str]
    """User and origin."""
    moment: int
    """[µs since the Unix epoch]"""

    async def write(self, change: Change, samples: Samples) -> list[bool]:
        """Insert, replace or update; return for each sample whether there was one."""
        there: list[bool] = []
        for piece in pieces(samples):
            asked = written(correction_record.UPDATE, mode=int(change), values=rows(piece))
            correction = Correction(self.key, change, piece, self.who[0], self.moment)
            there += (await self._make(asked, correction)).there.tolist()
        return there

    async def delete_times(self, times: Times) -> list[bool]:
        """Delete the samples of some times; return for each whether there was one."""
        there: list[bool] = []
        for first in range(0, len(times), PIECE):
            some = times[first : first + PIECE]
            asked = written(correction_record.DELETE_AT_TIME, times=some.tolist())
            correction = Correction.deletion(self.key, some, self.who[0], self.moment)
            there += (await self._make(asked, correction)).there.tolist()
        return there

    async def delete(self, times: Times, end: int) -> None:
        """Delete the samples of all times up to an end, as a range."""
        for some, start, until in _spans(times, end):
            asked = written(correction_record.DELETE, StartTime=start, EndTime=until)
            correction = Correction.deletion(self.key, some, self.who[0], self.moment)
            await self._make(asked, correction)

    async def forget(self, samples: Samples, end: int) -> None:
        """Delete what is kept of earlier corrections of some times, up to an end, as a range."""
        for some, start, until in _spans(np.unique(samples.time), end):
            asked = written(correction_record.DELETE_MODIFIED, StartTime=start, EndTime=until)
            number = await self.recorder.begin(AuditKind.HISTORY, self.who, self.key, after=asked)
            gone = await self.editor.forget_modified(self.key, start, until)
            old = samples[np.isin(samples.time, some)]
            await self._end(number, GOOD, f"{gone} kept corrections deleted", old)

    async def _make(self, asked: str, correction: Correction) -> Corrected:
        number = await self.recorder.begin(AuditKind.HISTORY, self.who, self.key, after=asked)
        try:
            made = await self.editor.correct(correction)
        except EngineError as error:
            await self.recorder.end(number, FAILED, str(error))
            raise
        await self._end(number, *_outcome(correction.change, made), made.old)
        return made

    async def _end(self, number: int, status: int, message: str, old: Samples) -> None:
        await self.recorder.end(number, status, message, before=correction_record.old_values(old))


def pieces(samples: Samples) -> Iterator[Samples]:
    """Yield samples piece by piece."""
    for first in range(0, len(samples), PIECE):
        yield samples[first : first + PIECE]


def _spans(times: Times, end: int) -> Iterator[tuple[Times, int, int]]:
    """Yield pieces of times with the range, up to its end, that each covers."""
    for first in range(0, len(times), PIECE):
        some = times[first : first + PIECE]
        behind = first + PIECE
        until = int(times[behind]) if behind < len(times) else end
        yield some, int(some[0]), until


def _outcome(change: Change, made: Corrected) -> tuple[int, str]:
    """Return status and message of what was made of a correction."""
    results = [result_of(change, there=there) for there in made.there.tolist()]
    done = sum(not code >> 31 for code in results)
    message = f"{done} of {len(results)} values corrected"
    return (GOOD if done else results[0]), message
