"""Renew the server's certificate while it runs, when its time or the clock has moved on."""

from __future__ import annotations

import asyncio

import structlog

from heatpump_twin.drivers.status import GOOD
from heatpump_twin.server.channel.ua_server import UaServer
from heatpump_twin.server.security.certificates import ServerNames
from heatpump_twin.server.security.pki import Pki
from heatpump_twin.server.security.recorder import Recorder
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

log = structlog.stdlib.get_logger(__name__)

BY_ITSELF = ("twin", "twin")
"""User and origin of what nobody asked for."""
PERIOD = 10.0
"""How often the certificate is looked at: the clock may be set at any time. [s]"""


class CertificateWatch:
    """Watch over the validity of a running server's certificate.

    A twin without a clock battery makes its first certificate in 1970, which is expired in the eyes
    of every client once the clock is right; and one that runs for ten years outlives it.
    """

    def __init__(self, pki: Pki, names: ServerNames, server: UaServer, recorder: Recorder) -> None:
        self._pki = pki
        self._recorder = recorder
        self._names = names
        self._server = server
        self._failing = False

    async def run(self) -> None:
        """Look at the certificate for ever."""
        await self._record()  # what was made while the server started
        while True:
            await asyncio.sleep(PERIOD)
            await self._look()

    async def _look(self) -> None:
        try:
            renewed = await asyncio.to_thread(self._pki.renewed, self._names, self._server.identity)
        # A full or read-only disk: the old one stays, and is tried again.
        except OSError as error:
            if not self._failing:
                log.error("the renewed certificate cannot be written", error=str(error))
            self._failing = True
            return
        self._failing = False
        if renewed is not None:
            self._server.take(renewed)
            await self._record()

    async def _record(self) -> None:
        """Have it on record what certificate was made in place of which."""
        made, self._pki.made = self._pki.made, []
        for before, after in made:
            await self._recorder.note(
                AuditKind.CERTIFICATE, BY_ITSELF, "own", GOOD, "certificate made",
                before=before, after=after,
            )  # fmt: skip
