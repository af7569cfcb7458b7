"""Processes that are killed or stopped at random moments: the twin goes on, and loses nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from fault_campaign import FAULTS, KILLS, Campaign, Connect, Eventually, Fault, Find, report
from places import ROOT
from whole_twin import Twin

Rig = tuple[Twin, Connect, Find, Eventually]
PAGES = True
KILLED = 100
STOPPED = 3
"""Rounds of each kind of process that is stopped: each lasts for more than a minute."""


async def suffered(rig: Rig, faults: Iterable[Fault], seed: int) -> Campaign:
    twin, *means = rig
    # What is recorded does not wait for a value to change: there is something to lose.
    twin.extra = ["--set", "historian.max_interval=2 s"]
    twin.start()
    campaign = Campaign(twin, *means, seed)
    for fault in faults:
        await campaign.suffer(fault)
        # After each: a campaign that is broken off has said what it knows.
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "fault-campaign.md").write_text(report(campaign.outcomes) + "\n", "utf-8")
    return campaign


@pytest.fixture
def rig(fresh_twin: Twin, connect, find, eventually) -> Rig:
    return fresh_twin, connect, find, eventually


async def test_each_kind_of_kill_is_told_and_costs_nothing(rig: Rig) -> None:
    campaign = await suffered(rig, KILLS, seed=1)
    assert sum(outcome.missing for outcome in campaign.outcomes.values()) == 0
    assert campaign.outcomes["kill -9 of the twin"].recorded > 0


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
async def test_a_hundred_kills_and_some_stops(rig: Rig) -> None:
    chance = random.Random(2026)
    faults = [*chance.choices(KILLS, (2, 1, 1), k=KILLED), *FAULTS[len(KILLS) :] * STOPPED]
    chance.shuffle(faults)
    campaign = await suffered(rig, faults, seed=2026)
    assert sum(outcome.missing for outcome in campaign.outcomes.values()) == 0
