"""Expected rooms: a house that is followed, what shows beside it, and when nobody can tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from euler_house import EulerHouse
from shadowed_fleet import RESTING, STEADY, ShadowedFleet

from heatpump_twin.drivers.clock import ManualClock
from heatpump_twin.drivers.status import BAD_NO_DATA, is_bad, is_good
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.model.house.envelope import Envelope
from heatpump_twin.twin_engine.model.house.room_model import TANK_LOSS, RoomModel
from heatpump_twin.twin_engine.model.shadow.shadow import Shadow
from heatpump_twin.twin_engine.model.water.learnt_model import LearntModel

BEGIN = 1_768_176_000.0
"""A Monday in January, 0:00 UTC."""
HOUR, EVERY = 3600.0, 600.0
PEOPLE = 300.0
POINT = "expected_room_temperature"


def room_model(house: Envelope, aperture: float = 0.0) -> RoomModel:
    return RoomModel.of(
        house, (0.0, 0.0, 0.0, 0.0, aperture), np.full((2, 24), PEOPLE), (-5.0, 10.0),
        warmest=24.5, lit=0.4, with_light=False, spread=0.15,
    )  # fmt: skip


MODEL = room_model(Envelope())


def a_fleet(model: RoomModel = MODEL, count: int = 1) -> ShadowedFleet:
    return ShadowedFleet(count, {f"hp{k}": LearntModel(None, room=model) for k in range(count)})


class Days:
    """A house whose heat pump heats it, seen by a fleet each ten minutes."""

    def __init__(self, fleet: ShadowedFleet, name: str = "hp0") -> None:
        self.fleet, self.name = fleet, name
        self.house, self.time = EulerHouse(), BEGIN

    def live(
        self, hours: float, *, window: float = 0.0, **shown: float
    ) -> Iterator[tuple[float, float]]:
        """Live so long; yield the hour and the measured room each time it is seen."""
        for _ in range(round(hours * HOUR / EVERY)):
            hour = (self.time - BEGIN) / HOUR
            outdoor = 2.0 + 4.0 * math.sin(2.0 * math.pi * hour / 24.0)
            heating = hour % 3.0 < 2.0
            heat = 4000.0 if heating else 0.0
            room = self.house.air
            values = {
                **(STEADY if heating else RESTING), "outdoor_temperature": outdoor,
                "thermal_power": heat, "room_temperature": room, **shown,
            }  # fmt: skip
            self.fleet.put(self.time, self.name, **values)
            self.time += EVERY
            self.house.live(EVERY, outdoor, heat + TANK_LOSS, people=PEOPLE, window=window)
            yield hour, room

    def pass_by(self, hours: float, **shown: float) -> None:
        """Live so long."""
        for _ in self.live(hours, **shown):
            pass


AGES = (40.0, 48.0, 60.0, 62.0, 72.0)
"""For how long a house is followed before a test looks at it. [h]"""


@cache
def _followed(hours: float) -> Days:
    """Return the house of `MODEL` after so long; it is as it was at the age before, and older."""
    before = max((age for age in AGES if age < hours), default=0.0)
    days = deepcopy(_followed(before)) if before else Days(a_fleet())
    days.pass_by(hours - before)
    return days


def followed(hours: float) -> Days:
    """Return a copy of the house of `MODEL` that has been followed for one of `AGES`."""
    return deepcopy(_followed(hours))


def test_a_house_is_known_after_a_day_and_a_half_and_expected_as_it_is() -> None:
    fleet = a_fleet()
    days, off = Days(fleet), []
    for hour, room in days.live(96.0):
        value, status = fleet.shown(POINT)
        assert is_good(status) == (hour > 36.1) or 35.9 < hour < 36.2, hour
        if hour > 72.0:
            off.append(value - room)
    assert np.abs(off).max() < 0.02
    assert fleet.shown("expected_room_temperature_uncertainty")[0] == pytest.approx(1.645 * 0.15)
    assert abs(fleet.shown("house_envelope_temperature")[0] - days.house.wall) < 0.1
    assert fleet.shown("house_interior_temperature")[1] == BAD_NO_DATA


def test_an_open_window_shows_and_what_stays_fades() -> None:
    days = followed(72.0)
    fleet = days.fleet
    days.pass_by(3.0, window=150.0)
    residual, status = fleet.shown("room_temperature_residual")
    assert is_good(status)
    assert residual < -1.0
    assert fleet.shown("room_temperature_residual_score")[0] == pytest.approx(residual / 0.15)
    days.pass_by(72.0)
    assert abs(fleet.shown("room_temperature_residual")[0]) < 0.3


def test_heat_for_the_tank_does_not_warm_the_rooms() -> None:
    rooms, tank = followed(48.0), followed(48.0)
    rooms.pass_by(3.0, thermal_power=4000.0, operating_state=2.0)
    tank.pass_by(3.0, thermal_power=4000.0, operating_state=3.0)
    heated, charged = (days.fleet.shown(POINT)[0] for days in (rooms, tank))
    assert heated - charged > 1.0


@pytest.mark.parametrize(
    "shown",
    [{"outdoor_temperature": 13.0}, {"outdoor_temperature": -8.0}, {"operating_state": 4.0}],
)
def test_what_the_house_has_not_shown_is_not_good(shown: dict[str, float]) -> None:
    days = followed(40.0)
    fleet = days.fleet
    assert is_good(fleet.shown(POINT)[1])
    days.pass_by(0.2, **shown)
    status = fleet.shown(POINT)[1]
    assert not is_good(status)
    assert not is_bad(status)


def test_a_room_that_people_would_air_is_not_expected_to_be_warmer() -> None:
    fleet = a_fleet(replace(MODEL, warmest=np.asarray(19.0)))
    days = Days(fleet)
    days.house.air = 23.0
    days.pass_by(40.0)
    assert not is_good(fleet.shown(POINT)[1])


def test_a_house_learnt_with_its_light_is_not_known_without() -> None:
    fleet = a_fleet(replace(MODEL, with_light=np.asarray(1.0)))
    Days(fleet).pass_by(40.0)
    assert not is_good(fleet.shown(POINT)[1])


def test_a_room_that_is_not_measured_is_expected_for_half_a_day() -> None:
    days = followed(60.0)
    fleet = days.fleet
    days.pass_by(10.0, room_temperature=np.nan)
    assert is_good(fleet.shown(POINT)[1])
    assert is_bad(fleet.shown("room_temperature_residual")[1])
    days.pass_by(4.0, room_temperature=np.nan)
    assert not is_good(fleet.shown(POINT)[1])


def test_heat_that_is_not_measured_makes_the_house_unknown() -> None:
    days = followed(60.0)
    fleet = days.fleet
    days.pass_by(4.0, thermal_power=np.nan)
    days.pass_by(2.0)
    assert not is_good(fleet.shown(POINT)[1])
    days.pass_by(40.0)
    assert is_good(fleet.shown(POINT)[1])


def test_without_a_learnt_house_no_room_is_expected() -> None:
    fleet = ShadowedFleet()
    Days(fleet).pass_by(2.0)
    assert fleet.shown(POINT)[1] == BAD_NO_DATA
    assert fleet.shown("room_temperature_residual_score")[1] == BAD_NO_DATA


def test_the_sun_warms_by_its_usual_share_where_nobody_measures_it() -> None:
    lit = a_fleet(room_model(Envelope(), aperture=8.0))
    Days(lit).pass_by(62.0)
    shown = [fleet.shown(POINT)[0] for fleet in (followed(62.0).fleet, lit)]
    # Two in the afternoon at 40° N: the roof has had 40 % of a clear sky since the morning.
    assert 0.2 < shown[1] - shown[0] < 3.0


def test_houses_of_a_fleet_are_followed_each_by_itself() -> None:
    heavy = room_model(Envelope(interior_capacity=40e6, heat_to_air=0.4))
    models = {"hp0": LearntModel(None, room=MODEL), "hp1": LearntModel(None, room=heavy)}
    both = ShadowedFleet(3, models)
    alone = [a_fleet(), a_fleet(heavy)]
    for k in range(2):
        Days(alone[k]).pass_by(30.0)
    together = [Days(both, f"hp{k}").live(30.0) for k in range(3)]
    for _ in zip(*together, strict=True):
        # Those that come later in a second are computed once it has settled.
        both.shadow.settle()
    for k in range(2):
        assert both.shown(POINT, f"hp{k}")[0] == pytest.approx(alone[k].shown(POINT)[0], abs=0.02)
    assert both.shown(POINT, "hp2")[1] == BAD_NO_DATA
    assert is_good(both.shown("house_interior_temperature", "hp1")[1]) is False
    assert not is_bad(both.shown("house_interior_temperature", "hp1")[1])


async def test_a_house_is_still_known_after_a_restart() -> None:
    days = followed(60.0)
    before = days.fleet
    before.kept()
    after = a_fleet()
    after.history.latest = before.history.latest
    after.image = Image(after.table, 0)
    clock = ManualClock(round((days.time + 60.0) * 1e6))
    models = {"hp0": LearntModel(None, room=MODEL)}
    after.shadow = Shadow(after.image, after.site, after.history, clock, models)
    after.image.subscribe(after.shadow.take)
    await after.shadow.start()
    days.fleet = after
    *_, (_, room) = days.live(1.0)
    value, status = after.shown(POINT)
    assert is_good(status)
    assert value == pytest.approx(room, abs=0.15)


def test_another_house_begins_anew_and_another_machine_does_not() -> None:
    days = followed(48.0)
    fleet = days.fleet
    fleet.shadow.adopt("hp0", LearntModel(None, room=room_model(Envelope())))
    days.pass_by(1.0)
    assert is_good(fleet.shown(POINT)[1])
    fleet.shadow.adopt("hp0", LearntModel(None, room=room_model(Envelope(loss=220.0))))
    days.pass_by(1.0)
    assert not is_good(fleet.shown(POINT)[1])
