"""Corrections that wait for the writer's thread; each is answered, whatever becomes of it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy.exc import SQLAlchemyError

from heatpump_twin.twin_engine.correction import Corrected, Correction
from heatpump_twin.twin_engine.errors import DatabaseAway, EngineError
from heatpump_twin.twin_engine.historian.database.database_access import reason_of

Work = Callable[[Correction], Corrected]


class CorrectionQueue:
    """Queue between those who ask for corrections and the writer, in the order of asking."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Correction, Future[Corrected]]] = deque()
        self._lock = threading.Lock()
        self._closed = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, correction: Correction) -> Future[Corrected]:
        """Add a correction; return what will tell how it ended."""
        answer: Future[Corrected] = Future()
        with self._lock:
            if self._closed:
                answer.set_exception(DatabaseAway(self._closed))
            else:
                self._waiting.append((correction, answer))
        return answer

    def carry_out(self, work: Work) -> None:
        """Carry out all that wait; what a database raises is raised after it is told."""
        while self._waiting:
            correction, answer = self._waiting.popleft()
            if not answer.set_running_or_notify_cancel():
                continue  # nobody waits for it any more
            try:
                answer.set_result(work(correction))
            except EngineError as error:
                answer.set_exception(error)  # of this one's samples alone
            except SQLAlchemyError as error:
                answer.set_exception(DatabaseAway(f"nothing was corrected: {reason_of(error)}"))
                raise
            except BaseException as error:
                answer.set_exception(error)
                raise

    def refuse(self, reason: str, *, for_good: bool = False) -> None:
        """Tell all that wait that nothing was corrected; ``for_good``: and all who come later."""
        with self._lock:
            self._closed = reason if for_good else ""
            waiting, self._waiting = self._waiting, deque()
        for _, answer in waiting:
            if answer.set_running_or_notify_cancel():
                answer.set_exception(DatabaseAway(f"nothing was corrected: {reason}"))
