"""Heating seasons in which an emulated heat pump is started in time for each morning.

Each installation is drawn by its seed: house, emitters, machine, climate and people. It is set back
each evening, and a policy says each minute how long before the morning it is to start, by the
heat-ups that it has lived through itself. The plant's physics are stepped directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.observed_plant import Installation
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import HotWater, HouseKind, SiteInfo
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.twin_engine.smart_start.heat_ups import HeatUps, HeatUpStart
from heatpump_twin.twin_engine.smart_start.last_day import LastDay

DAYS = 166
BEGIN = round(datetime(2026, 10, 15, tzinfo=UTC).timestamp()) * MICROSECONDS
"""15 October to the end of March."""
MINUTE = 60 * MICROSECONDS
_HOUR = 60 * MINUTE
_DAY = 24 * _HOUR
_QUARTER = 15 * MINUTE
_EVENING, _MORNING = -2 * _HOUR, 7 * _HOUR
"""Set back, and to be ready, from midnight on."""
_DAY_STEP = 120.0
"""Of the physics by day, where nobody looks; a minute at night. [s]"""
_HELD = _HOUR
"""How long the target is held."""
_HOT_WATER, _WAITING = "dhw_setpoint", 40.0
"""What hot water is set to while it waits. [°C]"""
_SWITCH, _LONGEST_OFF = "dhw_enabled", 3 * _HOUR
COOL = 38.0
"""Hot water that is drawn cooler than this is none. [°C]"""
REACHED = 0.5
"""What is within this of its target has reached it. [K]"""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is to be warm in the morning, and how it is set back. [°C]"""

    name: str
    observed: str
    target: float
    back: dict[str, float]
    """Written each evening."""
    start: dict[str, float]
    """Written when it is to be heated."""
    hold: dict[str, float]
    """Written when it is warm."""
    release: dict[str, float]
    """Written an hour after the morning."""
    waits: bool = True
    """Whether hot water waits until it is warm."""


_WAITS = {
    HotWater.AS_USUAL: {},
    HotWater.LOWERED: {_HOT_WATER: _WAITING},
    HotWater.SWITCHED_OFF: {_SWITCH: 0.0},
}
"""Written while a heat-up is under way."""

WATER = Quantity(
    "water", "supply_temperature", 42.0,
    {"unit_enabled": 0.0}, {"supply_setpoint": 42.0, "unit_enabled": 1.0}, {}, {},
)  # fmt: skip
TANK = Quantity(
    "tank", "dhw_temperature", 50.0,
    {_HOT_WATER: 40.0}, {_HOT_WATER: 57.0}, {_HOT_WATER: 50.0}, {_HOT_WATER: 46.0}, waits=False,
)  # fmt: skip
ROOM = Quantity(
    "room", "room_temperature", 20.0,
    {"room_setpoint": 18.0}, {"room_setpoint": 22.0}, {"room_setpoint": 20.0},
    {"room_setpoint": 20.0},
)  # fmt: skip


@dataclass(slots=True)
class Morning:
    """What became of one morning."""

    ready_at: int
    start: HeatUpStart | None = None
    reached_at: int | None = None
    outdoor: float = np.nan
    """Air outdoors when it was warm. [°C]"""
    drawn: int = 0
    """Minutes in which people drew hot water, from the start until an hour after the morning."""
    cool: int = 0
    """Those of them in which it was cooler than `COOL`."""

    @property
    def excess(self) -> float:
        """How much too early it was ready; negative: late; -inf: never. [min]"""
        if self.reached_at is None:
            return -np.inf
        return (self.ready_at - self.reached_at) / MINUTE


Policy = Callable[[HeatUps, HeatUpStart], float]
"""Says by past heat-ups and by what is known now how long before the morning to start. [s]"""


def season(
    seed: int,
    quantity: Quantity,
    policy: Policy,
    hot_water: HotWater = HotWater.LOWERED,
    days: int = DAYS,
) -> list[Morning]:
    """Live through a season."""
    plant = _Plant(seed, quantity, hot_water)
    mornings: list[Morning] = []
    for day in range(1, days):
        plant.advance(BEGIN + day * _DAY + _EVENING, _DAY_STEP)
        plant.write(quantity.back)
        mornings.append(_night(plant, policy, _past(mornings), BEGIN + day * _DAY + _MORNING))
        while plant.now < mornings[-1].ready_at + _HELD:
            plant.minute(mornings[-1])
        plant.release()
    return mornings


