"""The log of changes: by whom, or at the device; and what is not for everybody."""

from __future__ import annotations

import pytest
from selenium.webdriver.support.select import Select

from .conftest import ENGINEER, OPERATOR, VIEWER, Browser, Site, until
from .test_alarm_journal import act, filter_by, rows, select_all

SETPOINT = 'input[data-setpoint="supply_setpoint"]'


@pytest.fixture
def written(site: Site, browser: Browser) -> None:
    """An operator has written a setpoint, and somebody has changed another at the panel."""
    browser.open("/unit/hp1", OPERATOR)
    until(lambda: browser.find(SETPOINT).is_displayed())
    browser.find(SETPOINT).send_keys("47.5")
    until(lambda: browser.find('[data-write="supply_setpoint"]').is_enabled())
    browser.click('[data-write="supply_setpoint"]')
    until(lambda: browser.all(".result .done"))
    site.twin.tell("setting", key="hp1.dhw_setpoint", old=50.0, new=52.0, user="")
    site.twin.tell("setting", key="hp1.supply_setpoint", old=45.0, new=47.5, user=OPERATOR)
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


@pytest.mark.usefixtures("written")
def test_an_engineer_sees_who_changed_what_from_where(browser: Browser) -> None:
    browser.open("/changes", ENGINEER)
    written = until(lambda: [r for r in rows(browser) if "Value written" in r])
    # Once, from the audit; the event of the setting tells of the same.
    assert len(written) == 1
    for part in ("olga", "Supply setpoint", "45.0 °C", "47.5 °C", "✓ Done", "OPC UA 127.0.0.1"):
        assert part in written[0]
    device = [r for r in rows(browser) if "Changed at the device itself" in r]
    assert len(device) == 1
    assert "not known" in device[0]
    assert "50.0 °C" in device[0]
    assert "52.0 °C" in device[0]
    # Log-ins are on record: here that of the one who looks.
    until(lambda: any("Log-in" in row and "erika" in row for row in rows(browser)))
    assert browser.find("#change-right").text == ""
    filter_by(browser, "kind", "settings")
    until(lambda: len(rows(browser)) == 2)
    filter_by(browser, "text", "OLGA supply")
    until(lambda: len(rows(browser)) == 1)
    text = browser.script("return changeTable.exportCsv()")
    assert '"olga"' in text
    assert '"52.0 °C"' not in text
    filter_by(browser, "text", "")
    filter_by(browser, "to", "2020-01-02")
    until(lambda: "Nothing was changed" in browser.find("#change-none").text)


def test_what_was_done_is_said_in_the_language_of_the_page(site: Site, browser: Browser) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    browser.open("/alarms", OPERATOR)
    select_all(browser, 1)
    act(browser, "acknowledge", "I look at it")
    until(lambda: any("I look at it" in row for row in rows(browser)))
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/changes", ENGINEER)
    Select(browser.find('select[name="code"]')).select_by_value("de")
    until(lambda: any("Quittiert" in row and "I look at it" in row for row in rows(browser)))
    found = rows(browser)
    assert any("Angemeldet" in row and "erika" in row for row in found)
    assert [row for row in found if "acknowledge" in row or "logged in" in row] == []
    site.twin.tell("alarm", rule="low_water_flow", active=False)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("user", [VIEWER, OPERATOR])
def test_the_audit_is_not_for_everybody_and_the_page_says_so(browser: Browser, user: str) -> None:
    browser.open("/changes", user)
    until(lambda: "for engineers" in browser.find("#change-right").text)
    shown = until(lambda: [r for r in rows(browser) if "Changed at the device itself" in r])
    assert "52.0 °C" in shown[0]
    everything = rows(browser)
    assert [row for row in everything if "Log-in" in row] == []
    # Who had the twin change a setting is told with the setting.
    assert any("olga" in row and "47.5 °C" in row for row in everything)
