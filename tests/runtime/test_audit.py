"""Everything that people do is in the audit, and what they did about alarms survives the twin."""

from __future__ import annotations

import asyncio
import csv
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator

import processes
import pytest
import requests
from asyncua import ua
from namespaces import site_index
from patience import PATIENCE
from whole_twin import OPERATOR, PASSWORD, VIEWER, Twin

ENGINEER = "erik"
ALARM, OTHER = "hp1.alarms.controller_fault", "hp1.alarms.low_water_flow"
QUIET = "hp1.alarms.supply_overtemperature"


def exported(twin: Twin, *options: str) -> list[dict[str, object]]:
    done = twin.command("audit", "export", "--format", "jsonl", "--data", str(twin.data), *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Conditions:
    """What a client knows of conditions, by ConditionRefresh and events."""

    def __init__(self) -> None:
        self.latest: dict[str, object] = {}

    def event_notification(self, event: object) -> None:
        if getattr(event, "NodeId", None) is not None:
            self.latest[str(event.NodeId.Identifier)] = event


async def subscribed(client) -> Conditions:
    heard = Conditions()
    subscription = await client.create_subscription(100, heard)
    await subscription.subscribe_alarms_and_conditions(
        client.nodes.server, ua.ObjectIds.AlarmConditionType
    )
    return heard


async def call(client, node: str, method: int, *arguments: ua.Variant) -> None:
    namespace = await site_index(client)
    condition = client.get_node(ua.NodeId(node, namespace))
    await condition.call_method(ua.NodeId(method), *arguments)


async def value(client, name: str):
    namespace = await site_index(client)
    return await client.get_node(ua.NodeId(name, namespace)).read_value()


def said(event: object, comment: str) -> tuple[ua.Variant, ua.Variant]:
    return (
        ua.Variant(event.EventId, ua.VariantType.ByteString),
        ua.Variant(ua.LocalizedText(comment), ua.VariantType.LocalizedText),
    )


@pytest.fixture
def beside_plant(fresh_twin: Twin) -> Iterator[Twin]:
    """A twin whose plant goes on while the twin does not, as a real one does."""
    plant = ("plant", "--site", "default", *fresh_twin.ports.settings)
    fresh_twin.extra = ["--set", "plant.managed=false"]
    with processes.started(
        sys.executable, "-m", "heatpump_twin", *plant, stdout=subprocess.DEVNULL
    ):
        yield fresh_twin


async def test_alarms_and_audit_survive_a_kill(beside_plant: Twin, connect, eventually) -> None:
    twin = beside_plant
    for name, role in ((OPERATOR, "operator"), (ENGINEER, "engineer"), (VIEWER, "viewer")):
        twin.add_user(name, role)
    twin.start()
    control = f"http://127.0.0.1:{twin.ports.control}/faults"
    fault = {"heat_pump": "hp1", "name": "controller_error", "magnitude": 62}
    ids = ua.ObjectIds
    acknowledge, comment = (
        ids.AcknowledgeableConditionType_Acknowledge, ids.ConditionType_AddComment,
    )  # fmt: skip

    async with connect(twin, OPERATOR) as client:
        heard = await subscribed(client)
        # It comes, goes, and comes again before anybody has looked: two occurrences wait.
        await asyncio.to_thread(requests.post, control, json=fault, timeout=PATIENCE)
        await eventually(lambda: ALARM in heard.latest)
        earlier = heard.latest[ALARM]
        await asyncio.to_thread(requests.delete, control, timeout=PATIENCE)
        await eventually(lambda: "back to normal" in heard.latest[ALARM].Message.Text)
        await asyncio.to_thread(requests.post, control, json=fault, timeout=PATIENCE)

        def again() -> bool:
            latest = heard.latest[ALARM]
            return latest.BranchId.is_null() and "back to normal" not in latest.Message.Text

        await eventually(again)
        await call(client, ALARM, acknowledge, *said(heard.latest[ALARM], "seen"))
        await eventually(lambda: heard.latest[ALARM].Comment.Text == "seen")
        await call(client, ALARM, comment, *said(heard.latest[ALARM], "technician is called"))
        # Refused: acknowledged already; an event that is none; no role; too few arguments.
        for status, node, method, arguments in (
            ("BadConditionBranchAlreadyAcked", ALARM, acknowledge, said(heard.latest[ALARM], "x")),
            ("BadUserAccessDenied", OTHER, ids.ConditionType_Disable, ()),
            ("BadArgumentsMissing", ALARM, comment, ()),
        ):
            with pytest.raises(ua.UaStatusCodeError) as caught:
                await call(client, node, method, *arguments)
            assert ua.status_codes.get_name_and_doc(caught.value.code)[0] == status
    async with connect(twin, ENGINEER) as client:
        await call(client, OTHER, ids.ConditionType_Disable)
        await call(client, QUIET, ids.AlarmConditionType_Suppress)
        await call(client, QUIET, ids.AlarmConditionType_RemoveFromService)
        hour = ua.Variant(3_600_000.0, ua.VariantType.Double)
        await call(client, QUIET, ids.ShelvedStateMachineType_TimedShelve, hour)
    with pytest.raises(ua.UaStatusCodeError):
        async with connect(twin, "nobody"):
            pass
    assert twin.process is not None
    twin.process.send_signal(signal.SIGKILL)
    twin.process.wait()

    twin.start()
    async with connect(twin, OPERATOR) as client:
        assert await value(client, f"{ALARM}.AckedState.Id") is True
        assert (await value(client, f"{ALARM}.Comment")).Text == "technician is called"
        assert await value(client, f"{ALARM}.ClientUserId") == OPERATOR
        assert await value(client, f"{OTHER}.EnabledState.Id") is False
        assert await value(client, f"{ALARM}.ActiveState.Id") is True
        for name in ("SuppressedState.Id", "OutOfServiceState.Id", "SuppressedOrShelved"):
            assert await value(client, f"{QUIET}.{name}") is True, name
        assert 0 < await value(client, f"{QUIET}.ShelvingState.UnshelveTime") <= 3_600_000
        # The earlier occurrence still waits, and is acknowledged by what was told of it before.
        await call(client, ALARM, acknowledge, *said(earlier, "this one, too"))
        assert (await value(client, f"{ALARM}.Comment")).Text == "technician is called"
    async with connect(twin, ENGINEER) as client:
        heard = await subscribed(client)
        await call(client, OTHER, ids.ConditionType_Enable)
        # The operator is not asked again while it goes on, and is when it comes anew.
        assert await value(client, f"{ALARM}.AckedState.Id") is True
        await asyncio.to_thread(requests.delete, control, timeout=PATIENCE)

        async def ended() -> bool:
            return await value(client, f"{ALARM}.ActiveState.Id") is False

        await eventually(ended)
        await asyncio.to_thread(requests.post, control, json=fault, timeout=PATIENCE)

        async def asked() -> bool:
            return await value(client, f"{ALARM}.AckedState.Id") is False

        await eventually(asked)
        assert not (await value(client, f"{ALARM}.Comment")).Text
    refused = twin.command("user", "add", OPERATOR, "--role", "viewer", "--password-stdin",
                           "--data", str(twin.data), text=PASSWORD + "\n")  # fmt: skip
    assert refused.returncode == 1
    removed = twin.command("user", "remove", VIEWER, "--data", str(twin.data))
    assert removed.returncode == 0, removed.stderr
    reloaded = twin.command("reload", "--data", str(twin.data))
    assert reloaded.returncode == 0, reloaded.stderr
    assert twin.stop() == 0

    rows = exported(twin)
    done = {(r["kind"], r["user"], r["key"], r["status"]): r for r in rows if r["complete"]}
    good, denied = "0x00000000", "0x801F0000"
    acked = done["condition", OPERATOR, "hp1.controller_fault", good]
    assert acked["origin"].startswith("OPC UA 127.0.0.1:")
    conditions = [r for r in rows if r["kind"] == "condition" and r["complete"]]
    told = [(r["message"], r["before"], r["after"], r["reason"]) for r in conditions]
    assert told[:2] == [
        ("acknowledge", "unacknowledged", "acknowledged", "seen"),
        ("comment", "seen", "technician is called", ""),
    ]
    assert ("disable", "enabled", "disabled", "") in told
    assert ("enable", "disabled", "enabled", "") in told
    assert "acknowledge refused" in [message for message, *_ in told]
    methods = [r for r in rows if r["kind"] == "method"]
    assert {r["status"] for r in methods} >= {denied, "0x80760000"}
    logins = [(r["user"], r["status"]) for r in rows if r["kind"] == "login"]
    assert {(OPERATOR, good), (ENGINEER, good), ("nobody", denied)} <= set(logins)
    users = [(r["key"], r["before"], r["after"]) for r in rows if r["kind"] == "user"]
    assert (OPERATOR, "", "operator") in users
    assert (VIEWER, "viewer", "") in users
    runs = [r["message"] for r in rows if r["kind"] == "run"]
    assert [message.split(" ")[0] for message in runs] == ["start", "start", "stop"]
    assert runs[1].endswith("the run before this one was not stopped")
    assert len([r for r in rows if r["kind"] == "reload" and r["complete"]]) == 2
    assert PASSWORD not in json.dumps(rows)

    # By time, and as CSV; the same records.
    second = next(r["time"] for r in rows if r["message"] == runs[1])
    assert [r for r in rows if r["time"] >= second] == exported(twin, "--from", second)
    assert [r for r in rows if r["time"] < second] == exported(twin, "--to", second)
    file = twin.data / "audit.csv"
    twin.command("audit", "export", "--output", str(file), "--data", str(twin.data))
    with file.open(newline="") as lines:
        assert [r["message"] for r in csv.DictReader(lines)] == [r["message"] for r in rows]


async def test_nothing_is_done_about_an_alarm_that_cannot_be_recorded(
    fresh_twin: Twin, connect, eventually
) -> None:
    twin = fresh_twin
    twin.add_user(ENGINEER, "engineer")
    twin.start()
    async with connect(twin, ENGINEER) as client:
        lock = sqlite3.connect(twin.data / "historian.sqlite", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ua.UaStatusCodeError) as caught:
            await call(client, OTHER, ua.ObjectIds.ConditionType_Disable)
        assert caught.value.code == ua.StatusCodes.BadResourceUnavailable
        assert await value(client, f"{OTHER}.EnabledState.Id") is True
        # A log-in does not depend on it: its record waits.
        async with connect(twin, ENGINEER):
            pass
        lock.execute("ROLLBACK")
        lock.close()
        await call(client, OTHER, ua.ObjectIds.ConditionType_Disable)
    await eventually(lambda: len([r for r in exported(twin) if r["kind"] == "login"]) == 2)
    assert twin.stop() == 0
