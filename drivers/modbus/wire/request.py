"""Modbus request PDUs, exception codes, and the rule which response belongs to a request.

pymodbus writes the request PDUs. The responses are checked here, because a general client has to be
lenient: pymodbus takes a response with another function code, another byte count or transaction 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from heatpump_twin.drivers.modbus.profile.profile import Space, WriteFunction
from heatpump_twin.drivers.protocol import LinkError
from heatpump_twin.drivers.status import (
    BAD_CONFIGURATION_ERROR,
    BAD_DEVICE_FAILURE,
    BAD_NO_COMMUNICATION,
    BAD_NOT_SUPPORTED,
    BAD_RESOURCE_UNAVAILABLE,
)

_READS: dict[Space, type[ModbusPDU]] = {
    Space.COIL: ReadCoilsRequest,
    Space.DISCRETE: ReadDiscreteInputsRequest,
    Space.HOLDING: ReadHoldingRegistersRequest,
    Space.INPUT: ReadInputRegistersRequest,
}

_READ_BACK = {
    1: Space.COIL, 2: Space.DISCRETE, 3: Space.HOLDING, 4: Space.INPUT,
    5: Space.COIL, 6: Space.HOLDING, 15: Space.COIL, 16: Space.HOLDING,
}  # fmt: skip
"""By function code: the table that a request reads, or in which its write can be read."""
EXCEPTION_LENGTH = 2
"""Bytes of the PDU of an exception, whatever it is about."""
_SINGLE_WRITES = (5, 6)

# What the exception codes (Application Protocol V1.1b3, 7) mean to a client of ours: 1 to 3 blame
# the request, and with it the profile; 5 and 6 will pass; 10 and 11 are a gateway's words for a
# device that it does not reach.
_STATUS = {
    ExcCodes.ILLEGAL_FUNCTION: BAD_NOT_SUPPORTED,
    ExcCodes.ILLEGAL_ADDRESS: BAD_CONFIGURATION_ERROR,
    ExcCodes.ILLEGAL_VALUE: BAD_CONFIGURATION_ERROR,
    ExcCodes.ACKNOWLEDGE: BAD_RESOURCE_UNAVAILABLE,
    ExcCodes.DEVICE_BUSY: BAD_RESOURCE_UNAVAILABLE,
    ExcCodes.GATEWAY_PATH_UNAVIABLE: BAD_NO_COMMUNICATION,
    ExcCodes.GATEWAY_NO_RESPONSE: BAD_NO_COMMUNICATION,
}

_TEXT = {
    ExcCodes.ILLEGAL_FUNCTION: "illegal function",
    ExcCodes.ILLEGAL_ADDRESS: "illegal data address",
    ExcCodes.ILLEGAL_VALUE: "illegal data value",
    ExcCodes.DEVICE_FAILURE: "device failure",
    ExcCodes.ACKNOWLEDGE: "accepted, still working on it",
    ExcCodes.DEVICE_BUSY: "device busy",
    ExcCodes.MEMORY_PARITY_ERROR: "memory parity error",
    ExcCodes.GATEWAY_PATH_UNAVIABLE: "gateway path unavailable",
    ExcCodes.GATEWAY_NO_RESPONSE: "no response from the device behind the gateway",
}

_OF_GATEWAY = frozenset({ExcCodes.GATEWAY_PATH_UNAVIABLE, ExcCodes.GATEWAY_NO_RESPONSE})
_BUSY = frozenset({ExcCodes.ACKNOWLEDGE, ExcCodes.DEVICE_BUSY})


class ModbusExceptionError(LinkError):
    """The device answered with a Modbus exception code: it lives, and the link is sound."""

    def __init__(self, code: int) -> None:
        # A code that the specification does not list says only that the device failed.
        text = _TEXT.get(ExcCodes(code), "") if code in set(ExcCodes) else ""
        status = _STATUS.get(ExcCodes(code), BAD_DEVICE_FAILURE) if text else BAD_DEVICE_FAILURE
        super().__init__(f"Modbus exception {code}{f', {text}' if text else ''}", status)
        self.code = code

    @property
    def concerns_addresses(self) -> bool:
        """Whether it is about what was asked for, not about the moment or the way."""
        return not self.is_busy and not self.of_gateway

    @property
    def is_busy(self) -> bool:
        """Whether the device asks for the request again, later (Application Protocol, 7)."""
        return self.code in _BUSY

    @property
    def is_refused_for_now(self) -> bool:
        """Whether the device is busy and has begun nothing: it may be asked again, also to write.

        To a write "accepted, still working on it" (5) is something else: that one is under way.
        """
        return self.code == ExcCodes.DEVICE_BUSY

    @property
    def is_silence(self) -> bool:
        """Whether it puts into words that the device behind a gateway did not answer in time."""
        return self.code == ExcCodes.GATEWAY_NO_RESPONSE

    @property
    def of_gateway(self) -> bool:
        """Whether the exception comes from a gateway that does not reach the device."""
        return self.code in _OF_GATEWAY


class FrameError(LinkError):
    """The received bytes are not the response to the request; nothing of them was used."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request PDU to one unit, and the length of its normal response PDU."""

    unit: int
    pdu: bytes
    response_length: int

    @classmethod
    def read(cls, unit: int, space: Space, address: int, count: int) -> Request:
        """Return the request that reads consecutive registers or bits."""
        pdu = _bytes(_READS[space](address=address, count=count))
        # Function code and byte count stand before the data (Application Protocol, 6.1 to 6.4).
        return cls(unit, pdu, 2 + space.octets(count))

    @classmethod
    def write(
        cls,
        unit: int,
        space: Space,
        address: int,
        words: Sequence[int],
        function: WriteFunction | None,
    ) -> Request:
        """Return the request that writes consecutive registers or bits.

        Function 05 or 06 writes one, 15 or 16 several, or one where ``function`` says `MULTIPLE`.
        """
        # Some devices answer 05 or 06 with exception 1 and take 15 or 16 for a single value, too.
        single = len(words) == 1 and function is not WriteFunction.MULTIPLE
        pdu: ModbusPDU
        if space is Space.COIL:
            bits = [bool(word) for word in words]
            kind = WriteSingleCoilRequest if single else WriteMultipleCoilsRequest
            pdu = kind(address=address, bits=bits)
        else:
            registers = WriteSingleRegisterRequest if single else WriteMultipleRegistersRequest
            pdu = registers(address=address, registers=list(words))
        # Five bytes confirm a write: function, address, and value or count (6.5, 6.6, 6.11, 6.12).
        return cls(unit, _bytes(pdu), 5)

    @property
    def function(self) -> int:
        """The function code of the request."""
        return self.pdu[0]

    @property
    def is_read(self) -> bool:
        """Whether it reads."""
        return self.function <= 4

    @property
    def table(self) -> Space:
        """The table that the request reads, or in which its write can be read."""
        return _READ_BACK[self.function]

    @property
    def address(self) -> int:
        """First address of the request."""
        return int.from_bytes(self.pdu[1:3], "big")

    @property
    def end(self) -> int:
        """The address behind the last one that it reads or writes."""
        several = self.function not in _SINGLE_WRITES
        return self.address + (int.from_bytes(self.pdu[3:5], "big") if several else 1)

    def overlaps(self, other: Request) -> bool:
        """Tell whether both concern one of the registers or bits of one table."""
        is_near = self.address < other.end and other.address < self.end
        return is_near and self.table is other.table

    def contains(self, other: Request) -> bool:
        """Tell whether it concerns all registers or bits that another one does."""
        is_within = self.address <= other.address and other.end <= self.end
        return is_within and self.table is other.table

    def accept(self, response: bytes) -> bytes:
        """Return the data of a response PDU that belongs to this request.

        Raises `ModbusExceptionError` for an exception response and `FrameError` for anything else.
        """
        function = self.function
        if len(response) == EXCEPTION_LENGTH and response[0] == function | 0x80:
            raise ModbusExceptionError(response[1])
        if response[0] & 0x7F != function:
            what = f"with function {response[0] & 0x7F} instead of {function}"
            raise FrameError(f"something answers, but {what}")
        if len(response) != self.response_length or response[0] != function:
            raise FrameError(f"the response does not fit the request: {response[:8].hex(' ')}")
        if self.is_read:
            if response[1] != len(response) - 2:
                raise FrameError("the byte count does not fit the request")
            return response[2:]
        # 05 and 06 are answered by an echo, 15 and 16 by address and count: in each case the first
        # five bytes of the request. A device that clamps a value may echo the clamped one; that
        # leaves the write in doubt, and reading back settles it.
        if response != self.pdu[:5]:
            raise FrameError("the device confirmed another write than the one asked for")
        return b""


def _bytes(pdu: ModbusPDU) -> bytes:
    return bytes((pdu.function_code,)) + pdu.encode()
