"""The bytes of a request, as they are decoded: what they can ask for is bounded by what they are.

asyncua decodes whatever a message claims: it takes a length below zero for a way back, makes
elements that take no bytes, and fills an array up to the dimensions that it is said to have. A few
bytes could keep the server busy for minutes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData, ServiceError
from asyncua.ua import ua_binary

EFFORT = 100_000
"""What may be decoded in one go, in parts that take some 2 µs: a fifth of a second."""
OBJECT = 5
"""Parts that a single byte counts for: a Variant or a NodeId begins with it."""
BULK = 20
"""Bytes of a long text or array that count for one part."""
MOST_DIMENSIONS = 10

_array_decoder = ua_binary._create_uatype_array_deserializer  # noqa: SLF001
_shape = ua_binary._reshape  # noqa: SLF001


class RequestBody(Buffer):
    """The bytes of a service request, which are read forwards only, and not without end."""

    def __init__(
        self, data: bytes, start: int = 0, size: int = -1, left: list[int] | None = None
    ) -> None:
        super().__init__(data, start, size)
        # One account for the body and for all parts of it.
        self._left = [EFFORT] if left is None else left

    def read(self, size: int) -> bytes:
        """Return the next bytes; raise NotEnoughData where there are none."""
        if not 0 <= size <= self._size:
            raise NotEnoughData(f"a length of {size} where {self._size} bytes are left")
        left = self._left
        left[0] -= OBJECT if size == 1 else 1 + size // BULK
        if left[0] < 0:
            raise ServiceError(ua.StatusCodes.BadEncodingLimitsExceeded)
        return super().read(size)

    def skip(self, size: int) -> None:
        """Leave out the next bytes."""
        if size < 0:
            raise NotEnoughData(f"a length of {size}")
        super().skip(size)

    def copy(self, size: int = -1) -> RequestBody:
        """Return what is left, or the next bytes of it, to be read by itself."""
        size = self._size if size == -1 else min(size, self._size)
        return RequestBody(self._data, self._cur_pos, size, self._left)

    def first_number(self) -> int:
        """Return the next number without reading it: how long a list is that begins here."""
        return int.from_bytes(self._data[self._cur_pos : self._cur_pos + 4], "little", signed=True)

    @property
    def laborious(self) -> bool:
        """Whether much was decoded since the account was settled."""
        return self._left[0] < EFFORT - EFFORT // 50

    def settle(self) -> None:
        """Begin another account: others have had their turn."""
        self._left[0] = EFFORT


@functools.cache
def _bounded_array_decoder(kind: ua.VariantType) -> Callable[[Any], list[Any] | None]:
    return _no_nulls if kind is ua.VariantType.Null else _array_decoder(kind)


def _no_nulls(data: Buffer) -> list[Any] | None:
    """Decode an array of nothing, which has no elements."""
    length = ua_binary.Primitives.Int32.unpack(data)
    if length > 0:
        raise NotEnoughData(f"{length} elements of no type")
    return None if length == -1 else []


def _checked_shape(flat: list[Any], dims: list[int]) -> list[Any]:
    """Return the elements of an array in its dimensions (OPC 10000-6, 5.2.2.16)."""
    if not dims:  # null, too
        return flat
    fits = len(dims) <= MOST_DIMENSIONS and min(dims) >= 0
    if not fits or math.prod(dims) != len(flat):
        raise NotEnoughData("an array has other dimensions than elements")
    return _shape(flat, dims) if flat else flat


ua_binary._create_uatype_array_deserializer = _bounded_array_decoder  # noqa: SLF001
ua_binary._reshape = _checked_shape  # noqa: SLF001
