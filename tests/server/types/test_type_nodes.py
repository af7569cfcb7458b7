"""Type nodes from a block are those of a fresh import."""

from __future__ import annotations

import sys
from cProfile import Profile
from dataclasses import dataclass

import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary

from heatpump_twin.server.nodeset.type_models import DI, IA, MACHINERY, TYPES, all_nodesets
from heatpump_twin.server.types.recipe import MAKERS, Recipe
from heatpump_twin.server.types.type_cache import packaged_block, packaged_file
from heatpump_twin.server.types.type_import import Imported, import_nodesets
from heatpump_twin.server.types.type_nodes import TypeNodes, packed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Fresh:
    """An import of this moment."""

    imported: Imported
    block: bytes
    at_work: set[str]
    """Modules of ours in which code ran."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fresh() -> Fresh:
    with Profile() as profile:
        made = await import_nodesets(all_nodesets())
        block = packed(made.nodes, made.data_types, made.namespaces)
    files = {getattr(entry.code, "co_filename", "") for entry in profile.getstats()}
    # Rooms alone: what stands beside them, such as the log, leaves nothing in the block.
    ours = {
        name
        for name, module in list(sys.modules.items())
        if name.startswith("heatpump_twin.") and name.count(".") > 1 and module.__file__ in files
    }
    return Fresh(made, block, ours)


async def test_a_block_gives_back_what_was_imported(fresh) -> None:
    made, read = fresh.imported, TypeNodes(fresh.block)
    assert list(read) == [node.nodeid for node in made.nodes]
    assert len(made.nodes) > 7000
    assert read.namespaces == [DI, IA, MACHINERY, TYPES]
    for node in made.nodes:
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


async def test_the_packaged_block_is_what_this_tree_makes(fresh) -> None:
    recipe = Recipe.of(all_nodesets(), b"")
    assert packaged_block(packaged_file(), recipe) == fresh.block, "run `make nodeset`"


async def test_the_recipe_names_every_module_that_makes_the_block(fresh) -> None:
    assert fresh.at_work == set(MAKERS)


async def test_values_are_as_old_as_their_model(fresh) -> None:
    values = [
        node.attributes[ua.AttributeIds.Value].value
        for node in fresh.imported.nodes
        if ua.AttributeIds.Value in node.attributes
    ]
    dates = {value.SourceTimestamp for value in values} - {None}
    assert [f"{date:%H:%M:%S.%f}" for date in dates] == ["00:00:00.000000"]
    assert {value.ServerTimestamp for value in values} - {None} == dates


async def test_what_is_not_in_the_block_is_unknown(fresh) -> None:
    read = TypeNodes(fresh.block)
    stranger, server = ua.NodeId("hp1", 2), ua.NodeId(ua.ObjectIds.Server)
    assert (stranger in read, read.get(stranger)) == (False, None)
    assert server in read
