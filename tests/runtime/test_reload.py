"""Heat pumps that come and go with the site file while the twin runs."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes
import pytest
import yaml
from asyncua import Client, ua
from namespaces import site_index
from patient_client import patient_client
from whole_twin import Twin, new_ports

from heatpump_twin.config.load import site_source
from heatpump_twin.drivers.status import BAD_NO_DATA
from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

POWER = "electrical_power"
VERB = ua.ModelChangeStructureVerbMask


@dataclass
class Growing:
    """A twin whose site file changes; the devices of both heat pumps are emulated elsewhere."""

    twin: Twin
    file: Path

    def write(self, *ids: str, **changes: Any) -> None:
        """Write a site with these heat pumps."""
        self.file.write_text(self.text(*ids, at_port=self.twin.ports.plant, **changes), "utf-8")

    @staticmethod
    def text(
        *ids: str,
        at_port: int | None = None,
        names: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> str:
        """Return a site with these heat pumps, emulated or where the emulated ones are."""
        site = dict(site_source("default").data)
        pump = site["heat_pumps"][0]
        every = [dict(device) for device in (*pump["devices"][:2], *pump["devices"])]
        if at_port is not None:
            for number, device in enumerate(every):
                device["connection"] = f"tcp://127.0.0.1:{at_port + number}"
        devices = {"hp1": every[:2], "hp2": every[2:]}
        site["heat_pumps"] = [
            pump | {"id": id_, "name": (names or {}).get(id_, "West"), "devices": devices[id_]}
            for id_ in ids
        ]
        return yaml.safe_dump(site | changes, sort_keys=False)

    async def reload(self) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self.twin.command, "reload", "--data", str(self.twin.data))

    def metric(self, name: str) -> float | None:
        lines = self.twin.get("/metrics")[1].splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name)), None)


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Growing]:
    ports = new_ports()
    file = tmp_path / "site.yaml"
    twin = Twin(tmp_path / "data", ports, str(file))
    rig = Growing(twin, file)
    plant_file = tmp_path / "plant.yaml"
    plant_file.write_text(rig.text("hp1", "hp2"), "utf-8")
    rig.write("hp1")
    plant = ("plant", "--site", plant_file, *ports.settings)
    with processes.started(
        sys.executable, "-m", "heatpump_twin", *plant, stdout=subprocess.DEVNULL
    ):
        try:
            twin.start()
            yield rig
            assert twin.stop() == 0
        finally:
            twin.kill()


@dataclass
class Listener:
    """What a subscription brings, by NodeId; and events."""

    values: dict[str, list[ua.DataValue]] = field(default_factory=dict)
    changes: list[tuple[str, int]] = field(default_factory=list)
    broken: list[Any] = field(default_factory=list)

    def datachange_notification(self, node: Any, _value: Any, data: Any) -> None:
        value = data.monitored_item.Value
        self.values.setdefault(str(node.nodeid.Identifier), []).append(value)

    def event_notification(self, event: Any) -> None:
        self.changes += [(str(c.Affected.Identifier), int(c.Verb)) for c in event.Changes]

    def status_change_notification(self, status: Any) -> None:
        self.broken.append(status)

    def status(self, key: str) -> int | None:
        """Return the status that came last."""
        values = self.values.get(key)
        return values[-1].StatusCode.value if values else None


@pytest.fixture
async def client(growing: Growing) -> AsyncIterator[Client]:
    async with patient_client(growing.twin.url) as client:
        yield client


async def test_a_heat_pump_comes_and_goes(growing: Growing, client: Client, eventually) -> None:
    namespace = await site_index(client)

    def node(key: str) -> Any:
        return client.get_node(ua.NodeId(key, namespace))

    heard = Listener()
    subscription = await client.create_subscription(100, heard)
    await subscription.subscribe_data_change(node(f"hp1.{POWER}"))
    await subscription.subscribe_events(
        client.nodes.server, ua.ObjectIds.GeneralModelChangeEventType
    )
    await eventually(lambda: heard.status(f"hp1.{POWER}") == 0)
    folder = node("site.HeatPumps")
    versions = [await node("site.HeatPumps.NodeVersion").read_value()]
    failures = growing.metric('hptwin_poll_failures_total{device="hp1.controller"}')
    polls = growing.metric('hptwin_polls_total{device="hp1.controller"}')

    with pytest.raises(ua.UaStatusCodeError):
        await node("site.outdoor_humidity").read_browse_name()

    # It comes.
    growing.write("hp1", "hp2")
    told = await growing.reload()
    assert (told.returncode, told.stdout) == (0, "added: hp2\n"), told.stderr
    await eventually(lambda: bool(heard.changes))
    assert heard.changes == [
        ("hp2", VERB.NodeAdded), ("site.HeatPumps", VERB.ReferenceAdded),
        ("site", VERB.ReferenceAdded),
    ]  # fmt: skip
    versions.append(await node("site.HeatPumps.NodeVersion").read_value())
    assert await node("hp2.NodeVersion").read_value()
    listed = await folder.get_referenced_nodes(ua.ObjectIds.Organizes)
    assert {pump.nodeid.Identifier for pump in listed} == {"hp1", "hp2"}
    await subscription.subscribe_data_change(node(f"hp2.{POWER}"))
    await eventually(lambda: heard.status(f"hp2.{POWER}") == 0)
    # The totals are those of both, and there is one that only the new one's sensors allow.
    running = node("site.heat_pumps_running.EURange")
    assert (await running.read_value()).High == 2
    await subscription.subscribe_data_change(node("site.outdoor_humidity"))
    await eventually(lambda: heard.status("site.outdoor_humidity") == 0)
    assert len(await node("hp2").get_referenced_nodes(ua.ObjectIds.HasCondition)) > 3
    assert growing.metric('hptwin_device_up{device="hp2.controller"}') == 1

    # A mistake changes nothing, and is told.
    growing.write("hp1", historian={"retention": "soon"})
    line = 1 + growing.file.read_text("utf-8").split("retention: soon")[0].count("\n")
    refused = await growing.reload()
    assert refused.returncode == 1
    assert f"{growing.file}:{line}: historian.retention:" in refused.stderr
    assert f"{growing.file}:{line}: historian.retention:" in growing.twin.output
    assert await node("site.HeatPumps.NodeVersion").read_value() == versions[-1]
    assert heard.status(f"hp2.{POWER}") == 0

    # It goes.
    heard.changes.clear()
    growing.write("hp1")
    told = await growing.reload()
    assert (told.returncode, told.stdout) == (0, "removed: hp2\n"), told.stderr
    await eventually(lambda: heard.status(f"hp2.{POWER}") == ua.StatusCodes.BadNodeIdUnknown)
    await eventually(lambda: len(heard.changes) == 2)
    assert heard.changes == [
        ("hp2", VERB.NodeDeleted), ("site.HeatPumps", VERB.ReferenceDeleted),
    ]  # fmt: skip
    versions.append(await node("site.HeatPumps.NodeVersion").read_value())
    with pytest.raises(ua.UaStatusCodeError):
        await node("hp2").read_browse_name()
    assert growing.metric('hptwin_device_up{device="hp2.controller"}') is None
    await eventually(lambda: heard.status("site.outdoor_humidity") == BAD_NO_DATA)
    assert (await running.read_value()).High == 1
    history = StoredHistory(f"sqlite:///{growing.twin.data / 'historian.sqlite'}")
    await history.start()

    async def ends_in_a_gap() -> bool:
        last = await history.before(f"hp2.{POWER}", 2**62)
        return int(last.status[0]) == BAD_NO_DATA

    await eventually(ends_in_a_gap)

    # It comes back, and those who still listen hear of it.
    growing.write("hp2", "hp1")
    told = await growing.reload()
    assert (told.returncode, told.stdout) == (0, "added: hp2\n"), told.stderr
    await eventually(lambda: heard.status(f"hp2.{POWER}") == 0)

    async def goes_on() -> bool:
        return not await ends_in_a_gap()

    await eventually(goes_on)
    await history.stop()
    versions.append(await node("site.HeatPumps.NodeVersion").read_value())
    assert len(set(versions)) == len(versions)

    # It changes: its nodes are made anew, also for those who listen.
    named = await node("hp2.NodeVersion").read_value()
    growing.write("hp1", "hp2", names={"hp2": "East"})
    told = await growing.reload()
    assert (told.returncode, told.stdout) == (0, "changed: hp2\n"), told.stderr
    assert (await node("hp2").read_display_name()).Text == "East"
    assert await node("hp2.NodeVersion").read_value() != named
    await eventually(lambda: heard.status(f"hp2.{POWER}") == 0)

    # The other one has never noticed.
    assert {value.StatusCode.value for value in heard.values[f"hp1.{POWER}"]} == {0}
    assert not heard.broken
    assert growing.metric('hptwin_poll_failures_total{device="hp1.controller"}') == failures
    assert growing.metric('hptwin_polls_total{device="hp1.controller"}') > polls


async def test_whatever_is_in_the_file_the_twin_goes_on(growing: Growing) -> None:
    good = growing.file.read_text("utf-8")
    for broken, words in (
        (re.sub(r'name: "?Ca Ses.*', "name: {{ pump_name }}", good), "left unfilled"),
        (good + "? [a, b]\n: 1\n", "a list cannot be a key"),
        (good.replace("latitude: 39.637", "latitude: 2020-13-45"), "not a date"),
        (good.replace("nominal_flow: 14.3", f"nominal_flow: {'1' * 5000}"), "5,000 digits"),
        (good.replace("nominal_flow: 14.3", "nominal_flow: .nan"), "a finite number"),
        (good.replace("outdoor: 7", "outdoor: .inf"), "a finite number"),
        (good + "x: " + "[" * 3000, "more than 50 lists"),
        (good + "x: [", "not valid YAML"),
        (good + "opcua: {host: not a host}\n", "is not a host"),
        (good + "#" * 2_000_000, "larger than"),
        ("\0", "U+0000"),
        ("", "the file is empty"),
    ):
        assert broken != good
        growing.file.write_text(broken, "utf-8")
        refused = await growing.reload()
        assert refused.returncode == 1, refused.stdout
        first, line = refused.stderr.splitlines()
        assert first == "The twin goes on with the site file as it was:"
        assert line.startswith(f"{growing.file}:"), line
        assert words in line
        assert growing.twin.process is not None
        assert growing.twin.process.poll() is None, growing.twin.output
    growing.file.unlink()
    growing.file.mkdir()
    assert "a directory" in (await growing.reload()).stderr
    growing.file.rmdir()
    growing.file.write_text(good, "utf-8")
    told = await growing.reload()
    assert (told.returncode, told.stdout) == (0, "nothing has changed\n"), told.stderr
    assert growing.twin.ready()[0] == 200
    assert "Traceback" not in growing.twin.output


def test_without_a_running_twin_it_says_so(fresh_twin: Twin) -> None:
    told = fresh_twin.command("reload", "--data", str(fresh_twin.data))
    assert told.returncode == 1
    assert "no twin runs on" in told.stderr
