"""The whole way with a client of another make. Runs where node-opcua is installed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path

import pytest

from heatpump_twin.twin_engine.alarm import AlarmTransition

MODULES = str(Path(__file__).parents[2] / "build" / "node_modules")
PROBE = Path(__file__).with_name("node_opcua_probe.js")

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        shutil.which("node") is None or not Path(MODULES, "node-opcua-client").is_dir(),
        reason="needs Node and node-opcua-client in build/node_modules; `make test` installs them",
    ),
]


async def test_node_opcua_reads_calls_and_acknowledges(rig, tmp_path) -> None:
    rig.feed("hp1.supply_temperature", 41.5)
    rig.records.put("hp1.supply_temperature", [float(n) for n in range(10)])
    rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow is low"))
    process = await asyncio.create_subprocess_exec(
        "node", str(PROBE), rig.url, "olga", rig.password,
        env={**os.environ, "NODE_PATH": MODULES, "HOME": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output = (await asyncio.wait_for(process.communicate(), 60))[0].decode()
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    assert lines, output
    assert json.loads(lines[0].removeprefix("RESULT ")) == {
        "value": 41.5,
        "call": "Good",
        "readBack": 43,
        "history": [0, 1, 2, 3, 4, 5, 6],
        "more": True,
        "alarm": "Flow is low",
        "acknowledged": "Good",
    }
    assert rig.device.held["hp1.supply_setpoint"] == 43.0
