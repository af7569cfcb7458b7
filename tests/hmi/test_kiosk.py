"""A screen on a wall: a user who stays, and may only look, whatever their role is."""

from __future__ import annotations

import pytest

from .conftest import OPERATOR, VIEWER, Browser, Site, until

pytestmark = pytest.mark.parametrize(
    "site", [("default", "hmi.session_timeout=10 s", f'hmi.kiosk_users=["{OPERATOR}"]')],
    indirect=True,
)  # fmt: skip


def test_a_kiosk_stays_and_may_only_look(site: Site, browser: Browser) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    # Somebody else is idle beside it, and is logged out: so long it stays.
    browser.open("/unit/hp1", OPERATOR)
    first = browser.driver.get_cookies()
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/", VIEWER)
    until(lambda: "why=idle" in browser.driver.current_url)
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    for cookie in first:
        browser.driver.add_cookie(cookie)
    browser.go("/unit/hp1")
    until(lambda: "41.0" in browser.value("hp1.supply_temperature"))
    # An operator by role, who is offered nothing here.
    assert "You may look" in browser.find(".control").text
    assert browser.all("[data-setpoint], [data-action], [data-start]") == []
    browser.go("/alarms")
    until(lambda: browser.all(".ag-row"))
    assert browser.all("[data-act]") == []
    site.twin.tell("alarm", rule="low_water_flow", active=False)
