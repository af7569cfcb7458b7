"""Three clients of different makes crawl the whole address space; a modeller finds nothing to mend.

node-opcua, asyncua and the legacy python-opcua 0.98 share no code with one another.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import processes
import pytest
from address_space_graph import Graph
from places import NODE_MODULES, ROOT
from whole_twin import Twin

CRAWL = ROOT / "tests" / "support" / "crawl"

node_opcua = pytest.mark.skipif(
    shutil.which("node") is None or not Path(NODE_MODULES, "node-opcua-client").is_dir(),
    reason="needs Node and node-opcua-client in build/node_modules; `make test` installs them",
)
python_opcua = pytest.mark.skipif(
    find_spec("opcua") is None, reason="needs python-opcua; `make setup` installs it"
)
PYTHON = (sys.executable, str(CRAWL / "crawl_python.py"))
CLIENTS = [
    pytest.param(("node", str(CRAWL / "crawl_node_opcua.js")), id="node-opcua", marks=node_opcua),
    pytest.param((*PYTHON, "asyncua"), id="asyncua"),
    pytest.param((*PYTHON, "opcua"), id="python-opcua", marks=python_opcua),
]


def crawl(twin: Twin, command: tuple[str, ...], home: Path) -> Graph:
    done = processes.run(
        *command, twin.url, home / "crawl.json",
        env={**os.environ, "NODE_PATH": str(NODE_MODULES), "HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return Graph.of(json.loads((home / "crawl.json").read_text("utf-8")))


@pytest.mark.parametrize("command", CLIENTS)
def test_a_modeller_finds_nothing_to_mend(
    twin: Twin, command: tuple[str, ...], tmp_path: Path
) -> None:
    graph = crawl(twin, command, tmp_path)
    assert len(graph.nodes) > 5000
    assert any("HeatPumpType" in str(graph.nodes[k]["name"]) for k in graph.types_in_use)
    assert graph.findings() == {}
