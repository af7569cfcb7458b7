"""Every fault on both framings: found out by the next poll, over by itself, and never believed."""

from __future__ import annotations

import asyncio

import pytest
from fault_matrix import FAULTS, SCHEMES, Effect, suffer

PERIOD = 0.25
ROOMY = 0.4
"""A time-out that a busy machine does not miss twice. [s]"""


@pytest.mark.parametrize("effect", list(Effect))
async def test_the_fault_matrix(effect: Effect) -> None:
    timeout = ROOMY if effect is Effect.NO_GAP else None
    rows = [fault for fault in FAULTS if fault.effect is effect]
    outcomes = await asyncio.gather(
        *(suffer(fault, scheme, PERIOD, timeout) for fault in rows for scheme in SCHEMES)
    )
    for outcome in outcomes:
        row = f"{outcome.fault.name}, {outcome.scheme}: {outcome}"
        assert outcome.wrong == [], row
        assert outcome.good > 30, row
        if effect is Effect.NO_GAP:
            assert outcome.gaps == 0, row
        else:
            # By the poll that was under way, or by the next one.
            assert outcome.polls_to_effect <= 1, row
        if not outcome.fault.ends_by_itself:
            # The poll that was under way may still fail; what is late may spoil another one.
            assert outcome.polls_to_recovery <= 3, row
