"""Calibrate the model of a machine on its record, stage by stage, with what it does not know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import CalibrationError
from heatpump_twin.twin_engine.model.calibration.calibration_card import (
    CalibrationCard,
    FittedSpan,
    HeldOutErrors,
    MissingSensor,
    PlateOrigin,
)
from heatpump_twin.twin_engine.model.calibration.card_sections import machine_section
from heatpump_twin.twin_engine.model.calibration.credibility import (
    refuse_incredible,
    refuse_incredible_heat,
    refuse_unrelated,
)
from heatpump_twin.twin_engine.model.calibration.daily_electricity import daily_electricity
from heatpump_twin.twin_engine.model.calibration.frost_fit import FrostFit, fit_frost
from heatpump_twin.twin_engine.model.calibration.machine_course import (
    MachineCourse,
    machine_course,
    part_of,
)
from heatpump_twin.twin_engine.model.calibration.missing_sensors import missing_sensors, required
from heatpump_twin.twin_engine.model.calibration.other_states import (
    Seen,
    ice_of,
    with_other_states,
)
from heatpump_twin.twin_engine.model.calibration.power_fit import (
    HeldOut,
    PowerFit,
    fit_power,
    fitted,
    fold_of,
)
from heatpump_twin.twin_engine.model.calibration.record import Record
from heatpump_twin.twin_engine.model.calibration.regime import RegimeChange, regime_change
from heatpump_twin.twin_engine.model.calibration.steady_periods import SteadyPeriods, steady_periods
from heatpump_twin.twin_engine.model.calibration.supply_course import supply_error
from heatpump_twin.twin_engine.model.calibration.usual_power import UsualPower, usual_power
from heatpump_twin.twin_engine.model.calibration.water_fit import fit_water
from heatpump_twin.twin_engine.model.machine.frost import FULL
from heatpump_twin.twin_engine.model.machine.machine_model import Extent, MachineModel, Validity
from heatpump_twin.twin_engine.model.water.water_section import WaterSection

LEAST_PERIODS = 60
"""Ten hours of steady heating; with fewer the plate is the better guess."""
LEAST_DAYS = 4
"""Days on which they lie: held-out days need others to be predicted from."""
_DAY = 86_400 * MICROSECONDS
_EDGE = (0.01, 0.99)
_MARGIN = (2.0, 2.0, 0.05)
"""How far beyond what it has seen a model is still trusted: source and water [K], load [-]."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """What the stages have found."""

    model: MachineModel
    seen: Seen
    frost: FrostFit | None
    fit: PowerFit | None
    usual: UsualPower | None
    periods: SteadyPeriods
    change: RegimeChange | None
    daily: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The card of a calibrated model, with what it was held against."""

    card: CalibrationCard
    periods: SteadyPeriods
    held_out: HeldOut | None
    """Errors of these periods, each predicted from other days; None: heat is not measured."""


def calibrate(
    record: Record,
    plate: Plate,
    *,
    heat_pump: str,
    now: int,
    software: str,
    prior: PlateOrigin = "plate",
) -> Calibration:
    """Calibrate the model of a machine on its record.

    Without a heat meter the plate's COP stays, heat is estimated from it, and the card says so.

    Raises
    ------
    CalibrationError
        The record cannot tell anything; the message names the sensor that is missing, or how much
        more of the record is needed.
    """
    course = machine_course(record, plate)
    required(course, plate, heat_pump)
    refuse_incredible(course, record, plate, heat_pump)
    found = _calibrated(course, plate, record, heat_pump)
    periods = found.periods
    times = periods.time if found.fit else course.time
    card = CalibrationCard(
        heat_pump=heat_pump,
        machine=f"{plate.manufacturer} {plate.model}".strip(),
        plate=plate,
        prior=prior,
        connection="emulated" if record.emulated else "real",
        made=_iso(now),
        software=software,
        heat="measured" if found.fit else "estimated",
        taken=dict(course.taken),
        fitted=FittedSpan(
            start=_iso(int(times[0])),
            end=_iso(int(times[-1])),
            days=round((int(times[-1]) - int(times[0])) / _DAY, 2),
            step=record.step,
            periods=len(periods) if found.fit else 0,
            left_out=_left_out(found.change, times),
        ),
        model=machine_section(found.model, found.fit, found.frost, found.seen),
        water=WaterSection.of(fit_water(record, course)),
        held_out=_errors(found, plate).model_copy(
            update={"supply": supply_error(course, record.column("room_temperature"), plate)}
        ),
        missing=(*missing_sensors(course, record, plate, prior), *_not_seen(found)),
    )
    return Calibration(card, periods, found.fit.held_out if found.fit else None)


def _calibrated(course: MachineCourse, plate: Plate, record: Record, heat_pump: str) -> Calibrated:
    base = MachineModel.of_plate(plate)
    if "heat" not in course.taken:
        return _without_heat(base, course, heat_pump)
    frost = _frost(course, plate)
    base = replace(base, frost=frost.frost if frost else None)
    ice = np.minimum(ice_of(course, base.frost), FULL)
    periods = steady_periods(course, ice)
    _enough(periods, heat_pump)
    refuse_incredible_heat(periods, base, heat_pump)
    fit = fit_power(periods, base.power)
    refuse_unrelated(periods, fit.held_out.error, heat_pump)
    change = regime_change(periods.day, fit.held_out.error)
    if change is not None:
        later = periods.day >= change.day
        begin = int(periods.time[later][0])
        periods, course = periods[later], part_of(course, course.time >= begin)
        _enough(periods, heat_pump)
        fit = fit_power(periods, base.power)
    speeds = _speeds(record, periods)
    valid = _validity(periods, base)
    power = replace(fit.model, load=np.array(valid.load))
    model = replace(base, power=power, valid=valid)
    model, seen = with_other_states(model, course, periods, speeds)
    daily = _daily_held_out(model, course, periods)
    return Calibrated(model, seen, frost, fit, None, periods, change, daily)


