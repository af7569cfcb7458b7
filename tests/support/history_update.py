"""HistoryUpdate, as a client asks for it: its library has no call for it."""

from __future__ import annotations

from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary


async def update(client: Client, *details: object) -> list[ua.HistoryUpdateResult]:
    request = ua.HistoryUpdateRequest()
    request.Parameters.HistoryUpdateDetails = list(details)
    answer = await client.uaclient.protocol.send_request(request)
    return list(struct_from_binary(ua.HistoryUpdateResponse, answer).Results)


def codes(result: ua.HistoryUpdateResult) -> list[int]:
    return [status.value for status in result.OperationResults]
