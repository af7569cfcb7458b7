"""What `hptwin check` and `hptwin run` say of a site file with a mistake: the same, and of use."""

from __future__ import annotations

import os
import re
from pathlib import Path

import hptwin
import pytest
from site_mistakes import BASE, MISTAKES, Mistake

PLACED = re.compile(r"\S+:\d+: \S.*: .+")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site.yaml"


def refused(capsys, file: Path, *settings: str) -> list[str]:
    """Return the lines with which both commands refuse a file; nothing has been made."""
    given = [part for setting in settings for part in ("--set", setting)]
    checked = hptwin.here(capsys, "check", file, *given)
    data = file.parent / "data"
    # Before it is run: what is not refused would run for ever.
    assert checked.code == 2, checked.out + checked.err
    ran = hptwin.here(capsys, "run", "--site", file, "--data", data, *given)
    assert (checked.code, ran.code) == (2, 2), checked.out + checked.err
    assert checked.err == ran.err
    assert not data.exists()
    lines = checked.err.splitlines()
    assert "Traceback" not in checked.err
    return lines


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_a_mistake_is_told_with_place_and_remedy(capsys, site: Path, mistake: Mistake) -> None:
    site.write_text(mistake.text, "utf-8")
    lines = refused(capsys, site)
    place = f"{site}:{mistake.line}: {mistake.key}: "
    (told,) = [line for line in lines if line.startswith(place)] or [str(lines)]
    assert all(word in told for word in mistake.words), told
    assert len(lines) == 1 + mistake.more, lines


def test_there_are_mistakes_enough() -> None:
    assert len({mistake.id for mistake in MISTAKES}) == len(MISTAKES) >= 100


def test_the_file_that_is_changed_is_good(capsys, site: Path) -> None:
    site.write_text(BASE, "utf-8")
    ran = hptwin.here(capsys, "check", site)
    assert (ran.code, ran.err) == (0, "")
    assert "warning" not in ran.out


