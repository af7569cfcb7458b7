"""A serial port as an asyncio transport, without a thread: baud rate, parity, stop bits."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
from dataclasses import dataclass

from heatpump_twin.config.connection import DeviceConnection

SERIAL_OPTIONS = {"baudrate", "parity", "stopbits"}
_PARITIES = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}
_READ_SIZE = 512


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Settings of a serial port: 8 data bits always.

    The defaults are those of Modbus over Serial Line V1.02: even parity (2.5.1), 19200 Bd (3.2).
    """

    path: str
    baudrate: int = 19200
    parity: str = "E"
    stopbits: int = 1

    @classmethod
    def of(cls, address: DeviceConnection) -> SerialSettings:
        """Return the settings in the options of a ``serial://`` address. Raises ValueError."""
        baudrate = baud_rate(address)
        parity = address.options.get("parity", "E").upper()
        stopbits = address.options.get("stopbits", "1")
        if parity not in _PARITIES:
            raise ValueError(f"parity is N, E or O, not {parity!r}")
        # One stop bit is accepted without parity as well. The specification wants two (2.5.1), but
        # devices with 8N1 are common.
        if stopbits not in ("1", "2"):
            raise ValueError(f"stopbits is 1 or 2, not {stopbits!r}")
        return cls(address.path, baudrate, parity, int(stopbits))


def baud_rate(address: DeviceConnection) -> int:
    """Return the baud rate of an address, also of a line behind a gateway. Raises ValueError."""
    text = address.options.get("baudrate", "19200")
    if not hasattr(termios, f"B{text}"):
        raise ValueError(f"{text!r} is not a baud rate of serial ports")
    return int(text)


def open_serial(settings: SerialSettings, protocol: asyncio.Protocol) -> None:
    """Open a serial port for this process alone, raw, and connect it to a protocol.

    Raises OSError.
    """
    port = os.open(settings.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        # A line has one master (Serial Line V1.02, 2.1): a second program would garble its frames.
        fcntl.ioctl(port, termios.TIOCEXCL)
        _configure(port, settings)
        termios.tcflush(port, termios.TCIOFLUSH)
    except termios.error as error:  # not an OSError, and without the name of the port
        os.close(port)
        raise OSError(f"{settings.path} is not a serial port: {error}") from error
    except OSError:
        os.close(port)
        raise
    protocol.connection_made(SerialTransport(port, protocol))


def _configure(port: int, settings: SerialSettings) -> None:
    speed = getattr(termios, f"B{settings.baudrate}")
    control = termios.CS8 | termios.CREAD | termios.CLOCAL | _PARITIES[settings.parity]
    control |= termios.CSTOPB if settings.stopbits == 2 else 0
    characters = termios.tcgetattr(port)[6]
    characters[termios.VMIN], characters[termios.VTIME] = 0, 0
    # A character of wrong parity is then read as 0, and the CRC rejects the frame. To mark it (with
    # PARMRK) would put bytes into frames whose length is known.
    check = termios.INPCK if settings.parity != "N" else 0
    termios.tcsetattr(port, termios.TCSANOW, [check, 0, control, 0, speed, speed, characters])


class SerialTransport(asyncio.WriteTransport):
    """Feed a protocol from a serial port, and write to the port.

    Nothing is buffered here: a frame of at most 256 bytes fits in the kernel's buffer.
    """

    def __init__(self, port: int, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._port: int | None = port
        self._protocol = protocol
        self._loop.add_reader(port, self._readable)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand a whole frame to the kernel, or close the port."""
        if self._port is None:
            return
        try:
            # Half a frame must not be followed by the rest: the silence between would end it.
            if os.write(self._port, data) != len(data):
                self.abort()
        except OSError as error:
            self._end(error)

    def abort(self) -> None:
        """Close the port at once."""
        self._end(None)

    def close(self) -> None:
        """Close the port; nothing is buffered."""
        self._end(None)

    def is_closing(self) -> bool:
        """Tell whether the port is closed."""
        return self._port is None

    def _readable(self) -> None:
        assert self._port is not None  # noqa: S101 (the reader is removed before it closes)
        try:
            data = os.read(self._port, _READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        else:  # readable, and nothing to read: the adapter was unplugged
            self._end(None)

    def _end(self, error: OSError | None) -> None:
        port, self._port = self._port, None
        if port is not None:
            self._loop.remove_reader(port)
            os.close(port)
            # Later, as asyncio's own transports do: `write` may be on the stack.
            self._loop.call_soon(self._protocol.connection_lost, error)
