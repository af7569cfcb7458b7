"""The file of a type-node block, with the recipe that it was made by.

One after the other: the magic; digests of the ingredients, of the code and of the rest; and the
block, compressed with zlib.
"""

from __future__ import annotations

import zlib

from heatpump_twin.server.types.recipe import DIGEST, Recipe, digest_of

_MAGIC = b"heatpump-twin type nodes 2\n"
_SIZE = DIGEST().digest_size


class UnusableError(Exception):
    """A type-node file cannot be used; the message says why."""


def file_of(block: bytes, recipe: Recipe) -> bytes:
    """Return the file of a block that was made by a recipe."""
    packed = zlib.compress(block, level=9)
    return b"".join((_MAGIC, recipe.ingredients, recipe.code, digest_of(packed), packed))


def block_of(file: bytes, recipe: Recipe) -> bytes:
    """Return the block of a file if it was made by a recipe, or raise `UnusableError`."""
    if not file.startswith(_MAGIC):
        raise UnusableError("it is not a file of this format")
    ingredients, code, digest, packed = _parts(file)
    if ingredients != recipe.ingredients:
        raise UnusableError("it was made from other nodesets or by another asyncua")
    if code != recipe.code:
        raise UnusableError("it was made by other code of ours")
    # Before zlib sees it: a damaged file must not become a damaged address space. It is no
    # signature (ADR 7).
    if digest != digest_of(packed):
        raise UnusableError("it is damaged")
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise UnusableError(f"it cannot be decompressed: {error}") from error


def code_of(file: bytes) -> bytes:
    """Return the digest of the code by which a file was made."""
    return _parts(file)[1]


def _parts(file: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    begin = len(_MAGIC)
    one, two, three = (file[begin + n * _SIZE : begin + (n + 1) * _SIZE] for n in range(3))
    return one, two, three, file[begin + 3 * _SIZE :]