def _past(mornings: list[Morning]) -> HeatUps:
    begun = [(m, m.start) for m in mornings if m.start is not None]
    return HeatUps.of(
        ((start, ((m.reached_at or m.ready_at + _HELD) - start.begin) / MICROSECONDS,
          m.reached_at is not None) for m, start in begun),
        [(m.ready_at - start.begin) / MICROSECONDS for m, start in begun],
    )  # fmt: skip


def _night(plant: _Plant, policy: Policy, past: HeatUps, ready_at: int) -> Morning:
    morning = Morning(ready_at)
    while plant.now < ready_at + _HELD:
        now = plant.now
        if morning.start is None:
            seen = plant.seen()
            if now >= ready_at - round(policy(past, seen) * MICROSECONDS):
                morning.start = seen
                plant.start()
        elif plant.warm():
            morning.reached_at, morning.outdoor = now, plant.read("outdoor_temperature")
            plant.hold()
            break
        if now >= ready_at:
            plant.let_hot_water_go()
        elif morning.start is not None and now >= morning.start.begin + _LONGEST_OFF:
            plant.switch_hot_water_on()
        plant.minute(morning)
    return morning


class _Plant:
    """The emulated heat pump, in steps of a minute."""

    def __init__(self, seed: int, quantity: Quantity, hot_water: HotWater) -> None:
        self.quantity = quantity
        self._hot_water = hot_water
        climate = Installation(seed).climate
        place = SiteInfo(
            name=climate.name,
            latitude=climate.latitude,
            longitude=climate.longitude,
            timezone="UTC",
        )
        self.pump = EmulatedHeatPump(
            load_site("default", environment={}).heat_pumps[0], place, seed, BEGIN,
            step=60.0, warm_up=((5 * 86_400, 60.0),), house=HouseKind.VARIED,
        )  # fmt: skip
        self.now = BEGIN
        self.rooms = LastDay()
        self._before = {point: self.read(point) for point in ("supply_setpoint", _HOT_WATER)}

    def read(self, point: str) -> float:
        value = self.pump.read(point)
        return np.nan if value is None else float(value)

    def advance(self, to: int, step: float | None = None) -> None:
        while self.now < to:
            self.now = min(self.now + _QUARTER, to)
            self.pump.advance(self.now, step)
            self.rooms.note(self.now, self.read("room_temperature"))

    def minute(self, morning: Morning) -> None:
        """Go on by a minute, and look at what people draw once the morning's heat-up has begun."""
        tank = self.pump.physics.tank
        top = tank.layers[0]
        self.advance(self.now + MINUTE)
        if morning.start is not None and tank.fluxes.drawn > 0.0:
            morning.drawn += 1
            morning.cool += top < COOL

    def write(self, values: dict[str, float]) -> None:
        for point, value in values.items():
            self.pump.write(point, value)

    def start(self) -> None:
        if "supply_setpoint" in self.quantity.start:
            self._before["supply_setpoint"] = self.read("supply_setpoint")
        self.write(self.quantity.start)
        if self.quantity.waits:
            self.write(_WAITS[self._hot_water])

    def switch_hot_water_on(self) -> None:
        """Let the tank be charged again when it is rather cold."""
        if self.quantity.waits and self.read(_SWITCH) == 0.0:
            self.write({_HOT_WATER: _WAITING, _SWITCH: 1.0})

    def hold(self) -> None:
        self.write(self.quantity.hold)
        self.let_hot_water_go()

    def let_hot_water_go(self) -> None:
        if self.quantity.waits:
            self.write({_HOT_WATER: self._before[_HOT_WATER], _SWITCH: 1.0})

    def release(self) -> None:
        back = {p: self._before[p] for p in self.quantity.start if p == "supply_setpoint"}
        self.write({**back, **self.quantity.release})

    def seen(self) -> HeatUpStart:
        return HeatUpStart(
            self.now, self.read(self.quantity.observed), self.quantity.target,
            self.read("outdoor_temperature"),
            tank=np.nan if self.quantity is TANK else self.read("dhw_temperature"),
            lately=self.rooms.mean(self.now) if self.quantity is ROOM else np.nan,
        )  # fmt: skip

    def warm(self) -> bool:
        # Water on its way to the tank is warmer than what the rooms get.
        charging = self.quantity is WATER and self.read("dhw_heating") > 0.0
        return not charging and self.read(self.quantity.observed) >= self.quantity.target - REACHED
