"""Exceptions of every code, time-outs and reboots: nothing wrong, and nothing Bad for long."""

from __future__ import annotations

import pytest
from field_soak import CODES, SoakPlan, soak

SHORT = SoakPlan(
    seconds=12.0, period=0.25, timeout=0.15, reboot_every=4.0, reboot=(0.3, 1.0), seed=7
)


@pytest.mark.parametrize(
    "plan", [SHORT, pytest.param(SoakPlan(seconds=3600.0), marks=pytest.mark.long)]
)
async def test_a_soak(plan: SoakPlan) -> None:
    result = await soak(plan)
    assert result.wrong == 0
    assert result.reboots >= len(CODES) / 3
    assert result.good > 1000
    assert set(result.exceptions) == set(CODES)
    if plan.seconds > SHORT.seconds:  # a busy machine can be late by a period of the short one
        assert result.worst <= 3.0
    else:
        assert all(spell.periods <= 12.0 for spell in result.spells)
