"""The transports of emulated devices: TCP, RTU over TCP, serial."""

from __future__ import annotations

from enum import StrEnum


class Transport(StrEnum):
    """A transport of Modbus, named as in the addresses of a site file."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu+tcp"
    SERIAL = "serial"
