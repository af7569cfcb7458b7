"""The server side of a connection: requests out of the byte stream, responses into it."""

from __future__ import annotations

import asyncio
import secrets
import struct
from enum import StrEnum
from typing import NamedTuple, Protocol

from pymodbus.framer.rtu import FramerRTU

_MBAP = struct.Struct(">HHHB")
_MAX_PDU = 253
_WRITE_MULTIPLE = (15, 16)


class Corruption(StrEnum):
    """Ways in which a response can be wrong."""

    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    WRONG_TRANSACTION = "wrong_transaction"
    """On RTU, which does not number requests: a wrong checksum."""
    WRONG_UNIT = "wrong_unit"
    WRONG_FUNCTION = "wrong_function"
    WRONG_COUNT = "wrong_count"


class Received(NamedTuple):
    """A request as it came."""

    transaction: int
    unit: int
    pdu: bytes


class Session(Protocol):
    """How requests and responses are framed."""

    async def receive(self, reader: asyncio.StreamReader) -> Received | None:
        """Return the next request; None: what comes is not Modbus."""
        ...

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return the frame of a response."""
        ...


class TcpSession:
    """Modbus TCP."""

    async def receive(self, reader: asyncio.StreamReader) -> Received | None:
        """Read a header and the PDU that it announces."""
        transaction, protocol, length, unit = _MBAP.unpack(await reader.readexactly(_MBAP.size))
        if protocol != 0 or not 2 <= length <= _MAX_PDU + 1:
            return None
        return Received(transaction, unit, await reader.readexactly(length - 1))

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return header and PDU."""
        return _MBAP.pack(request.transaction, 0, len(pdu) + 1, request.unit) + pdu


class RtuSession:
    """Modbus RTU, over a port or a TCP connection."""

    async def receive(self, reader: asyncio.StreamReader) -> Received | None:
        """Read unit, PDU and CRC; the function code says how long the request is."""
        head = await reader.readexactly(7)
        rest = 1 + (head[6] + 1 if head[1] in _WRITE_MULTIPLE else 0)
        frame = head + await reader.readexactly(rest)
        if _crc(frame[:-2]) != frame[-2:]:
            return None
        return Received(0, frame[0], frame[1:-2])

    def pack(self, request: Received, pdu: bytes) -> bytes:
        """Return unit, PDU and CRC."""
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
            return session.pack(request, pdu + bytes(2))


def _crc(frame: bytes) -> bytes:
    return FramerRTU.compute_CRC(frame).to_bytes(2, "big")
