"""Type nodes from a file are those of a fresh import; a file that cannot be trusted is not used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import processes
import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from structlog.testing import capture_logs

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.server.nodeset.type_models import DI, IA, MACHINERY, TYPES, all_nodesets
from heatpump_twin.server.types.type_cache import TypeCache
from heatpump_twin.server.types.type_import import Imported, import_nodesets
from heatpump_twin.server.types.type_nodes import TypeNodes, packed

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTED, IGNORED = "type nodes imported", "cached type nodes ignored; importing again"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fresh() -> Imported:
    return await import_nodesets(all_nodesets())


# ── the block ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_block_gives_back_what_was_imported(fresh) -> None:
    read = TypeNodes(packed(fresh.nodes, fresh.data_types, fresh.namespaces))
    assert list(read) == [node.nodeid for node in fresh.nodes]
    assert len(fresh.nodes) > 7000
    assert read.namespaces == [DI, IA, MACHINERY, TYPES]
    for node in fresh.nodes:
        again = read.get(node.nodeid)
        assert again.nodeid.NodeIdType == node.nodeid.NodeIdType
        assert list(again.attributes) == list(node.attributes), node.nodeid
        for attribute, content in node.attributes.items():
            value = again.attributes[attribute].value
            same = value == content.value or seen(value) == seen(content.value)
            assert same, (node.nodeid, attribute)
        assert again.references == node.references, node.nodeid
        assert again is read.get(node.nodeid)


def seen(value: object) -> object:
    """Return what a client gets to see of something: the library spells some things in two ways."""
    kind = type(value)
    return ua_binary.from_binary(kind, Buffer(ua_binary.to_binary(kind, value)))


async def test_what_is_not_in_the_block_is_unknown(fresh) -> None:
    read = TypeNodes(packed(fresh.nodes, fresh.data_types, fresh.namespaces))
    stranger, server = ua.NodeId("hp1", 2), ua.NodeId(ua.ObjectIds.Server)
    assert (stranger in read, read.get(stranger)) == (False, None)
    assert server in read


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


async def test_data_types_are_known_as_after_an_import(tmp_path) -> None:
    def registered() -> list[str]:
        done = processes.run(sys.executable, "-c", REGISTERED, tmp_path)
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
        return [line for line in done.stdout.splitlines() if line.startswith("FOUND")]

    outputs: list[str] = []
    DataDirectory.open(tmp_path)
    first, second = registered(), registered()
    assert IMPORTED in outputs[0]
    assert IMPORTED not in outputs[1]
    assert first == second
    assert any("DeviceHealthEnumeration" in line and "FAILURE" in line for line in first)
    assert any("TransferResultErrorDataType" in line for line in first)


# ── the file ──────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def file(tmp_path: Path) -> Path:
    TypeCache(tmp_path / "type-nodes.cache", [b"a nodeset"]).write(b"block")
    return tmp_path / "type-nodes.cache"


def read(file: Path, *sources: bytes) -> tuple[bytes | None, list[str]]:
    with capture_logs() as logs:
        block = TypeCache(file, list(sources) or [b"a nodeset"]).read()
    return block, [log["reason"] for log in logs if log["event"] == IGNORED]


async def test_a_file_of_ours_is_read_and_is_private(file) -> None:
    assert read(file) == (b"block", [])
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_no_file_is_nothing_to_speak_of(tmp_path) -> None:
    assert read(tmp_path / "none") == (None, [])


async def test_other_nodesets_and_other_versions_make_it_stale(file, monkeypatch) -> None:
    assert read(file, b"another") == (
        None,
        ["it was made from other nodesets or by other versions"],
    )
    assert read(file, b"a nodeset", b"one more")[0] is None
    assert read(file, b"a nod", b"eset")[0] is None
    monkeypatch.setattr(sys, "version", "3.99")
    assert read(file) == (None, ["it was made from other nodesets or by other versions"])


@pytest.mark.parametrize("at", [-1, -6, 60])
async def test_a_changed_byte_is_damage(file, at) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    block, reasons = read(file)
    assert block is None
    assert len(reasons) == 1


@pytest.mark.parametrize("length", [0, 5, 40, 80, 95])
async def test_a_file_cut_short_is_not_used(file, length) -> None:
    file.write_bytes(file.read_bytes()[:length])
    block, reasons = read(file)
    assert block is None
    assert len(reasons) == 1


async def test_a_pickle_is_not_even_opened(file) -> None:
    file.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert read(file) == (None, ["it is not a cache of this format"])


async def test_a_file_that_others_can_change_is_not_used(file) -> None:
    for mode in (0o620, 0o602, 0o640):
        file.chmod(mode)
        assert read(file) == (None, ["it is not a file that is ours alone"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_file_of_somebody_else_is_not_used(file) -> None:
    os.chown(file, 12345, -1)
    assert read(file) == (None, ["it is not a file that is ours alone"])


async def test_a_link_a_pipe_and_a_folder_are_not_used(file, tmp_path) -> None:
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    for name in ("link", "pipe", "folder"):
        block, reasons = read(tmp_path / name)
        assert block is None
        assert len(reasons) == 1


async def test_a_directory_that_takes_no_file_is_no_reason_not_to_start(tmp_path) -> None:
    with capture_logs() as logs:
        TypeCache(tmp_path / "none" / "file", []).write(b"block")
    assert [log["event"] for log in logs] == ["type nodes not kept"]


# ── a server over it ──────────────────────────────────────────────────────────────────────────────
async def test_a_server_reads_its_file_and_replaces_a_damaged_one(
    start_rig, connect, tmp_path
) -> None:
    async def start() -> tuple[list[str], set[str]]:
        with capture_logs() as logs:
            async with start_rig(data_path=tmp_path) as rig, connect(rig) as client:
                uris = await client.get_namespace_array()
                kind = client.get_node(ua.NodeId(1001, uris.index(TYPES)))
                assert (await kind.read_browse_name()).Name == "HeatPumpType"
        return uris, {log["event"] for log in logs} & {IMPORTED, IGNORED}

    cache = DataDirectory(tmp_path).type_nodes
    uris, _ = await start()
    whole = cache.read_bytes()
    assert await start() == (uris, set())
    assert cache.read_bytes() == whole
    cache.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert await start() == (uris, {IMPORTED, IGNORED})
    assert await start() == (uris, set())
