"""Simulate heat pumps and scenarios side by side."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Times
from heatpump_twin.twin_engine.model.house.envelope import Envelope, Floats, discretised, steady
from heatpump_twin.twin_engine.model.house.sun import ORIENTATIONS
from heatpump_twin.twin_engine.model.simulation.circuit import HeatingCircuit
from heatpump_twin.twin_engine.model.simulation.control import HeatingControl
from heatpump_twin.twin_engine.model.simulation.household import (
    Household,
    drawn,
    lived,
    local_clock,
)
from heatpump_twin.twin_engine.model.simulation.kernel import (
    QUANTITIES,
    AuxiliaryLoads,
    Forcing,
    Plants,
    Records,
    RunningState,
    live,
    records,
)
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine, tabulated
from heatpump_twin.twin_engine.model.simulation.tank import LAYERS, StratifiedTank
from heatpump_twin.twin_engine.model.simulation.weather import WeatherSeries, at_moments

STEP = 60.0
"""At which the energies are within 0.1 % of those at infinitely short steps. [s]"""
WARM_UP = 3.0
"""Days that are simulated before, so that nothing begins from made-up temperatures. [d]"""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A heat pump with its house and its people, as a simulation knows it."""

    machine: Machine
    envelope: Envelope = field(default_factory=Envelope)
    aperture: tuple[float, ...] = (2.5, 0.8, 0.8, 0.4, 0.0)
    """Area through which the sun warms the house, by orientation: windows by what glass and frames
    let through. [m²]"""
    circuit: HeatingCircuit = field(default_factory=HeatingCircuit)
    tank: StratifiedTank = field(default_factory=StratifiedTank)
    control: HeatingControl = field(default_factory=HeatingControl)
    auxiliaries: AuxiliaryLoads = field(default_factory=AuxiliaryLoads)
    household: Household = field(default_factory=Household)
    frost: float = 60.0
    """How strongly it ices, as in `frost_share`. [kg/kg]"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What sensors show when a simulation begins; NaN: not known."""

    room: float = float("nan")
    tank: float = float("nan")
    """At the tank's sensor. [°C]"""


@dataclass(frozen=True, slots=True)
class Case:
    """One simulation: an installation in its weather."""

    installation: Installation
    weather: WeatherSeries
    zone: ZoneInfo
    seed: int | None = None
    """Of what people draw; without one each hour is as usual."""
    measured: Measured = Measured()
    """From where it begins; else as the days before have left it."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What comes of it: means over intervals."""

    time: Times
    """Begin of each interval, shape (t,). [µs since the Unix epoch, UTC]"""
    interval: float
    """[s]"""
    values: Floats
    """Shape (n, quantities, t), as `QUANTITIES`."""
    before: Floats
    """The same of the days that were simulated before, shape (n, quantities, b)."""

    def of(self, quantity: str) -> Floats:
        """Return a quantity, shape (n, t)."""
        return self.values[:, QUANTITIES.index(quantity)]

    def part(self, rows: slice) -> Simulated:
        """Return some of the cases."""
        return Simulated(self.time, self.interval, self.values[rows], self.before[rows])

    def energy(self, quantity: str) -> Floats:
        """Return the energy of a power over all time, shape (n,). [kWh]"""
        return np.asarray(self.of(quantity).sum(axis=1) * self.interval / 3.6e6)


