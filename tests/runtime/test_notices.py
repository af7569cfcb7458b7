"""What is known of whether somebody has acknowledged what a note is about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from heatpump_twin.runtime.parts.notices import attention
from heatpump_twin.twin_engine.conditions.condition_state import ConditionState, Switch
from heatpump_twin.twin_engine.conditions.condition_store import ConditionChange, ConditionStore
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence
from heatpump_twin.twin_engine.notifications.notifier import Attention

KEY = "hp1.freeze_risk"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ConditionStore]:
    store = ConditionStore(f"sqlite:///{tmp_path / 'historian.sqlite'}")
    yield store
    await store.stop()


def occurrence(raised: int, *, acked: bool, active: bool = True) -> Occurrence:
    return Occurrence(number=raised, active=active, raised=raised, acked=acked)


async def test_before_the_store_is_read_it_is_not_known(store: ConditionStore) -> None:
    assert attention(store, KEY, 7) == Attention(acknowledged=None)
    await store.load()
    # An acknowledgement would be on record.
    assert attention(store, KEY, 7) == Attention(acknowledged=False)


@pytest.mark.parametrize(
    ("trunk", "raised", "acknowledged"),
    [
        (occurrence(9, acked=False), 9, False),
        (occurrence(9, acked=True), 9, True),
        (occurrence(9, acked=False), 7, False),  # a branch that nobody has acknowledged
        (occurrence(9, acked=False), 8, True),  # one that somebody has
        (occurrence(9, acked=False), 5, True),  # one that is a branch no more
        (occurrence(9, acked=True, active=False), 11, False),  # one that is not on record yet
        (occurrence(9, acked=True), 11, True),  # told anew after a start, and still the same
    ],
)
async def test_it_is_asked_for_the_occurrence_that_the_note_is_about(
    store: ConditionStore, trunk: Occurrence, raised: int, acknowledged: bool
) -> None:
    await store.load()
    branches = (occurrence(7, acked=False, active=False), occurrence(8, acked=True, active=False))
    await store.keep(ConditionChange(ConditionState(KEY, trunk, branches)))
    assert attention(store, KEY, raised) == Attention(acknowledged)


async def test_what_is_suppressed_or_disabled_is_nobody_s(store: ConditionStore) -> None:
    await store.load()
    for state in (
        ConditionState(KEY, suppressed=Switch(on=True)),
        ConditionState(KEY, enabled=False),
    ):
        await store.keep(ConditionChange(state))
        assert attention(store, KEY, 7).hushed
