"""Modbus RTU: unit, PDU, CRC-16; responses are found among noise and echoes by all three."""

from __future__ import annotations

from pymodbus.framer.rtu import FramerRTU

from heatpump_twin.drivers.modbus.wire.deviation import DeviatingFrameError, Deviation
from heatpump_twin.drivers.modbus.wire.framing import noise_error
from heatpump_twin.drivers.modbus.wire.line_oddities import LineOddities, Oddity
from heatpump_twin.drivers.modbus.wire.request import EXCEPTION_LENGTH, FrameError, Request

_READS = range(1, 5)
_SINGLE_WRITES = (5, 6)
_AROUND = 3
"""Bytes of a frame that are not its PDU: the unit before it, the CRC behind."""
_CHARACTER = 11
"""Bits of a character on a serial line (Serial Line V1.02, 2.5.1)."""
_FASTEST = 19200
"""Above this baud rate the silent interval no longer shrinks (2.5.1.1)."""


def silent_interval(baudrate: int) -> float:
    """Return the silence between two frames: 3.5 characters, 1.75 ms above 19200 Bd. [s]"""
    return 3.5 * _CHARACTER / baudrate if baudrate <= _FASTEST else 0.00175


class RtuFraming:
    """Modbus RTU: unit, PDU, CRC-16. The request says how long its response is.

    On the line a silent interval of 3.5 characters ends a frame (Serial Line V1.02, 2.5.1.1). It is
    lost in the buffers of the operating system and on TCP, so that unit, function, length and CRC
    have to tell. Together they also find a response among bytes that are none of it, which is taken
    with ``skip_noise`` and, where they are the request itself, ``skip_echo``.
    """

    numbered = False

    def __init__(
        self,
        oddities: LineOddities | None = None,
        *,
        baudrate: int = _FASTEST,
        any_unit: bool = False,
        skip_noise: bool = False,
        skip_echo: bool = False,
    ) -> None:
        self.silence = silent_interval(baudrate)
        self._any_unit = any_unit
        self._skip_noise = skip_noise
        self._skip_echo = skip_echo
        self._oddities = oddities or LineOddities()
        self._late_units: set[int] = set()
        self._echoes: bool | None = None
        """Whether the line echoes; None: not known yet."""

    def pack(self, request: Request, _transaction: int) -> bytes:
        """Return the unit, the PDU and the CRC of a request."""
        return _with_crc(bytes((request.unit,)) + request.pdu)

    def clear(self, buffer: bytearray) -> None:
        """Drop bytes that came since the last response: a device speaks only when asked."""
        self._oddities.note(Oddity.NOISE, len(buffer))
        buffer.clear()

    def take(self, buffer: bytearray, request: Request, _transaction: int) -> bytes | None:
        """Take the PDU of a response from the request's unit whose CRC is right."""
        echo = self._echo_in(buffer, request)
        start, pdu = self._find(buffer, echo, request)
        if pdu is None:
            if self._drops_foreign(buffer, echo, request):
                return self.take(buffer, request, 0)
            return None
        end = start + len(pdu) + _AROUND
        if self._find(buffer, end, request)[1] is not None:
            raise DeviatingFrameError(Deviation.TWO_RESPONSES, "with two responses to one request")
        self._check_around(buffer, echo, start, end)
        self._note(request, echo, start - echo + len(buffer) - end)
        buffer.clear()
        self._late_units.discard(request.unit)
        return pdu

    def take_probe(self, buffer: bytearray, probe: Request) -> bytes | None:
        """Take the response to a probe: data rather than an exception, which may be a late one.

        Raises `FrameError` for an echo that is not to be skipped: it could confirm a write.
        """
        echo = self._echo_in(buffer, probe)
        start, pdu = self._find(buffer, echo, probe)
        while pdu is not None and len(pdu) == EXCEPTION_LENGTH:
            later, data = self._find(buffer, start + len(pdu) + _AROUND, probe)
            if data is None:
                break
            start, pdu = later, data
        if pdu is not None:
            self._check_echo(echo)
            self._note(probe, echo, 0)
            buffer.clear()
        return pdu

    def complaint(self, buffer: bytes | bytearray, request: Request) -> FrameError | None:
        """Return what is wrong with an echo, or with as many bytes as a response has."""
        echo = self._echo_in(buffer, request)
        rest = buffer[echo:]
        if len(rest) < request.response_length + _AROUND:
            return _echo_error() if echo and not self._skip_echo else None
        return DeviatingFrameError(
            Deviation.CHECKSUM, f"the checksum is wrong: {bytes(rest[:12]).hex(' ')}"
        )

    def expect_late(self, unit: int, _transaction: int) -> None:
        """Remember that a response of a unit may come when others are asked."""
        self._late_units.add(unit)

    def instead(self, _transaction: int) -> FrameError | None:
        """Return None: nothing numbers a response."""
        return None

    def is_broadcast(self, request: Request) -> bool:
        """Tell whether a request is a write to all devices (Serial Line V1.02, 2.1)."""
        return request.unit == 0 and request.function not in _READS

    def must_learn_echo(self, request: Request) -> bool:
        """Tell whether nothing is known of echoes yet, and that of a request is its response."""
        return self._echoes is None and request.function in _SINGLE_WRITES

    def _echo_in(self, buffer: bytes | bytearray, request: Request) -> int:
        """Return how many bytes at the beginning are the request itself."""
        frame = self.pack(request, 0)
        if not buffer.startswith(frame):
            return 0
        # Functions 05 and 06 are answered by the same bytes (Application Protocol, 6.5 and 6.6), so
        # that only what was learnt from reads tells an echo.
        if request.function in _SINGLE_WRITES and not self._echoes:
            return 0
        # A read of bits may have a response that looks like it, by a chance of one in 2²⁴.
        return len(frame)

    def _find(
        self, buffer: bytes | bytearray, start: int, request: Request
    ) -> tuple[int, bytes | None]:
        """Return where the first response to a request begins, and its PDU; None: there is none."""
        for at in range(start, len(buffer) - EXCEPTION_LENGTH - _AROUND + 1):
            if buffer[at] != request.unit and not self._any_unit:
                continue
            size = _size_of(buffer, at, request)
            if size and _is_sound(buffer[at : at + size]):
                return at, bytes(buffer[at + 1 : at + size - 2])
        return 0, None

    def _drops_foreign(self, buffer: bytearray, start: int, request: Request) -> bool:
        """Drop a whole frame that comes late from another unit; tell whether there was one.

        Raises `FrameError` for any other frame that is not the response.
        """
        frame = _frame_at(buffer, start)
        if frame is None:
            return False
        unit, function = frame[0], frame[1] & 0x7F
        if unit != request.unit and unit in self._late_units:
            del buffer[start : start + len(frame)]
            self._oddities.note(Oddity.LATE)
            return True
        if unit != request.unit and not self._any_unit:
            what = f"as unit {unit} instead of {request.unit}"
            raise DeviatingFrameError(Deviation.UNIT, what)
        if function != request.function:
            what = f"with function {function} instead of {request.function}"
            raise DeviatingFrameError(Deviation.FUNCTION, what)
        size, wanted = len(frame) - _AROUND, request.response_length
        raise DeviatingFrameError(Deviation.LENGTH, f"with {size} bytes instead of {wanted}")

    def _check_around(self, buffer: bytearray, echo: int, start: int, end: int) -> None:
        """Raise `FrameError` for what is around a response, unless it is to be skipped."""
        self._check_echo(echo)
        around = buffer[echo:start] + buffer[end:]
        if around and not self._skip_noise:
            raise noise_error(around)

    def _check_echo(self, echo: int) -> None:
        if echo and not self._skip_echo:
            raise _echo_error()

    def _note(self, request: Request, echo: int, noise: int) -> None:
        if request.function not in _SINGLE_WRITES or echo:
            self._echoes = bool(echo)
        self._oddities.note(Oddity.ECHO, bool(echo))
        self._oddities.note(Oddity.NOISE, noise)


