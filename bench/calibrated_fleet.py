"""Models of emulated heat pumps, calibrated on days before anything was wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bench.alarm_fleet import Variant, emulated
from bench.observed_plant import STEP, observed
from heatpump_twin.config.load import load_site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.model.calibration.calibrate import calibrate
from heatpump_twin.twin_engine.model.calibration.calibration_card import CalibrationCard

OBSERVED = datetime(2025, 12, 1, tzinfo=UTC)
DAYS = 30


def calibrated(variants: Sequence[Variant]) -> dict[int, CalibrationCard]:
    """Return cards by number; variants of one machine, house and place have one together."""
    known: dict[Variant, CalibrationCard] = {}
    for variant in variants:
        machine = _healthy(variant)
        if machine not in known:
            known[machine] = _card(machine)
    return {number: known[_healthy(variant)] for number, variant in enumerate(variants)}


def _healthy(variant: Variant) -> Variant:
    return replace(variant, start=OBSERVED, fault=None, more=())


def _card(machine: Variant) -> CalibrationCard:
    begin = round(OBSERVED.timestamp()) * MICROSECONDS
    record = observed(emulated(machine, STEP), begin, DAYS)
    plate = load_site("default", environment={}).heat_pumps[0].plate
    now = begin + DAYS * 86_400 * MICROSECONDS
    return calibrate(record, plate, heat_pump="hp0", now=now, software="campaign").card
