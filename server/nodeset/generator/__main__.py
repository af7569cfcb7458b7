"""Write the NodeSet2 file and the register of our types; ``--check`` tells whether one is stale."""

from __future__ import annotations

import sys
from pathlib import Path

from heatpump_twin.server.nodeset.generator.build import build_nodes
from heatpump_twin.server.nodeset.generator.id_register import Register
from heatpump_twin.server.nodeset.generator.nodeset_file import NodesetFile
from heatpump_twin.server.nodeset.generator.official import Official
from heatpump_twin.server.nodeset.model import load_model
from heatpump_twin.server.nodeset.type_ids import REGISTER

FOLDER = Path(__file__).resolve().parent.parent
NODESET = "heatpump-twin.types.xml"


def make(register_text: str) -> dict[str, str]:
    """Return the generated files by name, from the model and the registered numbers."""
    model, official = load_model(), Official()
    nodes = build_nodes(model, official)
    # The old register is input: numbers are given once, and a NodeId never changes its meaning.
    register = Register(register_text)
    register.assign(nodes)
    return {NODESET: NodesetFile(model, official, nodes).text(), REGISTER: register.text()}


def main() -> None:
    """Write the generated files, or compare them with ``--check``."""
    for name, content in make((FOLDER / REGISTER).read_text("utf-8")).items():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(content, "utf-8")
        elif path.read_text("utf-8") != content:
            sys.exit(f"{path} is stale: run `make nodeset`")


if __name__ == "__main__":
    main()
