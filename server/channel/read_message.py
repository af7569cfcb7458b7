"""The bytes of a ReadRequest and of its response, without what asyncua makes of them.

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

_REQUEST = nodeid_to_binary(standard(ua.ObjectIds.ReadRequest_Encoding_DefaultBinary))
_RESPONSE = nodeid_to_binary(standard(ua.ObjectIds.ReadResponse_Encoding_DefaultBinary))

_HEAD = struct.Struct("<qIIiI3s")
"""Of a RequestHeader, behind the token: Timestamp, RequestHandle, ReturnDiagnostics, length of the
AuditEntryId, TimeoutHint, AdditionalHeader (OPC 10000-4, 7.32)."""
_ANSWER = struct.Struct("<qIIBi3s")
"""A ResponseHeader: Timestamp, RequestHandle, ServiceResult, encoding of the ServiceDiagnostics,
length of the StringTable, AdditionalHeader (OPC 10000-4, 7.33)."""
_NOTHING = b"\0\0\0"
"""An ExtensionObject without type and content."""
_1601 = 116_444_736_000_000_000
"""The Unix epoch as a DateTime. [100 ns since 1601]"""


class ReadMessage(NamedTuple):
    """A ReadRequest: its handle, and its parameters as they came."""

    handle: int
    parameters: bytes


def read_request(message: bytes, token: bytes) -> ReadMessage | None:
    """Return the ReadRequest of the session that has a token; None: it is another message."""
    begin = len(_REQUEST) + len(token)
    # In a time that does not tell how much of a token was right.
    if not message.startswith(_REQUEST) or not hmac.compare_digest(
        message[len(_REQUEST) : begin], token
    ):
        return None
    if len(message) < begin + _HEAD.size:
        return None
    _, handle, _, audited, _, more = _HEAD.unpack_from(message, begin)
    if audited > 0 or more != _NOTHING:
        return None
    return ReadMessage(handle, message[begin + _HEAD.size :])


def read_response(handle: int, results: bytes) -> bytes:
    """Return a ReadResponse with encoded results."""
    now = time.time_ns() // 100 + _1601
    return _RESPONSE + _ANSWER.pack(now, handle, 0, 0, 0, _NOTHING) + results
