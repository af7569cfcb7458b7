"""The server at addresses of both kinds, and by the name that clients know it by."""

from __future__ import annotations

import socket

import pytest
from asyncua import Client, ua
from cryptography import x509
from patient_client import patient_client

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


async def endpoints(client: Client, url: str) -> list[ua.EndpointDescription]:
    params = ua.GetEndpointsParameters()
    params.EndpointUrl = url
    return await client.uaclient.get_endpoints(params)


@ipv6
async def test_a_server_that_listens_everywhere_does_so_for_both_kinds(start_rig) -> None:
    everywhere = ("opcua.host=::", "opcua.anonymous_read=true", "opcua.allow_unencrypted=true")
    async with start_rig(*everywhere) as rig:
        for host in ("[::1]", "127.0.0.1"):
            here = f"opc.tcp://{host}:{rig.site.opcua.port}/heatpump-twin"
            async with patient_client(here) as client:
                for endpoint in await endpoints(client, here):
                    assert endpoint.EndpointUrl == here


@ipv6
@pytest.mark.parametrize("host", ["::1", "::"])
async def test_an_ipv6_address_works_in_every_url(start_rig, connect, host: str) -> None:
    async with start_rig(
        f"opcua.host={host}",
        "opcua.anonymous_read=true",
        "opcua.allow_unencrypted=true",
        "opcua.client_trust=any",
    ) as rig:
        here = f"opc.tcp://[::1]:{rig.site.opcua.port}/heatpump-twin"
        assert rig.url == here
        async with connect(rig) as client, connect(rig, "olga") as olga:
            assert await olga.get_namespace_array()
            for asked in (here, "", "junk"):
                for endpoint in await endpoints(client, asked):
                    assert endpoint.EndpointUrl == here
            (server,) = await client.find_servers()
            assert server.DiscoveryUrls == [here]


async def test_the_server_keeps_its_uri_on_a_machine_of_another_name(
    start_rig, connect, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for name in ("old-name", "new-name"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        async with start_rig(data_path=tmp_path) as rig, connect(rig) as client:
            (endpoint, *_) = await endpoints(client, rig.url)
            array = await client.get_namespace_array()
            seen.append((endpoint.Server.ApplicationUri, array[1], endpoint.ServerCertificate))
    assert seen[0] == seen[1]
    assert seen[0][0] == seen[0][1] == "urn:heatpump-twin:old-name"


async def test_names_and_uri_of_the_site_are_in_the_certificate(start_rig, connect) -> None:
    wanted = ("opcua.names=[twin.example.com, 192.0.2.7]", "opcua.application_uri=urn:example:twin")
    async with start_rig(*wanted) as rig, connect(rig) as client:
        (endpoint, *_) = await endpoints(client, rig.url)
        certificate = x509.load_der_x509_certificate(endpoint.ServerCertificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert {"twin.example.com", "192.0.2.7", "urn:example:twin", "127.0.0.1"} <= {
            str(name.value) for name in names
        }
        assert (await client.get_namespace_array())[1] == "urn:example:twin"
