"""Type nodes come with the package; for another asyncua they are imported once and kept."""

from __future__ import annotations

import os
import sys

import processes
import pytest
from asyncua import ua
from structlog.testing import capture_logs

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.server.nodeset.type_models import TYPES

IMPORTED, IGNORED = "type nodes imported", "type nodes of a file ignored"

REGISTERED = """
import asyncio, sys
from asyncua import ua
from pathlib import Path
from heatpump_twin.config.load import load_site
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.runtime.offline_server import offline_server

async def main():
    async with offline_server(load_site("default"), DataDirectory(Path(sys.argv[1]))):
        for kind in ("enums_by_datatype", "extension_objects_by_datatype", "basetype_by_datatype"):
            for node, found in getattr(ua, kind).items():
                if node.NamespaceIndex:
                    members = list(getattr(found, "__members__", getattr(found, "__slots__", ())))
                    print("FOUND", kind, node, getattr(found, "__name__", found), members)

asyncio.run(main())
"""


def test_data_types_are_known_as_after_an_import(tmp_path, another_asyncua) -> None:
    def registered(path: str) -> tuple[bool, list[str]]:
        done = processes.run(
            sys.executable, "-c", REGISTERED, tmp_path, env={**os.environ, "PYTHONPATH": path}
        )
        assert done.returncode == 0, done.stderr
        # An import registers some of them earlier than others.
        found = sorted(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
        return IMPORTED in done.stdout, found

    DataDirectory.open(tmp_path)
    (_, packaged), (_, imported), (_, kept) = runs = [
        registered(path) for path in ("", str(another_asyncua), str(another_asyncua))
    ]
    assert [by_import for by_import, _ in runs] == [False, True, False]
    assert packaged == imported == kept
    assert any("DeviceHealthEnumeration" in line and "FAILURE" in line for line in packaged)
    assert any("TransferResultErrorDataType" in line for line in packaged)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_server_keeps_what_it_imports_and_replaces_what_is_damaged(
    start_rig, connect, tmp_path, another_asyncua, monkeypatch
) -> None:
    async def start() -> tuple[list[str], list[str]]:
        with capture_logs() as logs:
            async with start_rig(data_path=tmp_path) as rig, connect(rig) as client:
                uris = await client.get_namespace_array()
                kind = client.get_node(ua.NodeId(1001, uris.index(TYPES)))
                assert (await kind.read_browse_name()).Name == "HeatPumpType"
        return uris, [log["event"] for log in logs if log["event"] in (IMPORTED, IGNORED)]

    cache = DataDirectory(tmp_path).type_nodes
    uris, events = await start()
    assert (events, cache.exists()) == ([], False)
    monkeypatch.syspath_prepend(another_asyncua)
    assert await start() == (uris, [IGNORED, IMPORTED])
    whole = cache.read_bytes()
    assert await start() == (uris, [IGNORED])
    assert cache.read_bytes() == whole
    cache.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert await start() == (uris, [IGNORED, IGNORED, IMPORTED])
    assert cache.read_bytes() == whole
