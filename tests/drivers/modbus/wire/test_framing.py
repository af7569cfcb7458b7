"""Nothing is taken from a response that does not match its request."""

from __future__ import annotations

import struct

import pytest

from heatpump_twin.drivers.modbus.profile.profile import Space, WriteFunction
from heatpump_twin.drivers.modbus.wire.framing import TcpFraming
from heatpump_twin.drivers.modbus.wire.request import FrameError, ModbusExceptionError, Request
from heatpump_twin.drivers.modbus.wire.rtu_framing import RtuFraming

READ = Request.read(17, Space.HOLDING, 0x6B, 3)

# Frames of the Modbus specifications: Application Protocol V1.1b3, 6.3 and Serial Line V1.02.
READ_PDU = bytes.fromhex("03 006B 0003")
ANSWER_PDU = bytes.fromhex("03 06 022B 0000 0064")
RTU_REQUEST = bytes.fromhex("11 03 006B 0003 7687")


def test_a_read_request_is_as_the_specification_prints_it() -> None:
    assert READ.pdu == READ_PDU
    assert RtuFraming().pack(READ, 0) == RTU_REQUEST
    assert TcpFraming().pack(READ, 0x1501) == bytes.fromhex("1501 0000 0006 11") + READ_PDU


@pytest.mark.parametrize(
    ("space", "words", "function", "pdu"),
    [
        (Space.COIL, [1], None, "05 00AC FF00"),
        (Space.COIL, [0], None, "05 00AC 0000"),
        (Space.COIL, [1], WriteFunction.MULTIPLE, "0F 00AC 0001 01 01"),
        (Space.HOLDING, [3], None, "06 00AC 0003"),
        (Space.HOLDING, [3], WriteFunction.MULTIPLE, "10 00AC 0001 02 0003"),
        (Space.HOLDING, [10, 258], None, "10 00AC 0002 04 000A 0102"),
    ],
)
def test_write_requests(
    space: Space, words: list[int], function: WriteFunction | None, pdu: str
) -> None:
    assert Request.write(1, space, 0xAC, words, function).pdu == bytes.fromhex(pdu)


def tcp_frame(pdu: bytes, transaction: int = 7, unit: int = 17, protocol: int = 0) -> bytes:
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu


def test_a_matching_response_is_taken_once_it_is_whole() -> None:
    frame = tcp_frame(ANSWER_PDU)
    for end in range(len(frame)):
        assert TcpFraming().take(bytearray(frame[:end]), READ, 7) is None
    assert TcpFraming().take(bytearray(frame), READ, 7) == ANSWER_PDU
    assert READ.accept(ANSWER_PDU) == ANSWER_PDU[2:]


@pytest.mark.parametrize(
    "frame",
    [
        tcp_frame(ANSWER_PDU, transaction=8),
        tcp_frame(ANSWER_PDU, transaction=0),
        tcp_frame(ANSWER_PDU, unit=16),
        tcp_frame(ANSWER_PDU, protocol=1),
        tcp_frame(ANSWER_PDU[:-2]),
        tcp_frame(ANSWER_PDU + b"\0\0"),
        tcp_frame(b"\x04" + ANSWER_PDU[1:]),
        tcp_frame(b"\x03\x04" + ANSWER_PDU[2:]),
        tcp_frame(b"\x84\x02"),
    ],
    ids=[
        "other transaction",
        "transaction 0",
        "other unit",
        "other protocol",
        "too short",
        "too long",
        "other function",
        "byte count lies",
        "exception to another function",
    ],
)
def test_anything_else_is_an_error(frame: bytes) -> None:
    with pytest.raises(FrameError):
        READ.accept(TcpFraming().take(bytearray(frame), READ, 7) or b"")


def test_an_exception_response_carries_its_code() -> None:
    pdu = TcpFraming().take(bytearray(tcp_frame(b"\x83\x02")), READ, 7)
    assert pdu is not None
    with pytest.raises(ModbusExceptionError, match="exception 2, illegal data address") as caught:
        READ.accept(pdu)
    assert caught.value.concerns_addresses


def test_a_write_must_be_confirmed_as_it_was_asked() -> None:
    request = Request.write(1, Space.HOLDING, 12, [455], None)
    assert request.accept(request.pdu) == b""
    with pytest.raises(FrameError):
        request.accept(Request.write(1, Space.HOLDING, 12, [456], None).pdu)


def rtu_frame(unit: int = 17, pdu: bytes = ANSWER_PDU) -> bytes:
    body = bytes((unit,)) + pdu
    crc = 0xFFFF
    for byte in body:  # the algorithm of Serial Line V1.02, appendix B, bit by bit
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return body + crc.to_bytes(2, "little")


def test_rtu_response_with_its_checksum() -> None:
    frame = rtu_frame()
    assert RtuFraming().take(bytearray(frame), READ, 0) == ANSWER_PDU
    assert RtuFraming().take(bytearray(frame[:-1]), READ, 0) is None
    spoilt = bytearray(frame[:-1] + bytes((frame[-1] ^ 1,)))
    assert RtuFraming().take(spoilt, READ, 0) is None
    assert "checksum" in str(RtuFraming().complaint(spoilt, READ))
    assert RtuFraming().complaint(frame[:-1], READ) is None
    with pytest.raises(FrameError, match="unit 16"):
        RtuFraming().take(bytearray(rtu_frame(16)), READ, 0)
