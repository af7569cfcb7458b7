"""What a variable did in the last day, small: averages that the server makes, of many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

import orjson
import structlog
from asyncua import ua
from nicegui import Client

from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.journal.aggregates import AVERAGE, read_aggregates
from heatpump_twin.hmi.person import Person

logger = structlog.stdlib.get_logger(__name__)

_HOURS = 24
_INTERVAL = 1_800_000.0
"""[ms]"""
_TOGETHER = 10
"""Variables in one request: the answer of a busy twin, too, comes well before it is late."""
_AGAIN = 600.0
"""Between two readings of a line. [s]"""
_FIRST_PAUSE = 10.0
"""After a reading that failed; twice as long after each further one, up to `_AGAIN`. [s]"""


def spark(key: str, title: str) -> str:
    """Return the place of a spark line, which the page's script draws."""
    return (
        f'<svg class="spark" data-spark="{key}" viewBox="0 0 {_HOURS * 2} 20" '
        f'preserveAspectRatio="none" role="img" aria-label="{title}"><path/></svg>'
    )


class Sparks:
    """The spark lines of a page: those in view are drawn, and again every ten minutes."""

    def __init__(self, person: Person, client: Client) -> None:
        self._person, self._client = person, client
        self._in_view: list[Variable] = []
        self._due: dict[str, float] = {}
        """When a line is to be read again, by the clock of the loop; at once if it is not here."""
        self._looked = asyncio.Event()

    def look(self, variables: Iterable[Variable]) -> None:
        """Take note of the variables whose lines are in view now."""
        self._in_view = list(variables)
        self._looked.set()

    async def run(self) -> None:
        """Draw, until cancelled."""
        pause = _FIRST_PAUSE
        while True:
            self._looked.clear()
            now = asyncio.get_running_loop().time()
            some = [v for v in self._in_view if self._due.get(v.key, now) <= now][:_TOGETHER]
            if not some:
                await self._rest(now)
                continue
            try:
                await self._draw(some)
            except (TwinUnreachableError, OSError, TimeoutError, ua.UaError) as error:
                # What is drawn stays, and the page is marked as old. A twin that is too busy to
                # answer is not asked more and more.
                logger.debug("sparks_not_read", error=repr(error), pause=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _AGAIN)
            else:
                pause = _FIRST_PAUSE

    async def _rest(self, now: float) -> None:
        """Wait until others are in view, or one of these is due."""
        first = min((self._due[variable.key] for variable in self._in_view), default=now + _AGAIN)
        with suppress(TimeoutError):
            async with asyncio.timeout(first - now):
                await self._looked.wait()

    async def _draw(self, some: Sequence[Variable]) -> None:
        end = self._person.now()
        start = end - timedelta(hours=_HOURS)
        wishes = [(variable, AVERAGE) for variable in some]
        series = await read_aggregates(self._person.client, wishes, start, end, _INTERVAL)
        lines = {
            variable.key: [sample.value for sample in samples]
            for variable, samples in zip(some, series, strict=True)
        }
        self._client.run_javascript(f"site.sparks({orjson.dumps(lines).decode()})")
        due = asyncio.get_running_loop().time() + _AGAIN
        self._due |= dict.fromkeys(lines, due)
