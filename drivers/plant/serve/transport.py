"""How emulated devices are reached."""

from __future__ import annotations

from enum import StrEnum


class Transport(StrEnum):
    """Named as in the addresses of a site file."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu+tcp"
    SERIAL = "serial"
