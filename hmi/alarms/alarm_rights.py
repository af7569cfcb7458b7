"""Ask the server which alarms the session's person may acknowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import structlog
from asyncua import Client, ua

from heatpump_twin.hmi.endpoint import standard_node

logger = structlog.stdlib.get_logger(__name__)

_BATCH = 500
_AGAIN = 2.0
"""Before what could not be asked is asked again. [s]"""


class AlarmRights:
    """Rights of one session: whether it may acknowledge, by condition.

    Each condition is asked about once: access rights hold as long as a session does.
    """

    def __init__(self) -> None:
        self._may: dict[ua.NodeId, bool] = {}
        self._asked: dict[ua.NodeId, None] = {}
        self._woken = asyncio.Event()

    def may(self, condition: ua.NodeId) -> bool:
        """Tell whether the person may acknowledge; False as long as that is not known."""
        return self._may.get(condition, False)

    def ask(self, condition: ua.NodeId) -> None:
        """Ask about a condition soon, together with others."""
        if condition not in self._may:
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
                self._may |= await _offers_acknowledge(client, batch)
            # Not offered rather than offered and refused: a button that fails is worse than none.
            except (OSError, TimeoutError, ua.UaError) as error:
                logger.warning("acknowledge_unknown", conditions=len(batch), error=repr(error))
                await asyncio.sleep(_AGAIN)
                continue
            for condition in batch:
                del self._asked[condition]
            if not self._asked:
                self._woken.clear()


async def _offers_acknowledge(
    client: Client, conditions: Sequence[ua.NodeId]
) -> dict[ua.NodeId, bool]:
    """Tell of each condition whether it has an Acknowledge method that may be executed."""
    paths = await client.uaclient.translate_browsepaths_to_nodeids(
        [_acknowledge_of(condition) for condition in conditions]
    )
    methods = {
        condition: path.Targets[0].TargetId
        for condition, path in zip(conditions, paths, strict=True)
        if path.StatusCode.is_good() and path.Targets
    }
    found = dict.fromkeys(conditions, False)
    if methods:
        values = await client.uaclient.read_attributes(
            list(methods.values()), ua.AttributeIds.UserExecutable
        )
        for condition, data in zip(methods, values, strict=True):
            found[condition] = bool(data.Value is not None and data.Value.Value)
    return found


def _acknowledge_of(condition: ua.NodeId) -> ua.BrowsePath:
    return ua.BrowsePath(
        StartingNode=condition,
        RelativePath=ua.RelativePath(
            Elements=[
                ua.RelativePathElement(
                    ReferenceTypeId=standard_node(ua.ObjectIds.HasComponent),
                    # asyncua's mark of a Boolean is a class that no bool can be derived from.
                    IsInverse=cast("ua.Boolean", False),
                    TargetName=ua.QualifiedName("Acknowledge", 0),
                )
            ]
        ),
    )
