"""Look up variables by their keys: those of the site, and any other that somebody asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog
from asyncua import Client, ua

from heatpump_twin.hmi.browsing.address_reader import AddressReader, node_named
from heatpump_twin.hmi.browsing.variable_reader import read_variables
from heatpump_twin.hmi.heat_pump_model import Variable

logger = structlog.stdlib.get_logger(__name__)

_BATCH = 250
_AGAIN = 2.0
"""Before what could not be asked is asked again. [s]"""


class PointBook:
    """Variables of a session by key, ``hp1.water_flow``; one that is not known yet can be read.

    Parameters
    ----------
    told
        Called when variables have come that somebody has asked for.
    read_as
        Returns a variable as the person reads it.
    """

    def __init__(self, told: Callable[[], None], read_as: Callable[[Variable], Variable]) -> None:
        self._told, self._read_as = told, read_as
        self._known: dict[str, Variable | None] = {}
        """None: the server has no such variable."""
        self._asked: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._namespace = 0
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, namespace: int, known: Iterable[Variable]) -> None:
        """Begin anew with some variables, in the namespace of all of them."""
        self._namespace = namespace
        self._known = {variable.key: variable for variable in known}

    def find(self, key: str) -> Variable | None:
        """Return a variable; None: it is not known, and is read soon if there is one."""
        if key and key not in self._known:
            self._asked[key] = None
            self._woken.set()
        return self._known.get(key)

    async def learn(self, client: Client, keys: Iterable[str]) -> Mapping[str, Variable]:
        """Return those variables that there are among some keys.

        Raises
        ------
        OSError, TimeoutError, ua.UaError
            They cannot be asked for now.
        """
        wanted = dict.fromkeys(key for key in keys if key)
        missing = [key for key in wanted if key not in self._known]
        for start in range(0, len(missing), _BATCH):
            some = missing[start : start + _BATCH]
            nodes = [node_named(key, self._namespace) for key in some]
            read = await read_variables(AddressReader(client), nodes, {})
            found = {variable.key: self._read_as(variable) for variable in read}
            self._known |= {key: found.get(key) for key in some}
        known = {key: self._known[key] for key in wanted}
        return {key: variable for key, variable in known.items() if variable is not None}

    async def attach(self, client: Client) -> None:
        """Read what is asked for on a fresh session."""
        self.detach()
        self._tasks = [asyncio.create_task(self._run(client))]

    def detach(self) -> None:
        """Forget a session that is gone."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    @property
    def is_broken(self) -> bool:
        """Whether it reads nothing any more, although the session lives."""
        return any(task.done() for task in self._tasks)

    async def _run(self, client: Client) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            asked = list(self._asked)
            try:
                await self.learn(client, asked)
            except (OSError, TimeoutError, ua.UaError) as error:
                logger.warning("points_not_read", points=len(asked), error=repr(error))
                await asyncio.sleep(_AGAIN)
                self._woken.set()
                continue
            for key in asked:
                self._asked.pop(key, None)
            self._told()
