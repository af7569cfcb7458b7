"""Two hundred thousand spoilt responses: no crash, and no value that the device did not send.

What counts as a wrong value. A response may be taken only if all of it is what a device would send
in answer to exactly that request: on Modbus TCP the transaction, protocol 0, the length, the unit,
the function and the byte count (of a write: the echo); on RTU the unit, the function, the byte
count and a CRC that is right for all these bytes. What is taken must be the data of that frame.

What no decoder can see, and is therefore not asked for: on Modbus TCP other data bytes behind a
sound header, which only TCP's own checksum protects; on RTU other data whose CRC is right for it.
Noise of the right shape hits the right CRC once in 65,536 times, so an RTU frame that passes is
only required to have it, by another implementation than ours. But what the CRC promises to notice
must be refused: up to three flipped bits (Koopman and Chakravarty, Cyclic redundancy code (CRC)
polynomial selection for embedded networks, DSN 2004) and any change within 16 bits.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.drivers.modbus.profile.block_decoder import BlockDecoder
from heatpump_twin.drivers.modbus.profile.poll_plan import plan
from heatpump_twin.drivers.modbus.profile.profile import Profile, Space, ValueType, WriteFunction
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.wire.framing import Framing, TcpFraming
from heatpump_twin.drivers.modbus.wire.request import FrameError, ModbusExceptionError, Request
from heatpump_twin.drivers.modbus.wire.rtu_framing import RtuFraming
from heatpump_twin.drivers.status import GOOD

FRAMES = 200_000
SEEDS, FRAMES_A_SEED = 100, 2_400
TRANSACTION, UNIT = 0x1234, 17


@dataclass(frozen=True)
class Case:
    """A request, and what decodes the data of its response (of a read)."""

    request: Request
    decoder: BlockDecoder | None = None


def every_case() -> list[Case]:
    """Return reads of all packaged profiles and of one of extremes, and every kind of write."""
    cases = []
    for profile in (*map(load_profile, packaged_profiles()), of_extremes()):
        for block in plan(profile, profile.samples):
            read = Request.read(UNIT, block.space, block.address, block.count)
            cases.append(Case(read, BlockDecoder(profile, [block])))
    for words, function in (([7], None), ([7], WriteFunction.MULTIPLE), ([7, 8], None)):
        cases.append(Case(Request.write(UNIT, Space.HOLDING, 12, words, function)))
        bits = [word & 1 for word in words]
        cases.append(Case(Request.write(UNIT, Space.COIL, 12, bits, function)))
    return cases


def of_extremes() -> Profile:
    """Return a profile whose every type can overflow its scale, with marks and states."""
    names = iter(CATALOGUE["heat_pump"])
    points: list[dict[str, object]] = []
    for space in ("input", "holding"):
        address = 0
        for kind in ("int16", "uint32", "int64", "uint64", "float32", "float64"):
            for scale in (1e-300, 0.1, 1e300):
                name = next(n for n in names if CATALOGUE["heat_pump"][n].unit is not None)
                place = {"space": space, "address": address, "type": kind}
                points.append({"point": name, "scale": scale, "absent": [255, 0x8000], **place})
                address += ValueType(kind).registers
    bits = {"space": "coil", "type": "bool", "point": "defrost_active", "address": 9}
    state = {"space": "discrete", "type": "bool", "point": "fault_active", "address": 1}
    mode = {"space": "input", "address": 200, "type": "float32", "point": "operating_mode"}
    points += [bits, state, {**mode, "enum": {0: 0, 7: 1}}]
    return Profile.model_validate(
        {
            "title": "t",
            "kind": "transmitter",
            "source": "a test",
            "word_order": "little",
            "points": points,
        }
    )


CASES = every_case()


# ── what a device sends, and what may be taken for it: nothing of ours is used here ───────────────
def crc(data: bytes) -> bytes:
    """Return the CRC of Serial Line V1.02, appendix B, worked out bit by bit."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_CRC = [_crc_of_byte(byte) for byte in range(256)]


def tcp(pdu: bytes, transaction: int = TRANSACTION, unit: int = UNIT) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def rtu(pdu: bytes, _transaction: int = 0, unit: int = UNIT) -> bytes:
    body = bytes((unit,)) + pdu
    return body + crc(body)


Pack = Callable[..., bytes]


def response(request: Request, rng: random.Random) -> bytes:
    """Return a response PDU with random data, now and then an exception."""
    function = request.pdu[0]
    if rng.random() < 0.05:
        return bytes((function | 0x80, rng.randrange(1, 12)))
    if function > 4:
        return request.pdu[:5]
    count = int.from_bytes(request.pdu[3:5], "big")
    size = (count + 7) // 8 if function <= 2 else 2 * count
    return bytes((function, size)) + rng.randbytes(size)


def answer_in(frame: bytes, request: Request, pack: Pack) -> bytes | int | None:
    """Return what the frame says in answer to the request: data, an exception code, or nothing."""
    function = request.pdu[0]
    pdu = frame[7:] if pack is tcp else frame[1:-2]
    if pack(pdu) != frame or len(pdu) < 2:
        return None
    if pdu[0] == function | 0x80 and len(pdu) == 2:
        return pdu[1]
    if function > 4:
        return b"" if pdu == request.pdu[:5] else None
    count = int.from_bytes(request.pdu[3:5], "big")
    size = (count + 7) // 8 if function <= 2 else 2 * count
    sound = pdu[:2] == bytes((function, size)) and len(pdu) == 2 + size
    return pdu[2:] if sound else None


