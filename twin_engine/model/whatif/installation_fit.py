"""Learn a whole installation from its record: house, curve, people, emitters, stage by stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.house.demand_line import fit_demand_line
from heatpump_twin.twin_engine.model.house.envelope import Floats
from heatpump_twin.twin_engine.model.house.house_fit import (
    LEAST_KNOWN,
    FittedHouse,
    HouseUnknownError,
    fit_house,
    house_by_line,
    house_of,
)
from heatpump_twin.twin_engine.model.house.least_squares import Posterior, Prior, regularised
from heatpump_twin.twin_engine.model.simulation.circuit import HeatingCircuit
from heatpump_twin.twin_engine.model.simulation.control import HeatingControl
from heatpump_twin.twin_engine.model.simulation.household import HOURS, Household
from heatpump_twin.twin_engine.model.simulation.kernel import AuxiliaryLoads
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.simulation.simulate import (
    Case,
    Installation,
    Simulated,
    simulate,
)
from heatpump_twin.twin_engine.model.simulation.tank import COMFORT, WATER, StratifiedTank
from heatpump_twin.twin_engine.model.simulation.weather import USUAL_HUMIDITY, frost_share
from heatpump_twin.twin_engine.model.whatif.curve_fit import fit_curve
from heatpump_twin.twin_engine.model.whatif.observed_house import ObservedHouse

NAMES = ("emitter_power", "capacity", "valved_share", "valve_offset")
"""Parameters of the circuit, behind those of the house: logarithms, logarithms, share, K."""
_SPREAD = np.array([0.6, 1.2, 0.6, 0.7])
_STEP = 120.0
"""Of the simulations with which is fitted. [s]"""
_ROOM_ERROR, _WATER_ERROR, _DAY_ERROR = 0.3, 1.5, 0.05
"""What remains of a good model: room [K], water [K], heat of a day over that of a mean day [-]."""
_MEMORY = 12 * 3600.0
"""For how long an error lasts. [s]"""
_WARM = 2
"""Days in which masses find their temperatures, and that are not compared."""
_DAY_SPREAD, _LEVEL_SPREAD, _ICE_SPREAD = 0.1, 0.1, 1.5
"""Deviation of a day's electricity, of the machine from its model, and of what ice adds. [-]"""
_DOUBT = 2.0
"""By how much less a house is known than its own fit says: heat and rooms are not without error."""
_APART = 0.06
"""Of two simulations that tell a slope, in the logarithm of a parameter. [-]"""
_DAY = 86_400.0
_QUARTER = 6 * 3600.0
_USUAL_RATED = 5000.0


@dataclass(frozen=True, slots=True, eq=False)
class FittedInstallation:
    """An installation as a record tells it."""

    base: Installation
    """All that is not in the parameters."""
    house: FittedHouse
    posterior: Posterior
    """Of the parameters of house and circuit."""

    @property
    def likely(self) -> Installation:
        """The most likely installation."""
        return self.of(self.posterior.mean)

    def of(self, theta: Floats) -> Installation:
        """Return the installation that parameters stand for."""
        parts = house_of(theta[: -len(NAMES)], self.house.structure, self.house.loss)
        power, capacity, valved, offset = theta[-len(NAMES) :].tolist()
        base, circuit = self.base, self.base.circuit
        return replace(
            base,
            envelope=parts.envelope,
            aperture=parts.aperture,
            circuit=replace(
                circuit,
                emitter_power=circuit.emitter_power * math.exp(power),
                capacity=circuit.capacity * math.exp(capacity),
                valved_share=1.0 / (1.0 + math.exp(-valved - 1.1)),
                valve_offset=offset,
            ),
            household=replace(
                base.household, gains=tuple(parts.people * g for g in base.household.gains)
            ),
        )

    def drawn(self, count: int, seed: int) -> list[Installation]:
        """Return installations that are as likely as the record says, by a seed."""
        return [self.of(theta) for theta in self.posterior.drawn(count, seed)]


def usual_installation(plate: Plate, machine: Machine, loss: float) -> Installation:
    """Return an installation of which nothing is known but its plate and the loss of its house."""
    rated = max(point.capacity for point in plate.heating)
    scale = rated / _USUAL_RATED
    design = 25.0 * loss
    return Installation(
        machine,
        circuit=HeatingCircuit(
            emitter_power=1.4 * design,
            capacity=50.0 * design,
            nominal_flow=plate.nominal_flow,
        ),
        tank=StratifiedTank(
            litres=130.0 + 50.0 * scale,
            coil=800.0 * scale,
            heater_power=plate.tank_heater_power or 0.0,
        ),
        control=HeatingControl(
            highest_water=plate.max_supply, backup_power=plate.backup_power or 0.0
        ),
        auxiliaries=AuxiliaryLoads(
            pump_power=plate.pump_power,
            standby_power=plate.standby_power,
            nominal_capacity=rated,
            airing=3.0 * loss,
        ),
    )


