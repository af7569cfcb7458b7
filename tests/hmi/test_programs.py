"""Overrides, schedules and boosts on the page of a heat pump."""

from __future__ import annotations

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from .conftest import VIEWER, Browser, Site, until


def state(browser: Browser) -> str:
    return str(browser.find("[data-programs]").text)


def fill(browser: Browser, css: str, text: str) -> None:
    field = browser.find(css)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text)


def confirm(browser: Browser, action: str) -> None:
    until(lambda: browser.find(f'[data-action="{action}"]').is_displayed())
    browser.click(f'[data-action="{action}"]')
    browser.click("[data-confirm]")


def shown(browser: Browser, action: str) -> bool:
    return any(e.is_displayed() for e in browser.all(f'[data-action="{action}"]'))


def test_an_override_is_shown_and_released(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    until(lambda: "Nothing is overridden" in state(browser))
    assert not shown(browser, "ReleaseOverride")
    fill(browser, 'input[data-setpoint="supply_setpoint"]', "47.5")
    until(lambda: browser.find('[data-write="supply_setpoint"]').is_enabled())
    browser.click('[data-write="supply_setpoint"]')
    until(lambda: "Supply setpoint is overridden" in state(browser))
    assert "returns it to 45.0 °C" in state(browser)
    confirm(browser, "ReleaseOverride")
    until(lambda: "45.0" in browser.value("hp1.supply_setpoint"))
    until(lambda: "Nothing is overridden" in state(browser))
    assert not shown(browser, "ReleaseOverride")


def test_a_boost_is_started_once_and_released(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    fill(browser, 'input[data-target="StartDhwBoost"]', "58")
    button = browser.find('[data-start="StartDhwBoost"]')
    until(button.is_enabled)
    button.click()
    until(lambda: "Hot water boost to 58.0 °C, until" in state(browser))
    until(lambda: not button.is_enabled())
    confirm(browser, "ReleaseOverride")
    until(lambda: "50.0" in browser.value("hp1.dhw_setpoint"))
    until(button.is_enabled)


def test_a_refusal_has_its_reason(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"hp1.unit_enabled": 0.0})
    browser.open("/unit/hp1")
    fill(browser, 'input[data-target="StartDhwBoost"]', "58")
    button = browser.find('[data-start="StartDhwBoost"]')
    until(button.is_enabled)
    button.click()
    panel = button.find_element(By.XPATH, "ancestor::section")
    until(lambda: "The heat pump is off: start it first." in panel.text)
    site.twin.tell("good", values={"hp1.unit_enabled": 1.0})


def test_a_viewer_is_offered_none_of_it(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1", user=VIEWER)
    until(lambda: "Nothing is overridden" in state(browser))
    assert browser.all("[data-start], [data-action]") == []
