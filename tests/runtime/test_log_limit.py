"""The log says the same thing so many times a minute, and then how often."""

from __future__ import annotations

import logging

from heatpump_twin.log_limit import LIMIT, PERIOD, LogLimit


class Bench:
    """A logger with a handler that keeps its lines, and a clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]
        handler.addFilter(LogLimit(lambda: self.now))
        self.handler = handler

    def log(self, name: str, message: object, *args: object) -> None:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [self.handler], False
        logger.warning(message, *args)


def test_a_line_that_repeats_is_left_out_and_counted() -> None:
    bench = Bench()
    for number in range(100):
        bench.log("test.library", "a stranger sent %d", number)
    assert len(bench.lines) == LIMIT
    bench.now += PERIOD
    bench.log("test.library", "something else")
    assert bench.lines[LIMIT].endswith(f": repeated {100 - LIMIT} times in {PERIOD:.0f} s")
    assert bench.lines[LIMIT + 1 :] == ["something else"]
    # And from the beginning again.
    for number in range(100):
        bench.log("test.library", "a stranger sent %d", number)
    assert len(bench.lines) == 2 * LIMIT + 1  # "something else" is of the same place


def test_our_own_events_are_told_apart_by_what_they_are_of_and_not_by_whom_they_name() -> None:
    bench = Bench()
    for number in range(3 * LIMIT):
        bench.log("test.ours", {"event": "does not answer", "device": f"hp{number}"})
    assert len(bench.lines) == 3 * LIMIT
    for number in range(3 * LIMIT):
        bench.log("test.ours", {"event": "login failed", "user": f"guess {number}"})
    assert len(bench.lines) == 4 * LIMIT


def test_asyncio_says_each_thing_once_a_minute() -> None:
    bench = Bench()
    for number in range(1000):
        bench.log("asyncio", f"socket.accept() out of system resource\nsocket: {number}")
        bench.log("asyncio", f"Task exception was never retrieved\nfuture: {number}")
    assert len(bench.lines) == 2


def test_strangers_cannot_fill_the_memory_with_kinds_of_lines() -> None:
    bench = Bench()
    for number in range(100_000):
        bench.log("asyncio", f"kind {number}")
    assert len(bench.lines) < 2_000
