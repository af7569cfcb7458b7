"""Every fault on both framings: found out by the next poll, over by itself, and never believed."""

from __future__ import annotations

import asyncio

from fault_matrix import ROWS, Effect, matrix_profile, suffer

PERIOD = 0.25
POINTS = len(matrix_profile().samples)
TIMEOUTS = {Effect.NO_GAP: 0.8, Effect.NEVER_WRONG: 0.1}
"""Long enough not to be missed twice on a busy machine; short, for what takes many of them. [s]"""


async def test_the_fault_matrix() -> None:
    """All devices suffer at the same time, each its own fault."""
    outcomes = await asyncio.gather(
        *(suffer(fault, scheme, PERIOD, TIMEOUTS.get(fault.effect)) for fault, scheme in ROWS)
    )
    for outcome in outcomes:
        row = f"{outcome.fault.name}, {outcome.scheme}: {outcome}"
        assert outcome.wrong == [], row
        assert outcome.good > 30, row
        if outcome.fault.effect is Effect.NO_GAP:
            assert outcome.gaps == 0, row
        if outcome.fault.effect in (Effect.ALL_BAD, Effect.ONE_BAD):
            # By the poll that was under way, or by the next one.
            assert outcome.polls_to_effect <= 1, row
            # Of every point it is said once, however long it lasts.
            assert outcome.gaps == (POINTS if outcome.fault.effect is Effect.ALL_BAD else 1), row
        if not outcome.fault.ends_by_itself:
            assert outcome.polls_to_recovery <= outcome.fault.recovery, row
