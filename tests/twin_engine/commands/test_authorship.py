"""Who has changed a setting: somebody through the twin, or somebody at the device."""

from __future__ import annotations

import pytest

from heatpump_twin.config.catalogue import CATALOGUE, PointTable
from heatpump_twin.twin_engine.commands.authorship import Authorship
from heatpump_twin.twin_engine.happening import SettingChange

S = 1_000_000
TABLE = PointTable.build(
    [("hp1", "supply_setpoint", CATALOGUE["heat_pump"]["supply_setpoint"], None)]
)


def change(new: float, at: float) -> SettingChange:
    return SettingChange(TABLE[0], round(at * S), 40.0, new, f"40 → {new:g}")


@pytest.fixture
def authors() -> Authorship:
    """Olga has had 50 written from second 100 to 103; the device read back 50.0."""
    authors = Authorship()
    written = authors.begin(0, 50.0, "olga", 100 * S)
    authors.end(written, 50.0, 103 * S)
    return authors


def test_what_shows_soon_after_a_write_is_of_its_user(authors: Authorship) -> None:
    told = authors.attributed(change(50.0, 102))
    assert (told.user, told.message) == ("olga", "40 → 50, by olga")


@pytest.mark.parametrize(("new", "at"), [(49.0, 102), (50.0, 90), (50.0, 300)])
def test_another_value_or_another_time_is_the_device(authors, new: float, at: float) -> None:
    told = authors.attributed(change(new, at))
    assert (told.user, told.message) == ("", f"40 → {new:g}, at the device")


def test_a_write_is_shown_once(authors: Authorship) -> None:
    assert authors.attributed(change(50.0, 102)).user == "olga"
    assert authors.attributed(change(50.0, 110)).user == ""


def test_a_write_under_way_counts_and_so_does_what_a_device_made_of_it() -> None:
    authors = Authorship()
    first = authors.begin(0, 50.26, "erik", 100 * S)
    assert authors.attributed(change(50.26, 101)).user == "erik"
    authors.end(first, 50.0, 103 * S)  # it was shown before its write was over
    second = authors.begin(0, 50.26, "erik", 200 * S)
    authors.end(second, 50.0, 202 * S)  # its register holds whole degrees
    assert authors.attributed(change(50.0, 202)).user == "erik"
    assert authors.attributed(change(50.0, 202)).user == ""
