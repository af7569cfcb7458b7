"""What the twin tells of its own parts: values, and alarms that rules make of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import ua
from structlog.testing import capture_logs
from whole_twin import Twin

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.status import (
    BAD_INTERNAL_ERROR,
    BAD_NO_DATA,
    BAD_WAITING_FOR_INITIAL_DATA,
    GOOD,
)
from heatpump_twin.runtime.parts.alarm_watch import build_rules
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.twin_health import TwinHealth

PAGES = True
START = 1_767_225_600_000_000


@pytest.fixture
def foundation(tmp_path) -> Foundation:
    site = load_site("default", ["rules.packs=[]"], {})
    return Foundation.lay(site, DataDirectory(tmp_path), ManualClock(START))


def sample(foundation: Foundation, point: str) -> tuple[float, int]:
    index = foundation.table.by_key[f"twin.{point}"].index
    return float(foundation.image.value[index]), int(foundation.image.status[index])


def test_each_value_is_asked_of_its_owner_and_one_that_fails_harms_no_other(foundation) -> None:
    health = TwinHealth(foundation)
    state = {"hmi": 2.0}
    health.watch("hmi_state", lambda: state["hmi"])
    health.watch("plant_state", lambda: state["plant"])
    health.watch("disk_free", lambda: None)
    with capture_logs() as logs:
        for _ in range(3):
            health.look()
    assert sample(foundation, "hmi_state") == (2.0, GOOD)
    assert sample(foundation, "plant_state")[1] == BAD_INTERNAL_ERROR
    assert sample(foundation, "disk_free")[1] == BAD_NO_DATA
    assert sample(foundation, "history_delay")[1] == BAD_WAITING_FOR_INITIAL_DATA
    assert [log["point"] for log in logs] == ["plant_state"]
    state["plant"] = 4.0
    health.look()
    assert sample(foundation, "plant_state") == (4.0, GOOD)
    with pytest.raises(ValueError, match="coffee"):
        health.watch("coffee", lambda: 1.0)


def test_rules_make_alarms_of_them_on_every_site(foundation) -> None:
    health, rules = TwinHealth(foundation), build_rules(foundation)
    rules.follow(foundation.image)
    state = {"hmi_state": 2.0, "history_delay": 1.0}
    for point in state:
        health.watch(point, lambda point=point: state[point])

    def changes() -> list[tuple[str, bool, str]]:
        health.look()
        foundation.clock.advance(1)
        found = rules.advance(foundation.clock.now())
        return [(change.alarm.key, change.active, str(change.message)) for change in found]

    assert changes() == []
    state.update(hmi_state=3.0, history_delay=31.0)
    assert [(key, active) for key, active, _ in changes()] == [
        ("twin.hmi_down", True),
        ("twin.history_late", True),
    ]
    state.update(hmi_state=2.0, history_delay=0.5)
    back = changes()
    assert [(key, active) for key, active, _ in back] == [
        ("twin.hmi_down", False),
        ("twin.history_late", False),
    ]
    assert back[0][2] == "HMI does not work: back to normal (HMI Running)"


async def test_a_client_finds_the_twin_below_the_site(
    twin: Twin, connect, find, eventually
) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    async with connect(twin) as client:
        own = await find(client, "Site", "Twin")
        assert own.nodeid.Identifier == "twin"
        nodes: dict[str, Any] = {
            (await node.read_browse_name()).Name: node for node in await own.get_variables()
        }

        async def runs() -> bool:
            states = [await nodes[f"{name}State"].read_value() for name in ("Hmi", "Plant")]
            return states == [2, 2]

        await eventually(runs)
        assert 0 < await nodes["DiskFree"].read_value() <= 100
        assert await nodes["HistoryLost"].read_value() == 0
        names = {(await node.read_browse_name()).Name for node in await own.get_children()}
        assert {"hmi_down", "plant_down", "history_late", "disk_low"} <= names
        conditions = await own.get_referenced_nodes(ua.ObjectIds.HasCondition)
        assert {"twin.alarms.hmi_down"} <= {str(c.nodeid.Identifier) for c in conditions}

        async def recorded() -> bool:
            return bool(await nodes["DiskFree"].read_raw_history(began, datetime.now(UTC)))

        await eventually(recorded)
