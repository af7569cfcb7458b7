"""Close the sessions of users who are no users any more."""

from __future__ import annotations

import asyncio

import structlog

from heatpump_twin.drivers.status import GOOD
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.channel.session import TwinSession
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

log = structlog.stdlib.get_logger(__name__)

PERIOD = 1.0
"""How often it is looked; a request of such a user is refused at once. [s]"""


class UserWatch:
    """The watch over sessions whose user was removed: what they subscribed to is told no more."""

    def __init__(self, iserver: TwinInternalServer) -> None:
        self._iserver = iserver

    async def run(self) -> None:
        """Look for such sessions for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            for session in self._iserver.sessions:
                if not session.welcome:
                    await self._end(session)

    async def _end(self, session: TwinSession) -> None:
        log.info("session ended: its user was removed", user=session.user_name, peer=session.name)
        who = (session.user_name, session.origin)
        await session.close_session(True)
        await self._iserver.recorder.note(
            AuditKind.LOGIN, who, "login", GOOD, "session ended: the user was removed"
        )
