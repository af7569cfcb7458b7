"""The bytes of ReadRequests, PublishRequests and of a ReadResponse, without asyncua's objects.

Only the plain form of a request's header is read, which all clients send: anything else is left to
the general decoder.
"""

from __future__ import annotations

import hmac
import struct
import time
from typing import NamedTuple

from asyncua import ua
from asyncua.ua.ua_binary import nodeid_to_binary

from heatpump_twin.server.space.ua_values import standard

READ_TYPE = nodeid_to_binary(standard(ua.ObjectIds.ReadRequest_Encoding_DefaultBinary))
PUBLISH_TYPE = nodeid_to_binary(standard(ua.ObjectIds.PublishRequest_Encoding_DefaultBinary))
_TYPES = frozenset((READ_TYPE, PUBLISH_TYPE))  # of the same length
_RESPONSE = nodeid_to_binary(standard(ua.ObjectIds.ReadResponse_Encoding_DefaultBinary))

_HEAD = struct.Struct("<qIIiI3s")
"""Of a RequestHeader, behind the token: Timestamp, RequestHandle, ReturnDiagnostics, length of the
AuditEntryId, TimeoutHint, AdditionalHeader (OPC 10000-4, 7.32)."""
_ANSWER = struct.Struct("<qIIBi3s")
"""A ResponseHeader: Timestamp, RequestHandle, ServiceResult, encoding of the ServiceDiagnostics,
length of the StringTable, AdditionalHeader (OPC 10000-4, 7.33)."""
_COUNT, _PAIR = struct.Struct("<i"), struct.Struct("<II")
_NOTHING = b"\0\0\0"
"""An ExtensionObject without type and content."""
_1601 = 116_444_736_000_000_000
"""The Unix epoch as a DateTime. [100 ns since 1601]"""


class PlainRequest(NamedTuple):
    """A request with a plain header: type, handle, time-out [ms], and its parameters as they came.

    The type is the encoded one: `READ_TYPE` or `PUBLISH_TYPE`.
    """

    kind: bytes
    handle: int
    timeout: int
    parameters: bytes


def plain_request(message: bytes, token: bytes) -> PlainRequest | None:
    """Return the request of the session that has a token; None: it is another message."""
    kind, begin = message[: len(READ_TYPE)], len(READ_TYPE) + len(token)
    # In a time that does not tell how much of a token was right.
    if kind not in _TYPES or not hmac.compare_digest(message[len(kind) : begin], token):
        return None
    if len(message) < begin + _HEAD.size:
        return None
    _, handle, _, audited, timeout, more = _HEAD.unpack_from(message, begin)
    if audited > 0 or more != _NOTHING:
        return None
    return PlainRequest(kind, handle, timeout, message[begin + _HEAD.size :])


def acknowledgements(parameters: bytes) -> list[tuple[int, int]] | None:
    """Return the pairs of subscription and sequence number that a Publish acknowledges.

    None: what is there is something else.
    """
    if len(parameters) < _COUNT.size:
        return None
    (count,) = _COUNT.unpack_from(parameters)
    if len(parameters) != _COUNT.size + max(0, count) * _PAIR.size:
        return None
    return list(_PAIR.iter_unpack(parameters[_COUNT.size :]))


def read_response(handle: int, results: bytes) -> bytes:
    """Return a ReadResponse with encoded results."""
    now = time.time_ns() // 100 + _1601
    return _RESPONSE + _ANSWER.pack(now, handle, 0, 0, 0, _NOTHING) + results
