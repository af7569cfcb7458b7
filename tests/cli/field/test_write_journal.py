"""The record of `hptwin write` over a power cut: what is whole counts, what is torn is no loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatpump_twin.cli.field.write_journal import WriteJournal, WriteTarget
from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.errors import TwinError

TARGET = WriteTarget("tcp://127.0.0.1:502", 1, "dhw_setpoint", "holding 12")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "field-writes.jsonl"


@pytest.mark.parametrize("torn", [b'{"time": 17672', b"{", b"\0\0\0"])
def test_a_line_that_was_cut_off_keeps_no_write_from_being_made(path: Path, torn: bytes) -> None:
    clock = ManualClock(0)
    journal = WriteJournal(path, clock)
    journal.attempt(TARGET, "olga", 50.0)
    with path.open("ab") as file:
        file.write(torn)
    clock.advance(10)
    assert journal.last_write(TARGET) == 10.0
    journal.attempt(TARGET, "olga", 51.0)
    clock.advance(5)
    assert journal.last_write(TARGET) == 5.0
    assert path.read_bytes().count(b"\n") == len(path.read_bytes().splitlines()) == 2


def test_a_line_in_the_middle_that_is_damaged_is_told(path: Path) -> None:
    journal = WriteJournal(path, ManualClock(0))
    path.write_bytes(b"nonsense\n")
    journal.attempt(TARGET, "olga", 50.0)
    with pytest.raises(TwinError, match=r"field-writes\.jsonl.*repair it or move the file away"):
        journal.last_write(TARGET)
