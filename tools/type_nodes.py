"""Write the type nodes that come with the package; `--check` tells whether they are stale.

They are made by importing all nodesets, which would take seconds at a twin's first start.
"""

import asyncio
import logging
import sys
from pathlib import Path

from heatpump_twin.server.nodeset.type_models import all_nodesets
from heatpump_twin.server.types.recipe import Recipe, code_digest
from heatpump_twin.server.types.type_cache import PACKAGED
from heatpump_twin.server.types.type_file import UnusableError, block_of, file_of
from heatpump_twin.server.types.type_import import make_block

FILE = Path(__file__).resolve().parent.parent / "server" / "types" / PACKAGED


def main() -> None:
    """Write the file, or compare what is in it: another zlib may compress it otherwise."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it says of official nodesets
    nodesets = all_nodesets()
    recipe = Recipe.of(nodesets, code_digest() or b"")
    block = asyncio.run(make_block(nodesets))
    if "--check" not in sys.argv:
        FILE.write_bytes(file_of(block, recipe))
        return
    try:
        fresh = block_of(FILE.read_bytes(), recipe) == block
    except (OSError, UnusableError):
        fresh = False
    if not fresh:
        sys.exit(f"{FILE} is stale: run `make nodeset`")


main()
