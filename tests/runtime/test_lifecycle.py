"""Starting, stopping, and everything that goes wrong in between."""

from __future__ import annotations

import json
import signal
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from fair_watch import FairWatch
from patience import PATIENCE, until
from places import DEFAULT_SITE
from whole_twin import OPERATOR, Twin

PAGES = True


def test_first_run_says_where_state_lies_and_how_to_log_in(fresh_twin: Twin) -> None:
    fresh_twin.cold = True
    fresh_twin.start()
    output = fresh_twin.output
    password_file = fresh_twin.data / "initial-admin-password.txt"
    assert str(fresh_twin.data) in output
    assert str(password_file) in output
    assert password_file.stat().st_mode & 0o077 == 0
    password = password_file.read_text().strip()
    assert password not in output
    for path in fresh_twin.data.rglob("*"):
        if path.is_file() and path.suffix in {".pem", ".json", ".txt", ".sqlite"}:
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_within_five_seconds_and_leaves_nobody(fresh_twin: Twin, number: int) -> None:
    fresh_twin.cold = True
    fresh_twin.start()
    assert fresh_twin.process is not None
    family = psutil.Process(fresh_twin.process.pid).children(recursive=True)
    assert len(family) >= 2
    watch = FairWatch(fresh_twin.process.pid)
    fresh_twin.process.send_signal(number)
    # A bound of the specification, not a measurement: 5 s.
    assert watch.until(lambda: fresh_twin.process.poll() is not None) < 5.0
    assert fresh_twin.process.returncode == 0
    assert [child for child in family if child.is_running()] == []
    assert "Traceback" not in fresh_twin.output