def simulate(
    cases: Sequence[Case],
    start: int,
    end: int,
    *,
    step: float = STEP,
    every: int = 15,
    warm_up: float = WARM_UP,
) -> Simulated:
    """Simulate cases from start to end in µs; return means over ``every`` steps.

    They begin as after ``warm_up`` days of their own weather, so far as it is known before; the
    rest of these days is as the first that is known.
    """
    interval = step * every
    lead = round(warm_up * _DAY / interval) * every
    intervals = round((end - start) / MICROSECONDS / interval)
    begin = start - round(lead * step * MICROSECONDS)
    time = begin + round(step * MICROSECONDS) * np.arange(lead + intervals * every, dtype=np.int64)
    plants, forcing = _plants(cases, step), _forcing(cases, time, step)
    machines = {id(case.installation.machine): case.installation.machine for case in cases}
    table = tabulated(list(machines.values()))
    states, layers, house = _beginning(cases, forcing, plants)
    out = np.zeros((len(cases), len(QUANTITIES), lead // every + intervals))
    before, after = (
        Forcing(*(np.ascontiguousarray(part[:, cut]) for part in forcing))
        for cut in (slice(lead), slice(lead, None))
    )
    parts = np.split(out, [lead // every], axis=2)
    warm, shown = (np.ascontiguousarray(part) for part in parts)
    if lead:  # without days before there is no weather to begin with
        live(plants, table, before, states, layers, house, warm, step, every)
    _begin_from(cases, plants, layers, house)
    live(plants, table, after, states, layers, house, shown, step, every)
    return Simulated(time[lead::every], interval, shown, warm)


def _begin_from(cases: Sequence[Case], plants: Plants, layers: Floats, house: Floats) -> None:
    """Move tanks and houses to what is measured, where something is.

    By as much in all their parts: what a sensor shows beyond the simulation, the days before have
    brought into walls and layers alike.
    """
    rows = np.arange(len(cases))
    sensor = layers[rows, plants.tank.sensor_layer.astype(np.int64)]
    room = np.array([case.measured.room for case in cases]) - house[:, 0]
    tank = np.array([case.measured.tank for case in cases]) - sensor
    house += np.nan_to_num(room)[:, np.newaxis]
    layers += np.nan_to_num(tank)[:, np.newaxis]


def _rows(keys: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Return the row of each key, and where the key of each row comes first."""
    first: dict[Hashable, int] = {}
    for i, key in enumerate(keys):
        first.setdefault(key, i)
    rows = {key: row for row, key in enumerate(first)}
    return [rows[key] for key in keys], list(first.values())


def _weather_key(case: Case) -> Hashable:
    return id(case.weather), case.installation.frost


def _calendar_key(case: Case) -> tuple[Hashable, ...]:
    return case.installation.household, case.zone.key


def _tap_key(case: Case) -> tuple[Hashable, ...]:
    return (*_calendar_key(case), case.seed)


def _plants(cases: Sequence[Case], step: float) -> Plants:
    found = [case.installation for case in cases]
    a, b = discretised([one.envelope for one in found], step)

    def rows(keys: Sequence[Hashable]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(_rows(keys)[0], dtype=np.int64)

    return Plants(
        records([one.circuit for one in found]),
        records([one.tank for one in found]),
        records([one.control for one in found]),
        records([one.auxiliaries for one in found]),
        a,
        b,
        np.array([one.aperture for one in found]).reshape(-1, len(ORIENTATIONS)),
        rows([id(one.machine) for one in found]),
        rows([_weather_key(case) for case in cases]),
        rows([_calendar_key(case) for case in cases]),
        rows([_tap_key(case) for case in cases]),
    )


def _forcing(cases: Sequence[Case], time: Times, step: float) -> Forcing:
    """Return what comes from outside; cases with the same weather or calendar share a row."""
    firsts = [cases[i] for i in _rows([_weather_key(case) for case in cases])[1]]
    skies = [at_moments(one.weather, time, one.installation.frost) for one in firsts]
    outdoor, frost, sun = (np.stack(parts) for parts in zip(*skies, strict=True))
    firsts = [cases[i] for i in _rows([_calendar_key(case) for case in cases])[1]]
    clocks = {zone: local_clock(time, zone) for zone in {one.zone for one in firsts}}
    homes = [lived(one.installation.household, time, clocks[one.zone]) for one in firsts]
    firsts = [cases[i] for i in _rows([_tap_key(case) for case in cases])[1]]
    draws = [
        drawn(one.installation.household, time, step, clocks[one.zone], one.seed) for one in firsts
    ]
    return Forcing(
        outdoor,
        frost,
        sun,
        np.stack([home.mains for home in homes]),
        np.stack([home.room_setpoint for home in homes]),
        np.stack([home.tank_setpoint for home in homes]),
        np.stack([home.shift for home in homes]),
        np.stack(draws),
        np.stack([home.people for home in homes]),
    )


def _beginning(
    cases: Sequence[Case], forcing: Forcing, plants: Plants
) -> tuple[Records, Floats, Floats]:
    """Return states, tank layers and house temperatures of a heated house at rest."""
    n = len(cases)
    states = records([RunningState()] * n)
    layers, house = np.empty((n, LAYERS)), np.empty((n, 3))
    day = min(round(_DAY / STEP), forcing.outdoor.shape[1])
    for i, case in enumerate(cases):
        home = case.installation.household
        layers[i] = home.tank_setpoint - 3.0
        outdoor = float(forcing.outdoor[plants.weather[i], :day].mean())
        cold = max(home.room_setpoint - outdoor, 0.0)
        inputs = np.array([outdoor, case.installation.envelope.loss * cold, 0.0, 0.0])
        house[i] = steady(case.installation.envelope, inputs)
    return states, layers, house