def test_all_mistakes_are_told_in_one_go(capsys, site: Path) -> None:
    text = BASE
    for old, new in (
        ("latitude: 50.1", "latitude: 150"),
        ("Europe/Berlin", "Berlin"),
        ("name: Boiler room", "name: {{ room }}"),
        ("nominal_flow: 14.3", "nominal_flow: -3"),
        ("unit: 1\n        poll: 1 s", "unit: 999\n        pol: 1 s"),
        ("eastron-sdm120", "eastron-sdm12"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    text += "opcua: {port: 8080}\nrules: {packs: [nope]}\nhistorian: {url: 'foo://bar'}\n"
    site.write_text(text, "utf-8")
    lines = refused(capsys, site)
    keys = [line.split(": ")[1] for line in lines]
    assert sorted(keys) == sorted(
        [
            "site.latitude", "site.timezone", "heat_pumps.0.name",
            "heat_pumps.0.plate.nominal_flow", "heat_pumps.0.devices.0.unit",
            "heat_pumps.0.devices.0.pol",
            "heat_pumps.0.devices.1.profile", "opcua.port", "rules.packs.0", "historian.url",
        ]
    )  # fmt: skip


def test_mistakes_of_a_profile_are_told_with_those_of_the_site(capsys, site: Path) -> None:
    profile = site.with_name("mine.yaml")
    profile.write_text(
        "title: Mine\nkind: boiler\nsource: me\npoints:\n"
        "  - {point: voltage, space: input, address: 1, type: int17}\n"
        "  - {point: current, space: input, address: 1, type: int16, absent: FFFF}\n"
        "  - {point: supply_setpoint, space: holding, address: 7, type: int16, write: true}\n",
        "utf-8",
    )
    text = BASE.replace("eastron-sdm120", str(profile)).replace("latitude: 50.1", "latitude: 150")
    site.write_text(text, "utf-8")
    lines = refused(capsys, site)
    assert len(lines) == 5
    told = "\n".join(lines)
    assert f"{site}:1: site.latitude: " in told
    assert f"{profile}:2: kind: write 'heat_pump_controller'" in told
    assert f"{profile}:5: points.0.type: " in told
    assert f"{profile}:6: points.1.absent: write a number or a list of numbers" in told
    assert f"{profile}:7: points.2.write: write for example `write: {{min: 20, max: 60}}`" in told


def test_only_the_first_of_many_are_told(capsys, site: Path) -> None:
    pump = BASE[BASE.index("  - id: hp1") :]
    pumps = "".join(
        pump.replace("hp1", f"hp{i}").replace("192.168", f"gateway-{i}").replace("poll:", "polll:")
        for i in range(300)
    )
    site.write_text(BASE[: BASE.index("  - id: hp1")] + pumps, "utf-8")
    lines = refused(capsys, site)
    assert len(lines) == 21
    assert all("did you mean poll?" in line for line in lines[:20])
    assert lines[20] == "and 280 more"


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("opcua.port=70000", "--set: opcua.port: write a number of 65535 or less; found 70000"),
        ("opcua.port=8080", "--set: opcua.port: port 8080 is the HMI's default (hmi.port)"),
        ("hmi.host=0.0.0.0", "--set: hmi: passwords would cross"),
        ("opcua.prt=1", "--set: opcua.prt: unknown key; did you mean port?"),
        ("site.name=' '", "--set: site.name: write a name that can be seen"),
        ('site.name="a\\nb"', "--set: site.name: write a name on one line, without tabs"),
        ('heat_pumps.hp1.group="a\\tb"', "--set: heat_pumps.0.group: write a name on one line"),
        ("weather.provider=x", "--set: weather.provider: unknown key; here can be source, url,"),
        ("calibration.every=1 s", "--set: calibration.every: 1 s is too short; write 1 h or more"),
        ("forecasts.every=1 s", "--set: forecasts.every: 1 s is too short; write 1 min or more, "),
        ("forecasts.train_every=1 s", "--set: forecasts.train_every: 1 s is too short; write 1 h"),
        ("heat_pumps.hp1.name={{ x }}", "--set: heat_pumps.hp1.name: a template"),
        ("heat_pumps.hp2.name=x", "--set: heat_pumps.hp2.name: there is no item 'hp2'"),
        ("heat_pumps.hp1.devices.meter.profile=x", "--set: heat_pumps.0.devices.1.profile: there"),
        ("site.name=[", "--set: site.name: '[' is not a YAML value"),
        ("site.name.x=1", "--set: site.name.x: 'name' holds a value, not a section"),
        ("site.latitude=2020-13-45", "--set: site.latitude: 2020-13-45 is not a date"),
        ("port", "--set: port: write dotted.key=value"),
        ("=1", "--set: =1: write dotted.key=value"),
        ("=", "--set: =: write dotted.key=value"),
        ("..=1", "--set: ..=1: write dotted.key=value"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_option_is_not_of_the_file(capsys, site: Path, setting, line) -> None:
    site.write_text(BASE, "utf-8")
    (told,) = refused(capsys, site, setting)
    assert told.startswith(line)


def test_a_mistake_in_the_environment_is_named(capsys, site: Path, monkeypatch) -> None:
    site.write_text(BASE, "utf-8")
    monkeypatch.setenv("HPTWIN__OPCUA__PORT", "high")
    monkeypatch.setenv("HPTWIN__SITE__LATITUDE", "91")
    lines = refused(capsys, site, "ops.port=0")
    assert [line.split(": ")[0] for line in sorted(lines)] == [
        "--set", "HPTWIN__OPCUA__PORT", "HPTWIN__SITE__LATITUDE",
    ]  # fmt: skip


def test_what_an_option_mends_is_no_mistake(capsys, site: Path) -> None:
    site.write_text(BASE.replace("latitude: 50.1", "latitude: 150"), "utf-8")
    assert hptwin.here(capsys, "check", site, "--set", "site.latitude=50").code == 0
    site.write_text(BASE.replace("name: Test", "name: {{ x }}"), "utf-8")
    assert hptwin.here(capsys, "check", site, "--set", "site.name=Test").code == 0


@pytest.mark.parametrize("day", ["25.12.2026", "20261224", "2026-W52-4", "W52-4", "02-30", "", "x"])
def test_a_holiday_that_would_never_come(capsys, site: Path, day: str) -> None:
    site.write_text(BASE + f"smart_start: {{holidays: [12-24, 02-29, '{day}']}}\n", "utf-8")
    (told,) = refused(capsys, site)
    assert f": smart_start.holidays.2: {day!r} is no day; write it as 2026-12-24, or as" in told


@pytest.mark.parametrize("key", ["calibration.every", "forecasts.every", "forecasts.train_every"])
def test_nothing_is_learnt_or_forecast_where_zero_says_never(capsys, site: Path, key: str) -> None:
    site.write_text(BASE, "utf-8")
    assert hptwin.here(capsys, "check", site, "--set", f"{key}=0").code == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"# nothing but a comment\n", "the file is empty"),
        (b"- a\n- b\n", "a mapping of sections"),
        (b"just words", "a mapping of sections"),
        (b"a: \x00b", "U+0000"),
        (bytes(range(128, 256)), "not UTF-8"),
        (BASE.encode("utf-16"), "UTF-16"),
        (BASE.replace("Test", "Zürich").encode("latin-1"), "0xfc is not UTF-8"),
        (BASE.encode() + b"# line\n" * 2_000_000, "larger than 1,000,000 bytes"),
        (b"x: " + b"[" * 5000, "more than 50 lists and sections"),
        (b"x: " + b"{a: " * 3000, "more than 50 lists and sections"),
        (b"x:\n" + b"".join(b" " * i + b"- \n" for i in range(1, 900)), "more than 50"),
        (b"{{ everything }}\n", "left unfilled"),
        (b"!!python/object/apply:os.system ['true']\n", "not valid YAML"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_site_file_at_all(capsys, site: Path, content: bytes, words: str) -> None:
    site.write_bytes(content)
    line = refused(capsys, site)[0]
    assert PLACED.fullmatch(line)
    assert words in line


def test_an_alias_bomb_takes_no_memory(capsys, site: Path) -> None:
    names = "abcdefghi"
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{names[i]}'] * 9)}]\n" for i, name in enumerate(names[1:])
    )
    site.write_text(BASE + bomb, "utf-8")
    assert len(refused(capsys, site)) == len(names)


def test_a_byte_order_mark_and_anchors_are_good(capsys, site: Path) -> None:
    text = BASE.replace("unit: 1\n        poll: 1 s", "unit: 1\n        <<: &often {poll: 1 s}")
    text = text.rstrip("\n") + "\n        <<: *often\n"
    site.write_bytes(b"\xef\xbb\xbf" + text.encode())
    ran = hptwin.here(capsys, "check", site)
    assert (ran.code, ran.err) == (0, "")


def test_what_is_no_file(capsys, tmp_path: Path) -> None:
    pipe, loop, directory = tmp_path / "pipe", tmp_path / "loop", tmp_path / "folder"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    directory.mkdir()
    for path, words in (
        (pipe, "a pipe or a device"),
        (loop, "symbolic links"),
        (directory, "a directory"),
        (Path("/dev/zero"), "a pipe or a device"),
        (tmp_path / "none.yaml", "No such file"),
        (tmp_path / ("n" * 300), "too long"),
    ):
        ran = hptwin.here(capsys, "check", path)
        (line,) = ran.err.splitlines()
        assert (ran.code, line.startswith(f"{path}:1: ")) == (2, True)
        assert words in line


@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("poll: 1 s", "poll: 500", "heat_pumps.0.devices.0.poll", "did you mean 500 ms?"),
        ("poll: 1 s", "timeout: 100", "heat_pumps.0.devices.0.timeout", "did you mean 100 ms?"),
        (
            "poll: 1 s", "poll: 1 s\n        timeout: 5 s",
            "heat_pumps.0.devices.0.poll", "1 s is shorter than the timeout, 5 s",
        ),
        (
            "poll: 1 s", "poll: 100 ms",
            "heat_pumps.0.devices.0.poll", "takes 5 periods; write poll: 0.5 s or more",
        ),
        ("nominal_flow: 14.3", "nominal_flow: 0.858", "heat_pumps.0.plate.nominal_flow", "m³/h"),
        ("max_power: 2590", "max_power: 259", "heat_pumps.0.plate.max_power", "another unit"),
        ("max_power: 2590", "max_power: 2590000", "heat_pumps.0.plate.max_power", "another unit"),
        ("power: 1080}", "power: 300}", "heat_pumps.0.plate.heating.0", "a COP of 16.7"),
        (
            "max_power: 2590", "max_power: 2590\n      pump_power: 3000",
            "heat_pumps.0.plate.pump_power", "not below max_power",
        ),
    ],
)  # fmt: skip
def test_what_may_be_right_is_warned_of(capsys, site: Path, old, new, key, words) -> None:
    assert BASE.count(old) == 1
    site.write_text(BASE.replace(old, new), "utf-8")
    ran = hptwin.here(capsys, "check", site)
    assert (ran.code, ran.err) == (0, "")
    (warning,) = [line for line in ran.out.splitlines() if line.startswith("warning: ")]
    assert re.match(rf"warning: {re.escape(str(site))}:\d+: {re.escape(key)}: .*", warning)
    assert words in warning


