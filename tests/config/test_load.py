"""Site files: what a person writes, and what they are told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import DEFAULT_SITE

from heatpump_twin.config.errors import ConfigError
from heatpump_twin.config.load import load_site, site_source
from heatpump_twin.config.settings import HotWater

GOOD = site_source("default").data


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(DEFAULT_SITE.read_text("utf-8"), "utf-8")
    return path


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} must be there once"
    path.write_text(text.replace(old, new), "utf-8")
    return path


def problems(path: Path, overrides: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_site(path, overrides, environment={})
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["default", "two-heat-pumps"])
def test_packaged_sites_are_valid(name: str) -> None:
    site = load_site(name, environment={})
    assert all(pump.devices for pump in site.heat_pumps)


def test_every_emulated_gateway_has_its_own_port() -> None:
    site = load_site("two-heat-pumps", ["plant.port=16000"], environment={})
    ports = site.emulated_gateways()
    assert list(ports.values()) == list(range(16000, 16000 + len(ports)))
    west = site.heat_pumps[1]
    assert str(site.address(west, west.devices[0])) == "tcp://127.0.0.1:16004"


def test_a_typo_is_reported_with_its_line(site_file: Path) -> None:
    edited(site_file, "  latitude: 39.637", "  latitud: 39.637")
    (missing, unknown) = sorted(problems(site_file))
    line = next(
        i for i, text in enumerate(site_file.read_text().splitlines(), 1) if "latitud:" in text
    )
    assert f"{site_file}:{line}: site.latitud: unknown key" in unknown
    assert "site.latitude: this key is required" in missing


def test_every_mistake_is_reported_at_once(site_file: Path) -> None:
    edited(site_file, "latitude: 39.637", "latitude: 139.637")
    edited(site_file, "timezone: Europe/Madrid", "timezone: Europe/Atlantis")
    edited(site_file, "nominal_flow: 14.3", "nominal_flow: -1")
    assert len(problems(site_file)) == 3


def test_two_devices_with_one_id(site_file: Path) -> None:
    edited(site_file, "id: heat_meter", "id: controller")
    (problem,) = problems(site_file)
    assert "heat_pumps.0.devices.2.id" in problem
    assert "used twice" in problem


def test_a_key_written_twice(site_file: Path) -> None:
    edited(site_file, "  latitude: 39.637", "  latitude: 39.637\n  latitude: 40.0")
    (problem,) = problems(site_file)
    assert "written twice" in problem


def test_broken_yaml(site_file: Path) -> None:
    site_file.write_text("site: [", "utf-8")
    (problem,) = problems(site_file)
    assert f"{site_file}:1" in problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "none.yaml")
    assert "none.yaml" in problem


@pytest.mark.parametrize(
    ("text", "scheme", "port"),
    [
        ("tcp://10.0.0.7", "tcp", 502),
        ("tcp://10.0.0.7:5020", "tcp", 5020),
        ("tls://meter.local", "tls", 802),
        ("rtu+tcp://10.0.0.7:4001", "rtu+tcp", 4001),
        ("serial:///dev/ttyUSB0?baudrate=9600", "serial", 0),
    ],
)
def test_connections(site_file: Path, text: str, scheme: str, port: int) -> None:
    site = load_site(site_file, [f"heat_pumps.hp1.devices.controller.connection={text}"], {})
    connection = site.heat_pumps[0].devices[0].connection
    assert (connection.scheme, connection.port) == (scheme, port)


@pytest.mark.parametrize(
    "text", ["10.0.0.7", "udp://10.0.0.7:502", "rtu+tcp://10.0.0.7", "tcp://:x"]
)
def test_wrong_connections(site_file: Path, text: str) -> None:
    (problem,) = problems(site_file, (f"heat_pumps.hp1.devices.controller.connection={text}",))
    assert "is not a connection" in problem


def test_an_override_that_is_no_text_is_a_mistake_of_its_own(site_file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(site_file, ["hmi.port=\ud800"], {"HPTWIN__OPCUA__PORT": "\udcff"})
    assert caught.value.lines == [
        "HPTWIN__OPCUA__PORT: opcua.port: is not UTF-8",
        "--set: hmi.port: is not UTF-8",
    ]


def test_overrides_go_on_top_of_the_environment_and_the_file(site_file: Path) -> None:
    environment = {"HPTWIN__OPCUA__PORT": "5001", "HPTWIN__HMI__PORT": "5002"}
    site = load_site(site_file, ["opcua.port=5003"], environment)
    assert (site.opcua.port, site.hmi.port) == (5003, 5002)


@pytest.mark.parametrize("text", ["opcua.port", "=1", "heat_pumps.hp9.name=x", "site.name.x=1"])
def test_overrides_that_cannot_be_applied(site_file: Path, text: str) -> None:
    assert len(problems(site_file, (text,))) == 1


def test_off_loopback_nothing_is_open_by_default() -> None:
    here = load_site("default", [], {}).opcua
    away = load_site("default", ["opcua.host=0.0.0.0"], {}).opcua
    assert (here.reads_anonymously, here.offers_none, here.trusts_any_client) == (True,) * 3
    assert (away.reads_anonymously, away.offers_none, away.trusts_any_client) == (False,) * 3


def test_the_hmi_is_not_offered_in_clear_text_off_loopback() -> None:
    with pytest.raises(ConfigError, match="clear text"):
        load_site("default", ["hmi.host=0.0.0.0"], {})


def test_durations_carry_their_unit(site_file: Path) -> None:
    site = load_site(site_file, ["heat_pumps.hp1.devices.controller.poll=500 ms"], {})
    assert site.heat_pumps[0].devices[0].poll == 0.5
    (problem,) = problems(site_file, ("heat_pumps.hp1.devices.controller.poll=soon",))
    assert "not a duration" in problem


@pytest.mark.parametrize(
    "override",
    [
        "historian.retention={}",
        "historian.url=[{}]",
        "hmi.port={}",
        "plant.start={}",
        "site.timezone={}",
        "{}=1",
    ],
)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://olga:hunter2@db/twin",
        "postgresql://olga:hunter2@and-more@db/twin",
        "postgresql://olga:12345hunter2@db/twin",
        "postgresql://olga:hunter2hunter2hunter2hunter2hunter2hunter2@db/twin",
    ],
)
def test_no_mistake_tells_a_password(override: str, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site("default", [override.format(url)], environment={})
    assert "hunter2" not in str(caught.value)


def test_a_port_is_not_taken_for_a_password() -> None:
    with pytest.raises(ConfigError, match="found http://twin:8080/x"):
        load_site("default", ["hmi.port=http://twin:8080/x"], environment={})


def test_a_setting_by_its_former_name_is_told_its_present_one() -> None:
    with pytest.raises(ConfigError, match="hot_water_waits is hot_water now: lowered for true"):
        load_site("default", ["smart_start.hot_water_waits=true"], {})
    site = load_site("default", ["smart_start.hot_water=switched_off"], {})
    assert site.smart_start.hot_water is HotWater.SWITCHED_OFF
