"""The same driver over RTU on TCP, a serial line and TLS."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import hptwin
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.settings import Device
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedGateway, RtuSession
from heatpump_twin.drivers.modbus.profile.profile import Space
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError
from heatpump_twin.drivers.modbus.wire.request import Request
from heatpump_twin.drivers.modbus.wire.serial_port import SerialSettings
from heatpump_twin.drivers.protocol import WriteState
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD

HJ = "panasonic-aquarea-hj"


def address(url: str) -> DeviceConnection:
    device = {"id": "d", "profile": HJ, "connection": url}
    return Device.model_validate(device).connection


def setpoint_of(driver: Any) -> int:
    return next(i for i, n in driver.points.items() if n == "supply_setpoint")


async def test_rtu_over_tcp(serve: Any, drive: Any, tank: Any, eventually: Any) -> None:
    tank.values["supply_temperature"] = 35.2
    gateway = await serve({1: (HJ, tank)}, session=RtuSession())
    driver, seen = drive(HJ, ModbusLink.to(address(f"rtu+tcp://127.0.0.1:{gateway.port}")))
    await eventually(lambda: seen.value("supply_temperature") == pytest.approx(35.2))
    assert (await driver.write(setpoint_of(driver), 42.0)).state is WriteState.CONFIRMED
    assert tank.written == [("supply_setpoint", 42.0)]


async def test_a_serial_line(line: Any, drive: Any, tank: Any, eventually: Any) -> None:
    path, gateway = line({1: (HJ, tank)})
    tank.values["supply_temperature"] = 35.2
    link = ModbusLink.to(address(f"serial://{path}?baudrate=9600&parity=N&stopbits=2"))
    driver, seen = drive(HJ, link, period=0.3)
    await eventually(lambda: seen.value("supply_temperature") == pytest.approx(35.2))
    assert (await driver.write(setpoint_of(driver), 42.0)).state is WriteState.CONFIRMED
    gateway.faults.silent = True
    await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    gateway.faults.clear()
    await eventually(lambda: seen.latest("supply_temperature")[1] == GOOD)


async def test_a_port_that_is_not_there_is_a_dead_device(drive: Any, eventually: Any) -> None:
    driver, seen = drive(HJ, ModbusLink.to(address("serial:///dev/nonesuch")))
    await eventually(lambda: seen.statuses() == {BAD_NO_COMMUNICATION})
    outcome = await driver.write(setpoint_of(driver), 42.0)
    assert outcome.state is WriteState.REFUSED
    assert "No such file" in outcome.message


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("serial:///dev/ttyUSB0?baudrate=9601", "not a baud rate"),
        ("serial:///dev/ttyUSB0?parity=odd", "parity is N, E or O"),
        ("serial:///dev/ttyUSB0?stopbits=3", "stopbits is 1 or 2"),
        ("serial:///dev/ttyUSB0?baud=9600", "no option"),
        ("tcp://h:502?ca=x", "no option"),
    ],
)
def test_options_are_checked(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ModbusLink.to(address(url))


def test_serial_defaults_are_those_of_the_specification() -> None:
    assert SerialSettings.of(address("serial:///dev/ttyS0")) == SerialSettings(
        "/dev/ttyS0", 19200, "E", 1
    )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    return self_signed(tmp_path / "device.pem", name)


def self_signed(path: Path, alternative: x509.SubjectAlternativeName | None) -> Path:
    """Write a certificate of ``heatpump.local``, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "heatpump.local")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    if alternative is not None:
        builder = builder.add_extension(alternative, critical=False)
    built = builder.sign(key, hashes.SHA256())
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def fingerprint_of(certificate: Path) -> str:
    loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    return loaded.fingerprint(hashes.SHA256()).hex(":")