def test_two_lines_of_one_cable_have_one_setting(capsys, site: Path) -> None:
    text = BASE.replace('"tcp://192.168.1.20:502"', "serial:///dev/ttyUSB0?baudrate=9600&parity=N")
    text = text.replace(
        '"tcp://192.168.1.21:502"\n        unit: 1', "serial:///dev/ttyUSB0\n        unit: 2"
    )
    site.write_text(text, "utf-8")
    (line,) = refused(capsys, site)
    assert f"{site}:19: heat_pumps.0.devices.1.connection: hp1.meter is at " in line
    assert "hp1.controller (line 14)" in line
    assert "one line has one setting" in line


def test_two_profiles_of_one_controller_say_so(capsys, site: Path) -> None:
    shared = BASE.replace("192.168.1.21", "192.168.1.20").replace(
        "unit: 1", "unit: 1\n        shares_unit: true"
    )
    site.write_text(shared, "utf-8")
    ran = hptwin.here(capsys, "check", site)
    assert (ran.code, ran.err) == (0, "")


def test_two_emulated_devices_on_one_gateway_have_units_of_their_own(capsys, site: Path) -> None:
    text = BASE.replace('"tcp://192.168.1.20:502"', "emulated:one")
    text = text.replace('"tcp://192.168.1.21:502"', "emulated:one") + "plant: {}\n"
    site.write_text(text, "utf-8")
    (line,) = refused(capsys, site)
    assert "controller and meter are both unit 1 at gateway one of the plant" in line


