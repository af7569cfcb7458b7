"""Let no line of the log repeat without end: the same event of the same place, so many a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

PERIOD = 60.0
"""[s]"""
LIMIT = 20
"""Lines of one kind in a period; as many again are told by one line at its end."""
LIMITS = {"asyncio": 1}
"""Of loggers whose lines only ever say that something of ours is in trouble."""
_OF_WHAT = ("device", "asset", "link", "point", "child", "sink", "task", "port")
"""Keys of our own events that tell one thing from another; names that strangers choose do not."""
_KINDS = 1_000
"""Kinds that are told apart at a time."""

Kind = tuple[str, int, str, tuple[str, ...]]


@dataclass(slots=True)
class _Count:
    began: float
    shown: int = 0
    hidden: int = 0


class LogLimit(logging.Filter):
    """Filter of a handler that passes `LIMIT` lines of each kind in each `PERIOD`.

    How many were left out is said by the next line that is logged after the period, on top of it.
    """

    def __init__(self, time_: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._time = time_
        self._counts: dict[Kind, _Count] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be shown, and say which were not."""
        if getattr(record, "of_limit", False):
            return True
        now = self._time()
        self._tell_of_hidden(now)
        kind = _kind(record)
        if kind not in self._counts and len(self._counts) >= _KINDS:
            kind = ("", record.levelno, "of more kinds than are told apart", ())
        count = self._counts.setdefault(kind, _Count(now))
        if count.shown < LIMITS.get(record.name, LIMIT):
            count.shown += 1
            return True
        count.hidden += 1
        return False

    def _tell_of_hidden(self, now: float) -> None:
        over = [kind for kind, count in self._counts.items() if now - count.began >= PERIOD]
        for kind in over:
            count = self._counts.pop(kind)
            if count.hidden:
                name, level, event, of = kind
                about = f" ({', '.join(of)})" if of else ""
                logging.getLogger(name).log(
                    level,
                    "%s%s: repeated %d times in %.0f s",
                    event,
                    about,
                    count.hidden,
                    now - count.began,
                    extra={"of_limit": True},
                )


def _kind(record: logging.LogRecord) -> Kind:
    """Return what makes a line the same as another."""
    if isinstance(record.msg, dict):  # one of our own, on its way through structlog
        event = record.msg
        of = tuple(str(event[key]) for key in _OF_WHAT if key in event)
        return record.name, record.levelno, str(event.get("event")), of
    # Of a library the place: its texts hold what strangers sent.
    first = str(record.msg).partition("\n")[0]
    text = first if record.name in LIMITS else f"{record.module}, line {record.lineno}"
    return record.name, record.levelno, text, ()