def test_children_end_when_the_twin_is_killed(fresh_twin: Twin) -> None:
    fresh_twin.start()
    assert fresh_twin.process is not None
    family = psutil.Process(fresh_twin.process.pid).children(recursive=True)
    fresh_twin.stop(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []


async def test_history_and_users_survive_a_restart(
    fresh_twin: Twin, connect, find, eventually
) -> None:
    # An idle heat pump takes the same power for minutes: have it recorded all the same.
    fresh_twin.extra = ["--set", "historian.max_interval=2 s"]
    fresh_twin.add_user(OPERATOR, "operator")
    fresh_twin.start()
    began = datetime.now(UTC) - timedelta(minutes=1)

    async def read() -> list[tuple[datetime, float]]:
        async with connect(fresh_twin, OPERATOR) as client:
            node = await find(client, "DeviceSet", "hp1", "ParameterSet", "ElectricalPower")
            values = await node.read_raw_history(began, datetime.now(UTC))
            return [(v.SourceTimestamp, v.Value.Value) for v in values if v.StatusCode.is_good()]

    async def enough() -> bool:
        return len(await read()) >= 5

    await eventually(enough)
    before = await read()
    assert fresh_twin.stop() == 0
    fresh_twin.start()
    after = await read()
    assert after[: len(before)] == before


@pytest.mark.parametrize("name", ["hmi", "plant"])
def test_a_child_may_die_again_and_again_and_the_twin_goes_on(fresh_twin: Twin, name: str) -> None:
    fresh_twin.start()
    for _ in range(3):
        child = until(lambda: fresh_twin.children().get(name), ignoring=(IndexError,))
        child.kill()
        child.wait(PATIENCE)
        until(lambda: "ended with exit code -9" in component(fresh_twin, name)["detail"])
        assert not component(fresh_twin, name)["ready"]
        assert fresh_twin.get("/healthz")[0] == 200
    until(lambda: fresh_twin.ready()[0] == 200, otherwise=lambda: fresh_twin.output)
    assert fresh_twin.children()[name].pid != child.pid
    assert fresh_twin.output.count("ended by itself") == 3
    assert "Traceback" not in fresh_twin.output


@pytest.mark.parametrize("name", ["hmi", "plant"])
async def test_a_child_that_hangs_is_told_in_readyz_and_as_an_alarm(
    fresh_twin: Twin, name: str, connect, find, eventually
) -> None:
    fresh_twin.start()
    child = fresh_twin.children()[name]
    async with connect(fresh_twin) as client:
        own = await find(client, "Site", "Twin")
        alarm = await own.get_child(f"{own.nodeid.NamespaceIndex}:{name}_down")
        active = await alarm.get_child(["0:ActiveState", "0:Id"])

        async def is_active() -> bool:
            return bool(await active.read_value())

        async def is_over() -> bool:
            return not await active.read_value()

        child.suspend()
        await eventually(is_active)
        assert "no answer" in component(fresh_twin, name)["detail"]
        child.resume()
        await eventually(is_over)
    until(lambda: fresh_twin.ready()[0] == 200)
    # It was busy, for all that anybody knows, and answers again: it is left alone.
    assert fresh_twin.children()[name].pid == child.pid


def component(twin: Twin, name: str) -> dict[str, Any]:
    components = twin.ready()[1]["components"]
    assert isinstance(components, dict)
    return dict(components[name])


@pytest.mark.parametrize(
    "when", ["started a child process", "hmi_starting", "OPC UA server listens", "Ctrl-C stops"]
)
def test_a_stop_breaks_off_a_start(fresh_twin: Twin, when: str) -> None:
    fresh_twin.cold = True
    fresh_twin.spawn()
    assert fresh_twin.process is not None
    until(lambda: when in fresh_twin.output)
    family = psutil.Process(fresh_twin.process.pid).children(recursive=True)
    watch = FairWatch(fresh_twin.process.pid)
    fresh_twin.process.send_signal(signal.SIGTERM)
    # A bound of the specification, not a measurement: 5 s.
    assert watch.until(lambda: fresh_twin.process.poll() is not None) < 5.0
    assert fresh_twin.process.returncode == 0, fresh_twin.output
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert alive == []
    assert "Traceback" not in fresh_twin.output


@pytest.mark.parametrize("which", ["opcua", "ops", "plant", "hmi"])
def test_a_port_in_use_is_named(fresh_twin: Twin, which: str) -> None:
    port = getattr(fresh_twin.ports, which)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        fresh_twin.spawn()
        assert fresh_twin.process is not None
        assert fresh_twin.process.wait(PATIENCE) == 1
    assert f":{port}" in fresh_twin.output
    assert f"{which}.port" in fresh_twin.output


def test_two_twins_do_not_share_a_data_directory(fresh_twin: Twin) -> None:
    fresh_twin.start()
    second = fresh_twin.command("run", "--data", str(fresh_twin.data))
    assert second.returncode == 1
    assert "--data" in second.stderr


def test_two_heat_pumps_of_two_makes(fresh_twin: Twin) -> None:
    fresh_twin.site = "two-heat-pumps"
    fresh_twin.start()
    components = fresh_twin.ready()[1]["components"]
    assert isinstance(components, dict)
    assert {"east.controller", "west.controller"} <= set(components)


def test_a_wrong_site_file_stops_before_anything_starts(fresh_twin: Twin) -> None:
    result = fresh_twin.command("run", "--data", str(fresh_twin.data), "--set", "opcua.port=no")
    assert result.returncode == 2
    assert "opcua.port" in result.stderr


@pytest.mark.parametrize("of", ["site", "profile", "rules"])
def test_schemas_are_json(fresh_twin: Twin, of: str) -> None:
    result = fresh_twin.command("schema", of)
    assert result.returncode == 0
    assert json.loads(result.stdout)["type"] == "object"


def test_check_names_file_line_and_key(fresh_twin: Twin, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    good = fresh_twin.command("check", "default")
    assert good.returncode == 0
    text = DEFAULT_SITE.read_text("utf-8")
    site.write_text(
        text.replace("latitude: 39.637", "latitude: north").replace("sdm120", "sdm121"), "utf-8"
    )
    bad = fresh_twin.command("check", str(site))
    line = 1 + text[: text.index("latitude")].count("\n")
    assert bad.returncode == 2
    assert f"{site}:{line}: site.latitude:" in bad.stderr
    site.write_text(text.replace("sdm120", "sdm121"), "utf-8")
    bad = fresh_twin.command("check", str(site))
    assert bad.returncode == 2
    assert "heat_pumps.0.devices.1.profile: there is no profile 'eastron-sdm121'" in bad.stderr
