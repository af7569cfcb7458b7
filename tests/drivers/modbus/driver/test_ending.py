"""A driver that is cancelled ends at once, wherever it waits, and leaves no connection."""

from __future__ import annotations

import pytest
from device_lives import FRAMINGS, end


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_driver_ends_in_whatever_turn_it_is_cancelled(framing: str) -> None:
    for seed in range(300):
        turn = seed % 10 * 30 + seed // 10  # what comes first has most to do
        ending = end(seed, framing, 1 + turn)
        story = f"{framing} {seed} {turn}: {ending}"
        assert ending.cancelled, story
        assert ending.after < 0.1, story
        assert ending.connections == 0, story
