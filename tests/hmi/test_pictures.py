"""A picture of each page, light and dark, in ``build/pictures``, to be looked at."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread
from places import ROOT

from .conftest import Browser, Site, until
from .test_layout import TRENDS, ready

PICTURES = ROOT / "build" / "pictures"
_HIGHEST = 1600
"""A long page is cut here. [px]"""
_DRAWN = {
    "hmi-site": ("/", "#tiles .tile"),
    "hmi-unit": ("/unit/hp1", ".forecast-strip"),
    "hmi-faceplate": ("/unit/hp1", "#faceplate[open] .course"),
    "hmi-smart-start": ("/unit/hp1/plan", "[data-heat-ups] tbody tr"),
    "hmi-trends": (TRENDS, "#trend-lines tbody tr"),
    "hmi-alarms": ("/alarms", ".ag-row .ack"),
    "hmi-alarm-performance": ("/alarms/performance", "#past-figures .bars"),
    "hmi-changes": ("/changes", ".ag-row"),
}
"""Address of each picture, and what has to be there before it is taken."""
_VALUES = {
    "expected_supply_temperature": 42.0, "expected_supply_temperature_uncertainty": 1.5,
    "expected_cop": 3.7, "expected_cop_uncertainty": 0.25,
    "expected_electrical_power": 1280.0, "expected_electrical_power_uncertainty": 70.0,
    "electricity_heating_day": 7.2, "electricity_hot_water_day": 2.4,
    "electricity_defrost_day": 0.4, "electricity_standby_day": 0.6,
    "electrical_energy_today": 10.6, "heat_energy_today": 38.3, "cop_today": 3.61,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def something_to_see(site: Site) -> None:
    """Let there be values, a past, a future, an alarm and a change."""
    site.twin.tell("good", values={f"hp1.{point}": value for point, value in _VALUES.items()})
    for point in ("supply_temperature", "return_temperature"):
        site.twin.tell("record", key=f"hp1.{point}", minutes=1440, gap=[300, 240])
    site.twin.tell("forecast", key="hp1.forecast_room_temperature", low=19.4, middle=20.3, high=21)
    site.twin.tell("forecast", key="hp1.forecast_thermal_power", low=2600, middle=3500, high=4900)
    site.twin.tell("alarm", rule="low_water_flow", active=True, value=6.1)
    site.twin.tell("setting", key="hp1.dhw_setpoint", old=50.0, new=52.0, user="")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", _DRAWN)
def test_a_page_has_its_picture(browser: Browser, name: str, theme: str) -> None:
    path, drawn = _DRAWN[name]
    browser.open("/")
    browser.driver.add_cookie({"name": "hmi-theme", "value": theme})
    browser.go(path)
    ready(browser)
    if name == "hmi-faceplate":
        browser.click('.mimic.wide [data-faceplate="hp1.supply_temperature"]')
    until(lambda: browser.all(drawn))
    if "trend" in name or name == "hmi-unit":
        until(lambda: browser.find("#trend-note").text == "")
    size = browser.script("return [innerWidth, document.documentElement.scrollHeight]")
    browser.resize(size[0], 900 if drawn.startswith("#faceplate") else min(size[1], _HIGHEST))
    until(lambda: browser.script(
        "return new Promise((done) =>"
        " requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    ))  # fmt: skip
    # Every value has come, with its quality, and is fresh: also on a machine that is busy.
    until(lambda: browser.script(
        "return !document.querySelector('.v.pending') && !document.body.matches('.stale')"
    ))  # fmt: skip
    # What lies behind a faceplate is dimmed.
    whole = "#faceplate" if name == "hmi-faceplate" else "html"
    picture = browser.find(whole).screenshot_as_png
    pixels = imread(io.BytesIO(picture))[:, :, :3]
    # Light or dark by what most of it is, and not one colour: something is drawn.
    assert np.median(pixels) > 0.7 if theme == "light" else np.median(pixels) < 0.3
    assert len(np.unique(np.round(pixels[::8, ::8].reshape(-1, 3), 2), axis=0)) > 20
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}{'' if theme == 'light' else '-dark'}.png").write_bytes(picture)
