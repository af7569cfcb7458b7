"""Units of a person: °F and BTU/h on the glass, SI at the server and in the record."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.hmi.person_units import UNITS

from .conftest import Browser, Site, until
from .test_pure import variable
from .test_trends import read, whole

RETURN = "hp1.return_temperature"
SETPOINT = 'input[data-setpoint="supply_setpoint"]'


def chosen(browser: Browser) -> str | None:
    select = Select(browser.find('form[action="/units"] select'))
    return select.first_selected_option.get_attribute("value")


def choose(browser: Browser, code: str) -> None:
    """Choose units in the header, and wait until the page has come in them."""
    Select(browser.find('form[action="/units"] select')).select_by_value(code)
    until(lambda: chosen(browser) == code)
    until(lambda: browser.script("return document.getElementById('clock').textContent.length > 5"))


@pytest.mark.parametrize(
    ("unit", "value", "shown", "symbol"),
    [
        ("°C", -40.0, -40.0, "°F"), ("°C", 21.0, 69.8, "°F"), ("°C", 100.0, 212.0, "°F"),
        # Differences: NIST SP 811, B.6; the International Table BTU: 1 W is 3.412142 Btu/h (B.9).
        ("K", 5.0, 9.0, "Δ°F"), ("K·d", 10.0, 18.0, "Δ°F·d"),
        ("kWh", 12.5, 12.5, "kWh"), ("bar", 1.8, 1.8, "bar"),
    ],
)  # fmt: skip
def test_a_unit_is_read_as_its_own_kind(unit: str, value: float, shown: float, symbol: str) -> None:
    read = UNITS["f-btu"].of(variable(unit=unit))
    assert read.measure.shown(value) == pytest.approx(shown)
    assert read.measure.told(shown) == pytest.approx(value)
    assert read.unit == symbol
    assert read.span == pytest.approx(read.measure.shown_span((20.0, 60.0)))
    assert UNITS["c-w"].of(variable(unit=unit)) == variable(unit=unit)


def test_heat_is_in_btu_and_electricity_in_watts() -> None:
    heat = UNITS["c-btu"].of(variable(unit="W", id="expected_thermal_power"))
    assert (heat.unit, heat.measure.shown(1000.0)) == ("BTU/h", pytest.approx(3412.142))
    powers = {n for part in CATALOGUE.values() for n, spec in part.items() if spec.unit == "W"}
    read = {name: UNITS["c-btu"].of(variable(unit="W", id=name)).unit for name in powers}
    # What a controller estimates is what it takes of the mains for heating, cooling, hot water.
    electric = {name for name in powers if "electrical" in name or name.endswith("_estimate")}
    assert {name for name, unit in read.items() if unit == "W"} == electric


def test_what_is_typed_in_fahrenheit_is_written_in_celsius(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"hp1.thermal_power": 4700.0, "hp1.supply_temperature": 41.0})
    browser.open("/unit/hp1")
    choose(browser, "f-btu")
    until(lambda: "105.8" in browser.value("hp1.supply_temperature"))
    assert "°F" in browser.value("hp1.supply_temperature")
    until(lambda: "16\u202f037" in browser.value("hp1.thermal_power"))
    assert "BTU/h" in browser.value("hp1.thermal_power")
    assert "W" in browser.value("hp1.electrical_power")
    panel = browser.find(SETPOINT).find_element(By.XPATH, "ancestor::*[@class='faceplate']")
    assert "68.0 to 131.0 °F" in panel.text
    field = browser.find(SETPOINT)
    field.send_keys("140")
    until(lambda: "Outside the limits" in panel.text)
    field.send_keys(Keys.CONTROL, "a")
    # 46.7222 °C: no step of the device; its nearest is offered, and is what is written.
    field.send_keys("116.1")
    until(lambda: "Write 116.1 °F" in panel.text)
    browser.click('[data-write="supply_setpoint"]')
    until(lambda: "116.1 °F" in " ".join(e.text for e in browser.all(".result .done")))
    assert site.twin.tell("audit", tail=True) == [["olga", "hp1.supply_setpoint", 46.7, 46.7]]
    until(lambda: "returns it to 113.0 °F" in browser.find("[data-programs]").text)
    # Live values follow in them.
    site.twin.tell("good", values={"hp1.supply_temperature": 40.0})
    until(lambda: "104.0" in browser.value("hp1.supply_temperature"))


def test_the_choice_stays_and_is_that_of_trends_too(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key=RETURN, minutes=50, gap=[0, 0])
    browser.open("/unit/hp1")
    choose(browser, "f-w")
    browser.go(f"/trends?p={RETURN}&h=1")
    whole(browser)
    # A wave of 40 ± 5 °C, in the table of the server's aggregates, on the axis, in the CSV.
    until(lambda: browser.find(f'[data-greatest="{RETURN}"]').text == "113.0 °F")
    assert browser.script("return trend.table().head") == ["Return temperature [°F]"]
    # What came live meanwhile is marked by a third item, and is no part of the wave.
    drawn = read(browser, RETURN)["points"]
    wave = [point[1] for point in drawn if len(point) == 2 and point[1] is not None]
    assert min(wave) == pytest.approx(95.0, abs=0.1)
    assert max(wave) == pytest.approx(113.0, abs=0.1)
    cookies = {cookie["name"]: cookie["value"] for cookie in browser.driver.get_cookies()}
    assert cookies["hmi-units"] == "f-w"
    browser.open("/changes")
    assert chosen(browser) == "f-w"
