"""Pack Modbus requests into frames, and take their responses out of received bytes.

Modbus TCP has the MBAP header (`TcpFraming`), Modbus RTU has unit and CRC-16
(`heatpump_twin.drivers.modbus.wire.rtu_framing`). A response is taken whole and matching its
request, or not at all.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Protocol

from heatpump_twin.drivers.modbus.wire.deviation import DeviatingFrameError, Deviation
from heatpump_twin.drivers.modbus.wire.line_oddities import LineOddities, Oddity
from heatpump_twin.drivers.modbus.wire.request import EXCEPTION_LENGTH, FrameError, Request

_MBAP = struct.Struct(">HHHB")
_LONGEST_PDU = 253
"""Longest PDU (Application Protocol V1.1b3, 4.1). [byte]"""
_REMEMBERED = 64
"""Requests back to which a response is known that comes late or twice."""


class Framing(Protocol):
    """How a PDU is packed for one kind of transport."""

    numbered: bool
    """Whether responses carry the number of their request (the transaction identifier)."""
    silence: float
    """Silence that has to be kept between two frames. [s]"""

    def pack(self, request: Request, transaction: int) -> bytes:
        """Return the frame of a request."""
        ...

    def clear(self, buffer: bytearray) -> None:
        """Drop what a buffer holds of older responses, before a request is sent."""
        ...

    def take(self, buffer: bytearray, request: Request, transaction: int) -> bytes | None:
        """Remove the response PDU from received bytes; None: it is not complete yet.

        Raises `FrameError` as soon as the bytes cannot be the response to the request.
        """
        ...

    def take_probe(self, buffer: bytearray, probe: Request) -> bytes | None:
        """Remove the response to a probe, whatever came before it; None: it is not there yet."""
        ...

    def complaint(self, buffer: bytes | bytearray, request: Request) -> FrameError | None:
        """Return what is wrong with bytes that nothing followed; None: too few to tell."""
        ...

    def expect_late(self, unit: int, transaction: int) -> None:
        """Remember that the response of a unit to a request may come when others are asked."""
        ...

    def instead(self, transaction: int) -> FrameError | None:
        """Return what was wrong with a response that came instead of one that did not in time."""
        ...

    def is_broadcast(self, request: Request) -> bool:
        """Tell whether no response comes to a request."""
        ...

    def must_learn_echo(self, request: Request) -> bool:
        """Tell whether an echo of a request could be taken for its response."""
        ...


class TcpFraming:
    """Modbus TCP: the MBAP header numbers every request (Messaging on TCP/IP V1.0b, 3.1.3).

    With ``any_transaction`` responses count whatever number they have, so that they are not
    `numbered`; with ``any_unit``, whatever unit they come from. With ``skip_noise`` bytes before a
    response are left out.
    """

    silence = 0.0

    def __init__(
        self,
        oddities: LineOddities | None = None,
        *,
        any_transaction: bool = False,
        any_unit: bool = False,
        skip_noise: bool = False,
    ) -> None:
        self.numbered = not any_transaction
        self._any_unit = any_unit
        self._skip_noise = skip_noise
        self._oddities = oddities or LineOddities()
        self._lost: deque[int] = deque(maxlen=_REMEMBERED)
        """Numbers of requests whose time-outs are over."""
        self._other: tuple[int, int] | None = None
        """The number of a request, and that of a response which would have fitted it."""

    def pack(self, request: Request, transaction: int) -> bytes:
        """Return the MBAP header and the PDU of a request."""
        # The length counts the unit identifier as well as the PDU.
        return _MBAP.pack(transaction, 0, len(request.pdu) + 1, request.unit) + request.pdu

    def clear(self, buffer: bytearray) -> None:
        """Drop what came late, where no number tells it; else keep the stream as it is."""
        if not self.numbered:
            self._oddities.note(Oddity.LATE, bool(buffer))
            buffer.clear()

    def take(self, buffer: bytearray, request: Request, transaction: int) -> bytes | None:
        """Take the PDU behind an MBAP header that repeats the request's transaction and unit."""
        size = _MBAP.size + request.response_length
        # Nearly always it is just the response, whole, and nothing else.
        if len(buffer) == size and buffer.startswith(
            _MBAP.pack(transaction, 0, request.response_length + 1, request.unit)
        ):
            pdu = bytes(buffer[_MBAP.size :])
            buffer.clear()
            return pdu
        return self._take_among(buffer, request, transaction)

    def _take_among(self, buffer: bytearray, request: Request, transaction: int) -> bytes | None:
        """Take the PDU of a response among other things."""
        while len(buffer) >= _MBAP.size:
            header: tuple[int, int, int, int] = _MBAP.unpack_from(buffer)
            number, protocol, length, unit = header
            deviation = self._deviation(number, protocol, length, transaction)
            if deviation is not None:
                if not self._skips_noise(buffer, request, transaction):
                    raise deviation
                continue
            end = _MBAP.size + length - 1
            if self.numbered and number != transaction:
                if len(buffer) < end:
                    return None
                if length - 1 == request.response_length:
                    self._other = transaction, number
                self._drop(buffer, end, number)
                continue
            self._check(unit, length, request)
            if len(buffer) < end:
                return None
            pdu = bytes(buffer[_MBAP.size : end])
            del buffer[:end]
            self._drop_repeated(buffer, transaction)
            return pdu
        return None

    def take_probe(self, buffer: bytearray, probe: Request) -> bytes | None:
        """Take the first response that fits a probe, and drop those before it."""
        while len(buffer) >= _MBAP.size:
            header: tuple[int, int, int, int] = _MBAP.unpack_from(buffer)
            end = _MBAP.size + header[2] - 1
            if len(buffer) < end:
                return None
            pdu = bytes(buffer[_MBAP.size : end])
            del buffer[:end]
            if len(pdu) in (probe.response_length, EXCEPTION_LENGTH) and (
                pdu[0] & 0x7F == probe.function
            ):
                return pdu
            self._oddities.note(Oddity.LATE)
        return None

    def complaint(self, _buffer: bytes | bytearray, _request: Request) -> FrameError | None:
        """Return None: `take` complains at once."""
        return None

    def expect_late(self, _unit: int, transaction: int) -> None:
        """Remember the number of a request whose response may come when others are asked."""
        self._lost.append(transaction)

    def instead(self, transaction: int) -> FrameError | None:
        """Return that a response had the number of an earlier request."""
        if self._other is None or self._other[0] != transaction:
            return None
        number = self._other[1]
        if number not in self._lost:
            return _other_transaction(number, transaction)
        # The numbers of a device that is late and of one that counts one behind are the same.
        what = f"to an earlier request: transaction {number} instead of {transaction}"
        return DeviatingFrameError(Deviation.LATE, what)

    def is_broadcast(self, _request: Request) -> bool:
        """Tell that there is none: unit 0 is the device itself (Messaging V1.0b, 4.4.2.2)."""
        return False

    def must_learn_echo(self, _request: Request) -> bool:
        """Tell that TCP does not echo."""
        return False

    def _deviation(
        self, number: int, protocol: int, length: int, transaction: int
    ) -> DeviatingFrameError | None:
        """Return what is wrong with a header that belongs to no request of ours."""
        if protocol != 0 or not 2 <= length <= _LONGEST_PDU + 1:
            what = f"not in Modbus TCP: protocol {protocol}, length {length}"
            return DeviatingFrameError(Deviation.PROTOCOL, what)
        # Messaging on TCP/IP V1.0b, 4.4.1.3, has a client discard a response to no pending
        # request. One to a request of ours came late or twice; any other number is a device that
        # counts in its own way, and will go on so. No request of ours has the number 0.
        ours = number and 0 <= transaction - number < _REMEMBERED
        if self.numbered and not ours:
            return _other_transaction(number, transaction)
        return None

    def _skips_noise(self, buffer: bytearray, request: Request, transaction: int) -> bool:
        """Drop what is before the header of the response; tell whether it is there.

        Raises `FrameError` if that is not to be skipped.
        """
        for length in (request.response_length, EXCEPTION_LENGTH):
            at = buffer.find(_MBAP.pack(transaction, 0, length + 1, request.unit))
            if at > 0:
                if not self._skip_noise:
                    raise noise_error(buffer[:at])
                self._oddities.note(Oddity.NOISE, at)
                del buffer[:at]
                return True
        return False

    def _check(self, unit: int, length: int, request: Request) -> None:
        # A server returns the unit as it was (3.1.3); behind a gateway it tells devices apart.
        if unit != request.unit and not self._any_unit:
            what = f"as unit {unit} instead of {request.unit}"
            raise DeviatingFrameError(Deviation.UNIT, what)
        # Asked before the PDU is there: to wait for a wrong length would end in a time-out only.
        if length - 1 not in (request.response_length, EXCEPTION_LENGTH):
            what = f"with {length - 1} bytes instead of {request.response_length}"
            raise DeviatingFrameError(Deviation.LENGTH, what)

    def _drop(self, buffer: bytearray, end: int, number: int) -> None:
        del buffer[:end]
        self._oddities.note(Oddity.LATE if number in self._lost else Oddity.REPEATED)

    def _drop_repeated(self, buffer: bytearray, transaction: int) -> None:
        while len(buffer) >= _MBAP.size:
            header: tuple[int, int, int, int] = _MBAP.unpack_from(buffer)
            end = _MBAP.size + header[2] - 1
            if header[0] != transaction or len(buffer) < end:
                return
            self._drop(buffer, end, header[0])


def _other_transaction(number: int, transaction: int) -> DeviatingFrameError:
    what = f"with transaction {number} instead of {transaction}"
    return DeviatingFrameError(Deviation.TRANSACTION, what)


def noise_error(noise: bytes | bytearray) -> DeviatingFrameError:
    """Return the error for bytes before or behind a response that belong to none."""
    s = "" if len(noise) == 1 else "s"
    what = f"with {len(noise)} byte{s} around the response: {bytes(noise[:8]).hex(' ')}"
    return DeviatingFrameError(Deviation.NOISE, what)
