"""What sessions leave behind: who may have it, and that there is an end of it."""

from __future__ import annotations

import pytest
from asyncua import Client, ua
from client_certificate import make_client_certificate

from heatpump_twin.server import limits

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = "hp1.supply_temperature"


async def leave(client: Client) -> None:
    """Close a session and keep its subscriptions; the library's own deletes them."""
    request = ua.CloseSessionRequest(DeleteSubscriptions=False)
    await client.uaclient.protocol.send_request(request)


def owned(rig) -> list[object]:
    return [s.owner for s in rig.server._running.iserver.subscriptions.subscriptions.values()]


async def test_nobody_keeps_what_nobody_may_claim(rig, connect, raw) -> None:
    async with connect(rig) as client:
        await raw(client).subscribe()
        assert owned(rig) == [None]
        await leave(client)
        assert owned(rig) == []


async def test_an_anonymous_client_is_known_by_its_certificate(rig, connect, raw, tmp_path) -> None:
    rig.feed(KEY, 35.0)
    async with connect(rig, encrypted=True) as client:
        node = (await rig.node(client, KEY)).nodeid
        subscription = (await raw(client).subscribe()).SubscriptionId
        await raw(client).monitor(subscription, [node])
        await leave(client)
    files = make_client_certificate(tmp_path, "urn:test:client")
    async with connect(rig, encrypted=True, files=files) as stranger, connect(rig) as nobody:
        for other in (stranger, nobody):
            refused = await raw(other).transfer(subscription)
            assert refused.StatusCode.name == "BadUserAccessDenied"
    async with connect(rig, "olga") as user:
        assert (await raw(user).transfer(subscription)).StatusCode.name == "BadUserAccessDenied"
    async with connect(rig, encrypted=True) as same:
        taken = await raw(same).transfer(subscription, initial=True)
        assert taken.StatusCode.is_good()
        assert await raw(same).values() == [35.0]


async def test_of_what_one_user_leaves_the_oldest_gives_way(rig, connect, raw, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEPT_SUBSCRIPTIONS", 3)
    left = []
    for user in ("olga", "olga", "erik"):
        async with connect(rig, user) as client:
            left += [(await raw(client).subscribe()).SubscriptionId for _ in range(2)]
            await leave(client)
    assert sorted(owned(rig)) == ["erik", "erik", "olga", "olga", "olga"]
    async with connect(rig, "olga") as client, connect(rig, "erik") as other:
        codes = [(await raw(client).transfer(n)).StatusCode.name for n in left[:4]]
        assert codes == ["BadSubscriptionIdInvalid", "Good", "Good", "Good"]
        codes = [(await raw(other).transfer(n)).StatusCode.name for n in left[4:]]
        assert codes == ["Good", "Good"]
    assert owned(rig) == []
