"""The planner of smart start: what is asked for, what is planned, what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from heatpump_twin.hmi.planner.plan_time import next_time, once, weekday_bits, weekly

from .conftest import VIEWER, Browser, Site, until
from .test_programs import confirm, fill, shown, state
from .test_units import choose

MADRID = ZoneInfo("Europe/Madrid")
TARGET = "input[data-plan=target]"


@pytest.fixture(autouse=True)
def nothing_left(browser: Browser) -> None:
    """Leave no schedule of the test before."""
    browser.open("/unit/hp1/plan")
    until(lambda: planned(browser))
    if "Nothing is planned" not in planned(browser):
        confirm(browser, "CancelSchedule")
        until(lambda: "Nothing is planned" in planned(browser))


def planned(browser: Browser) -> str:
    return str(browser.find("[data-planned]").text)


def reason(browser: Browser) -> str:
    return str(browser.find(".plan-form .why-not").text)


def pick(browser: Browser, mark: str, words: str) -> None:
    """Choose an option of a menu by its words."""
    browser.click(f".q-select:has([data-plan={mark}])")
    until(lambda: [e for e in browser.all(".q-menu .q-item") if e.text == words])[0].click()
    until(lambda: not browser.all(".q-menu"))


def set_field(browser: Browser, mark: str, value: str) -> None:
    """Fill a field of a day or a time in as a browser does it, whatever its language is."""
    browser.script(
        "const e = document.querySelector(`input[data-plan=${arguments[0]}]`);"
        "e.value = arguments[1]; e.dispatchEvent(new Event('input', {bubbles: true}))",
        mark, value,
    )  # fmt: skip


# ── times ────────────────────────────────────────────────────────────────────────────────────────
def test_a_time_is_that_of_the_sites_clock() -> None:
    # The clock goes back on the last Sunday of October: 07:00 is an hour later in UTC.
    assert once("2026-10-24", "07:00", MADRID) == datetime(2026, 10, 24, 5, tzinfo=UTC)
    assert once("2026-10-25", "07:00", MADRID) == datetime(2026, 10, 25, 6, tzinfo=UTC)
    assert once("", "07:00", MADRID) is None
    assert once("2026-10-25", "", MADRID) is None


def test_the_first_time_of_a_week_lies_ahead_on_one_of_its_days() -> None:
    now = datetime(2026, 11, 30, 8, tzinfo=MADRID)  # a Monday
    assert weekly([0], "07:00", now, MADRID) == datetime(2026, 12, 7, 7, tzinfo=MADRID)
    assert weekly([0], "09:00", now, MADRID) == datetime(2026, 11, 30, 9, tzinfo=MADRID)
    assert weekly([2, 4], "07:00", now, MADRID) == datetime(2026, 12, 2, 7, tzinfo=MADRID)
    assert weekly([], "07:00", now, MADRID) is None
    assert next_time("07:00", now, MADRID) == datetime(2026, 12, 1, 7, tzinfo=MADRID)
    assert weekday_bits([0, 2, 6]) == 1 + 4 + 64


# ── the page ─────────────────────────────────────────────────────────────────────────────────────
def test_a_tank_is_planned_once_with_its_own_limits(browser: Browser) -> None:
    water = browser.find(".plan-form .limits").text
    pick(browser, "what", "Hot water")
    until(lambda: browser.find(".plan-form .limits").text not in ("", water))
    assert "Enter a value first" in reason(browser)
    fill(browser, TARGET, "99")
    until(lambda: "Outside the limits" in reason(browser))
    fill(browser, TARGET, "52")
    until(lambda: reason(browser) == "")
    set_field(browser, "day", (datetime.now(MADRID) - timedelta(days=1)).date().isoformat())
    until(lambda: "within seven days" in reason(browser))
    ready = datetime.now(MADRID) + timedelta(hours=30)
    set_field(browser, "day", ready.date().isoformat())
    set_field(browser, "time", f"{ready:%H:%M}")
    until(lambda: browser.find("[data-plan=ask]").is_enabled())
    browser.click("[data-plan=ask]")
    until(lambda: "Hot water 52.0 °C" in planned(browser))
    assert f"{ready:%H:%M}" in planned(browser)
    # Why then.
    until(lambda: browser.all("[data-planned] [data-why]"))
    assert browser.find("[data-planned] [data-why]").text
    confirm(browser, "CancelSchedule")
    until(lambda: "Nothing is planned" in planned(browser))
    assert not shown(browser, "CancelSchedule")


def test_a_weekly_plan_needs_days_and_an_end(browser: Browser) -> None:
    fill(browser, TARGET, "50")
    browser.click(".q-radio[aria-label='Every week'], .q-radio:nth-of-type(2)")
    until(lambda: "how long it is held" in reason(browser))
    pick(browser, "hold", "2\u202fh")
    until(lambda: reason(browser) == "")
    for day in range(5):
        browser.find(f"[data-weekday='{day}']").click()
    until(lambda: "day of the week" in reason(browser))
    # Some days ahead: one of the next hours would start at once.
    ahead = datetime.now(MADRID) + timedelta(days=3)
    browser.find(f"[data-weekday='{ahead.weekday()}']").click()
    until(lambda: browser.find("[data-plan=ask]").is_enabled())
    browser.click("[data-plan=ask]")
    until(lambda: "Water 50.0 °C" in planned(browser))
    assert f"{ahead:%a} 07:00" in planned(browser)
    # The result has the twin's own words, with the days.
    until(lambda: f"({ahead:%a})" in browser.find(".plan-form .result").text)
    # The page of the heat pump tells of it, and cancels it as well.
    browser.go("/unit/hp1")
    until(lambda: f"Water at 50.0 °C scheduled for {ahead:%a} 07:00" in state(browser))
    assert "starts about" in state(browser)
    confirm(browser, "CancelSchedule")
    until(lambda: "Nothing is overridden" in state(browser))


def test_a_target_in_fahrenheit_is_planned_in_celsius(browser: Browser) -> None:
    choose(browser, "f-w")
    until(lambda: "°F" in browser.find(".plan-form .limits").text)
    fill(browser, TARGET, "122")
    # Not within hours: it would start at once, and be on record.
    ready = datetime.now(MADRID) + timedelta(hours=30)
    set_field(browser, "day", ready.date().isoformat())
    set_field(browser, "time", f"{ready:%H:%M}")
    until(lambda: browser.find("[data-plan=ask]").is_enabled())
    browser.click("[data-plan=ask]")
    until(lambda: "Water 122.0 °F" in planned(browser))
    # What the server says stays as it says it: the same temperature.
    assert "50 °C" in browser.find(".plan-form .result").text


def test_the_record_says_what_was_kept(browser: Browser) -> None:
    rows = until(lambda: browser.all("[data-heat-ups] tbody tr"))
    assert [row.get_attribute("data-outcome") for row in rows] == [
        "on time", "late", "not reached",
    ]  # fmt: skip
    cells = [cell.text for cell in rows[0].find_elements(By.CSS_SELECTOR, "td")]
    assert cells[1:] == [
        "Room", "18.0 °C → 21.0 °C", "1\u202fh 35\u202fmin", "✓ In time", "+12\u202fmin",
        "0.24 kWh",
    ]  # fmt: skip
    assert "−12\u202fmin" in rows[1].text


def test_a_viewer_sees_the_plan_and_is_offered_none(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/unit/hp1/plan", user=VIEWER)
    until(lambda: "Nothing is planned" in planned(browser))
    assert browser.all("[data-plan], [data-action]") == []
    assert "You may look" in browser.find(".plan-form").text


def test_it_is_reached_by_keyboard_from_the_page_of_the_heat_pump(
    site: Site, browser: Browser
) -> None:
    browser.go("/unit/hp1")
    link = until(lambda: browser.all('a[href="/unit/hp1/plan"]'))[0]
    browser.script("arguments[0].focus()", link)
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(lambda: browser.all("[data-planned]"))
    browser.go("/unit/nosuch/plan")
    assert "There is no such heat pump" in browser.find("body").text
    assert site.hmi.process is not None
