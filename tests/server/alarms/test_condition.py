"""A stored condition after its rule was changed: it can always be cleared."""

from __future__ import annotations

from dataclasses import replace

from heatpump_twin.server.alarms.condition import first_state, recalled
from heatpump_twin.twin_engine.alarm import AlarmDefinition
from heatpump_twin.twin_engine.conditions.condition_state import Switch

WANTS = AlarmDefinition(
    "hp1", "low_water_flow", "Low flow", 700, "?", "!", (), confirms=True, latches=True
)


def test_what_a_rule_does_not_ask_for_any_more_is_dropped() -> None:
    now = first_state(WANTS, 200)
    trunk = replace(now.trunk, number=3, raised=100, confirmed=False)
    unacked = replace(trunk, number=2, acked=False)
    stored = replace(
        first_state(WANTS, 100),
        trunk=trunk,
        branches=(replace(trunk, number=1), unacked),
        latched=Switch(True, 100),
    )
    assert recalled(WANTS, stored, now) == stored
    found = recalled(replace(WANTS, latches=False), stored, now)
    assert (found.latched.on, found.trunk, found.branches) == (False, trunk, stored.branches)
    found = recalled(replace(WANTS, confirms=False), stored, now)
    # What nobody has acknowledged stays; of the others nothing is to be done.
    assert found.branches == (replace(unacked, confirmed=True),)
    assert not found.trunk.open
    assert found.retain
    found = recalled(replace(WANTS, confirms=False, latches=False), stored, now)
    assert not found.retain
