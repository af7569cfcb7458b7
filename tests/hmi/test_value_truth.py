"""Values on the glass: as fine as they are, and why they are not good in plain words."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from .conftest import Browser, Site, until

COMPENSATED = Path(__file__).with_name("weather-compensated.yaml")
fine = pytest.mark.parametrize("site", [(str(COMPENSATED),)], indirect=True)
WITHOUT_REASON = """
return [...document.querySelectorAll(".control button[disabled]")].filter((button) => {
  const reason = document.getElementById(button.getAttribute("aria-describedby"));
  return !reason || !reason.textContent || !reason.offsetHeight;
}).map((button) => button.textContent)
"""


def sign(browser: Browser, key: str) -> object:
    """Return the mark beside a value of the overview."""
    return browser.find(f'.card [data-key="{key}"] button.q')


def test_a_bad_value_says_why_to_keyboard_and_finger(site: Site, browser: Browser) -> None:
    site.twin.tell("bad", keys=["hp1.room_temperature"])
    browser.open("/")
    until(lambda: "bad" in browser.quality("hp1.room_temperature"))
    mark = sign(browser, "hp1.room_temperature")
    assert not browser.find("#why").is_displayed()
    # By the keyboard alone: it is a stop of the tabulator.
    until(
        lambda: (
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            or browser.driver.switch_to.active_element == mark
        )
    )
    mark.send_keys(Keys.ENTER)
    until(lambda: browser.find("#why").is_displayed())
    why = browser.find("#why").text
    assert "Room temperature" in why
    assert "Bad: The device cannot be reached. (BadNoCommunication)" in why
    # To a screen reader it is said at the mark.
    assert "cannot be reached" in mark.get_attribute("aria-label")
    mark.send_keys(Keys.ESCAPE)
    until(lambda: not browser.find("#why").is_displayed())
    # A finger does not open the heat pump's page with it.
    mark.click()
    until(lambda: browser.find("#why").is_displayed())
    assert browser.driver.current_url == f"{site.hmi.url}/"
    site.twin.tell("good", values={"hp1.room_temperature": 20.4})
    until(lambda: not mark.is_displayed())


def test_the_picture_says_why_and_the_table_too(site: Site, browser: Browser) -> None:
    site.twin.tell("bad", keys=["hp1.supply_temperature"])
    browser.open("/unit/hp1")
    tag = '.mimic.wide [data-key="hp1.supply_temperature"]'
    until(lambda: "cannot be reached" in browser.find(tag).get_attribute("aria-label"))
    browser.find(tag).click()
    until(lambda: "cannot be reached" in browser.find("#faceplate .quality").text)
    browser.click("#faceplate form button")
    cell = browser.find('[data-quality="hp1.supply_temperature"]').text
    assert "The device cannot be reached. (BadNoCommunication)" in cell
    site.twin.tell("good", values={"hp1.supply_temperature": 41.0})
    until(lambda: "41.0 °C" in browser.find(tag).get_attribute("aria-label"))


def test_a_symbol_without_a_known_state_is_neither_running_nor_stopped(
    site: Site, browser: Browser
) -> None:
    site.twin.tell("good", values={"hp1.compressor_on": 1.0})
    browser.open("/unit/hp1")
    compressor = '.mimic.wide [data-on="hp1.compressor_on"]'
    css = "return getComputedStyle(document.querySelector(arguments[0] + ' > circle'))"
    look = f"{css}.fill + ' ' + {css.removeprefix('return ')}.strokeDasharray"
    until(lambda: "on" in browser.find(compressor).get_attribute("class").split())
    running = browser.script(look, compressor)
    site.twin.tell("good", values={"hp1.compressor_on": 0.0})
    until(lambda: "on" not in browser.find(compressor).get_attribute("class").split())
    stopped = browser.script(look, compressor)
    site.twin.tell("bad", keys=["hp1.compressor_on"])
    until(lambda: "unknown" in browser.find(compressor).get_attribute("class").split())
    assert browser.script(look, compressor) not in (running, stopped)
    assert "cannot be reached" in browser.find(compressor).get_attribute("aria-label")
    # Whose state the heat pump does not report, or nobody has read yet.
    others = browser.all(".mimic.wide .symbol.stateless")
    assert others
    assert all(other.get_attribute("data-on") is None for other in others)


def test_a_button_that_cannot_be_pressed_says_why(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    until(lambda: browser.all(".control button[disabled]"))
    assert browser.script(WITHOUT_REASON) == []
    browser.open("/unit/hp1/plan")
    panel = browser.find(".plan-form")
    until(lambda: "to 55.0 °C" in panel.text)
    until(lambda: "Enter a value first" in panel.text)
    browser.find("input[data-plan=target]").send_keys("99")
    until(lambda: "Outside the limits" in panel.text)
    assert browser.script(WITHOUT_REASON) == []


@fine
def test_a_heating_curve_has_the_decimals_of_its_register(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"hp1.heating_curve": 1.47})
    browser.open("/unit/hp1")
    until(lambda: "1.47" in browser.value("hp1.heating_curve"))
    field = browser.find('input[data-setpoint="heating_curve"]')
    panel = field.find_element("xpath", "ancestor::*[contains(@class, 'faceplate')]")
    assert "0.00 to 3.00" in panel.text
    assert field.get_attribute("step") == "0.01"
    button = browser.find('[data-write="heating_curve"]')
    field.send_keys("1.555")
    until(lambda: "Finer than the device can take" in panel.text)
    assert not button.is_enabled()
    field.send_keys(Keys.BACKSPACE)
    until(lambda: button.is_enabled() and "1.55" in button.text)
    button.click()
    until(lambda: "Reads back 1.55" in panel.text)
