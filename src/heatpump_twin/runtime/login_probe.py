"""Log in to our own OPC UA server as any client does, to see whether somebody can."""

from __future__ import annotations

import asyncio

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import OpcUaSettings
from heatpump_twin.hmi.identity import APPLICATION_URI, HmiIdentity
from heatpump_twin.runtime.web_probe import local_url
from heatpump_twin.server.channel.session import PROBE

PERIOD = 30.0
"""Some 20 ms of CPU time each. [s]"""
LIMIT = 10.0
"""Longest time that a login may take. [s]"""

_JUDGED = frozenset(
    {
        ua.StatusCodes.BadIdentityTokenRejected,
        ua.StatusCodes.BadUserAccessDenied,
        ua.StatusCodes.BadCertificateUntrusted,
        ua.StatusCodes.BadSecurityChecksFailed,
    }
)
"""Refusals of who has no user: whoever is told so would have been let in with one."""


class LoginProbe:
    """Probe of the OPC UA server: connection, channel, session and its activation.

    Where the site lets nobody in without a user, the probe is refused; that it is judged is then
    what tells that others can log in.
    """

    def __init__(self, settings: OpcUaSettings, data: DataDirectory) -> None:
        self.works = True
        self.detail = settings.url
        self._settings = settings
        self._data = data

    async def run(self) -> None:
        """Log in and out again and again, for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            await self.look()

    async def look(self) -> None:
        """Log in and out once."""
        # In a task of its own: asyncua's client swallows a cancellation that comes while it
        # disconnects, and then the twin would never stop.
        login = asyncio.create_task(self._log_in())
        login.add_done_callback(lambda task: task.cancelled() or task.exception())  # it is seen
        try:
            done, _ = await asyncio.wait([login], timeout=LIMIT)
        finally:
            login.cancel()
        if not done:
            self._note(False, f"nobody can log in: no answer for {LIMIT:.0f} s")
            return
        try:
            login.result()
        except ua.UaStatusCodeError as error:
            name = ua.StatusCode(ua.UInt32(error.code)).name
            self._note(error.code in _JUDGED, f"nobody can log in: {name}")
        except (OSError, ua.UaError) as error:
            self._note(False, f"nobody can log in: {error or type(error).__name__}")
        else:
            self._note(True, "")

    def _note(self, works: bool, problem: str) -> None:
        self.works, self.detail = works, self._settings.url if works else problem

    async def _log_in(self) -> None:
        settings = self._settings
        url = local_url("opc.tcp", settings.host, settings.port, "/heatpump-twin")
        client = Client(url, timeout=LIMIT, watchdog_intervall=LIMIT)
        client.description = PROBE
        if not (settings.offers_none and settings.reads_anonymously):
            await self._encrypt(client)
        try:
            async with client:
                await client.nodes.server_state.read_value()
        finally:
            client.disconnect_socket()  # also of a login that was broken off

    async def _encrypt(self, client: Client) -> None:
        identity = await asyncio.to_thread(HmiIdentity.open, self._data)
        client.application_uri = APPLICATION_URI
        own = max((self._data.pki / "own" / "certs").glob("*.der"))
        await client.set_security(
            SecurityPolicyBasic256Sha256,
            identity.certificate,
            identity.private_key,
            server_certificate=str(own),
            mode=ua.MessageSecurityMode.SignAndEncrypt,
        )
