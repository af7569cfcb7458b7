"""Each installation has a namespace of its own; one that clients are bound to stays as it is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from asyncua import ua
from hptwin import here
from namespaces import site_index

from heatpump_twin.config.errors import ConfigError, StorageError
from heatpump_twin.config.load import load_site
from heatpump_twin.server.security.site_identity import EARLIER

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNIQUE = re.compile(rf"{EARLIER}:[0-9a-f]{{32}}")


async def seen(rig, connect, namespace: int | None = None) -> tuple[str, str, set[str]]:
    """Return the site's URI, the ProductInstanceUri of hp1, and the URIs with metadata."""
    async with connect(rig) as client:
        index = await site_index(client) if namespace is None else namespace
        uri = (await client.get_namespace_array())[index]
        plate = client.get_node(ua.NodeId("hp1.ProductInstanceUri", index))
        described = await client.nodes.server.get_child("0:Namespaces")
        names = {(await n.read_browse_name()).Name for n in await described.get_children()}
        return uri, await plate.read_value(), names


async def test_a_new_installation_makes_its_own_and_keeps_it(
    start_rig, connect, tmp_path: Path
) -> None:
    places = [tmp_path / name for name in ("a", "b", "a")]
    found = []
    for place in places:
        async with start_rig(data_path=place) as rig:
            found.append(await seen(rig, connect))
    (first, plate, names), (other, _, _), (again, _, _) = found
    assert UNIQUE.fullmatch(first)
    assert plate == f"{first}:hp1"
    assert first in names
    assert again == first != other


async def test_an_installation_that_clients_know_keeps_what_it_had(
    start_rig, connect, tmp_path: Path
) -> None:
    async with start_rig(data_path=tmp_path) as rig:
        await seen(rig, connect)
        rig.data.site_namespace.unlink()  # as an earlier version has left it
    for _ in range(2):
        async with start_rig(data_path=tmp_path) as rig:
            uri, plate, _ = await seen(rig, connect)
            assert (uri, plate) == (EARLIER, f"{EARLIER}:hp1")


async def test_the_site_file_can_say_it(start_rig, connect, tmp_path: Path) -> None:
    chosen = "urn:example.com:plant-room"
    async with start_rig(f"opcua.site_namespace={chosen}", data_path=tmp_path) as rig:
        async with connect(rig) as client:
            index = (await client.get_namespace_array()).index(chosen)
        uri, plate, names = await seen(rig, connect, index)
        assert (uri, plate) == (chosen, f"{chosen}:hp1")
        assert chosen in names


async def test_a_damaged_file_stops_the_start(start_rig, tmp_path: Path) -> None:
    for content in (b"", b"\xff\xfe", b"urn:heatpump-twin:site a b", b"nonsense"):
        (tmp_path / "site-namespace.txt").write_bytes(content)
        with pytest.raises(StorageError, match=r"site-namespace\.txt is damaged"):
            async with start_rig(data_path=tmp_path):
                pass


@pytest.mark.parametrize(
    "uri", ["http://opcfoundation.org/UA/", "urn:heatpump-twin:types", "no uri", "plain"]
)
async def test_a_namespace_of_types_or_no_uri_is_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match="site_namespace"):
        load_site("default", [f"opcua.site_namespace={uri}"], {})


async def test_the_point_list_says_it_before_anything_runs(
    capsys, start_rig, connect, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    ran = await asyncio.to_thread(here, capsys, "points", "--data", data)
    assert ran.code == 0, ran.err
    (uri,) = set(re.findall(r"nsu=([^;]+);", ran.out))
    assert UNIQUE.fullmatch(uri)
    async with start_rig(data_path=data) as rig:
        assert (await seen(rig, connect))[0] == uri
