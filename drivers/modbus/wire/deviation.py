"""Deviations: details in which a response is not the one that was asked for, each with a remedy."""

from __future__ import annotations

from enum import StrEnum

from heatpump_twin.drivers.modbus.wire.request import FrameError

ANSWERS = "something answers"


class Deviation(StrEnum):
    """The detail in which the bytes that came differ from a response to the request."""

    TRANSACTION = "transaction"
    LATE = "late"
    UNIT = "unit"
    FUNCTION = "function"
    LENGTH = "length"
    CHECKSUM = "checksum"
    PROTOCOL = "protocol"
    TWO_RESPONSES = "two responses"
    NOISE = "noise"
    ECHO = "echo"


_REMEDIES = {
    Deviation.TRANSACTION: "if the device never returns the transaction id, add transaction=any to "
    "the connection",
    Deviation.LATE: "it may need a longer timeout; if it counts one behind, add transaction=any to "
    "the connection",
    Deviation.UNIT: "if it is the right device and never returns its unit id, add unit=any to the "
    "connection",
    Deviation.CHECKSUM: "are baud rate and parity right? Have two devices one unit id?",
    Deviation.PROTOCOL: "it may speak RTU over TCP: try rtu+tcp://",
    Deviation.TWO_RESPONSES: "have two devices this unit id?",
    Deviation.NOISE: "if the line cannot be made quiet, add noise=skip to the connection",
    Deviation.ECHO: "if the adapter cannot be told not to, add echo=skip to the connection",
}


class DeviatingFrameError(FrameError):
    """Something answers, but not quite by the book: what differs, and what to do about it."""

    def __init__(self, deviation: Deviation, what: str) -> None:
        self.deviation = deviation
        remedy = _REMEDIES.get(deviation)
        super().__init__(f"{ANSWERS}, but {what}{f'; {remedy}' if remedy else ''}")