def _without_heat(base: MachineModel, course: MachineCourse, heat_pump: str) -> Calibrated:
    nothing = steady_periods(course, np.zeros(len(course)))
    model, seen = with_other_states(base, course, nothing, np.empty(0))
    usual = usual_power(course, model.standby)
    if usual is None:
        raise CalibrationError(
            f"{heat_pump}: heat is not measured (water_flow with supply and return temperature, or "
            "thermal_power), and there are not two days on which it ran: record longer, or add a "
            "heat meter"
        )
    return Calibrated(model, seen, None, None, usual, nothing, None, usual.daily_error)


def _frost(course: MachineCourse, plate: Plate) -> FrostFit | None:
    if plate.source != "air":
        return None
    hours = course.step / 3600.0
    return fit_frost(hours, course.source, course.humidity, course.running, course.defrost)


def _enough(periods: SteadyPeriods, heat_pump: str) -> None:
    days = len(np.unique(periods.day))
    if len(periods) < LEAST_PERIODS or days < LEAST_DAYS:
        raise CalibrationError(
            f"{heat_pump}: {len(periods)} steady periods on {days} days; {LEAST_PERIODS} on "
            f"{LEAST_DAYS} are needed. A period is ten minutes or one step in which the compressor "
            "ran throughout, without a defrost or heater, with power, heat, source and water known"
        )


def _speeds(record: Record, periods: SteadyPeriods) -> Values:
    speed = record.column("compressor_frequency")
    place = np.searchsorted(record.time, periods.time)
    return speed[np.minimum(place, len(speed) - 1)]


def _validity(periods: SteadyPeriods, base: MachineModel) -> Validity:
    at = periods.at
    load = at.heat / float(base.power.prior.rated_capacity)
    spans = [
        Extent(low - margin, high + margin)
        for (low, high), margin in zip(
            (np.quantile(v, _EDGE).tolist() for v in (at.source, at.water, load)),
            _MARGIN,
            strict=True,
        )
    ]
    return Validity(spans[0], spans[1], Extent(max(spans[2].low, 0.02), spans[2].high))


def _daily_held_out(
    model: MachineModel, course: MachineCourse, periods: SteadyPeriods
) -> float | None:
    """Return the mean error of a day's electricity, each span of days predicted from the others."""
    errors: list[float] = []
    folds = fold_of(periods.day)
    ends = [int(periods.time[folds == f][0]) for f in np.unique(folds).tolist()]
    for number, fold in enumerate(np.unique(folds).tolist()):
        begin = ends[number] // _DAY * _DAY
        end = ends[number + 1] // _DAY * _DAY if number + 1 < len(ends) else 2**62
        power, _ = fitted(periods[folds != fold], model.power)
        own = part_of(course, (course.time >= begin) & (course.time < end))
        if len(own):
            errors += daily_electricity(replace(model, power=power), own).error.tolist()
    return float(np.abs(errors).mean()) if errors else None


def _errors(found: Calibrated, plate: Plate) -> HeldOutErrors:
    fit, periods = found.fit, found.periods
    if fit is None:
        usual = found.usual
        return HeldOutErrors(
            cop=None, cop_of_runs=None, coverage=None, other_form=None, plate=None,
            daily_electricity=usual and _known(usual.daily_error),
            power=usual and _known(usual.power_error),
        )  # fmt: skip
    steady = periods.judged
    error, score = fit.held_out.error[steady], fit.held_out.score[steady]
    alone = MachineModel.of_plate(plate).power.power(periods.at[steady])
    widening = float(fit.model.widening)
    return HeldOutErrors(
        cop=float(np.abs(1.0 / (1.0 + error) - 1.0).mean()),
        cop_of_runs=_of_runs(error, periods.power[steady], periods.run[steady]),
        coverage=float((np.abs(score) <= widening).mean()),
        other_form=fit.other_error,
        plate=float(np.abs(periods.power[steady] / alone.value - 1.0).mean()),
        daily_electricity=_known(found.daily),
    )


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value


def _of_runs(error: Values, power: Values, run: NDArray[np.int64]) -> float:
    """Return the mean absolute error of the COP of whole runs: heat is given, power is not."""
    _, place = np.unique(run, return_inverse=True)
    measured, said = np.bincount(place, power), np.bincount(place, power / (1.0 + error))
    return float(np.abs(said / measured - 1.0).mean())


def _not_seen(found: Calibrated) -> list[MissingSensor]:
    """Return which coefficients the record does not tell, so that the plate's stay."""
    if found.fit is None:
        return []
    section = machine_section(found.model, found.fit, found.frost, found.seen)
    untold = [p.name for p in section.parameters if p.told < 0.2]
    if not untold:
        return []
    return [
        MissingSensor(
            sensor="more varied weather and load",
            consequence=f"the record does not tell, and the plate stays: {', '.join(untold)}",
        )
    ]


def _left_out(change: RegimeChange | None, times: NDArray[np.int64]) -> str:
    if change is None:
        return ""
    return (
        f"before {_iso(int(times[0]))[:10]} it was another machine: its power for the same heat "
        f"changed by {change.step:+.1%} ({change.certainty:.0f} standard deviations)"
    )


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).isoformat(timespec="seconds")
