"""Framing on the server's side: requests out of received bytes, responses into frames.

A response can also be corrupted on purpose, in each of the ways that clients meet.
"""

from __future__ import annotations

import math
import secrets
import struct
from enum import StrEnum
from typing import NamedTuple, Protocol

from pymodbus.framer.rtu import FramerRTU

_MBAP = struct.Struct(">HHHB")
_MAX_PDU = 253
"""Longest PDU (Application Protocol V1.1b3, 4.1). [byte]"""
_RTU_REQUEST = 8
"""Bytes of a request that does not write several values: unit, function, two words, CRC."""
_WRITE_MULTIPLE = (15, 16)


class NotModbusError(Exception):
    """The received bytes cannot be a request, and nothing tells where the next one begins."""


class Corruption(StrEnum):
    """Ways in which a response can be wrong."""

    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    WRONG_TRANSACTION = "wrong_transaction"
    """On RTU, which does not number requests: a wrong checksum."""
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    WRONG_COUNT = "wrong_count"
    """A register too many, and the byte count says so."""
    WRONG_BYTE_COUNT = "wrong_byte_count"
    """The byte count does not tell how many bytes follow."""
    TWICE = "twice"
    """The right response, and then once more."""
    NO_TRANSACTION = "no_transaction"
    """The transaction id is always 0. On RTU, which has none: nothing is wrong."""
    NO_UNIT = "no_unit"
    """The unit id is always 0."""
    NOISE_BEFORE = "noise_before"
    """A byte 00 before the response."""
    NOISE_BEHIND = "noise_behind"
    """A byte 00 behind the response."""
    ECHO = "echo"
    """The request comes back, and then the response."""


class Received(NamedTuple):
    """A request as it was received."""

    transaction: int
    unit: int
    pdu: bytes


class Session(Protocol):
    """The framing of requests and responses on one kind of transport."""

    tells_absence: bool
    """Whether a gateway answers for a unit that does not; on a bus there is just silence."""
    patience: float
    """The rest of a request must come within this time, or its beginning was noise. [s]"""

    def take(self, buffer: bytearray) -> Received | None:
        """Remove the next request from received bytes; None: it is not complete yet.

        Raises `NotModbusError` where the stream cannot be followed any further.
        """
        ...

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return the frame of a response."""
        ...


class TcpSession:
    """Modbus TCP: requests and responses with an MBAP header."""

    tells_absence = True
    patience = math.inf  # TCP loses nothing: the rest comes, be it byte by byte

    def take(self, buffer: bytearray) -> Received | None:
        """Take an MBAP header and the PDU that it announces out of the buffer."""
        if len(buffer) < _MBAP.size:
            return None
        header: tuple[int, int, int, int] = _MBAP.unpack_from(buffer)
        transaction, protocol, length, unit = header
        if protocol != 0 or not 2 <= length <= _MAX_PDU + 1:
            raise NotModbusError  # the length counts the unit and at least a function code
        end = _MBAP.size + length - 1
        if len(buffer) < end:
            return None
        pdu = bytes(buffer[_MBAP.size : end])
        del buffer[:end]
        return Received(transaction, unit, pdu)

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return the MBAP header and the PDU of a response."""
        return _MBAP.pack(request.transaction, 0, len(pdu) + 1, request.unit) + pdu


class RtuSession:
    """Modbus RTU, over a port or a TCP connection. A request that is spoilt gets no response."""

    tells_absence = False
    # The specification allows 1.5 characters of silence in a frame (Serial Line V1.02, 2.5.1.1).
    # Buffers and networks on the way add to that; a client waits longer before it tries again.
    patience = 0.2

    def take(self, buffer: bytearray) -> Received | None:
        """Take unit, PDU and CRC of a request out of the buffer, by the length of its function."""
        if len(buffer) < _RTU_REQUEST:
            return None
        # The seventh byte of 15 and 16 counts the data behind it (6.11, 6.12).
        end = _RTU_REQUEST + (buffer[6] + 1 if buffer[1] in _WRITE_MULTIPLE else 0)
        if len(buffer) < end:
            return None
        frame = bytes(buffer[:end])
        if _crc(frame[:-2]) != frame[-2:]:
            buffer.clear()  # a line cannot be hung up: listen for what comes after the noise
            return None
        del buffer[:end]
        return Received(0, frame[0], frame[1:-2])

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return the unit, the PDU and the CRC of a response."""
        frame = bytes((request.unit,)) + pdu
        return frame + _crc(frame)


def corrupted(session: Session, request: Received, pdu: bytes, kind: Corruption) -> bytes:
    """Return the frame of a response that is wrong in one way."""
    match kind:
        case Corruption.GARBAGE:
            return secrets.token_bytes(len(pdu) + _MBAP.size)
        case Corruption.TRUNCATED:
            return session.pack(request, pdu)[:-1]
        case Corruption.WRONG_TRANSACTION:
            if isinstance(session, RtuSession):
                frame = session.pack(request, pdu)
                return frame[:-1] + bytes((frame[-1] ^ 1,))
            return session.pack(request._replace(transaction=request.transaction ^ 1), pdu)
        case Corruption.WRONG_UNIT:
            return session.pack(request._replace(unit=request.unit ^ 1), pdu)
        case Corruption.WRONG_FUNCTION:
            return session.pack(request, bytes((pdu[0] ^ 1,)) + pdu[1:])
        case Corruption.WRONG_COUNT:
            return session.pack(request, bytes((pdu[0], pdu[1] + 2 & 0xFF)) + pdu[2:] + bytes(2))
        case Corruption.WRONG_BYTE_COUNT:
            return session.pack(request, bytes((pdu[0], pdu[1] ^ 2)) + pdu[2:])
        case Corruption.NO_TRANSACTION:
            return session.pack(request._replace(transaction=0), pdu)
        case Corruption.NO_UNIT:
            return session.pack(request._replace(unit=0), pdu)
        case Corruption.NOISE_BEFORE:
            return b"\0" + session.pack(request, pdu)
        case Corruption.NOISE_BEHIND:
            return session.pack(request, pdu) + b"\0"
        case Corruption.ECHO:
            return session.pack(request, request.pdu) + session.pack(request, pdu)
        case Corruption.TWICE:
            return 2 * session.pack(request, pdu)


def _crc(frame: bytes) -> bytes:
    return FramerRTU.compute_CRC(frame).to_bytes(2, "big")
