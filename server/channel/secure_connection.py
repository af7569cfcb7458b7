"""Chunks of secure messages: opened and sealed without an object for each of their headers.

asyncua makes some ten objects for the headers of a chunk, which takes longer than most requests
take to be answered. Here a message that is one chunk, in its order, is taken apart by its bytes;
all others, and whatever is wrong, take asyncua's way with its errors.
"""

from __future__ import annotations

import struct
from typing import Any

from asyncua import ua
from asyncua.common.connection import SecureConnection
from asyncua.common.utils import Buffer
from asyncua.crypto import uacrypto
from cryptography.exceptions import InvalidSignature

from heatpump_twin.server.channel.request_body import RequestBody

_HEADER = struct.Struct("<3scII")
_TOKEN = struct.Struct("<I")
_SEQUENCE = struct.Struct("<II")
_PREFIX = _HEADER.size + _TOKEN.size
_LONGEST_TAIL = 1_024
"""Most that padding and signature take of a chunk. [B]"""
_NUMBERS = 1 << 32


class WholeMessage:
    """A message that was one chunk, with what asyncua asks of it."""

    __slots__ = ("RequestId", "_body")

    def __init__(self, request_id: int, body: bytes) -> None:
        self.RequestId = request_id  # as asyncua's sequence header calls it
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def SequenceHeader(self) -> WholeMessage:  # noqa: N802 - as asyncua calls it
        """Return what has the RequestId."""
        return self

    def body(self) -> Buffer:
        """Return the encoded service request."""
        return RequestBody(self._body)


class TwinConnection(SecureConnection):
    """The secure channel of one connection."""

    def receive_from_header_and_body(self, header: ua.Header, body: Buffer) -> Any:
        """Return the message that a chunk completes; None: more chunks are to come."""
        message = self.opened(header, body)
        return super().receive_from_header_and_body(header, body) if message is None else message

    def opened(self, header: ua.Header, body: Buffer) -> WholeMessage | None:
        """Return the message of a chunk that is as it should be; None: it is not quite."""
        kind: object = header.MessageType
        if kind != ua.MessageType.SecureMessage or self._incoming_parts or not self.is_open():
            return None
        data = body.copy().read(header.body_size)
        chunk_type: object = header.ChunkType
        if len(data) < _TOKEN.size:
            return None
        (token,) = _TOKEN.unpack_from(data)
        # A new token, or an earlier one, changes keys: rare, and asyncua's business.
        if (
            chunk_type != ua.ChunkType.Single
            or token != self.security_token.TokenId
            or header.ChannelId != self.security_token.ChannelId
            or header.packet_size > self._limits.max_recv_buffer
        ):
            return None
        plain = self._plain(header, data)
        if plain is None or len(plain) < _SEQUENCE.size:
            return None
        number, request_id = _SEQUENCE.unpack_from(plain)
        if self._peer_sequence_number is None or number != self._peer_sequence_number + 1:
            return None
        content = plain[_SEQUENCE.size :]
        if not self._limits.is_msg_size_within_limit(len(content)):
            return None
        self._peer_sequence_number = number
        return WholeMessage(request_id, content)

    def _plain(self, header: ua.Header, data: bytes) -> bytes | None:
        """Return the decrypted content of a chunk; None: not with the present keys."""
        crypto: Any = self.security_policy.symmetric_cryptography
        crypto.use_prev_key = False
        try:
            plain = bytes(crypto.decrypt(data[_TOKEN.size :]))
            size = crypto.vsignature_size()
            if not size:
                return plain
            head = _HEADER.pack(b"MSG", b"F", header.packet_size, header.ChannelId)
            crypto.verify(head + data[: _TOKEN.size] + plain[:-size], plain[-size:])
            return bytes(crypto.remove_padding(plain[:-size]))
        except (InvalidSignature, uacrypto.InvalidSignature, ValueError):
            return None

    def message_to_binary(
        self,
        message: bytes,
        message_type: Any = ua.MessageType.SecureMessage,
        request_id: int = 0,
    ) -> bytes:
        """Return the chunks of a message, signed and encrypted."""
        room = self._limits.max_send_buffer - _PREFIX - _SEQUENCE.size - _LONGEST_TAIL
        if message_type != ua.MessageType.SecureMessage or len(message) > room:
            return bytes(super().message_to_binary(message, message_type, request_id))
        self._sequence_number += 1
        if self._sequence_number >= _NUMBERS:
            self._sequence_number = 1
        crypto: Any = self.security_policy.symmetric_cryptography
        plain = _SEQUENCE.pack(self._sequence_number, request_id) + message
        plain += crypto.padding(len(plain))
        blocks = (len(plain) + crypto.signature_size()) // crypto.plain_block_size()
        size = _PREFIX + blocks * crypto.encrypted_block_size()
        token = self.security_token
        head = _HEADER.pack(b"MSG", b"F", size, token.ChannelId) + _TOKEN.pack(token.TokenId)
        return head + bytes(crypto.encrypt(plain + crypto.signature(head + plain)))
