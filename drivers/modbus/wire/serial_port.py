"""A serial port as an asyncio transport, without a thread."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
from dataclasses import dataclass

from heatpump_twin.config.settings import DeviceConnection

_OPTIONS = {"baudrate", "parity", "stopbits"}
_PARITIES = {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}
_READ_SIZE = 512


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """8 data bits always; the defaults are those of Modbus over Serial Line V1.02, 2.5.1."""

    path: str
    baudrate: int = 19200
    parity: str = "E"
    stopbits: int = 1

    @classmethod
    def of(cls, address: DeviceConnection) -> SerialSettings:
        """Read the options of a ``serial://`` address. Raises ValueError with what is wrong."""
        if unknown := set(address.options) - _OPTIONS:
            raise ValueError(f"unknown option {sorted(unknown)}; there are {sorted(_OPTIONS)}")
        baudrate = address.options.get("baudrate", "19200")
        parity = address.options.get("parity", "E").upper()
        stopbits = address.options.get("stopbits", "1")
        if not hasattr(termios, f"B{baudrate}"):
            raise ValueError(f"{baudrate!r} is not a baud rate of serial ports")
        if parity not in _PARITIES:
            raise ValueError(f"parity is N, E or O, not {parity!r}")
        if stopbits not in ("1", "2"):
            raise ValueError(f"stopbits is 1 or 2, not {stopbits!r}")
        return cls(address.path, int(baudrate), parity, int(stopbits))


def open_serial(settings: SerialSettings, protocol: asyncio.Protocol) -> None:
    """Open a port for this process alone, raw, and connect it to a protocol. Raises OSError."""
    port = os.open(settings.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        fcntl.ioctl(port, termios.TIOCEXCL)
        _configure(port, settings)
        termios.tcflush(port, termios.TCIOFLUSH)
    except termios.error as error:
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
    check = termios.INPCK if settings.parity != "N" else 0
    termios.tcsetattr(port, termios.TCSANOW, [check, 0, control, 0, speed, speed, characters])


class SerialTransport(asyncio.WriteTransport):
    """Feeds a protocol from a port and writes to it. A frame fits in the kernel's buffer."""

    def __init__(self, port: int, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._port: int | None = port
        self._protocol = protocol
        self._loop.add_reader(port, self._readable)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand a whole frame to the kernel, or give the port up."""
        if self._port is None:
            return
        try:
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
        else:
            self._end(None)

    def _end(self, error: OSError | None) -> None:
        port, self._port = self._port, None
        if port is not None:
            self._loop.remove_reader(port)
            os.close(port)
            self._loop.call_soon(self._protocol.connection_lost, error)
