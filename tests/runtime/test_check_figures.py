"""``hptwin check`` says which figures a heat pump will have, which not, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatpump_twin.runtime.site_check import check_site

SITE = """\
site: {{name: Test, latitude: 50, longitude: 8, timezone: Europe/Berlin}}
heat_pumps:
  - id: hp1
    name: One
    plate:
      {{manufacturer: M, model: X, nominal_flow: 14, max_power: 2590,
       heating: [{{outdoor: 7, water: 35, capacity: 5000, power: 1080}}]}}
    devices:
{devices}
"""
DEVICE = "      - {{id: d{n}, profile: {profile}, connection: 'tcp://127.0.0.1:{port}'{more}}}"
COUNTERS = """\
title: Four counters and no meter
kind: heat_pump_controller
source: this test
points:
  - {point: heating_electrical_energy, space: input, address: 0, type: uint16, unit: kWh}
  - {point: dhw_electrical_energy, space: input, address: 1, type: uint16, unit: kWh}
  - {point: heating_heat_energy, space: input, address: 2, type: uint16, unit: kWh}
  - {point: dhw_heat_energy, space: input, address: 3, type: uint16, unit: kWh}
"""


def said(tmp_path: Path, *profiles: str, skip: str = "") -> tuple[set[str], dict[str, str]]:
    """Return the figures that a site has, and for those that it has not what is missing."""
    more = f", skip: [{skip}]" if skip else ""
    devices = "\n".join(
        DEVICE.format(n=n, profile=profile, port=1502 + n, more=more if n == 0 else "")
        for n, profile in enumerate(profiles)
    )
    file = tmp_path / "site.yaml"
    file.write_text(SITE.format(devices=devices))
    lines = [line.strip() for line in check_site(str(file)).summary.splitlines()]
    (has,) = (line for line in lines if line.startswith("key figures:"))
    lacks = dict(line.removeprefix("no ").split(": needs ") for line in lines if ": needs " in line)
    return set(has.removeprefix("key figures: ").split(", ")), lacks


def test_four_counters_of_a_controller_and_no_meter(tmp_path):
    profile = tmp_path / "counters.yaml"
    profile.write_text(COUNTERS)
    has, lacks = said(tmp_path, str(profile))
    assert has == {"electricity", "heat", "SPF", "energy by use"}
    assert lacks["runs and starts"] == "compressor_on"
    assert lacks["degree days"].startswith("outdoor_temperature or ambient_temperature")


def test_a_heat_meter_alone(tmp_path):
    has, lacks = said(tmp_path, "kamstrup-multical-403")
    assert has == {"heat"}
    assert "heating_electrical_energy with dhw_electrical_energy" in lacks["SPF"]
    assert "heat_energy" not in lacks["SPF"]
    assert "operating_state" in lacks["energy by use"]


def test_an_electricity_meter_alone(tmp_path):
    has, lacks = said(tmp_path, "eastron-sdm120")
    # Whether the compressor runs is seen in the power.
    assert has == {"electricity", "energy by use", "runs and starts"}
    assert lacks["heat"].startswith("heat_energy or controller_heat_energy")


@pytest.mark.parametrize("skip", ["", "outdoor_temperature"])
def test_a_site_without_an_outdoor_sensor(tmp_path, skip):
    meters = ("eastron-sdm120", "kamstrup-multical-403")
    has, lacks = said(tmp_path, "panasonic-aquarea-hj", *meters, skip=skip)
    assert ("degree days" in has) == (not skip)
    assert ("degree days" in lacks) == bool(skip)
    assert {"electricity", "heat", "SPF", "energy by use", "defrosts", "heaters"} <= has
