"""Pack Modbus requests into frames, and take their responses out of received bytes.

Modbus TCP has the MBAP header, Modbus RTU has unit and CRC-16. A response is taken whole and
matching its request, or not at all.
"""

from __future__ import annotations

import contextlib
import struct
from typing import Protocol

from pymodbus.framer.rtu import FramerRTU

from heatpump_twin.drivers.modbus.wire.request import FrameError, Request

_MBAP = struct.Struct(">HHHB")
_EXCEPTION_LENGTH = 2

Bytes = bytes | bytearray


class Framing(Protocol):
    """How a PDU is packed for one kind of transport."""

    numbered: bool
    """Whether responses carry the number of their request (the transaction identifier)."""

    def pack(self, request: Request, transaction: int) -> bytes:
        """Return the frame of a request."""
        ...

    def unpack(self, buffer: Bytes, request: Request, transaction: int) -> bytes | None:
        """Return the response PDU; None: it is not complete yet.

        Raises `FrameError` as soon as the bytes cannot be the response to the request.
        """
        ...


class TcpFraming:
    """Modbus TCP: the MBAP header numbers every request (Messaging on TCP/IP V1.0b, 3.1.3)."""

    numbered = True

    def pack(self, request: Request, transaction: int) -> bytes:
        """Return the MBAP header and the PDU of a request."""
        # The length counts the unit identifier as well as the PDU.
        return _MBAP.pack(transaction, 0, len(request.pdu) + 1, request.unit) + request.pdu

    def unpack(self, buffer: Bytes, request: Request, transaction: int) -> bytes | None:
        """Return the PDU behind an MBAP header that repeats the request's transaction and unit."""
        if len(buffer) < _MBAP.size:
            return None
        header: tuple[int, int, int, int] = _MBAP.unpack_from(buffer)
        number, protocol, length, unit = header
        if protocol != 0:
            raise FrameError(f"protocol {protocol} is not Modbus")
        # Messaging on TCP/IP V1.0b, 4.4.1.3, has a client discard such a response. As one request
        # is out at a time, another number means that both ends are out of step; the link then
        # takes a new connection.
        if number != transaction:
            raise FrameError(f"response to transaction {number} instead of {transaction}")
        # A server returns the unit as it was (3.1.3); behind a gateway it tells devices apart.
        if unit != request.unit:
            raise FrameError(f"response of unit {unit} instead of {request.unit}")
        # Asked before the PDU is there: to wait for a wrong length would end in a time-out only.
        if length - 1 not in (request.response_length, _EXCEPTION_LENGTH):
            raise FrameError(f"{length - 1} bytes of response instead of {request.response_length}")
        end = _MBAP.size + length - 1
        if len(buffer) > end:
            raise FrameError("more bytes than one response")
        return bytes(buffer[_MBAP.size :]) if len(buffer) == end else None


class RtuFraming:
    """Modbus RTU: unit, PDU, CRC-16. The request says how long its response is."""

    # On the line a silent interval of 3.5 characters ends a frame (Serial Line V1.02, 2.5.1.1). It
    # is lost in the buffers of the operating system and on TCP, so that the length has to tell.

    numbered = False

    def pack(self, request: Request, _transaction: int) -> bytes:
        """Return the unit, the PDU and the CRC of a request."""
        return _with_crc(bytes((request.unit,)) + request.pdu)

    def unpack(self, buffer: Bytes, request: Request, _transaction: int) -> bytes | None:
        """Return the PDU of a response from the request's unit whose CRC is right."""
        if len(buffer) < 2:
            return None
        if buffer[0] != request.unit:
            raise FrameError(f"response of unit {buffer[0]} instead of {request.unit}")
        is_exception = buffer[1] == request.function | 0x80
        length = 3 + (_EXCEPTION_LENGTH if is_exception else request.response_length)
        if len(buffer) > length:
            raise FrameError("more bytes than one response")
        if len(buffer) < length:
            return None
        if _with_crc(bytes(buffer[:-2])) != bytes(buffer):
            raise FrameError("the checksum is wrong")
        return bytes(buffer[1:-2])


def ends_in_response(framing: Framing, buffer: Bytes, request: Request) -> bool:
    """Tell whether the last bytes are the RTU response to a request, whatever is before them."""
    for length in (request.response_length, _EXCEPTION_LENGTH):
        # Before the PDU there is the unit, behind it the CRC: three bytes.
        with contextlib.suppress(FrameError):
            if framing.unpack(buffer[-(length + 3) :], request, 0) is not None:
                return True
    return False


def _with_crc(frame: bytes) -> bytes:
    # The low byte goes first (Serial Line V1.02, 2.5.1.2): pymodbus has swapped the two already.
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")
