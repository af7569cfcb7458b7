"""The faceplate: one point with all that a person decides by, over the page of its heat pump."""

from __future__ import annotations

import signal

import pytest
from selenium.webdriver.common.keys import Keys

from .conftest import ENGINEER, VIEWER, Browser, Site, until
from .test_alarm_journal import rows
from .test_layout import AXE, is_serious, told

SUPPLY = '.mimic.wide [data-faceplate="hp1.supply_temperature"]'
SETPOINT = '.mimic.wide [data-faceplate="hp1.supply_setpoint"]'
COMPRESSOR = '.mimic.wide [data-on="hp1.compressor_on"]'
CONFINED = """
const dialog = document.getElementById("faceplate");
const box = dialog.getBoundingClientRect();
return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight
  && dialog.scrollWidth <= dialog.clientWidth;
"""
ACTIVE = "return document.activeElement.dataset.faceplate ?? ''"


def said(browser: Browser) -> str:
    return str(browser.find("#faceplate").text)


def opened(browser: Browser, css: str) -> None:
    browser.click(css)
    until(lambda: browser.all("#faceplate[open] .fp-value"))


def test_a_value_opens_its_faceplate_by_keyboard_and_gives_the_focus_back(
    site: Site, browser: Browser
) -> None:
    site.twin.tell(
        "good",
        values={
            "hp1.expected_supply_temperature": 43.0,
            "hp1.expected_supply_temperature_uncertainty": 1.5,
        },
    )
    browser.open("/unit/hp1")
    until(lambda: "41.0" in browser.value("hp1.supply_temperature"))
    browser.script("document.querySelector(arguments[0]).focus()", SUPPLY)
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: "41.0" in said(browser))
    # Value, quality, age, range, what was expected, and what stands in its way.
    for part in ("Supply temperature", "Good", "Age", "Normal range", "Expected", "43.0", "± 1.5"):
        until(lambda part=part: part in said(browser))
    until(lambda: "This value has no alarm now." in said(browser))
    assert browser.script(
        "return document.getElementById('faceplate').contains(document.activeElement)"
    )
    # It follows the value, while it is open.
    site.twin.tell("good", values={"hp1.supply_temperature": 42.3})
    until(lambda: "42.3" in said(browser))
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    until(lambda: not browser.all("#faceplate[open]"))
    assert browser.script(ACTIVE) == "hp1.supply_temperature"
    site.twin.tell("good", values={"hp1.supply_temperature": 41.0})


def test_it_draws_the_last_hour_of_the_servers_averages(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key="hp1.return_temperature", minutes=55, gap=[30, 20])
    browser.open("/unit/hp1")
    css = '.mimic.wide [data-faceplate="hp1.return_temperature"]'

    def drawn() -> str:
        # What is new is recorded some seconds late: it is opened again.
        opened(browser, css)
        until(lambda: browser.all("#faceplate .fp-course p"))
        path = browser.script(
            "return document.querySelector('#faceplate .course path')?.getAttribute('d') ?? ''"
        )
        if path.count("M") < 2:
            browser.click("#faceplate form button")
            return ""
        return str(path)

    until(drawn)
    assert "Last hour" in said(browser)


