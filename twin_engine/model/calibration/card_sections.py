"""The section of a card about the machine, from its model and how that was fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.calibration.calibration_card import (
    FrostSection,
    MachineSection,
    OtherStates,
    Parameter,
)
from heatpump_twin.twin_engine.model.calibration.frost_fit import FrostFit
from heatpump_twin.twin_engine.model.calibration.other_states import Seen
from heatpump_twin.twin_engine.model.calibration.power_fit import PowerFit
from heatpump_twin.twin_engine.model.machine.machine_model import MachineModel
from heatpump_twin.twin_engine.model.machine.power_model import NORMAL_90
from heatpump_twin.twin_engine.model.machine.power_terms import KNOTS, LOSS_TERMS, SHARE_TERMS

Form = Literal["plate", "share of Carnot", "constant loss"]


def machine_section(
    model: MachineModel, fit: PowerFit | None, frost: FrostFit | None, seen: Seen
) -> MachineSection:
    """Return the section of a card about a machine."""
    power, valid, capacity = model.power, model.valid, model.capacity
    told = np.zeros(len(power.theta)) if fit is None else fit.told
    return MachineSection(
        form=_form(model, fit),
        theta=tuple(power.theta.tolist()),
        covariance=tuple(tuple(row) for row in power.covariance.tolist()),
        noise=float(power.noise),
        widening=float(power.widening),
        parameters=tuple(_parameters(model, told)),
        capacity=(
            float(capacity.at_reference),
            float(capacity.per_source),
            float(capacity.per_water),
        ),
        full_load_periods=seen.full_load,
        frost=frost
        and FrostSection(
            approach=float(frost.frost.approach),
            per_ice=float(frost.frost.per_ice),
            damping=float(frost.frost.damping),
            threshold=float(frost.frost.threshold),
            spread=frost.spread,
        ),
        others=OtherStates(
            standby=model.standby,
            circulating=model.circulating,
            start=model.start,
            defrost_power=model.defrost.power,
            defrost_heat=model.defrost.heat,
            defrost_minutes=model.defrost.minutes,
            starts_seen=seen.starts,
            defrosts_seen=seen.defrosts,
        ),
        source=tuple(valid.source),
        water=tuple(valid.water),
        load=tuple(valid.load),
    )


def _form(model: MachineModel, fit: PowerFit | None) -> Form:
    if fit is None:
        return "plate"
    return "constant loss" if float(model.power.constant_loss) else "share of Carnot"


def _parameters(model: MachineModel, told: Values) -> Iterator[Parameter]:
    power = model.power
    deviation = np.sqrt(np.diag(power.covariance))
    for place, name in enumerate(_names(model)):
        value, half = float(power.theta[place]), NORMAL_90 * float(deviation[place])
        yield Parameter(
            name=name, value=value, lower=value - half, upper=value + half, told=float(told[place])
        )


def _names(model: MachineModel) -> tuple[str, ...]:
    if float(model.power.constant_loss):
        return LOSS_TERMS
    return (*SHARE_TERMS, *(f"source above {knot:g} °C" for knot in KNOTS))