def fit_installation(seen: ObservedHouse, plate: Plate, machine: Machine) -> FittedInstallation:
    """Return the installation that a record tells.

    First what each part shows by itself: the house with its heat known, the curve, the people's
    hot water. Then all together in a simulation, with what is known so far as the prior.

    Raises
    ------
    HouseUnknownError
        The record does not tell the house.
    """
    house = _house(seen)
    base = usual_installation(plate, machine, house.envelope.loss)
    control, hours = fit_curve(seen, base.control)
    base = replace(
        base, control=control, household=_household(seen, hours), frost=_frost(seen, base.frost)
    )
    fit = FittedInstallation(base, house, _beginning(house))
    for _ in range(2):
        fit = replace(fit, posterior=_together(seen, fit))
        fit = replace(fit, base=_hot_water(seen, fit))
    return replace(fit, base=_electricity(seen, fit))


def _house(seen: ObservedHouse) -> FittedHouse:
    """Return the house; without a sensor in its rooms what the line of its heat demand tells."""
    watched = seen.house(Household())
    if np.isfinite(seen.room).mean() >= LEAST_KNOWN:
        return fit_house(watched)
    light = seen.weather.light
    days = [_meant(x, seen.step, _DAY) for x in (seen.to_rooms, seen.weather.outdoor, light)]
    line = fit_demand_line(*days)
    if line is None:
        raise HouseUnknownError(
            "the room temperature is not known, and the days are too few or too much alike for the "
            "line of the heat demand: a room temperature sensor is missing"
        )
    return house_by_line(line, watched)


def _household(seen: ObservedHouse, hours: tuple[float, ...]) -> Household:
    usual = Household()
    tank = _mean(seen.tank_setpoint, usual.tank_setpoint)
    heat = np.nanmean(seen.to_tank)
    litres = max(float(heat) - 48.0, 0.0) * _DAY / WATER / (COMFORT - usual.mains)
    hour = seen.clock.second // 3600
    drawn = np.array([np.nansum(seen.to_tank[hour == h]) for h in range(HOURS)])
    share = drawn / max(drawn.sum(), 1.0)
    return replace(
        usual,
        room_setpoint=_mean(seen.room_setpoint, _mean(seen.room, usual.room_setpoint)),
        tank_setpoint=tank,
        litres=litres,
        curve_hours=hours,
        # The tank is charged some time after it was drawn from: its hours tell part of it.
        draws=tuple((0.6 * share + 0.4 * np.array(usual.draws)).tolist()),
    )


def _frost(seen: ObservedHouse, usual: float) -> float:
    """Return how strongly the machine ices, by what its defrosts took back. [kg/kg]"""
    outdoor, humidity = seen.weather.outdoor, seen.weather.humidity
    humidity = np.where(np.isfinite(humidity), humidity, USUAL_HUMIDITY)
    expected = float(np.nansum(frost_share(outdoor, humidity, usual) * np.maximum(seen.heat, 0.0)))
    heat = float(np.nansum(np.maximum(seen.heat, 0.0)))
    if expected < 0.005 * heat:
        return usual
    # Half of it is what was seen, half what is usual, where there was little to see.
    seen_share = float(np.nansum(seen.defrosted)) + 0.005 * heat
    return float(np.clip(usual * seen_share / (expected + 0.005 * heat), 0.0, 3.0 * usual))


def _hot_water(seen: ObservedHouse, fit: FittedInstallation) -> Installation:
    """Return the base with as much hot water as makes the tank take what it took."""
    run = _simulated(seen, [fit.likely])
    made, wanted = float(run.of("heat_to_tank").mean()), float(np.nanmean(seen.to_tank))
    home = fit.base.household
    lost = min(made, 50.0)
    factor = max(wanted - lost, 0.0) / max(made - lost, 1.0)
    return replace(fit.base, household=replace(home, litres=home.litres * min(factor, 2.0)))


