"""HistoryUpdate is refused update by update, and never as a fault of the whole."""

from __future__ import annotations

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary

pytestmark = pytest.mark.asyncio(loop_scope="module")
CODES = ua.StatusCodes


async def update(client, *details: object) -> list[int]:
    request = ua.HistoryUpdateRequest()
    request.Parameters.HistoryUpdateDetails = list(details)
    answer = await client.uaclient.protocol.send_request(request)
    response = struct_from_binary(ua.HistoryUpdateResponse, answer)
    return [result.StatusCode.value for result in response.Results]


async def test_each_update_has_its_refusal(rig, connect) -> None:
    node = ua.UpdateDataDetails()
    node.UpdateValues = [ua.DataValue(ua.Variant(1.0, ua.VariantType.Double))]
    raw, times, unknown = (
        ua.DeleteRawModifiedDetails(), ua.DeleteAtTimeDetails(), ua.DeleteRawModifiedDetails(),
    )  # fmt: skip
    unknown.NodeId = ua.NodeId("nothing", 1)
    for user, code in (
        ("erik", CODES.BadHistoryOperationUnsupported),
        ("olga", CODES.BadUserAccessDenied),
        (None, CODES.BadUserAccessDenied),
    ):
        async with connect(rig, user) as client:
            variable = (await rig.node(client, "hp1.supply_temperature")).nodeid
            node.NodeId = raw.NodeId = times.NodeId = variable
            found = await update(client, node, raw, unknown, times)
            assert found == [code, code, CODES.BadNodeIdUnknown, code]


async def test_how_many_there_may_be(rig, connect) -> None:
    async with connect(rig, "erik") as client:
        limit = ua.ObjectIds
        number = limit.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData
        most = await client.get_node(ua.NodeId(number)).read_value()
        one = ua.DeleteAtTimeDetails()
        assert len(await update(client, *[one] * most)) == most
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            await update(client, *[one] * (most + 1))
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await update(client)