def test_gateways_fit_below_the_last_port(capsys, site: Path) -> None:
    text = BASE.replace('"tcp://192.168.1.20:502"', "emulated").replace(
        '"tcp://192.168.1.21:502"', "emulated"
    )
    site.write_text(text + "plant: {port: 65535}\n", "utf-8")
    (line,) = refused(capsys, site)
    assert line.startswith(f"{site}:21: plant.port: 2 gateways from 65535 on end behind 65535")
    assert line.endswith("write 65534 or less")
    site.write_text(text + "plant: {port: 65534}\n", "utf-8")
    assert hptwin.here(capsys, "check", site).code == 0


@pytest.mark.parametrize(
    ("scale", "code", "told"),
    [
        (0.0001, 2, "adapt.points.dhw_temperature.scale: int16 can hold -3.2768 to 3.2767"),
        (0.001, 0, "adapt.points.dhw_temperature.scale: int16 can hold -32.768 to 32.767"),
        (0.1, 0, ""),
    ],
)
def test_what_a_site_adapts_is_doubted_as_the_profile_would_be(
    capsys, site: Path, scale: float, code: int, told: str
) -> None:
    where = "        profile: panasonic-aquarea-hj\n"
    assert BASE.count(where) == 1
    adapted = f"        adapt: {{points: {{dhw_temperature: {{scale: {scale}}}}}}}\n"
    site.write_text(BASE.replace(where, where + adapted), "utf-8")
    ran = hptwin.here(capsys, "check", site)
    assert ran.code == code
    assert told in ran.out + ran.err
    assert told or "adapt.points" not in ran.out + ran.err