def answers_within(heard: bytes, request: Request, pack: Pack) -> list[bytes | int]:
    """Return what whole frames say that are somewhere in the bytes, with noise around them."""
    around = len(pack(b""))
    found = []
    for size in (request.response_length + around, 2 + around):
        for start in range(len(heard) - size + 1):
            answer = answer_in(heard[start : start + size], request, pack)
            if answer is not None:
                found.append(answer)
    return found


# ── how frames are spoilt ─────────────────────────────────────────────────────────────────────────
def flip_bits(frame: bytes, rng: random.Random) -> bytes:
    data = bytearray(frame)
    for place in rng.sample(range(8 * len(data)), rng.randint(1, 3)):
        data[place >> 3] ^= 1 << (place & 7)
    return bytes(data)


def burst(frame: bytes, rng: random.Random) -> bytes:
    """Change anything within 16 bits: two neighbouring bytes."""
    data = bytearray(frame)
    place = rng.randrange(len(data) - 1)
    data[place] ^= rng.randrange(256)
    data[place + 1] ^= rng.randrange(256)
    return bytes(data)


def change_head(frame: bytes, rng: random.Random) -> bytes:
    """Change a byte of what is not data: the header, the function, the byte count."""
    data = bytearray(frame)
    data[rng.randrange(min(9, len(data)))] ^= rng.randrange(1, 256)
    return bytes(data)


def cut(frame: bytes, rng: random.Random) -> bytes:
    return frame[: rng.randrange(len(frame))]


def insert(frame: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(frame) + 1)
    return frame[:place] + rng.randbytes(rng.randint(1, 4)) + frame[place:]


def delete(frame: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(frame))
    return frame[:place] + frame[place + rng.randint(1, 4) :]


def shift(frame: bytes, rng: random.Random) -> bytes:
    """Lose a byte in one place and gain one in another: the length stays."""
    return insert(delete(frame, rng), rng)[: len(frame)]


def noise(frame: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.choice((len(frame), rng.randint(1, 300))))


def twice(frame: bytes, _rng: random.Random) -> bytes:
    return frame + frame


NOTICED = (flip_bits, burst)
"""What a CRC promises to notice."""
SPOILERS = (*NOTICED, change_head, cut, insert, delete, shift, noise, twice)


def other_answer(request: Request, pack: Pack, rng: random.Random) -> bytes:
    """Return a sound frame that answers something else: another request, unit or number."""
    other = rng.choice(CASES).request
    pdu = response(other, rng)
    kind = rng.randrange(4)
    if kind == 0:
        return pack(pdu, TRANSACTION, UNIT ^ rng.randrange(1, 256))
    if kind == 1:
        return pack(response(request, rng), TRANSACTION ^ rng.randrange(1, 65536))
    if kind == 2:
        return pack(bytes((pdu[0], pdu[1] ^ rng.randrange(1, 256))) + pdu[2:])
    return pack(pdu)


# ── what the decoder makes of them ────────────────────────────────────────────────────────────────
def taken(
    framing: Framing, request: Request, chunks: Sequence[bytes]
) -> tuple[bytes | int | None, bytes]:
    """Return data or exception code that a link would take from chunks, and what had come then."""
    buffer = bytearray()
    try:
        for chunk in chunks:
            buffer += chunk
            pdu = framing.take(bytearray(buffer), request, TRANSACTION)
            if pdu is not None:
                return request.accept(pdu), bytes(buffer)
    except ModbusExceptionError as answer:
        return answer.code, bytes(buffer)
    except FrameError:
        pass
    return None, bytes(buffer)


def in_chunks(frame: bytes, rng: random.Random) -> list[bytes]:
    place = rng.randrange(len(frame) + 1)
    return [frame[:place], frame[place:]]


def spoil_many(seed: int, seen: Counter[str]) -> None:
    rng = random.Random(seed)
    for _ in range(FRAMES_A_SEED // 2):
        case = rng.choice(CASES)
        sent = response(case.request, rng)
        spoiler = rng.choice((None, *SPOILERS))
        tolerant = bool(rng.getrandbits(1))
        for framing, pack in (
            (TcpFraming(skip_noise=tolerant), tcp),
            (RtuFraming(skip_noise=tolerant, skip_echo=tolerant), rtu),
        ):
            sound = pack(sent)
            if spoiler is None:
                frame = other_answer(case.request, pack, rng)
            else:
                frame = spoiler(sound, rng)
            seen[pack.__name__] += 1
            found, heard = taken(framing, case.request, in_chunks(frame, rng))
            if found is None:
                continue
            seen[f"{pack.__name__} taken"] += 1
            story = pack.__name__, case.request, spoiler, sound.hex(), frame.hex()
            assert found in answers_within(heard, case.request, pack), story
            if pack is rtu and spoiler in NOTICED:
                assert frame == sound, story
            if case.decoder is not None and isinstance(found, bytes):
                seen["decoded"] += 1
                values, statuses = case.decoder.decode(found)
                assert np.array_equal(np.isfinite(values), statuses == GOOD), story


@pytest.mark.parametrize("rounds", [1, pytest.param(50, marks=pytest.mark.long)])
def test_no_spoilt_response_is_taken(rounds: int) -> None:
    seen: Counter[str] = Counter()

    @given(seed=st.integers(0, 2**64 - 1))
    @settings(max_examples=SEEDS * rounds)
    def spoil(seed: int) -> None:
        spoil_many(seed, seen)

    spoil()
    assert seen["tcp"] + seen["rtu"] >= FRAMES * rounds, seen
    # Other data behind a sound header does get through, or the rest would prove nothing.
    assert seen["tcp taken"] > 1000, seen
    assert seen["decoded"] > 1000, seen
