"""Certificates: made once, renewed in time, trusted and rejected by a person."""

from __future__ import annotations

import datetime as dt
import socket
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from structlog.testing import capture_logs

from heatpump_twin.config.settings import OpcUaSettings
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.server.errors import CertificateError
from heatpump_twin.server.security.certificates import (
    ApplicationIdentity,
    ServerNames,
    alternative_names,
    der,
    new_key,
    pem,
    self_signed,
    server_names,
)
from heatpump_twin.server.security.pki import MAX_REJECTED, Pki

URI, HOSTS = "urn:heatpump-twin:test", ("127.0.0.1", "plant-room")
NAMES = ServerNames(URI, HOSTS)
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = 86_400.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(round(NOW.timestamp() * 1e6))


@pytest.fixture
def pki(tmp_path: Path, clock: ManualClock) -> Pki:
    return Pki(tmp_path, clock)


@pytest.fixture(scope="module")
def client() -> ApplicationIdentity:
    return self_signed("urn:client", ["desk"], "client", NOW, server=False)


def issue(
    authority: ApplicationIdentity | None,
    *,
    ca: bool = False,
    key: object = None,
    algorithm: object = None,
) -> ApplicationIdentity:
    """A certificate that an authority signs; None: it signs itself."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ca" if ca else "leaf")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.certificate.subject if authority else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:leaf")]), False
        )
    )
    signer = authority.key if authority else key
    return ApplicationIdentity(builder.sign(signer, algorithm or hashes.SHA256()), key)


def test_our_certificate_is_made_once(pki: Pki) -> None:
    own = pki.own(NAMES)
    assert alternative_names(own.certificate) == {URI, *HOSTS}
    assert own.key.key_size >= 2048
    assert isinstance(own.certificate.signature_hash_algorithm, hashes.SHA256)
    assert pki.own_key.stat().st_mode & 0o077 == 0
    assert pki.own(NAMES).certificate == own.certificate


@pytest.mark.parametrize(
    ("uri", "hosts", "days"),
    [("urn:other", HOSTS, 0), (URI, [*HOSTS, "new-name"], 0), (URI, HOSTS, 5 * 365 - 20)],
)
def test_our_certificate_is_renewed_when_it_no_longer_fits(
    pki: Pki, clock: ManualClock, uri: str, hosts: list[str], days: int
) -> None:
    first = pki.own(NAMES).certificate
    clock.advance(days * DAY)
    second = pki.own(ServerNames(uri, tuple(hosts))).certificate
    assert second != first
    assert alternative_names(second) == {uri, *hosts}


def test_our_certificate_and_uri_stay_when_the_machine_is_called_otherwise(pki: Pki) -> None:
    first = pki.own(ServerNames("urn:heatpump-twin:old", ("127.0.0.1",), ("old", "192.0.2.1")))
    moved = ServerNames(None, ("127.0.0.1",), ("new", "192.0.2.2"))
    assert pki.own(moved).certificate == first.certificate
    named = pki.own(ServerNames(None, ("127.0.0.1", "twin.example.com"), ("new",)))
    assert pem(named.key) == pem(first.key)
    assert alternative_names(named.certificate) == {
        "urn:heatpump-twin:old", "127.0.0.1", "twin.example.com", "new",
    }  # fmt: skip


def test_a_server_that_listens_everywhere_is_known_by_all_addresses() -> None:
    settings = OpcUaSettings(host="0.0.0.0", names=["twin.example.com", "192.0.2.7"])
    names = server_names(settings)
    assert names.required == ("twin.example.com", "192.0.2.7")
    assert {"localhost", "127.0.0.1", socket.gethostname()} <= set(names.found)
    assert "0.0.0.0" not in names.hosts
    assert server_names(OpcUaSettings(host="192.0.2.9")).required == ("192.0.2.9",)


def test_a_damaged_certificate_is_explained(pki: Pki) -> None:
    pki.own(NAMES)
    pki.own_certificate.write_bytes(b"not a certificate")
    with pytest.raises(CertificateError, match="move both away"):
        pki.own(NAMES)


def test_an_unknown_client_waits_for_a_person(pki: Pki, client: ApplicationIdentity) -> None:
    assert pki.check(client.certificate, any_client=True) is None
    assert pki.list() == []
    assert pki.check(client.certificate, any_client=False) == "it is not trusted"
    (entry,) = pki.list()
    assert (entry.trusted, entry.uri) == (False, "urn:client")
    assert pki.trust(entry.thumbprint[:8].upper()).trusted
    assert pki.check(client.certificate, any_client=False) is None
    assert [e.trusted for e in pki.list()] == [True]
    assert not pki.reject(entry.thumbprint[:8]).trusted
    assert pki.check(client.certificate, any_client=False) == "it is not trusted"
    with pytest.raises(CertificateError, match="no certificate"):
        pki.trust("ffff")


def test_a_certificate_file_of_another_tool_is_trusted(
    pki: Pki, tmp_path: Path, client: ApplicationIdentity
) -> None:
    (pki.trusted / "UaExpert.crt").write_bytes(der(client.certificate))
    assert pki.check(client.certificate, any_client=False) is None


def test_the_rejected_do_not_fill_the_disk(pki: Pki) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for _ in range(MAX_REJECTED + 5):
        pki.remember_rejected(issue(None, key=key).certificate)
    assert len(list(pki.rejected.iterdir())) == MAX_REJECTED


def test_what_no_client_may_bring(
    pki: Pki, clock: ManualClock, client: ApplicationIdentity
) -> None:
    small = issue(None, key=rsa.generate_private_key(public_exponent=65537, key_size=1024))
    assert "2048" in (pki.check(small.certificate, any_client=True) or "")
    curve = issue(None, key=ec.generate_private_key(ec.SECP256R1()))
    assert "RSA" in (pki.check(curve.certificate, any_client=True) or "")
    clock.advance(6 * 365 * DAY)
    assert pki.check(client.certificate, any_client=True) == "it is not valid now"


def test_a_trusted_issuer_vouches_until_it_revokes(pki: Pki, tmp_path: Path) -> None:
    authority = issue(None, ca=True)
    leaf = issue(authority)
    forged = issue(ApplicationIdentity(authority.certificate, issue(None, ca=True).key))
    assert pki.check(leaf.certificate, any_client=False) == "it is not trusted"
    (pki.trusted / "authority.der").write_bytes(der(authority.certificate))
    assert pki.check(leaf.certificate, any_client=False) is None
    assert pki.check(forged.certificate, any_client=False) == "it is not trusted"
    grandchild = issue(leaf)
    assert pki.check(grandchild.certificate, any_client=False) == "it is not trusted"
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(leaf.certificate.serial_number)
        .revocation_date(NOW)
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + dt.timedelta(days=30))
        .add_revoked_certificate(revoked)
        .sign(authority.key, hashes.SHA256())
    )
    path = tmp_path / "trusted" / "crl" / "authority.crl"
    path.write_bytes(crl.public_bytes(serialization.Encoding.DER))
    assert pki.check(leaf.certificate, any_client=False) == "it is not trusted"


def test_a_missing_key_stops_the_start_and_is_not_replaced(pki: Pki) -> None:
    pki.own(NAMES)
    before = pki.own_certificate.read_bytes()
    pki.own_key.unlink()
    with pytest.raises(CertificateError, match=r"heatpump-twin\.pem is missing.*backup"):
        pki.own(NAMES)
    assert pki.own_certificate.read_bytes() == before
    assert not pki.own_key.exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_damaged_key_stops_the_start_and_is_not_replaced(pki: Pki, content: bytes) -> None:
    pki.own(NAMES)
    pki.own_key.write_bytes(content)
    with pytest.raises(CertificateError, match=r"heatpump-twin\.pem"):
        pki.own(NAMES)
    assert pki.own_key.read_bytes() == content


def test_the_key_of_another_certificate_stops_the_start(pki: Pki) -> None:
    pki.own(NAMES)
    pki.own_key.write_bytes(pem(new_key()))
    with pytest.raises(CertificateError, match=r"not the RSA key.*backup"):
        pki.own(NAMES)


def test_a_start_broken_off_between_key_and_certificate_is_mended(pki: Pki) -> None:
    key = pki.own(NAMES).key
    pki.own_certificate.unlink()
    mended = pki.own(NAMES)
    assert mended.key.private_numbers() == key.private_numbers()
    assert mended.certificate.public_key() == key.public_key()


def test_a_renewal_keeps_the_key(pki: Pki, clock: ManualClock) -> None:
    first = pki.own(NAMES)
    clock.advance(5 * 365 * DAY)
    second = pki.own(NAMES)
    assert second.certificate != first.certificate
    assert second.key.private_numbers() == first.key.private_numbers()


def test_a_certificate_of_1970_is_made_again_once_the_clock_is_right(tmp_path: Path) -> None:
    clock = ManualClock(60_000_000)
    pki = Pki(tmp_path, clock)
    first = pki.own(NAMES)
    assert first.certificate.not_valid_after_utc.year == 1974
    # Not while the clock is wrong: whatever it makes is as wrong.
    assert pki.renewed(NAMES, first) is None
    clock.advance(NOW.timestamp())
    second = pki.renewed(NAMES, first)
    assert second is not None
    assert second.certificate.not_valid_before_utc <= NOW + dt.timedelta(minutes=1)
    assert second.key.private_numbers() == first.key.private_numbers()
    assert pki.renewed(NAMES, second) is None


def test_a_certificate_that_somebody_else_made_is_never_replaced(
    pki: Pki, clock: ManualClock
) -> None:
    given = issue(None)
    pki.own(NAMES)
    pki.own_key.write_bytes(pem(given.key))
    pki.own_certificate.write_bytes(der(given.certificate))
    clock.advance(200 * DAY)
    with capture_logs() as logs:
        for _ in range(3):
            assert pki.own(NAMES).certificate == given.certificate
    assert [log["log_level"] for log in logs] == ["warning"]


def test_a_damaged_certificate_of_a_client_keeps_no_other_out(
    pki: Pki, client: ApplicationIdentity
) -> None:
    (pki.trusted / "0000.der").write_bytes(b"cut off")
    (pki.trusted / "client.der").write_bytes(der(client.certificate))
    assert pki.check(client.certificate, any_client=False) is None
    assert [entry.uri for entry in pki.list()] == ["urn:client"]
