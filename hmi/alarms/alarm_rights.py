"""Ask the server what the session's person may do about which alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog
from asyncua import Client, ua

from heatpump_twin.hmi.alarms.alarm_acts import OF_ENGINEERS
from heatpump_twin.hmi.alarms.alarm_fields import browse_path

logger = structlog.stdlib.get_logger(__name__)

_BATCH = 50
"""Conditions in one request: nobody else is answered while the server looks at them."""
Rights = tuple[bool, bool]
"""Whether one may acknowledge, and whether suppress."""
_METHODS = ("Acknowledge", "Suppress")
_AGAIN = 2.0
"""Before what could not be asked is asked again. [s]"""


class AlarmRights:
    """Rights of one session: whether it may acknowledge, and whether suppress, by condition.

    Each condition is asked about once, when somebody looks at its alarm: access rights hold as long
    as a session does.

    Parameters
    ----------
    told
        Called when rights have become known.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self._may: dict[ua.NodeId, Rights] = {}
        self._asked: dict[ua.NodeId, None] = {}
        self._woken = asyncio.Event()

    def may(self, condition: ua.NodeId, act: str) -> bool:
        """Tell whether the person may do something; False as long as that is not known."""
        if condition not in self._may:
            self.ask(condition)
        acknowledges, suppresses = self._may.get(condition, (False, False))
        # Whoever may acknowledge may confirm, reset and shelve.
        return suppresses if act in OF_ENGINEERS else acknowledges

    def is_known(self, condition: ua.NodeId) -> bool:
        """Tell whether the server has said what the person may do."""
        return condition in self._may

    def ask(self, condition: ua.NodeId) -> None:
        """Ask about a condition soon, together with others."""
        self._asked[condition] = None
        self._woken.set()

    async def run(self, client: Client) -> None:
        """Ask about conditions until cancelled."""
        # Beside the reading of events: after a refresh there may be hundreds to ask about, and
        # none of the alarms waits for that.
        while True:
            await self._woken.wait()
            batch = list(self._asked)[:_BATCH]
            try:
                self._may |= await _rights(client, batch)
            # Not offered rather than offered and refused: a button that fails is worse than none.
            except (OSError, TimeoutError, ua.UaError) as error:
                logger.warning("rights_unknown", conditions=len(batch), error=repr(error))
                await asyncio.sleep(_AGAIN)
                continue
            self._told()
            for condition in batch:
                del self._asked[condition]
            if not self._asked:
                self._woken.clear()


async def _rights(client: Client, conditions: Sequence[ua.NodeId]) -> dict[ua.NodeId, Rights]:
    """Tell of each condition which of the methods it has and that may be executed."""
    asked = [(condition, name) for condition in conditions for name in _METHODS]
    paths = await client.uaclient.translate_browsepaths_to_nodeids(
        [browse_path(condition, name) for condition, name in asked]
    )
    methods = {
        one: path.Targets[0].TargetId
        for one, path in zip(asked, paths, strict=True)
        if path.StatusCode.is_good() and path.Targets
    }
    found: dict[tuple[ua.NodeId, str], bool] = {}
    if methods:
        values = await client.uaclient.read_attributes(
            list(methods.values()), ua.AttributeIds.UserExecutable
        )
        for one, data in zip(methods, values, strict=True):
            found[one] = bool(data.Value is not None and data.Value.Value)
    return {
        condition: (
            found.get((condition, "Acknowledge"), False),
            found.get((condition, "Suppress"), False),
        )
        for condition in conditions
    }
