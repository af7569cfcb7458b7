"""Message processing of one connection: secure channel, session, and services after login."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import structlog
from asyncua import ua
from asyncua.common.connection import MessageChunk, TransportLimits
from asyncua.common.utils import Buffer, NotEnoughData, ServiceError
from asyncua.crypto import uacrypto
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.ua_binary import (
    nodeid_from_binary,
    struct_from_binary,
    struct_to_binary,
    uatcp_to_binary,
)
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from heatpump_twin.config.hosts import url_host
from heatpump_twin.drivers.status import GOOD
from heatpump_twin.server import limits
from heatpump_twin.server.channel.diagnostics import RetryLaterError, diagnostics, of_fault
from heatpump_twin.server.channel.identity_token import decrypted_password, is_anonymous
from heatpump_twin.server.channel.internal_server import TwinInternalServer
from heatpump_twin.server.channel.list_services import LIST_SERVICES, ListService, decoded, decoding
from heatpump_twin.server.channel.pending_publish import PendingPublish
from heatpump_twin.server.channel.plain_message import (
    READ_TYPE,
    PlainRequest,
    acknowledgements,
    plain_request,
    read_response,
)
from heatpump_twin.server.channel.request_body import RequestBody
from heatpump_twin.server.channel.response_limits import LEAST_BUFFER, ResponseLimits
from heatpump_twin.server.channel.secure_connection import (
    Chunk,
    TwinConnection,
    WholeMessage,
)
from heatpump_twin.server.channel.session import LIMITS, NONCE_LENGTH, TwinSession
from heatpump_twin.server.channel.turns import Turn
from heatpump_twin.server.security.certificates import application_uri
from heatpump_twin.server.security.users import User
from heatpump_twin.server.services.method_table import Explained
from heatpump_twin.server.space.ua_values import standard, status_code
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

log = structlog.stdlib.get_logger(__name__)


def _request(name: str) -> ua.NodeId:
    return standard(getattr(ua.ObjectIds, f"{name}Request_Encoding_DefaultBinary"))


CREATE_SESSION = _request("CreateSession")
ACTIVATE_SESSION = _request("ActivateSession")
CLOSE_SESSION = _request("CloseSession")
READ, WRITE, CALL, CANCEL = map(_request, ("Read", "Write", "Call", "Cancel"))
SET_MONITORING_MODE = _request("SetMonitoringMode")
PUBLISH, SET_TRIGGERING = _request("Publish"), _request("SetTriggering")
REGISTER_NODES, UNREGISTER_NODES = _request("RegisterNodes"), _request("UnregisterNodes")
BEFORE_LOGIN = frozenset(map(_request, ("FindServers", "GetEndpoints", "CloseSecureChannel")))
MOST = {
    WRITE: LIMITS.nodes_per_write,
    CALL: LIMITS.nodes_per_method_call,
    REGISTER_NODES: LIMITS.nodes_per_register,
    UNREGISTER_NODES: LIMITS.nodes_per_register,
    PUBLISH: limits.MAX_ACKNOWLEDGEMENTS,
}
"""Elements of a request of services that have nothing before their list."""
PARAMETERS = {
    _request(name): getattr(ua, f"{name}Parameters")
    for name in (
        "CreateSubscription", "FindServers", "GetEndpoints", "ModifySubscription", "Publish",
        "RegisterNodes", "Republish", "SetMonitoringMode", "SetPublishingMode",
        "TransferSubscriptions", "UnregisterNodes",
    )
}  # fmt: skip
"""Parameters of services that asyncua decodes and serves in one go."""
NOT_OFFERED = frozenset(
    map(
        _request,
        (
            "RegisterServer", "RegisterServer2", "AddNodes", "DeleteNodes",
            "AddReferences", "DeleteReferences", "FindServersOnNetwork", "QueryFirst", "QueryNext",
        ),
    )
)  # fmt: skip
"""Services that nobody may use from outside: of the library's those that change the server; and
what a server answers that is no discovery server and has no queries (OPC 10000-4, 5.4.3, 5.10)."""

# asyncua annotates the class that lists the kinds of messages; what it takes is one of them: bytes.
_message = cast("Callable[[bytes, ua.ErrorMessage], bytes]", uatcp_to_binary)
_acknowledge = cast("Callable[[bytes, ua.Acknowledge], bytes]", uatcp_to_binary)

BAD_DECODING = int(ua.StatusCodes.BadDecodingError)

UNREADABLE = (NotEnoughData, struct.error, UnicodeDecodeError, OverflowError)


class CertificateRefusedError(ServiceError):
    """A client's certificate may not open a secure channel."""

    def __init__(self, subject: str, reason: str) -> None:
        # The client learns no more than this (OPC 10000-4, 6.1.3, table 106).
        super().__init__(int(ua.StatusCodes.BadSecurityChecksFailed))
        self.subject = subject
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class TwinProcessor(UaProcessor):
    """The processor of one connection; an error below the services ends the connection."""

    iserver: TwinInternalServer
    session: TwinSession | None

    def __init__(
        self, internal_server: TwinInternalServer, transport: Any, limits_: TransportLimits
    ) -> None:
        super().__init__(internal_server, transport, limits_)
        self._connection: TwinConnection = TwinConnection(
            self._connection.security_policy, self._limits
        )
        self._greeted = False
        self._takes = ResponseLimits()

    # ── what a session needs to know of its channel ───────────────────────────────────────────────
    @property
    def peer(self) -> str:
        """Address and port of the other side."""
        return f"{url_host(self.host)}:{self.name[1]}" if self.name else "unknown"

    @property
    def host(self) -> str:
        """Address of the other side."""
        return str(self.name[0]) if self.name else "unknown"

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        return self._closing

    @property
    def takes_more(self) -> bool:
        """Whether the client takes what it is sent."""
        return int(self._transport.get_write_buffer_size()) <= limits.RESPONSES_WAITING

    @property
    def policy_uri(self) -> str:
        """Security policy of the channel."""
        return str(self._connection.security_policy.URI)

    @property
    def client_certificate(self) -> bytes:
        """Certificate that opened the channel; empty on an unencrypted one."""
        if not self._encrypted:
            return b""
        # On a None channel nobody has proved to have the key of a certificate.
        return self._connection.security_policy.peer_certificate or b""

    @property
    def _encrypted(self) -> bool:
        return self._connection.security_policy.Mode is not ua.MessageSecurityMode.None_

    async def close(self) -> None:
        """End what hangs on the connection, which is gone: nobody waits for its requests."""
        await super().close()  # type: ignore[no-untyped-call]
        session = self.session
        if session is not None and session.channel is self:
            session.outbox.close(int(ua.StatusCodes.BadConnectionClosed))

    # ── messages ──────────────────────────────────────────────────────────────────────────────────
    def answered_at_once(self, chunk: bytes) -> Chunk | WholeMessage | None:
        """Answer a chunk that is a short, remembered Read or a Publish; else return it.

        It may be opened then.
        """
        opened = None
        if self.session is not None and self.session.is_activated():
            try:
                opened = self._connection.opened(chunk)
                if opened is not None and self._served_by_bytes(opened, limits.READ_AT_ONCE):
                    return None
            except Exception as error:  # noqa: BLE001 - on the way of all messages it is told of
                log.debug("a message takes the general way", peer=self.peer, error=str(error))
        return Chunk(chunk) if opened is None else opened

    async def process(self, header: ua.Header | None, body: Chunk | WholeMessage) -> bool:
        """Process one message chunk, or a message; return False to end the connection."""
        try:
            if isinstance(body, WholeMessage):
                return await self._process_secure(body)
            header = body.header
            self._check_order(header)
            kind: object = header.MessageType
            if kind == ua.MessageType.Hello:
                return self._greet(struct_from_binary(ua.Hello, body))
            if kind == ua.MessageType.SecureMessage:
                message = self._connection.message_of(body)
                # None: more chunks are to come.
                return message is None or await self._process_secure(message)
            # asyncua says no types of its message loop, here and below.
            return bool(await super().process(header, body))  # type: ignore[no-untyped-call]
        except (InvalidSignature, uacrypto.InvalidSignature):
            return self._abort(ua.StatusCodes.BadSecurityChecksFailed, "the signature is wrong")
        except CertificateRefusedError as error:
            await self._record_refusal(error)
            return self._abort(error.code, str(error))
        except (ServiceError, ua.uaerrors.UaStatusCodeError) as error:
            return self._abort(error.code, str(error))
        except (ua.UaError, ValueError, *UNREADABLE) as error:
            return self._abort(ua.StatusCodes.BadSecurityChecksFailed, str(error))
        except Exception:
            # A task boundary: one connection's trouble must not be another's.
            log.exception("message not processed", peer=self.peer)
            return self._abort(ua.StatusCodes.BadInternalError, "internal error")

    def _greet(self, hello: ua.Hello) -> bool:
        """Answer a Hello with our limits, and note those of the client."""
        self._takes = ResponseLimits.of(hello)
        self._limits.max_send_buffer = self._takes.chunk
        answer = self._takes.acknowledge(hello)
        self._transport.write(_acknowledge(ua.MessageType.Acknowledge, answer))
        return True

    async def _record_refusal(self, refused: CertificateRefusedError) -> None:
        """Have it on record that a client was refused; the audit counts where there are many."""
        await self.iserver.recorder.note(
            AuditKind.CERTIFICATE, ("", f"OPC UA {self.peer}"), "client", refused.code,
            f"client certificate refused: {refused}", after=refused.subject,
        )  # fmt: skip

    @property
    def room(self) -> int:
        """How long a response may be that the client takes. [B]"""
        crypto = self._connection.security_policy.symmetric_cryptography
        return self._takes.room(MessageChunk.max_body_size(crypto, self._takes.chunk))

    def _check_order(self, header: ua.Header) -> None:
        """Check the order of messages (Hello, then the channel), and their size before login."""
        kind: object = header.MessageType  # one of the bytes that asyncua's `MessageType` lists
        if kind == ua.MessageType.Hello:
            if self._greeted:
                raise ServiceError(ua.StatusCodes.BadTcpMessageTypeInvalid)
            self._greeted = True
            return
        if kind == ua.MessageType.SecureOpen:
            if not self._greeted:
                raise ServiceError(ua.StatusCodes.BadTcpMessageTypeInvalid)
            return
        if not self._connection.is_open():
            raise ServiceError(ua.StatusCodes.BadTcpSecureChannelUnknown)
        # Chunks are kept until the last one of a message: a stranger may make us keep one at most.
        active = self.session is not None and self.session.is_activated()
        size = self._connection._incoming_size + header.body_size  # noqa: SLF001 - its only record
        if not active and size > limits.MAX_MESSAGE_BEFORE_LOGIN:
            raise ServiceError(ua.StatusCodes.BadTcpMessageTooLarge)

    def _abort(self, code: int, reason: str) -> bool:
        log.warning("connection ended", peer=self.peer, status=hex(code), reason=reason)
        self.send_error(code, "")
        return False

    def send_error(self, code: int, reason: str) -> None:
        """Send an Error message: why the connection ends (OPC 10000-6, 7.1.2.5)."""
        message = ua.ErrorMessage(status_code(code), ua.String(reason))
        self._transport.write(_message(ua.MessageType.Error, message))

    def open_secure_channel(self, algohdr: Any, seqhdr: Any, body: Buffer) -> None:
        """Open or renew the secure channel; asyncua has verified the request's signature."""
        message = struct_from_binary(ua.OpenSecureChannelRequest, RequestBody(bytes(body)))
        request = message.Parameters
        # asyncua tells opening from renewal by the state of the channel alone, whatever is asked.
        renewal = self._connection.is_open()
        if renewal != (request.RequestType is ua.SecurityTokenRequestType.Renew):
            raise ServiceError(ua.StatusCodes.BadRequestTypeInvalid)
        if not renewal:
            self._connection.select_policy(
                algohdr.SecurityPolicyURI, algohdr.SenderCertificate, request.SecurityMode
            )
        policy = self._connection.security_policy
        # A renewal may not change the policy or the mode: the session was activated under them.
        if algohdr.SecurityPolicyURI != policy.URI or request.SecurityMode != policy.Mode:
            raise ServiceError(ua.StatusCodes.BadSecurityPolicyRejected)
        if self._encrypted:
            self._check_certificate(algohdr.SenderCertificate)
            if len(request.ClientNonce or b"") != policy.secure_channel_nonce_length:
                raise ServiceError(ua.StatusCodes.BadNonceInvalid)
        # Revised, not refused: the response tells the client (OPC 10000-4, 5.6.2).
        request.RequestedLifetime = min(
            max(request.RequestedLifetime, limits.MIN_CHANNEL_LIFETIME),
            limits.MAX_CHANNEL_LIFETIME,
        )
        response = ua.OpenSecureChannelResponse()
        response.Parameters = self._connection.open(request, self.iserver)
        handle = message.RequestHeader.RequestHandle
        self.send_response(handle, seqhdr, response, ua.MessageType.SecureOpen)

    def _check_certificate(self, sender: bytes | None) -> None:
        certificate: x509.Certificate | None = uacrypto.x509_from_der(sender)
        if certificate is None or uacrypto.der_from_x509(certificate) != self.client_certificate:
            raise ServiceError(ua.StatusCodes.BadSecurityChecksFailed)
        reason = self.iserver.check_client(certificate)
        if reason is not None:
            log.warning(
                "client certificate refused",
                peer=self.peer,
                subject=certificate.subject.rfc4514_string(),
                reason=reason,
            )
            raise CertificateRefusedError(certificate.subject.rfc4514_string(), reason)

    def send_response(
        self,
        requesthandle: int,
        seqhdr: Any,
        response: Any,
        msgtype: bytes = ua.MessageType.SecureMessage,
    ) -> None:
        """Send a service response, its texts translated to the locale of the session."""
        if self.session is not None and self.session.translator is not None:
            self.session.translator.respond(response)
        response.ResponseHeader.RequestHandle = requesthandle
        encoded = struct_to_binary(response)
        if msgtype != ua.MessageType.SecureMessage or isinstance(response, ua.ServiceFault):
            self._send(encoded, seqhdr, msgtype)
        else:
            self._send_fitting(encoded, requesthandle, seqhdr)

    def _send(
        self, encoded: bytes, seqhdr: Any, kind: bytes = ua.MessageType.SecureMessage
    ) -> None:
        self._transport.write(
            self._connection.message_to_binary(encoded, kind, request_id=seqhdr.RequestId)
        )

    def _send_fitting(self, encoded: bytes, handle: int, seqhdr: Any) -> None:
        """Send a response; or a fault in its place, where the client does not take so much."""
        if len(encoded) <= LEAST_BUFFER // 2 or len(encoded) <= self.room:
            self._send(encoded, seqhdr)
            return
        log.warning("response too large for the client", peer=self.peer, size=len(encoded))
        self.send_fault(handle, seqhdr, int(ua.StatusCodes.BadResponseTooLarge))

    def send_encoded(self, response: bytes, handle: int, seqhdr: Any) -> None:
        """Send a service response that is encoded already."""
        self._send_fitting(response, handle, seqhdr)

    def send_fault(
        self, handle: int, seqhdr: Any, code: int, told: ua.DiagnosticInfo | None = None
    ) -> None:
        """Send a ServiceFault, and what is told beside its status."""
        fault = ua.ServiceFault()
        fault.ResponseHeader.ServiceResult = status_code(code)
        if told is not None:
            fault.ResponseHeader.ServiceDiagnostics = told
        self.send_response(handle, seqhdr, fault)

    async def _process_secure(self, message: WholeMessage) -> bool:
        session = self.session
        if session is not None and len(message) > limits.READ_AT_ONCE:
            await self._turn(session, len(message)).go_on()
        if self._served_by_bytes(message, limits.MAX_MESSAGE):
            return True
        return await self.process_message(message, RequestBody(message.content))

    async def process_message(self, seqhdr: Any, body: RequestBody) -> bool:
        """Serve one request, or say with a ServiceFault why not; return False to end."""
        handle, header = 0, None
        try:
            with decoding():
                typeid = nodeid_from_binary(body)
                header = struct_from_binary(ua.RequestHeader, body)
            handle = header.RequestHandle
            return await self._process_message(typeid, header, seqhdr, body)
        except (ServiceError, ua.uaerrors.UaStatusCodeError) as error:
            log.warning("request refused", peer=self.peer, status=status_code(error.code).name)
            self.send_fault(handle, seqhdr, error.code, of_fault(header, error))
            return True

    # ── services ──────────────────────────────────────────────────────────────────────────────────
    def _served_by_bytes(self, message: WholeMessage, longest: int) -> bool:
        """Serve a Read that is remembered or a Publish; False: it takes the way of all requests."""
        session = self.session
        if session is None or session.channel is not self or not session.is_activated():
            return False
        request = plain_request(message.content, session.token_bytes)
        if request is None or len(request.parameters) > longest or not session.welcome:
            return False
        serve = self._answer_remembered if request.kind == READ_TYPE else self._take_publish
        return serve(session, request, message)

    def _answer_remembered(
        self, session: TwinSession, request: PlainRequest, message: WholeMessage
    ) -> bool:
        """Answer a Read that is remembered."""
        results = session.reads.answer(request.parameters, session.read_stamp)
        if results is None:
            return False
        self._heard_of(session)
        self._send_fitting(read_response(request.handle, results), request.handle, message)
        return True

    def _take_publish(
        self, session: TwinSession, request: PlainRequest, message: WholeMessage
    ) -> bool:
        """Queue a Publish request, unless it is one that is to be refused."""
        if len(request.parameters) > limits.READ_AT_ONCE:
            return False
        acks = acknowledgements(request.parameters)
        if (
            acks is None
            or len(acks) > limits.MAX_ACKNOWLEDGEMENTS
            or not session.outbox.expects_requests
        ):
            return False
        self._heard_of(session)
        results = session.outbox.acknowledge(acks)
        self._queue(session, request.handle, request.timeout, message, results)
        return True

    def _queue(
        self, session: TwinSession, handle: int, timeout: int, seqhdr: Any, results: Sequence[int]
    ) -> None:
        now = self.iserver.wall.now
        session.outbox.put(PendingPublish(self, session, handle, timeout, seqhdr, results, now))

    def _turn(self, session: TwinSession, size: int) -> Turn:
        # Named users do not wait for anonymous ones, nor for the long requests of each other.
        who = f"user {session.user_name}" if session.person else f"host {self.host}"
        return Turn(self.iserver.turns, who, small=size <= limits.SMALL_REQUEST)

    async def _process_message(
        self, typeid: ua.NodeId, requesthdr: ua.RequestHeader, seqhdr: Any, body: RequestBody
    ) -> bool:
        whole = body.copy()
        try:
            if typeid in NOT_OFFERED:
                raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
            # Both are ours: asyncua compares no certificate of a session with that of its channel.
            if typeid == CREATE_SESSION:
                response = await self._create_session(decoded(ua.CreateSessionParameters, body))
                self.send_response(requesthdr.RequestHandle, seqhdr, response)
                return True
            if typeid == ACTIVATE_SESSION:
                parameters = decoded(ua.ActivateSessionParameters, body)
                activated = await self._activate_session(requesthdr, parameters)
                self.send_response(requesthdr.RequestHandle, seqhdr, activated)
                return True
            if typeid not in BEFORE_LOGIN:
                self._check_session(requesthdr.AuthenticationToken)
                await self._check_user(typeid)
                if typeid != CLOSE_SESSION:
                    self._activated()
            if typeid != CALL:
                _check_count(typeid, body)
            # asyncua answers two of these without DiagnosticInfos, and the third not at all.
            own = {WRITE: self._write, CALL: self._call, CANCEL: self._cancel}
            if (serve := own.get(typeid)) is not None:
                self.send_response(requesthdr.RequestHandle, seqhdr, await serve(requesthdr, body))
                return True
            if typeid == PUBLISH:
                self._publish(requesthdr, seqhdr, decoded(ua.PublishParameters, body))
                return True
            if typeid == SET_TRIGGERING:
                linked = ua.SetTriggeringResponse()
                links = decoded(ua.SetTriggeringParameters, body)
                linked.Parameters = self._activated().set_triggering(links)
                self.send_response(requesthdr.RequestHandle, seqhdr, linked)
                return True
            if typeid in LIST_SERVICES:
                service = LIST_SERVICES[typeid]
                await self._serve_list(service, requesthdr, seqhdr, body, is_read=typeid == READ)
                return True
            if typeid == SET_MONITORING_MODE:
                # asyncua takes a mode that there is not for a fault of the server.
                no_mode = int(ua.StatusCodes.BadMonitoringModeInvalid)
                decoded(ua.SetMonitoringModeParameters, body.copy(), no_mode)
            served = await super()._process_message(  # type: ignore[no-untyped-call]
                typeid, requesthdr, seqhdr, body
            )
            return bool(served)
        except UNREADABLE as error:
            raise ServiceError(ua.StatusCodes.BadDecodingError) from error
        except (ServiceError, ua.uaerrors.UaStatusCodeError):
            raise
        except Exception as error:
            _check_readable(typeid, whole)
            # A task boundary: the client gets a fault, and the log what the library would hide.
            log.exception("service failed", peer=self.peer, service=str(typeid))
            raise ServiceError(ua.StatusCodes.BadInternalError) from error

    async def _serve_list(
        self,
        service: ListService,
        header: ua.RequestHeader,
        seqhdr: Any,
        body: RequestBody,
        *,
        is_read: bool,
    ) -> None:
        session = self._activated()
        turn = self._turn(session, len(body))
        lesson = session.reads.lesson(bytes(body), session.read_stamp) if is_read else None
        watch = partial(lesson.watch, self.iserver.attributes) if lesson is not None else None
        response = await service.response_to(session, header.RequestHandle, body, turn, watch)
        if lesson is not None:
            session.reads.keep(lesson)
        self.send_encoded(response, header.RequestHandle, seqhdr)

    def _publish(self, header: ua.RequestHeader, seqhdr: Any, params: ua.PublishParameters) -> None:
        session = self._activated()
        acks = params.SubscriptionAcknowledgements or ()
        results = session.outbox.acknowledge([(a.SubscriptionId, a.SequenceNumber) for a in acks])
        self._queue(session, header.RequestHandle, header.TimeoutHint, seqhdr, results)

    async def _write(self, header: ua.RequestHeader, body: RequestBody) -> ua.WriteResponse:
        params = decoded(ua.WriteParameters, body)
        written = await self._activated().write_values(params)
        response = ua.WriteResponse()
        response.Results = [status_code(value.status) for value in written]
        response.DiagnosticInfos = diagnostics(header, [value.words for value in written])
        return response

    async def _call(self, header: ua.RequestHeader, body: RequestBody) -> ua.CallResponse:
        session = self._activated()
        response = ua.CallResponse()
        try:
            _check_count(CALL, body)
            response.Results = await session.call(decoded(ua.CallParameters, body).MethodsToCall)
        except (ServiceError, *UNREADABLE) as error:
            # Somebody tried to act on the plant: also what no method could be made of.
            code = error.code if isinstance(error, ServiceError) else BAD_DECODING
            who = (session.user_name, session.origin)
            name = status_code(code).name
            await self.iserver.recorder.note(
                AuditKind.METHOD, who, "unreadable call", code, f"call refused: {name}"
            )
            raise
        words = [r.words if isinstance(r, Explained) else "" for r in response.Results]
        response.DiagnosticInfos = diagnostics(header, words)
        return response

    async def _cancel(self, _: ua.RequestHeader, body: RequestBody) -> ua.CancelResponse:
        """Give up Publish requests that wait (OPC 10000-4, 5.7.5): nothing else waits."""
        handle = decoded(ua.CancelParameters, body).RequestHandle
        session = self._activated()
        response = ua.CancelResponse()
        response.Parameters.CancelCount = ua.UInt32(session.outbox.cancel(handle))
        return response

    def _activated(self) -> TwinSession:
        """Return the activated session of this connection, and restart its timeout."""
        session = self.session
        if session is None or not session.is_activated():
            raise ServiceError(ua.StatusCodes.BadSessionNotActivated)
        self._heard_of(session)
        return session

    def _heard_of(self, session: TwinSession) -> None:
        self.session_last_activity = time.monotonic()
        session.touch()

    def _check_session(self, token: ua.NodeId) -> None:
        session = self.session
        if session is None or session.auth_token != token or session.is_closed():
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        # A token alone, however it was come by, is good for nothing on another channel.
        if session.channel is not self:
            raise ServiceError(ua.StatusCodes.BadSecureChannelIdInvalid)

    async def _check_user(self, typeid: ua.NodeId) -> None:
        """Refuse whatever a user asks for who was removed since the login."""
        session = self.session
        if session is None or session.welcome or typeid == CLOSE_SESSION:
            return
        code = int(ua.StatusCodes.BadSessionClosed)
        if typeid in (WRITE, CALL):
            # Somebody tried to act on the plant.
            who, name = (session.user_name, session.origin), "write" if typeid == WRITE else "call"
            await self.iserver.recorder.note(
                AuditKind.METHOD, who, name, code, f"{name} refused: the user was removed"
            )
        raise ServiceError(code)

    async def _create_session(self, params: ua.CreateSessionParameters) -> ua.CreateSessionResponse:
        policy = self._connection.security_policy
        if not self._encrypted and not self.iserver.offers_none:
            raise ServiceError(ua.StatusCodes.BadSecurityPolicyRejected)
        if self._encrypted:
            self._check_client(params)
        if self.session is not None and not self.session.is_closed():
            if self.session.is_activated():
                raise ServiceError(ua.StatusCodes.BadTooManySessions)
            # One session per connection; one that was never activated gives way.
            await self.session.close_session(True)
        self.session = self.iserver.open_session(self)
        response = ua.CreateSessionResponse()
        response.Parameters = await self.session.create_session(params, sockname=self.sockname)
        response.Parameters.ServerCertificate = policy.host_certificate
        if self._encrypted:
            # This proves to the client that we have the key of our certificate.
            signed = self.client_certificate + params.ClientNonce
            signature = response.Parameters.ServerSignature
            signature.Signature = policy.asymmetric_cryptography.signature(signed)
            signature.Algorithm = policy.AsymmetricSignatureURI
        return response

    def _check_client(self, params: ua.CreateSessionParameters) -> None:
        """Check that the session's client is that of the secure channel (OPC 10000-4, 5.7.2.2)."""
        certificate = _leaf(params.ClientCertificate)
        if certificate is None or uacrypto.der_from_x509(certificate) != self.client_certificate:
            raise ServiceError(ua.StatusCodes.BadSecurityChecksFailed)
        # Where any certificate is good enough, its URI proves nothing either: many clients on a
        # workbench have one that does not match.
        claimed = params.ClientDescription.ApplicationUri
        if not self.iserver.settings.trusts_any_client and application_uri(certificate) != claimed:
            raise ServiceError(ua.StatusCodes.BadCertificateUriInvalid)
        if len(params.ClientNonce or b"") < NONCE_LENGTH:
            raise ServiceError(ua.StatusCodes.BadNonceInvalid)

    async def _activate_session(
        self, requesthdr: ua.RequestHeader, params: ua.ActivateSessionParameters
    ) -> ua.ActivateSessionResponse:
        session = self.iserver.find_session(requesthdr.AuthenticationToken)
        if session is None or session.is_closed():
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        moves = session.channel is not self
        if moves:
            self._check_move(session)
        # The application before the user: who does not have its key may not try passwords.
        self._check_signature(session, params.ClientSignature)
        person = await self._identify(session, params.UserIdentityToken)
        # Logging in took time: the session may have been closed meanwhile.
        if session.is_closed():
            raise ServiceError(ua.StatusCodes.BadSessionClosed)
        if moves and person != session.person:
            raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
        comes = not session.is_activated() or person != session.person
        if comes:
            await self.iserver.admit(session, person)
        self.session = session
        self._heard_of(session)
        response = ua.ActivateSessionResponse()
        response.Parameters = session.activate(person, self, params.LocaleIds)
        if not session.is_probe:
            log.info("session activated", user=session.user_name, peer=self.peer, moved=moves)
            if comes:
                who = (session.user_name, session.origin)
                await self.iserver.recorder.note(AuditKind.LOGIN, who, "login", GOOD, "logged in")
        return response

    def _check_move(self, session: TwinSession) -> None:
        """Let a session move to a channel of the same client only (OPC 10000-4, 5.7.3.1)."""
        busy = self.session is not None and self.session.is_activated()
        if (
            busy
            or not session.is_activated()
            or not self._encrypted
            or session.channel.client_certificate != self.client_certificate
            or session.channel.policy_uri != self.policy_uri
        ):
            raise ServiceError(ua.StatusCodes.BadSecurityChecksFailed)

    def _check_signature(self, session: TwinSession, signature: ua.SignatureData) -> None:
        if not self._encrypted:
            return
        policy = self._connection.security_policy
        signed = (policy.host_certificate or b"") + (session.nonce or b"")
        try:
            policy.asymmetric_cryptography.verify(signed, signature.Signature or b"")
        except (InvalidSignature, uacrypto.InvalidSignature) as error:
            raise ServiceError(ua.StatusCodes.BadApplicationSignatureInvalid) from error

    async def _identify(self, session: TwinSession, token: object) -> User | None:
        """Return the user that an identity token names; None: anonymous."""
        if is_anonymous(token):
            if not self.iserver.settings.reads_anonymously:
                raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
            return None
        # asyncua takes a password in the clear over None.
        if not isinstance(token, ua.UserNameIdentityToken) or not self._encrypted:
            raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
        password = decrypted_password(token, self._connection.security_policy, session.nonce)
        name, authenticator = token.UserName or "", self.iserver.authenticator
        user = await authenticator.login(name, password, session.host)
        if user is None:
            who = (name, session.origin)
            status = ua.StatusCodes.BadUserAccessDenied
            await self.iserver.recorder.note(
                AuditKind.LOGIN, who, "login", int(status), "log-in refused"
            )
            # A person with the right password is not told that it is wrong.
            if (wait := authenticator.wait(name, session.host)) > 0.0:
                raise RetryLaterError(ua.StatusCodes.BadTooManyOperations, wait)
            raise ServiceError(status)
        return user

    def _should_close_session_on_transport_loss(self) -> bool:
        session = self.session
        # It may have moved to another channel, and lives on there.
        if session is None or session.channel is not self:
            return False
        # Nobody can prove to be who it was: what nobody may claim need not be kept.
        if session.person is None and not self._encrypted:
            return True
        # Who has subscriptions may come back for them, on another connection.
        return not session.is_activated() or not session.outbox.subscriptions


def _check_count(typeid: ua.NodeId, body: RequestBody) -> None:
    """Refuse nothing and too much to do of services that have a list first, before it is decoded.

    Those of `LIST_SERVICES` count for themselves.
    """
    most = MOST.get(typeid)
    if most is None:
        return
    count = body.first_number()
    if count <= 0 and typeid != PUBLISH:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    if count > most:
        raise ServiceError(ua.StatusCodes.BadTooManyOperations)


def _check_readable(typeid: ua.NodeId, body: RequestBody) -> None:
    """Raise BadDecodingError if it was the parameters that a service of asyncua failed of."""
    parameters = PARAMETERS.get(typeid)
    if parameters is not None:
        decoded(parameters, body)


def _leaf(chain: bytes | None) -> x509.Certificate | None:
    """Return the first certificate of a chain, the client's own."""
    try:
        first: x509.Certificate | None = uacrypto.x509_from_der(chain)
    except (ValueError, IndexError) as error:
        raise ServiceError(ua.StatusCodes.BadCertificateInvalid) from error
    return first
