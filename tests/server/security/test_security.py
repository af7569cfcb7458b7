"""The doors that the stock library leaves open. Each test fails on a stock asyncua 2.1.0 server."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from asyncua import Client, ua
from asyncua.crypto.security_policies import (
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from client_certificate import make_client_certificate
from patient_client import patient_client

from heatpump_twin.server.security.pki import Pki
from heatpump_twin.twin_engine.commands.audit_entry import AuditKind

pytestmark = pytest.mark.asyncio(loop_scope="module")
NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
CLIENT_URI = "urn:test:client"
POLICIES = (
    SecurityPolicyBasic256Sha256,
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
)


@asynccontextmanager
async def channel(rig, files=None, uri: str = CLIENT_URI):
    """A client with an open channel and no session."""
    client = patient_client(rig.url)
    client.application_uri = uri
    if files is not None:
        await client.set_security(SecurityPolicyBasic256Sha256, *files)
    await client.connect_socket()
    try:
        await client.send_hello()
        await client.open_secure_channel()
        yield client
    finally:
        client.disconnect_socket()


def token_of(client: Client) -> ua.NodeId:
    return client.uaclient.protocol.authentication_token


@pytest.fixture
def stranger(tmp_path):
    return make_client_certificate(tmp_path, "urn:stranger", "stranger")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "mode", [ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt]
)
async def test_every_offered_policy_works(rig, connect, policy, mode) -> None:
    async with connect(rig, "olga", policy=policy, mode=mode) as client:
        methods = await rig.node(client, "hp1.MethodSet")
        name = await rig.node(client, "hp1.SetSupplySetpoint")
        assert (await methods.call_method(name.nodeid, 45.0))[0] == 45.0


# ── S1: unencrypted channels ──────────────────────────────────────────────────────────────────────
async def test_s1_none_is_for_discovery_only(start_rig, connect) -> None:
    async with start_rig("opcua.allow_unencrypted=false") as rig:
        async with channel(rig) as client:
            endpoints = await client.get_endpoints()
            assert len(endpoints) == 6
            assert NONE not in {e.SecurityPolicyUri for e in endpoints}
            with pytest.raises(ua.uaerrors.BadSecurityPolicyRejected):
                await client.create_session()
        async with connect(rig, encrypted=True) as client:
            assert await client.get_namespace_array()


async def test_s1_no_user_logs_in_without_encryption(rig) -> None:
    async with channel(rig) as client:
        (none,) = [e for e in await client.get_endpoints() if e.SecurityPolicyUri == NONE]
        kinds = [token.TokenType for token in none.UserIdentityTokens]
        assert kinds == [ua.UserTokenType.Anonymous]
        await client.create_session()
        params = ua.ActivateSessionParameters()
        params.UserIdentityToken = ua.UserNameIdentityToken()
        params.UserIdentityToken.UserName = "olga"
        params.UserIdentityToken.Password = rig.password.encode()
        with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
            await client.uaclient.activate_session(params)


async def test_s1_anonymous_reading_can_be_forbidden(start_rig, connect, certificate) -> None:
    async with start_rig("opcua.anonymous_read=false") as rig:
        async with channel(rig) as client:
            with pytest.raises(ua.uaerrors.BadSecurityPolicyRejected):
                await client.create_session()
        async with channel(rig, certificate) as client:
            tokens = [
                t.TokenType for e in await client.get_endpoints() for t in e.UserIdentityTokens
            ]
            assert set(tokens) == {ua.UserTokenType.UserName}
            await client.create_session()
            params = ua.ActivateSessionParameters()
            params.UserIdentityToken = ua.AnonymousIdentityToken()
            signed = client.security_policy.peer_certificate + client._server_nonce
            sign = client.security_policy.asymmetric_cryptography.signature
            params.ClientSignature.Signature = sign(signed)
            with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
                await client.uaclient.activate_session(params)
        async with connect(rig, "victor") as client:
            assert await client.get_namespace_array()


async def test_strangers_are_on_record_and_cannot_fill_it(start_rig, connect) -> None:
    async with start_rig() as rig:
        for _ in range(30):
            async with connect(rig) as client:
                assert await client.get_namespace_array()
        await rig.audit.catch_up(all_=True)
        records = [r for r in await rig.audit.tail(100) if r.user == "anonymous"]
    single = [r for r in records if r.message == "logged in"]
    assert len(single) == 20
    assert [r.message for r in records if r not in single] == [
        "10 more within a minute, the last one: logged in"
    ]


# ── S2: certificates ──────────────────────────────────────────────────────────────────────────────
async def test_s2_an_unknown_client_opens_no_channel(start_rig, connect, stranger) -> None:
    async with start_rig("opcua.client_trust=listed") as rig:
        with pytest.raises((ua.UaError, ConnectionError)):
            async with channel(rig, stranger, "urn:stranger"):
                pass
        (record,) = [r for r in await rig.audit.tail(10) if r.kind == AuditKind.CERTIFICATE][:1]
        assert (record.key, record.status) == ("client", ua.StatusCodes.BadSecurityChecksFailed)
        assert record.message.startswith("client certificate refused: ")
        assert record.after.startswith("CN=")
        assert record.origin.startswith("OPC UA 127.0.0.1:")
        pki = Pki(rig.data.pki, rig.clock)
        (entry,) = pki.list()
        assert (entry.trusted, entry.uri) == (False, "urn:stranger")
        pki.trust(entry.thumbprint[:10])
        async with channel(rig, stranger, "urn:stranger") as client:
            await client.create_session()
        pki.reject(entry.thumbprint)
        with pytest.raises((ua.UaError, ConnectionError)):
            async with channel(rig, stranger, "urn:stranger"):
                pass


async def test_s2_somebody_elses_certificate_proves_nothing(rig, certificate, stranger) -> None:
    async with channel(rig, stranger) as client:
        client.security_policy.host_certificate = certificate[0].read_bytes()
        with pytest.raises(ua.uaerrors.BadSecurityChecksFailed):
            await client.create_session()
        client.security_policy.host_certificate = b""
        with pytest.raises(ua.uaerrors.BadSecurityChecksFailed):
            await client.create_session()


async def test_s2_the_application_uri_is_the_certificates(start_rig, certificate) -> None:
    async with start_rig("opcua.client_trust=listed") as rig:
        Pki(rig.data.pki, rig.clock).trust(certificate[0])
        async with channel(rig, certificate, "urn:somebody:else") as client:
            with pytest.raises(ua.uaerrors.BadCertificateUriInvalid):
                await client.create_session()


async def test_any_certificate_opens_a_channel_on_loopback(rig, certificate) -> None:
    async with channel(rig, certificate, "urn:somebody:else") as client:
        await client.create_session()


# ── S3: sessions ──────────────────────────────────────────────────────────────────────────────────
async def test_s3_tokens_cannot_be_guessed(rig, connect) -> None:
    async with connect(rig) as one, connect(rig) as two:
        for client in (one, two):
            assert token_of(client).NodeIdType is ua.NodeIdType.ByteString
            assert len(token_of(client).Identifier) == 32
        assert token_of(one) != token_of(two)


async def test_s3_a_stolen_token_is_worth_nothing(rig, connect, stranger) -> None:
    async with connect(rig, "olga") as victim:
        async with channel(rig) as thief:
            thief.uaclient.protocol.authentication_token = token_of(victim)
            params = ua.ActivateSessionParameters()
            params.UserIdentityToken = ua.AnonymousIdentityToken()
            with pytest.raises(ua.uaerrors.BadSecurityChecksFailed):
                await thief.uaclient.activate_session(params)
            with pytest.raises(ua.uaerrors.BadSessionIdInvalid):
                await thief.get_namespace_array()
        async with channel(rig, stranger, "urn:stranger") as thief:
            thief.uaclient.protocol.authentication_token = token_of(victim)
            thief._policy_ids = victim._policy_ids
            thief._server_nonce = victim._server_nonce
            with pytest.raises(ua.uaerrors.BadSecurityChecksFailed):
                await thief.activate_session("olga", rig.password)
        assert await victim.get_namespace_array()


async def test_s3_a_session_moves_with_its_client_and_user(
    rig, connect, certificate, eventually
) -> None:
    async with connect(rig, "olga") as first:
        seen: list[object] = []

        class Handler:
            def datachange_notification(self, node, value, data) -> None:
                seen.append(value)

        subscription = await first.create_subscription(100, Handler())
        await subscription.subscribe_data_change(await rig.node(first, "hp1.supply_temperature"))
        await eventually(lambda: len(seen) == 1)
        async with channel(rig, certificate) as second:
            second.uaclient.protocol.authentication_token = token_of(first)
            second._policy_ids, second._server_nonce = first._policy_ids, first._server_nonce
            with pytest.raises(ua.uaerrors.BadIdentityTokenRejected):
                await second.activate_session("victor", rig.password)
            second._server_nonce = first._server_nonce
            await second.activate_session("olga", rig.password)
            with pytest.raises(ua.uaerrors.BadSecureChannelIdInvalid):
                await first.uaclient.read_attributes(
                    [ua.NodeId(ua.ObjectIds.Server)], ua.AttributeIds.BrowseName
                )
            rig.feed("hp1.supply_temperature", 47.0)
            answer = await second.uaclient.publish([])
            while not answer.Parameters.NotificationMessage.NotificationData:
                answer = await second.uaclient.publish([])
            (data,) = answer.Parameters.NotificationMessage.NotificationData
            assert data.MonitoredItems[0].Value.Value.Value == 47.0
            await second.uaclient.close_session(True)


async def test_s3_a_session_that_moved_outlives_its_first_connection(
    rig, connect, certificate, eventually
) -> None:
    async with connect(rig, "olga") as first, channel(rig, certificate) as second:
        second.uaclient.protocol.authentication_token = token_of(first)
        second._policy_ids, second._server_nonce = first._policy_ids, first._server_nonce
        await second.activate_session("olga", rig.password)
        before = rig.server.statistics.connections
        # It has no subscription, for the sake of which it would be kept anyhow.
        first.uaclient.protocol.transport.abort()
        await eventually(lambda: rig.server.statistics.connections < before)
        assert await second.get_namespace_array()
        await second.uaclient.close_session(True)


# ── S4: subscriptions ─────────────────────────────────────────────────────────────────────────────
async def test_s4_subscriptions_have_owners(rig, connect, eventually) -> None:
    seen: list[object] = []

    class Handler:
        def datachange_notification(self, node, value, data) -> None:
            seen.append(value)

    async with connect(rig, "olga") as owner, connect(rig, "victor") as other:
        subscription = await owner.create_subscription(100, Handler())
        node = await rig.node(owner, "hp1.supply_temperature")
        item = await subscription.subscribe_data_change(node)
        number = subscription.subscription_id
        invalid = ua.StatusCodes.BadSubscriptionIdInvalid
        assert [s.value for s in await other.uaclient.delete_subscriptions([number])] == [invalid]
        deletion = ua.DeleteMonitoredItemsParameters()
        deletion.SubscriptionId, deletion.MonitoredItemIds = number, [item]
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await other.uaclient.delete_monitored_items(deletion)
        change = ua.ModifySubscriptionParameters()
        change.SubscriptionId, change.RequestedPublishingInterval = number, 3_600_000
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await other.uaclient.update_subscription(change)
        mode = ua.SetPublishingModeParameters()
        mode.SubscriptionIds, mode.PublishingEnabled = [number], False
        assert [s.value for s in await other.uaclient.set_publishing_mode(mode)] == [invalid]
        transfer = ua.TransferSubscriptionsParameters()
        transfer.SubscriptionIds = [number]
        (result,) = await other.uaclient.transfer_subscriptions(transfer)
        assert result.StatusCode.value == ua.StatusCodes.BadUserAccessDenied
        rig.feed("hp1.supply_temperature", 48.0)
        await eventually(lambda: 48.0 in seen)


async def test_s4_a_user_takes_a_subscription_along(rig, connect) -> None:
    async with connect(rig, "olga") as first, connect(rig, "olga") as second:
        subscription = await first.create_subscription(100, object())
        node = await rig.node(first, "hp1.supply_temperature")
        await subscription.subscribe_data_change(node)
        transfer = ua.TransferSubscriptionsParameters()
        transfer.SubscriptionIds = [subscription.subscription_id]
        (result,) = await second.uaclient.transfer_subscriptions(transfer)
        assert result.StatusCode.is_good()
        rig.feed("hp1.supply_temperature", 49.0)
        values: list[object] = []
        while 49.0 not in values:
            answer = await second.uaclient.publish([])
            for data in answer.Parameters.NotificationMessage.NotificationData or ():
                values += [m.Value.Value.Value for m in data.MonitoredItems]


# ── S5: passwords ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("user", "password"), [("admin", "anything at all"), ("olga", "wrong password"), ("olga", "x")]
)
async def test_s5_a_password_must_be_right(rig, connect, user: str, password: str) -> None:
    before = rig.server.statistics.rejected_logins
    with pytest.raises(ua.uaerrors.BadUserAccessDenied):
        async with connect(rig, user, password=password):
            pass
    assert rig.server.statistics.rejected_logins == before + 1


async def test_s5_a_recorded_password_cannot_be_sent_again(rig, certificate) -> None:
    async with channel(rig, certificate) as client:
        await client.create_session()
        await client.activate_session("olga", rig.password)
        old = client._server_nonce
        params = ua.ActivateSessionParameters()
        client._add_user_auth(params, "olga", rig.password)
        params.ClientSignature.Algorithm = client.security_policy.AsymmetricSignatureURI
        await client.activate_session("olga", rig.password)
        assert client._server_nonce != old
        challenge = client.security_policy.peer_certificate + client._server_nonce
        sign = client.security_policy.asymmetric_cryptography.signature
        params.ClientSignature.Signature = sign(challenge)
        with pytest.raises(ua.uaerrors.BadIdentityTokenInvalid):
            await client.uaclient.activate_session(params)


async def test_s5_guessing_is_slowed_down(start_rig, connect) -> None:
    async with start_rig() as rig:
        refused = (ua.uaerrors.BadUserAccessDenied, ua.uaerrors.BadTooManyOperations)
        for _ in range(7):
            with pytest.raises(refused):
                async with connect(rig, "olga", password="not this one"):
                    pass
        # And is told why: it is not that the password is wrong.
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            async with connect(rig, "olga"):
                pass
        async with connect(rig, "victor") as client:
            assert await client.get_namespace_array()


# ── S6: rights ────────────────────────────────────────────────────────────────────────────────────
async def test_s6_what_is_not_readable_is_not_read(rig, connect) -> None:
    async with connect(rig, "erik") as client:
        node = await rig.node(client, "hp1.SerialNumber")
        aspace = rig.server._running.iserver.aspace

        async def allow(level: int) -> None:
            value = ua.DataValue(ua.Variant(level, ua.VariantType.Byte))
            attribute = ua.AttributeIds.AccessLevel
            (await aspace.write_attribute_value(node.nodeid, attribute, value)).check()

        await allow(0)
        with pytest.raises(ua.uaerrors.BadNotReadable):
            await node.read_value()
        await allow(1)
        assert await node.read_value() == ""


@pytest.mark.parametrize("user", [None, "erik"])
async def test_s6_nobody_changes_the_address_space(rig, connect, user) -> None:
    async with connect(rig, user) as client:
        with pytest.raises(ua.uaerrors.BadServiceUnsupported):
            await client.nodes.objects.add_object(1, "Intruder")
        deletion = ua.DeleteNodesParameters()
        deletion.NodesToDelete = [ua.DeleteNodesItem((await rig.node(client, "hp1")).nodeid, True)]
        with pytest.raises(ua.uaerrors.BadServiceUnsupported):
            await client.uaclient.delete_nodes(deletion)
        assert await (await rig.node(client, "hp1")).read_browse_name()


async def test_s6_a_method_belongs_to_its_objects(rig, connect) -> None:
    async with connect(rig, "olga") as client:
        method = await rig.node(client, "hp1.SetSupplySetpoint")
        with pytest.raises(ua.uaerrors.BadMethodInvalid):
            await client.nodes.server.call_method(method.nodeid, 44.0)
        assert rig.device.audit == []


# ── S7: before the login ──────────────────────────────────────────────────────────────────────────
async def test_s7_nobody_registers_another_server(rig) -> None:
    async with channel(rig) as client:
        before = await client.find_servers()
        intruder = ua.RegisteredServer()
        intruder.ServerUri = "urn:intruder"
        intruder.ServerNames = [ua.LocalizedText("intruder")]
        with pytest.raises(ua.uaerrors.BadServiceUnsupported):
            await client.uaclient.register_server(intruder)
        after = await client.find_servers()
        assert [s.ApplicationUri for s in after] == [s.ApplicationUri for s in before]


async def test_sessions_are_limited_but_idle_ones_give_way(start_rig, connect) -> None:
    async with start_rig("opcua.max_sessions=2") as rig, connect(rig) as one, channel(rig) as idle:
        await idle.create_session()
        async with connect(rig) as two:
            assert await two.get_namespace_array()
            with pytest.raises(ua.uaerrors.BadTooManySessions):
                async with connect(rig):
                    pass
        assert await one.get_namespace_array()


async def test_the_limits_are_published_and_kept(rig, connect) -> None:
    async with connect(rig) as client:
        limit = client.get_node(
            ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall
        )
        most = await limit.read_value()
        with pytest.raises(ua.uaerrors.BadTooManyOperations):
            await client.uaclient.call([ua.CallMethodRequest()] * (most + 1))
        with pytest.raises(ua.uaerrors.BadNothingToDo):
            await client.uaclient.call([])


# ── the audit ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_certificate_that_is_made_is_on_record(start_rig, tmp_path) -> None:
    made: list[tuple[str, str]] = []
    for count, name in enumerate(("[one.example.com]", "[one.example.com, two.example.com]"), 1):
        async with start_rig(f"opcua.names={name}", data_path=tmp_path) as rig:
            while len(made) < count:
                records = await rig.audit.records(0, 2**62)
                made = [(e.before, e.after) for _, _, e in records if e.kind == "certificate"]
    (nothing, first), (replaced, second) = made
    assert (nothing, replaced) == ("", first)
    assert second not in ("", first)
