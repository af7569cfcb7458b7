"""The loop over time steps: each heat pump of each scenario by itself, as machine code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.simulation.circuit import (
    HeatingCircuit,
    conductance,
    step_emitters,
    step_valves,
    stream_of,
)
from heatpump_twin.twin_engine.model.simulation.control import (
    HeatingControl,
    curve_water,
    runs,
    wants_rooms,
    wants_tank,
)
from heatpump_twin.twin_engine.model.simulation.machine_map import (
    MachineMap,
    full_capacity,
    input_power,
)
from heatpump_twin.twin_engine.model.simulation.tank import (
    WATER,
    StratifiedTank,
    coil_surroundings,
    step_tank,
)

Records = np.recarray[Any, Any]
"""Structured array with a float for each field of a dataclass."""
QUANTITIES = (
    "room", "supply", "back", "target", "tank", "tank_top", "power", "heat", "heat_to_tank",
    "emitted", "heaters", "running", "charging", "starts",
)  # fmt: skip
"""What is kept of a simulation: means over each interval, in °C, W and shares; counted starts."""
(
    _ROOM, _SUPPLY, _BACK, _TARGET, _TANK, _TANK_TOP, _POWER, _HEAT, _TO_TANK, _EMITTED, _HEATERS,
    _RUNNING, _CHARGING, _STARTS,
) = range(len(QUANTITIES))  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuxiliaryLoads:
    """What takes electricity beside the compressor, and what people do against heat."""

    pump_power: float = 34.0
    """Circulation pump between two runs; while the machine runs it is in its power. [W]"""
    standby_power: float = 30.0
    level: float = 1.0
    """Power of the running machine over that of its table: starts, and what it has not. [-]"""
    icing: float = 0.0
    """What ice adds to it, over the share of heat that defrosts take. [-]"""
    nominal_capacity: float = 5000.0
    """Heat at which the pump runs at its highest speed. [W]"""
    airing_above: float = 24.5
    """Room temperature from which people open windows, if it is cooler outdoors. [°C]"""
    airing: float = 450.0
    """Loss through open windows 1.5 K above that. [W/K]"""


@dataclass(slots=True)
class RunningState:
    """What a heat pump and its circuit remember from one step to the next."""

    water: float = 30.0
    """Mean water in the emitters. [°C]"""
    buffer: float = 30.0
    """[°C]"""
    supply: float = 30.0
    """Water leaving the machine. [°C]"""
    damped: float = float("nan")
    """Outdoor air as the curve follows it; NaN: not known, and taken from the first step. [°C]"""
    opening: float = 0.5
    """Of the thermostatic valves. [-]"""
    rooms: float = 1.0
    charging: float = 0.0
    running: float = 0.0
    backup: float = 0.0
    """Decisions: 1 yes, 0 no."""
    since: float = 1e5
    """Since the compressor started or stopped. [s]"""
    charged: float = 0.0
    """How long the tank has been charged. [s]"""
    rest: float = 0.0
    """For how long the rooms still come first. [s]"""
    strained: float = 0.0
    """How long the machine could do no more. [s]"""


class Plants(NamedTuple):
    """What is simulated: n heat pumps or scenarios, by records and arrays of shape (n, …)."""

    circuit: Records
    tank: Records
    control: Records
    auxiliaries: Records
    a: Floats
    """Exact transition of the house, (n, 3, 3)."""
    b: Floats
    """(n, 3, 4)"""
    aperture: Floats
    """Area that counts for each orientation, (n, orientations). [m²]"""
    machine: NDArray[np.int64]
    """Row of the machine in the table, (n,)."""
    weather: NDArray[np.int64]
    """Row of the weather, (n,)."""
    calendar: NDArray[np.int64]
    """Row of the calendar, (n,)."""
    taps: NDArray[np.int64]
    """Row of the draws, (n,)."""


class Forcing(NamedTuple):
    """What comes from outside, for each step: rows of weather and of calendars."""

    outdoor: Floats
    """[°C]"""
    frost: Floats
    """Share of the heat that defrosting takes. [-]"""
    sun: Floats
    """Irradiance for each orientation, (rows, steps, orientations). [W/m²]"""
    mains: Floats
    """[°C]"""
    room_setpoint: Floats
    tank_setpoint: Floats
    """[°C]"""
    shift: Floats
    """By how much the curve is raised at this hour. [K]"""
    draw: Floats
    """Hot water of 40 °C. [l/s]"""
    people: Floats
    """Heat of people and appliances. [W]"""


def records(objects: Sequence[Any]) -> Records:
    """Return dataclasses of numbers as one structured array."""
    names = [field.name for field in fields(objects[0])]
    rows = [tuple(float(getattr(one, name)) for name in names) for one in objects]
    # With attributes, so that the loop runs as plain Python, too.
    return np.array(rows, dtype=[(name, np.float64) for name in names]).view(np.recarray)


class Lane(NamedTuple):
    """One heat pump in the loop: rows of `Plants` and what it remembers."""

    circuit: HeatingCircuit
    tank: StratifiedTank
    control: HeatingControl
    auxiliaries: AuxiliaryLoads
    state: RunningState
    layers: Floats
    house: Floats


class Moment(NamedTuple):
    """What comes from outside in one step, as in `Forcing`; the sun is the heat that comes in."""

    outdoor: float
    frost: float
    sun: float
    mains: float
    room_setpoint: float
    tank_setpoint: float
    shift: float
    draw: float
    people: float


@compiled
def live(
    plants: Plants, table: MachineMap, forcing: Forcing, states: Records, layers: Floats,
    house: Floats, out: Floats, dt: float, every: int,
) -> None:  # fmt: skip
    """Step all heat pumps through all time, and keep means over ``every`` steps.

    ``states``, ``layers`` (n, layers) and ``house`` (n, 3) are where it begins, and afterwards
    where it ended; ``out`` has the shape (n, quantities, intervals) and begins as zeros.
    """
    for n in range(len(states)):
        w, c, machine = plants.weather[n], plants.calendar[n], plants.machine[n]
        tap = plants.taps[n]
        lane = Lane(
            plants.circuit[n], plants.tank[n], plants.control[n], plants.auxiliaries[n],
            states[n], layers[n], house[n],
        )  # fmt: skip
        if np.isnan(lane.state.damped):
            lane.state.damped = forcing.outdoor[w, 0]
        now = np.zeros(len(QUANTITIES))
        for k in range(out.shape[2] * every):
            sun = 0.0
            for side in range(plants.aperture.shape[1]):
                sun += plants.aperture[n, side] * forcing.sun[w, k, side]
            moment = Moment(
                forcing.outdoor[w, k], forcing.frost[w, k], sun, forcing.mains[c, k],
                forcing.room_setpoint[c, k], forcing.tank_setpoint[c, k], forcing.shift[c, k],
                forcing.draw[tap, k], forcing.people[c, k],
            )  # fmt: skip
            _decide(lane, moment, dt, now)
            _heat_water(lane, table, machine, moment, dt, now)
            inside = _give_off(lane, moment, dt, now)
            _step_house(lane, plants.a[n], plants.b[n], moment, inside)
            now[_ROOM] = lane.house[0]
            for quantity in range(len(now)):
                out[n, quantity, k // every] += now[quantity]
        for quantity in range(_STARTS):
            out[n, quantity] /= every


@compiled
def _decide(lane: Lane, moment: Moment, dt: float, now: Floats) -> None:
    """Decide what is heated and to which temperature, and whether the compressor runs."""
    s, control = lane.state, lane.control
    s.damped += (moment.outdoor - s.damped) * min(dt / control.damping, 1.0)
    sensor = lane.layers[int(lane.tank.sensor_layer)]
    s.rooms = wants_rooms(control, s.rooms, moment.outdoor, lane.house[0], moment.room_setpoint)
    s.rest = max(s.rest - dt, 0.0)
    before = s.charging
    s.charging = wants_tank(control, before, sensor, moment.tank_setpoint, s.charged, s.rest)
    if before > 0.5 and s.charging < 0.5 and s.charged >= control.longest_charge:
        s.rest = control.rest_after_charge
    s.charged = s.charged + dt if s.charging > 0.5 else 0.0
    target = curve_water(control, s.damped) + moment.shift
    now[_TARGET] = min(target, control.highest_water)


@compiled
def _heat_water(
    lane: Lane, table: MachineMap, machine: int, moment: Moment, dt: float, now: Floats
) -> None:
    """Let the machine heat the water of rooms or tank, and count what it takes."""
    s, extra = lane.state, lane.auxiliaries
    capacity = full_capacity(table, machine, moment.outdoor, s.supply)
    least = table.least_share[machine] * capacity
    before = s.running
    wanted = _wanted_heat(lane, moment, capacity, least, now[_TARGET])
    s.since = s.since + dt if s.running == before else dt
    now[_STARTS] = max(s.running - before, 0.0)
    heat = min(max(wanted, least), capacity) * s.running
    power = 0.0
    if s.running > 0.5:
        steady = input_power(table, machine, moment.outdoor, s.supply, heat / capacity)
        power = steady * (extra.level + extra.icing * moment.frost)
    heaters = _backup(lane, moment, dt, now[_TARGET], heat >= 0.95 * capacity)
    now[_HEAT] = heat * (1.0 - moment.frost) + heaters
    now[_HEATERS] = heaters
    # Between two runs the pump goes on: a sensor in standing water would show the room.
    rest = extra.standby_power + extra.pump_power * max(s.rooms, s.charging)
    now[_POWER] = power + heaters + rest * (1.0 - s.running)
    now[_RUNNING], now[_CHARGING] = s.running, s.charging


@compiled
def _wanted_heat(lane: Lane, moment: Moment, capacity: float, least: float, target: float) -> float:
    """Return the heat that brings the water to its target, and switch the compressor. [W]"""
    s, control, circuit = lane.state, lane.control, lane.circuit
    share = 1.0 / max(lane.auxiliaries.nominal_capacity, 1.0)
    if s.charging > 0.5:
        s.running = 1.0
        limit = min(moment.tank_setpoint + control.tank_excess, control.highest_water)
        resistance = 1.0 / lane.tank.coil + 0.5 / stream_of(circuit, 1.0)
        return (limit - coil_surroundings(lane.layers)) / resistance
    # With a buffer the water comes back as that has it, without as the emitters leave it.
    buffered = circuit.buffer_litres > 0.0
    slow, fast = stream_of(circuit, least * share), stream_of(circuit, capacity * share)
    base = s.buffer if buffered else s.water
    gain = 1.0 if buffered else 2.0
    lowest = base + least / (gain * slow)
    s.running = s.rooms * runs(
        control, s.running, s.since, lowest if s.running > 0.5 else s.supply, target
    )
    wanted = gain * slow * (target - base)
    # The pump goes with the heat, so that the stream is between its slowest and its fastest.
    return gain * min(max(stream_of(circuit, wanted * share), slow), fast) * (target - base)


@compiled
def _backup(lane: Lane, moment: Moment, dt: float, target: float, at_most: bool) -> float:
    """Return the heat of the electric heaters: where the machine can do no more. [W]"""
    s, control = lane.state, lane.control
    if s.charging > 0.5:
        sensor = lane.layers[int(lane.tank.sensor_layer)]
        # Beyond what the compressor reaches, the immersion heater finishes.
        return lane.tank.heater_power if sensor > control.highest_water - 4.0 else 0.0
    deficit = target - s.supply
    able = s.running > 0.5 and moment.outdoor < control.backup_below
    strained = able and at_most and deficit > control.backup_deficit
    s.strained = s.strained + dt if strained else 0.0
    on = s.strained >= control.backup_delay or (s.backup > 0.5 and deficit > 1.0)
    s.backup = 1.0 if able and on else 0.0
    return s.backup * control.backup_power


@compiled
def _give_off(lane: Lane, moment: Moment, dt: float, now: Floats) -> float:
    """Bring the heat from the machine to rooms and tank; return what comes inside. [W]"""
    s, circuit, room = lane.state, lane.circuit, lane.house[0]
    heat, charging = now[_HEAT], s.charging
    now[_TO_TANK] = heat * charging
    heater = now[_HEATERS] * charging
    _, lost = step_tank(
        lane.layers, lane.tank, dt, now[_TO_TANK] - heater, heater, moment.draw, moment.mains, room
    )
    s.opening = step_valves(circuit, dt, s.opening, room, moment.room_setpoint)
    to_rooms = heat * (1.0 - charging)
    stream = stream_of(circuit, heat / lane.auxiliaries.nominal_capacity)
    into = to_rooms
    if circuit.buffer_litres > 0.0:
        # Standing water takes nothing from the buffer.
        flows = stream * s.rooms * (1.0 - charging)
        s.supply = s.buffer + to_rooms / stream
        into = 2.0 * flows * (s.supply - s.water)
    k = conductance(circuit, s.opening, s.water, room)
    water, emitted = step_emitters(circuit, dt, s.water, room, k, into)
    if circuit.buffer_litres > 0.0:
        # The buffer keeps what machine and emitters do not agree on.
        s.buffer += (to_rooms - into) * dt / (circuit.buffer_litres * WATER)
        now[_BACK] = s.buffer
    else:
        s.supply = water + 0.5 * to_rooms / stream
        now[_BACK] = water - 0.5 * to_rooms / stream
    s.water = water
    if charging > 0.5:
        s.supply = coil_surroundings(lane.layers) + heat * (1.0 / lane.tank.coil + 0.5 / stream)
        now[_BACK] = s.supply - heat / stream
    now[_SUPPLY], now[_EMITTED] = s.supply, emitted
    now[_TANK], now[_TANK_TOP] = lane.layers[int(lane.tank.sensor_layer)], lane.layers[0]
    return emitted + lost


@compiled
def _step_house(lane: Lane, a: Floats, b: Floats, moment: Moment, inside: float) -> None:
    """Advance the temperatures of the house: exact for what is constant over the step."""
    house, extra = lane.house, lane.auxiliaries
    warm = min(max((house[0] - extra.airing_above) / 1.5, 0.0), 1.0)
    people = moment.people - warm * extra.airing * max(house[0] - moment.outdoor, 0.0)
    air, envelope, mass = house[0], house[1], house[2]
    for i in range(3):
        house[i] = (
            a[i, 0] * air + a[i, 1] * envelope + a[i, 2] * mass
            + b[i, 0] * moment.outdoor + b[i, 1] * inside + b[i, 2] * moment.sun + b[i, 3] * people
        )  # fmt: skip
