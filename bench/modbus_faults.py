"""Modbus faults: how soon they show, how soon they are over, and whether a wrong value got through.

Each fault hits a device of its own that the real driver polls every second with its default
time-out, on Modbus TCP and on RTU over TCP. It begins just after a poll, which is the worst moment.
Every good value is compared with what the device answered to that very request.
"""

from __future__ import annotations

import asyncio
import logging

import structlog
from rich.console import Console
from rich.table import Table

from tests.support.fault_matrix import ROWS, Effect, Outcome, suffer

PERIOD = 1.0


def run(console: Console) -> None:
    """Let every fault happen and print the matrix."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    outcomes = asyncio.run(_suffer_all())
    table = Table(
        "fault", "framing", "shows as", "after [periods]", "over after [s]", "good values", "wrong"
    )
    for outcome in outcomes:
        table.add_row(*_row(outcome), style="red" if outcome.wrong else None)
    console.print(table)
    checked, wrong = sum(x.good for x in outcomes), sum(len(x.wrong) for x in outcomes)
    console.print(f"{checked} good values compared with the truth, {wrong} wrong.")


async def _suffer_all() -> list[Outcome]:
    return await asyncio.gather(*(suffer(fault, scheme, PERIOD, None) for fault, scheme in ROWS))


def _row(outcome: Outcome) -> tuple[str, ...]:
    fault = outcome.fault
    shown = fault.effect in (Effect.ALL_BAD, Effect.ONE_BAD)
    bridged = "no gap" if outcome.gaps == 0 else f"{outcome.gaps} Bad samples"
    return (
        fault.name,
        outcome.scheme,
        fault.effect.value if shown else bridged,
        f"{outcome.seconds_to_effect / PERIOD:.2f}" if shown else "–",
        f"{outcome.seconds_to_recovery:.2f}" if shown else "–",
        str(outcome.good),
        str(len(outcome.wrong)),
    )


if __name__ == "__main__":
    run(Console())
