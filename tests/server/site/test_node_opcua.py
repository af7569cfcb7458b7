"""The whole way with a client of another make. Runs where node-opcua is installed."""

from __future__ import annotations

import json
import os
import shutil
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from places import NODE_MODULES
from processes import spawned

from heatpump_twin.config.phrase import Phrase
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.history import Samples

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        shutil.which("node") is None or not Path(NODE_MODULES, "node-opcua-client").is_dir(),
        reason="needs Node and node-opcua-client in build/node_modules; `make test` installs them",
    ),
]


async def result_of(
    probe: str,
    rig,
    home: Path,
    heard: Callable[[str], None] = lambda _line: None,
    user: str = "olga",
) -> object:
    """Run a probe as a user and return what it found; ``heard`` gets every line it prints."""
    lines: list[str] = []
    async with spawned(
        "node", Path(__file__).with_name(probe), rig.url, user, rig.password,
        env={**os.environ, "NODE_PATH": NODE_MODULES, "HOME": str(home)},
        stdout=PIPE, stderr=STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        async for line in process.stdout:
            lines.append(line.decode().rstrip())
            heard(lines[-1])
        await process.wait()
    results = [line for line in lines if line.startswith("RESULT ")]
    assert results, lines
    return json.loads(results[0].removeprefix("RESULT "))


async def test_node_opcua_reads_calls_and_acknowledges(rig, tmp_path) -> None:
    rig.feed("hp1.supply_temperature", 41.5)
    rig.records.put("hp1.supply_temperature", [float(n) for n in range(10)])
    rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow is low"))
    assert await result_of("node_opcua_probe.js", rig, tmp_path) == {
        "value": 41.5,
        "call": "Good",
        "readBack": 43,
        "history": [0, 1, 2, 3, 4, 5, 6],
        "more": True,
        "alarm": "Flow is low",
        "acknowledged": "Good",
    }
    assert rig.device.held["hp1.supply_setpoint"] == 43.0


async def test_node_opcua_is_served_in_its_language(rig, tmp_path) -> None:
    message = Phrase("{alarm} ({values})", alarm=rig.alarm.title, values="no value")
    rig.server.announce(AlarmTransition(rig.alarm, True, rig.clock.now(), message))
    assert await result_of("node_opcua_languages.js", rig, tmp_path) == {
        "first": {
            "name": "Vorlauftemperatur",
            "locale": "de",
            "browsed": "Vorlauftemperatur",
            "state": "Abtauung",
            "argument": "Vorlaufsollwert, 20 bis 55 °C",
            "message": "Wasserdurchfluss zu niedrig (kein Wert)",
            "active": "Aktiv",
        },
        "again": "Good",
        "second": {
            "name": "Temperatura de impulsión",
            "locale": "es",
            "browsed": "Temperatura de impulsión",
            "state": "Desescarche",
            "argument": "Consigna de impulsión, de 20 a 55 °C",
            "message": "Caudal de agua bajo (sin valor)",
            "active": "Activa",
        },
    }


async def test_node_opcua_browses_reads_and_monitors_a_condition(start_rig, tmp_path) -> None:
    async with start_rig() as rig:
        transition = AlarmTransition(rig.alarm, True, rig.clock.now(), "Flow is low")

        def heard(line: str) -> None:
            if line == "LISTENING":
                rig.server.announce(transition)

        found = await result_of("node_opcua_conditions.js", rig, tmp_path, heard)
    assert {"ActiveState", "AckedState", "Retain", "LikelyCause", "Acknowledge"} <= set(
        found.pop("children")
    )
    assert found == {
        "grandchildren": [
            "Id",
            "TransitionTime",
            "EffectiveDisplayName",
            "EffectiveTransitionTime",
        ],
        "translated": "hp1.alarms.low_water_flow.ActiveState.Id",
        "before": False,
        "type": "ns=0;i=68",
        "active": [False, True],
        "acked": [True, False, True],
        "acknowledged": "Good",
    }


async def test_node_opcua_goes_through_the_life_of_an_alarm(start_rig, tmp_path) -> None:
    alarm = AlarmDefinition(
        "hp1", "low_water_flow", "Low water flow", 700, "Strainer", "Clean it", ("water_flow",),
        confirms=True,
    )  # fmt: skip
    async with start_rig(alarms=(alarm,)) as rig:

        def turn(active: bool) -> None:
            rig.server.announce(AlarmTransition(alarm, active, rig.clock.now(), "Flow", 5.1))

        def heard(line: str) -> None:
            if line == "RAISE":
                turn(True)
            if line == "COME AND GO":
                for active in (False, True, False, True):
                    turn(active)

        found = await result_of("node_opcua_sequence.js", rig, tmp_path, heard)
    off, timed = "Unshelved", "Timed shelved"
    assert found == {
        "statuses": ["Good"] * 7,
        "sequence": [
            ["", True, False, True, True, "", off],
            ["", True, True, False, True, "seen", off],
            ["", True, True, True, True, "vented", off],
            ["", True, True, True, True, "tell the owner", off],
            ["", True, True, True, True, "tell the owner", timed],
            ["", True, True, True, True, "tell the owner", off],
            ["", False, True, True, False, "tell the owner", off],
            ["", True, False, True, True, "", off],
            ["", False, False, True, True, "", off],
            ["2", False, False, True, True, "", off],
            ["", True, False, True, True, "", off],
            ["", None, None, None, None, "", ""],
            ["2", False, False, True, True, "", off],
            ["", True, False, True, True, "", off],
            ["", None, None, None, None, "", ""],
            ["2", False, True, False, True, "that one, too", off],
        ],
        "refresh": [2787, 2788],
        "past": True,
    }


async def test_node_opcua_reads_processed_history(rig, tmp_path) -> None:
    rig.records.put("hp1.supply_temperature", [float(n) for n in range(15)])
    assert await result_of("node_opcua_aggregates.js", rig, tmp_path) == {
        "Average": ["Good", [4.5, 0x401, 0], [12, 0x401, 10]],
        "Interpolative": ["Good", [0, 0, 0], [10, 0, 10]],
        "MinimumActualTime": ["Good", [0, 0, 0], [10, 0x404, 10]],
        "AnnotationCount": ["BadAggregateNotSupported"],
        "atTime": ["Good", [0.5, 0x402, 0.5], [2, 0, 2], [14, 0x40A40402, 99]],
    }


async def test_node_opcua_corrects_history(start_rig, tmp_path) -> None:
    async with start_rig(recording=True) as rig:
        index = rig.table.by_key["hp1.supply_temperature"].index
        for second in range(10):
            rig.historian.append(Frame.of(index, float(second), 0, rig.t0 + second * 1_000_000))
        assert await result_of("node_opcua_corrections.js", rig, tmp_path, user="erik") == {
            "updates": [
                ["Good", "BadEntryExists", "GoodEntryInserted"],
                ["Good", "GoodEntryReplaced"],
                ["Good"],
                ["Good", "Good", "BadNoEntryExists"],
            ],
            "raw": [0, 1, 92, 93, 3, 6, 7, 9],
            "kind": "HistoryModifiedData",
            "modified": [
                [92, "Insert", "erik"], [2, "Update", "erik"], [4, "Delete", "erik"],
                [5, "Delete", "erik"], [8, "Delete", "erik"],
            ],
        }  # fmt: skip


async def test_node_opcua_subscribes_to_aggregates_and_linked_items(rig, tmp_path) -> None:
    now = rig.clock.now()
    times = now - (25 - np.arange(24)) * 1_000_000
    values = np.where(times < now - 15_000_000, 30.0, 40.0)
    rig.records.samples["hp1.supply_temperature"] = Samples(values, np.zeros(24, np.uint32), times)
    for name, value in (("return", 28.0), ("outdoor", 5.0), ("supply", 40.0)):
        rig.feed(f"hp1.{name}_temperature", value)

    def heard(line: str) -> None:
        if line == "LINKED":
            rig.feed("hp1.outdoor_temperature", 6.0)

    found = await result_of("node_opcua_subscriptions.js", rig, tmp_path, heard)
    first, second = found.pop("averages")
    # Its clock and ours are the same, but for the time until it asks.
    assert 30.0 <= first <= 40.0
    assert second >= 38.0
    assert found == {
        "refused": True,
        "triggered": 28.0,
        "links": ["Good"],
        "moved": ["Good"],
    }
