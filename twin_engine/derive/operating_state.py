"""Compute the operating state of a heat pump as a code from its reported switches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import IntEnum

from heatpump_twin.twin_engine.sample import Sample, sample_of


class State(IntEnum):
    """The codes of ``operating_state``."""

    OFF = 0
    STANDBY = 1
    HEATING = 2
    HOT_WATER = 3
    COOLING = 4
    DEFROST = 5
    FAULT = 6
    LOCKOUT = 7


def state_sample(compressor: Sample, switches: Mapping[str, Sample]) -> Sample:
    """Return ``operating_state`` from the compressor's state and what the machine reports."""
    used = (compressor, *switches.values())
    if any(sample.bad for sample in used):
        return sample_of(math.nan, *used)
    values = {point: sample.value for point, sample in switches.items()}
    return sample_of(float(operating_state(bool(compressor.value), values)), *used)


def operating_state(compressor_on: bool, inputs: Mapping[str, float]) -> State:
    """Return the code of ``operating_state`` from what the machine reports of `STATE_SWITCHES`."""
    # In this order: a fault outranks everything, off outranks leftovers of the last run, and a
    # defrost runs the compressor in reverse, so it is asked before that. Defaults stand for
    # machines without the point.
    if inputs.get("fault_active", inputs.get("error_code", 0)):
        return State.FAULT
    if not inputs.get("unit_enabled", 1):
        return State.OFF
    if inputs.get("defrost_active", 0):
        return State.DEFROST
    if not compressor_on:
        return State.STANDBY
    if inputs.get("dhw_heating", inputs.get("valve_direction", 0)):
        return State.HOT_WATER
    # The cycle tells what is done now, the mode only what was chosen.
    cooling_mode = inputs.get("operating_mode") in (4, 5)
    cooling = inputs["operation_cycle"] == 1 if "operation_cycle" in inputs else cooling_mode
    return State.COOLING if cooling else State.HEATING


def possible_states(ids: Iterable[str]) -> frozenset[State]:
    """Return the codes that `operating_state` can give a machine that has the points ``ids``."""
    have = set(ids)
    told_by = {
        State.OFF: {"unit_enabled"},
        State.STANDBY: have,
        State.HEATING: have,
        State.HOT_WATER: {"dhw_heating", "valve_direction"},
        State.COOLING: {"operation_cycle", "operating_mode"},
        State.DEFROST: {"defrost_active"},
        State.FAULT: {"fault_active", "error_code"},
    }
    return frozenset(state for state, points in told_by.items() if have & points)
