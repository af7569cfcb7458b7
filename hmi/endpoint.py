"""Open an encrypted OPC UA session as a person, with the server whose certificate is pinned."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from heatpump_twin.config.browser import session_name
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.errors import (
    LoginDelayedError,
    LoginRefusedError,
    TwinUnreachableError,
)
from heatpump_twin.hmi.identity import APPLICATION_URI, HmiIdentity

_REQUEST_TIMEOUT = 4.0
# asyncua's own health check drops the connection when one probe is late; ours counts misses.
_LIBRARY_PROBE = 20.0
_SESSION_TIMEOUT = 60_000
_REFUSED = {
    ua.StatusCodes.BadUserAccessDenied,
    ua.StatusCodes.BadIdentityTokenInvalid,
    ua.StatusCodes.BadIdentityTokenRejected,
}


_SERVICE_ADDITIONAL_INFO = 0x04
"""Bit of ReturnDiagnostics that asks for words about the service (OPC 10000-4, 7.32)."""
_FAULT = ua.FourByteNodeId(ua.Int32(ua.ObjectIds.ServiceFault_Encoding_DefaultBinary))
_WAIT = "RetryAfter"
_DIGITS = 6
"""More seconds are no answer of this server."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password of a person.

    They stay in memory while the person is logged in, because after a restart of the server a
    session cannot be activated without them; they are never written anywhere.
    """

    user: str
    password: str
    browser: str
    """Address of the browser that they were entered in."""

    # Without the password: a representation ends in logs and tracebacks.
    def __repr__(self) -> str:
        return f"Credentials({self.user!r})"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Endpoint of the twin's OPC UA server: its address and its pinned certificate."""

    url: str
    server_certificates: Path
    """Directory with the server's own certificate (DER): the pin."""
    identity: HmiIdentity

    async def connect(self, credentials: Credentials, locale: str) -> Client:
        """Return a client with an active session, to which the server speaks in a language.

        The server is told the address of the browser: failed log-ins count there.

        Raises
        ------
        LoginRefusedError
            The server does not accept user and password.
        LoginDelayedError
            It looks at no password for a while.
        TwinUnreachableError
            There is no server, or it is not the one whose certificate is pinned.
        """
        client = LoginClient(self.url, timeout=_REQUEST_TIMEOUT, watchdog_intervall=_LIBRARY_PROBE)
        client.application_uri = APPLICATION_URI
        client.name = "heatpump-twin HMI"
        client.description = session_name(credentials.browser)
        client.session_timeout = _SESSION_TIMEOUT
        # Titles and messages come from the server, in this language; the pages add only their own
        # words.
        client.set_locale([locale])
        client.set_user(credentials.user)
        client.set_password(credentials.password)
        try:
            await client.set_security(
                SecurityPolicyBasic256Sha256,
                self.identity.certificate,
                self.identity.private_key,
                server_certificate=str(self._pinned()),
                mode=ua.MessageSecurityMode.SignAndEncrypt,
            )
            await client.connect()
        except ua.UaStatusCodeError as error:
            # A wrong password is the person's to mend; all else is a twin that cannot be used.
            if error.code in _REFUSED:
                raise LoginRefusedError(texts.WRONG_LOGIN) from error
            if client.wait is not None:
                raise LoginDelayedError(texts.too_early(_span(client.wait)), client.wait) from error
            raise TwinUnreachableError(texts.refused_by_twin(status_name(error.code))) from error
        except (OSError, TimeoutError, ua.UaError) as error:
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE) from error
        except asyncio.CancelledError:
            hang_up(client)
            raise
        return client

    def _pinned(self) -> Path:
        found = sorted(self.server_certificates.glob("*.der"))
        if not found:
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE)
        return found[-1]


class LoginClient(Client):
    """Client whose `wait` is what the server has told of it when a log-in came too soon."""

    wait: int | None = None
    """Until a password is looked at again; None: it told of none. [s]"""

    async def activate_session(self, *arguments: Any, **named: Any) -> Any:
        """Activate the session, and ask for how long not where that is refused."""
        protocol = self.uaclient.protocol
        if protocol is None:
            raise ConnectionError("the connection was closed")
        send, check = protocol.send_request, protocol.check_answer

        # The library asks for no diagnostics, and drops those that come with a fault.
        async def asking(request: Any, *more: Any, **others: Any) -> Any:
            request.RequestHeader.ReturnDiagnostics = _SERVICE_ADDITIONAL_INFO
            return await send(request, *more, **others)

        def hearing(data: Buffer, context: str) -> bool:
            self.wait = _wait_in(data)
            return check(data, context)

        protocol.send_request = asking  # type: ignore[method-assign]
        protocol.check_answer = hearing  # type: ignore[method-assign]
        try:
            return await super().activate_session(*arguments, **named)
        finally:
            del protocol.send_request, protocol.check_answer


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min"


def _wait_in(answer: Buffer) -> int | None:
    data = answer.copy()
    if nodeid_from_binary(data) != _FAULT:
        return None
    header = struct_from_binary(ua.ResponseHeader, data)
    name, _, seconds = str(header.ServiceDiagnostics.AdditionalInfo or "").partition("=")
    told = name == _WAIT and seconds.isdecimal() and len(seconds) <= _DIGITS
    return int(seconds) if told else None


def hang_up(client: Client) -> None:
    """Close the connection of a client at once, whatever the library thinks of it."""
    protocol = client.uaclient.protocol
    client.disconnect_socket()
    # The library leaves open what its own sign of life has told to be lost.
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()


def standard_node(number: int) -> ua.NodeId:
    """Return the NodeId of a node of OPC UA itself."""
    # asyncua annotates the mark of its encoding: an int by another name.
    return ua.NodeId(ua.Int32(number))


def status_name(code: int) -> str:
    """Return the name of a status code: ``BadNoCommunication``."""
    return str(ua.StatusCode(ua.UInt32(code)).name)
