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
from asyncua.ua.ua_binary import header_from_binary
from cryptography.exceptions import InvalidSignature

_PREFIX = struct.Struct("<3scIII")
"""Message type, chunk type, size, channel and token (OPC 10000-6, 6.7.2)."""
_SEQUENCE = struct.Struct("<II")
_WHOLE = struct.Struct("<3scIIIII")
"""Both, one behind the other."""
_LONGEST_TAIL = 1_024
"""Most that padding and signature take of a chunk. [B]"""
_NUMBERS = 1 << 32
_PLAIN = ua.MessageSecurityMode.None_


class Chunk(Buffer):
    """A message chunk as it came, with its header, to be read on by asyncua."""

    def __init__(self, whole: bytes) -> None:
        super().__init__(whole)
        self.whole = whole
        self.header: ua.Header = header_from_binary(self)


class WholeMessage:
    """The content of a message, with the number of its request."""

    __slots__ = ("RequestId", "content")

    def __init__(self, request_id: int, content: bytes) -> None:
        self.RequestId = request_id  # as asyncua's sequence header calls it
        self.content = content

    def __len__(self) -> int:
        return len(self.content)


class TwinConnection(SecureConnection):
    """The secure channel of one connection."""

    def message_of(self, chunk: Chunk) -> WholeMessage | None:
        """Return the message that a chunk completes; None: more chunks are to come."""
        message = self.opened(chunk.whole)
        if message is not None:
            return message
        received = self.receive_from_header_and_body(chunk.header, chunk)
        if received is None:
            return None
        return WholeMessage(received.SequenceHeader().RequestId, bytes(received.body()))

    def opened(self, chunk: bytes) -> WholeMessage | None:
        """Return the message of a chunk that is as it should be; None: it is not quite."""
        if len(chunk) < _WHOLE.size or self._incoming_parts or not self._open:
            return None
        kind, single, size, channel, token = _PREFIX.unpack_from(chunk)
        # A new token, or an earlier one, changes keys: rare, and asyncua's business.
        if (
            kind != b"MSG"
            or single != b"F"
            or token != self.security_token.TokenId
            or channel != self.security_token.ChannelId
            or size > self._limits.max_recv_buffer
        ):
            return None
        plain = self._plain(chunk)
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

    def _plain(self, chunk: bytes) -> bytes | None:
        """Return the decrypted content of a chunk; None: not with the present keys."""
        if self.security_policy.Mode is _PLAIN:
            return chunk[_PREFIX.size :]
        crypto: Any = self.security_policy.symmetric_cryptography
        crypto.use_prev_key = False
        try:
            plain = bytes(crypto.decrypt(chunk[_PREFIX.size :]))
            size = crypto.vsignature_size()
            crypto.verify(chunk[: _PREFIX.size] + plain[:-size], plain[-size:])
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
        room = self._limits.max_send_buffer - _WHOLE.size - _LONGEST_TAIL
        if message_type != ua.MessageType.SecureMessage or len(message) > room:
            return bytes(super().message_to_binary(message, message_type, request_id))
        self._sequence_number += 1
        if self._sequence_number >= _NUMBERS:
            self._sequence_number = 1
        number, token = self._sequence_number, self.security_token
        channel, token_id = token.ChannelId, token.TokenId
        if self.security_policy.Mode is _PLAIN:
            size = _WHOLE.size + len(message)
            return _WHOLE.pack(b"MSG", b"F", size, channel, token_id, number, request_id) + message
        crypto: Any = self.security_policy.symmetric_cryptography
        plain = _SEQUENCE.pack(number, request_id) + message
        plain += crypto.padding(len(plain))
        blocks = (len(plain) + crypto.signature_size()) // crypto.plain_block_size()
        size = _PREFIX.size + blocks * crypto.encrypted_block_size()
        head = _PREFIX.pack(b"MSG", b"F", size, channel, token_id)
        return head + bytes(crypto.encrypt(plain + crypto.signature(head + plain)))