def _electricity(seen: ObservedHouse, fit: FittedInstallation) -> Installation:
    """Return the base with the machine's power so that the electricity of days is as it was.

    A model of steady periods knows nothing of starts, ice and defrosts: what they add is seen in
    the days of the record.
    """
    run = _simulated(seen, [fit.likely])
    outdoor, humidity = seen.weather.outdoor, seen.weather.humidity
    humidity = np.where(np.isfinite(humidity), humidity, USUAL_HUMIDITY)
    icy = frost_share(outdoor, humidity, fit.base.frost) * (run.of("running")[0] > 0.5)
    made, wanted = (_meant(x, seen.step, _DAY) for x in (run.of("power")[0], seen.power))
    ice = _meant(icy, seen.step, _DAY)
    known = np.isfinite(made + wanted + ice) & (made > 0.0)
    if not known.any():
        return fit.base
    # A ridge towards a machine as its model says: days err by a tenth, and it by as much.
    terms = np.column_stack([np.ones(known.sum()), ice[known]]) / _DAY_SPREAD
    ratio = (wanted[known] / made[known] - 1.0) / _DAY_SPREAD
    normal = terms.T @ terms + np.diag([_LEVEL_SPREAD**-2, _ICE_SPREAD**-2])
    level, icing = np.linalg.solve(normal, terms.T @ ratio).tolist()
    loads = replace(fit.base.auxiliaries, level=1.0 + level, icing=max(icing, 0.0))
    return replace(fit.base, auxiliaries=loads)


def _beginning(house: FittedHouse) -> Posterior:
    """Return what is believed of house and circuit before they are simulated together."""
    mean = np.concatenate([house.posterior.mean, np.zeros(len(NAMES))])
    covariance = np.diag(np.concatenate([(_DOUBT * house.posterior.deviation) ** 2, _SPREAD**2]))
    return Posterior(mean, covariance, np.zeros(len(mean)))


def _together(seen: ObservedHouse, fit: FittedInstallation) -> Posterior:
    """Fit house and circuit so that the whole does what was recorded."""
    begin = _beginning(fit.house)
    wanted = _compared(seen.room, seen.supply, seen.to_rooms, seen)
    heat = max(float(np.nanmean(seen.to_rooms)), 100.0)
    lasting = math.sqrt(min(_QUARTER / _MEMORY, 1.0))
    parts = [len(part) for part in wanted]
    weights = (lasting / _ROOM_ERROR, 1.0 / _WATER_ERROR, 1.0 / _DAY_ERROR / heat)
    weight = np.repeat(weights, parts)
    aim = np.concatenate(wanted)
    known = np.isfinite(aim)

    def residuals(theta: Floats) -> Floats:
        run = _simulated(seen, [fit.of(row) for row in theta])
        rooms = run.of("heat") - run.of("heat_to_tank")
        found = [
            np.concatenate(_compared(*row, seen))
            for row in zip(run.of("room"), run.of("supply"), rooms, strict=True)
        ]
        return np.asarray(((np.array(found) - aim) * weight)[:, known])

    return regularised(residuals, Prior(begin.mean, begin.deviation), least=_APART, most=8)


def _compared(
    room: Floats, supply: Floats, to_rooms: Floats, seen: ObservedHouse
) -> tuple[Floats, Floats, Floats]:
    """Return what is compared: means over so long that no single start of a compressor matters.

    Rooms over quarters of a day, and of each day the water while rooms were heated, and the heat.
    """
    heated = np.where(np.isfinite(seen.supply), supply, np.nan)
    return (
        _meant(room, seen.step, _QUARTER),
        _meant(heated, seen.step, _DAY),
        _meant(to_rooms, seen.step, _DAY),
    )


def _simulated(seen: ObservedHouse, installations: Sequence[Installation]) -> Simulated:
    """Simulate the time of a record."""
    cases = [Case(one, seen.weather, seen.clock.zone) for one in installations]
    end = int(seen.time[-1]) + round(seen.step * MICROSECONDS)
    every = round(seen.step / _STEP)
    return simulate(cases, int(seen.time[0]), end, step=seen.step / every, every=every)


def _meant(values: Floats, step: float, span: float) -> Floats:
    """Return means of what is known over spans in s, without the first days; NaN: nothing is."""
    many = round(span / step)
    whole = values[round(_WARM * _DAY / step) :]
    whole = whole[: len(whole) // many * many].reshape(-1, many)
    known = np.isfinite(whole)
    total = np.where(known, whole, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def _mean(values: Floats, otherwise: float) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else otherwise