def _echo_error() -> DeviatingFrameError:
    what = "the line echoes what is sent"
    return DeviatingFrameError(Deviation.ECHO, what)


def _size_of(buffer: bytes | bytearray, at: int, request: Request) -> int:
    """Return the length of the response that may begin at a place; 0: none does."""
    function = buffer[at + 1]
    if function == request.function | 0x80:
        return EXCEPTION_LENGTH + _AROUND
    size = request.response_length + _AROUND
    if function != request.function or len(buffer) < at + size:
        return 0
    if function in _READS and buffer[at + 2] != request.response_length - 2:
        return 0
    return size


def _frame_at(buffer: bytes | bytearray, at: int) -> bytes | None:
    """Return the whole frame that begins at a place, whoever sent it; None: none does."""
    if len(buffer) < at + EXCEPTION_LENGTH + _AROUND:
        return None
    function = buffer[at + 1]
    if function & 0x80:
        size = EXCEPTION_LENGTH + _AROUND
    elif function in _READS:
        size = 2 + buffer[at + 2] + _AROUND
    else:
        size = 5 + _AROUND
    frame = bytes(buffer[at : at + size])
    return frame if len(frame) == size and _is_sound(frame) else None


def _is_sound(frame: bytes | bytearray) -> bool:
    return _with_crc(bytes(frame[:-2])) == frame


def _with_crc(frame: bytes) -> bytes:
    # The low byte goes first (Serial Line V1.02, 2.5.1.2): pymodbus has swapped the two already.
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")
