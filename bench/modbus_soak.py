"""Modbus soak: an hour of exceptions of every code, time-outs and reboots, and what became of it.

Seven devices behind four gateways, on Modbus TCP and RTU over TCP, polled by the real driver.
Every good value is compared with what the device answered.
"""

from __future__ import annotations

import asyncio
import logging

import structlog
from rich.console import Console
from rich.table import Table

from tests.support.field_soak import SoakPlan, SoakResult, soak

_BAR = 3.0
"""Longest time for which a point may be Bad once its device answers again. [periods]"""


def run(console: Console, seconds: float = 3600.0) -> None:
    """Let it happen for some time and print what became of the points."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    result = asyncio.run(soak(SoakPlan(seconds)))
    table = Table("", "", "bar")
    for row in _rows(result, seconds):
        table.add_row(*row)
    console.print(table)


def _rows(result: SoakResult, seconds: float) -> list[tuple[str, str, str]]:
    over = sum(spell.periods > _BAR for spell in result.spells)
    codes = ", ".join(f"{code}: {n}" for code, n in sorted(result.exceptions.items()))
    return [
        ("measured for, s", f"{seconds:g}", ""),
        ("requests", str(result.requests), ""),
        ("exceptions by code", codes, ""),
        ("reboots", str(result.reboots), ""),
        ("good values", str(result.good), ""),
        ("wrong values", str(result.wrong), "0"),
        ("times that a point was Bad", str(len(result.spells)), ""),
        ("longest, periods of the point", f"{result.worst:.2f}", f"{_BAR:g}"),
        ("longer than that", str(over), "0"),
        ("polls that failed", str(result.failed_polls), ""),
    ]


if __name__ == "__main__":
    run(Console())