def test_a_setpoint_is_written_in_place_and_a_viewer_is_offered_none(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    opened(browser, SETPOINT)
    field = until(lambda: browser.all('#faceplate input[data-setpoint="supply_setpoint"]'))[0]
    field.send_keys("99")
    until(lambda: "Outside the limits" in said(browser))
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("46.5")
    until(lambda: browser.find("#faceplate [data-write]").is_enabled())
    browser.click("#faceplate [data-write]")
    until(lambda: "46.5 °C" in " ".join(e.text for e in browser.all("#faceplate .result .done")))
    assert site.twin.tell("audit", tail=True) == [["olga", "hp1.supply_setpoint", 46.5, 46.5]]
    browser.open("/unit/hp1", VIEWER)
    opened(browser, SETPOINT)
    until(lambda: "Normal range" in said(browser))
    assert browser.all("#faceplate [data-write]") == []


def test_a_reason_is_on_record_beside_what_was_written(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    opened(browser, SETPOINT)
    why = '#faceplate input[data-why="supply_setpoint"]'
    until(lambda: browser.all(why))
    # Asked for when there is something to write.
    assert not browser.find(why).is_displayed()
    browser.find('#faceplate input[data-setpoint="supply_setpoint"]').send_keys("44.5")
    until(lambda: browser.find(why).is_displayed())
    browser.find(why).send_keys("The corner room is cold")
    until(lambda: browser.find("#faceplate [data-write]").is_enabled())
    browser.click("#faceplate [data-write]")
    until(lambda: "44.5 °C" in " ".join(e.text for e in browser.all("#faceplate .result .done")))
    browser.open("/changes", ENGINEER)
    written = until(lambda: [row for row in rows(browser) if "44.5 °C" in row])
    assert "The corner room is cold" in written[0]


def reason_field(browser: Browser, point: str) -> str:
    why = f'.control input[data-why="{point}"]'
    until(lambda: browser.all(why))
    return why


def test_a_mode_is_changed_with_a_reason(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    why = reason_field(browser, "operating_mode")
    # Asked for when there is something to write.
    assert not browser.find(why).is_displayed()
    browser.click('.q-select:has([data-setpoint="operating_mode"])')
    until(lambda: [e for e in browser.all(".q-menu .q-item") if e.text == "Heating"])[0].click()
    until(lambda: not browser.all(".q-menu"))
    until(lambda: browser.find(why).is_displayed())
    browser.find(why).send_keys("Nobody needs hot water")
    browser.click('.control [data-write="operating_mode"]')
    browser.click("[data-confirm]")
    until(lambda: "Heating" in " ".join(e.text for e in browser.all(".control .result .done")))
    # The next write has a reason of its own.
    until(lambda: browser.find(why).get_property("value") == "")
    browser.open("/changes", ENGINEER)
    written = until(lambda: [row for row in rows(browser) if "Nobody needs hot water" in row])
    assert "Operating mode" in written[0]


def test_the_main_switch_is_changed_with_a_reason(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    why = reason_field(browser, "unit_enabled")
    for action, state in (("Stop", "Off"), ("Start", "On")):
        until(lambda: browser.find(why).get_property("value") == "")
        browser.find(why).send_keys(f"Because of {action}")
        browser.click(f'[data-action="{action}"]')
        browser.click("[data-confirm]")
        until(lambda state=state: state in browser.value("hp1.unit_enabled"))
    browser.open("/changes", ENGINEER)
    for action, state in (("Stop", "Off"), ("Start", "On")):
        reason = f"Because of {action}"
        written = until(lambda reason=reason: [row for row in rows(browser) if reason in row])
        assert state in written[0]


def test_its_alarms_come_and_go_and_old_values_are_marked(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    opened(browser, '.mimic.wide [data-faceplate="hp1.water_flow"]')
    until(lambda: "This value has no alarm now." in said(browser))
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    until(lambda: "Water flow is low" in said(browser))
    site.twin.tell("alarm", rule="low_water_flow", active=False)
    browser.click("#faceplate form button")
    opened(browser, SETPOINT)
    until(lambda: browser.all("#faceplate [data-write]"))
    site.twin.signal(signal.SIGSTOP)
    try:
        until(lambda: "◷" in browser.find("#faceplate .fp-value").text)
        assert browser.script("return document.querySelector('#faceplate .control').inert")
    finally:
        site.twin.signal(signal.SIGCONT)
    until(lambda: "◷" not in browser.find("#faceplate .fp-value").text)
    assert not browser.script("return document.querySelector('#faceplate .control').inert")


def test_it_fits_a_phone_and_opens_from_a_symbol_and_the_table(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    opened(browser, COMPRESSOR)
    until(lambda: "Running" in said(browser))
    browser.click("#faceplate form button")
    browser.resize(390, 844)
    opened(browser, '.parameters [data-faceplate="hp1.room_temperature"]')
    until(lambda: "20.4" in said(browser))
    assert browser.script(CONFINED)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm: axe-core)")
def test_it_has_no_barrier(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    opened(browser, SETPOINT)
    until(lambda: browser.all("#faceplate [data-write]"))
    for theme in ("light", "dark"):
        browser.script("document.documentElement.dataset.theme = arguments[0]", theme)
        browser.script(AXE.read_text("utf-8"))
        found = browser.driver.execute_async_script(
            "axe.run('#faceplate').then((found) => arguments[0](found.violations))"
        )
        assert [told(one) for one in found if is_serious(one)] == [], theme