async def test_a_certificate_without_the_host_in_it(
    serve: Any, drive: Any, tank: Any, eventually: Any, tmp_path: Path
) -> None:
    """Trusted by its fingerprint, or by its own name and itself; never unseen."""
    shown = self_signed(tmp_path / "shown.pem", None)
    named = self_signed(
        tmp_path / "named.pem", x509.SubjectAlternativeName([x509.DNSName("heatpump.local")])
    )
    other = self_signed(tmp_path / "other.pem", None)
    tank.values["supply_temperature"] = 35.2

    async def served(file: Path) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return f"tls://127.0.0.1:{(await serve({1: (HJ, tank)}, tls=context)).port}"

    at, named_at = await served(shown), await served(named)
    for url in (
        f"{at}?fingerprint={fingerprint_of(shown)}",
        f"{at}?fingerprint={fingerprint_of(shown).replace(':', '').upper()}",
        f"{named_at}?ca={named}&server_name=heatpump.local",
    ):
        _, seen = drive(HJ, ModbusLink.to(address(url)), timeout=2.0)
        await eventually(lambda seen=seen: seen.value("supply_temperature") == pytest.approx(35.2))
    for url, why in (
        (f"{at}?fingerprint={fingerprint_of(other)}", "fingerprint is"),
        (f"{named_at}?ca={named}&server_name=another.local", "name"),
        (f"{named_at}?ca={other}&server_name=heatpump.local", "verify"),
        (at, "fingerprint="),
    ):
        link = ModbusLink.to(address(url))
        with pytest.raises(NotSentError, match=why):
            await link.request(Request.read(1, Space.HOLDING, 0, 1), 5.0)
        await link.close()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("fingerprint=12:34", "64 hexadecimal digits"),
        ("fingerprint=" + 64 * "a" + "&ca=x.pem", "leave out ca"),
        ("verify=no", "no option verify"),
    ],
)
def test_verification_cannot_be_turned_off(options: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ModbusLink.to(address(f"tls://h:802?{options}"))


async def test_tls(serve: Any, drive: Any, tank: Any, eventually: Any, certificate: Path) -> None:
    tank.values["supply_temperature"] = 35.2
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    gateway = await serve({1: (HJ, tank)}, tls=context)
    at = f"tls://127.0.0.1:{gateway.port}"
    _, trusted = drive(HJ, ModbusLink.to(address(f"{at}?ca={certificate}")), timeout=2.0)
    await eventually(lambda: trusted.value("supply_temperature") == pytest.approx(35.2))
    _, stranger = drive(HJ, ModbusLink.to(address(at)), timeout=2.0)
    await eventually(lambda: stranger.statuses() == {BAD_NO_COMMUNICATION})


@pytest.fixture(params=["tcp", "rtu+tcp", "tls", "serial"])
async def everywhere(
    request: Any, serve: Any, line: Any, tank: Any, certificate: Path
) -> tuple[str, EmulatedGateway]:
    """An Aquarea behind each transport: its address and its gateway."""
    if request.param == "serial":
        path, gateway = line({1: (HJ, tank)})
        return f"serial://{path}?baudrate=9600&parity=N&stopbits=2", gateway
    transport: dict[str, Any] = {}
    if request.param == "rtu+tcp":
        transport = {"session": RtuSession()}
    if request.param == "tls":
        transport = {"tls": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)}
        transport["tls"].load_cert_chain(certificate)
    gateway = await serve({1: (HJ, tank)}, **transport)
    options = f"?ca={certificate}" if request.param == "tls" else ""
    return f"{request.param}://127.0.0.1:{gateway.port}{options}", gateway


def test_a_certificate_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    url = "tls://127.0.0.1:802?ca=/etc/nonesuch.pem"
    ran = hptwin.here(capsys, "read", url, "--profile", HJ)
    assert ran.code == 1
    assert "there is no file /etc/nonesuch.pem (ca=)" in ran.err


async def test_commissioning_over_every_transport(
    everywhere: tuple[str, EmulatedGateway], tank: Any, tmp_path: Path
) -> None:
    url, _ = everywhere
    tank.values |= {"supply_temperature": 35.2, "supply_setpoint": 40.0}
    scanned = await hptwin.run("scan", url, "--units", "1", "--profile", HJ, "--pause", 0)
    assert scanned.code == 0, scanned.err
    assert HJ in scanned.out
    read = await hptwin.run("read", url, "supply_temperature", "--profile", HJ)
    assert read.code == 0, read.err
    assert read.out.splitlines()[1].split()[1:3] == ["35.2", "°C"]
    written = await hptwin.run(
        "write", url, "supply_setpoint", "42.5", "--profile", HJ, "--unit", 1, "--yes",
        "--data", tmp_path,
    )  # fmt: skip
    assert written.code == 0, written.err
    assert tank.written == [("supply_setpoint", 42.5)]
