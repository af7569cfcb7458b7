"""The table of alarms: list and journal in one, acts about several, what is put away, sound."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Iterator

import pytest

from .conftest import ENGINEER, VIEWER, Browser, Site, until

RULES = ("low_water_flow", "water_pressure_low")


@pytest.fixture(autouse=True)
def no_alarm_left(site: Site, browser: Browser) -> Iterator[None]:
    """Leave no alarm that is active, waits, or is put away."""
    yield
    for rule in RULES:
        site.twin.tell("alarm", rule=rule, active=False)
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/alarms", ENGINEER)
    until(lambda: browser.all(".ag-root"))
    # The put away ones are looked for when the journal has been read.
    until(lambda: browser.script("return alarmTable.isComplete()"))
    until(lambda: nothing_is_left(browser))


def nothing_is_left(browser: Browser) -> bool:
    acts = browser.all('.ag-row [data-act]:not([data-act="shelve"])')
    confirm = browser.all("[data-confirm]")
    for found in (confirm, acts):
        if found:
            found[0].click()
            return False
    calm = "No active alarms" in browser.find("#banner").text
    return calm and not browser.all(".ag-row")


def filter_by(browser: Browser, name: str, value: str) -> None:
    """Choose a value of a filter, as a change of the field."""
    browser.script(
        "const place = document.querySelector(`[data-filter=${arguments[0]}]`);"
        "place.value = arguments[1];"
        "for (const kind of ['input', 'change']) place.dispatchEvent(new Event(kind))",
        name,
        value,
    )


def rows(browser: Browser) -> list[str]:
    """Return the rows that are shown, as texts, from the top."""
    return [str(text) for text in browser.script(
        "return [...document.querySelectorAll('.ag-row')]"
        ".sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
        ".map(row => row.textContent)"
    )]  # fmt: skip


def select_all(browser: Browser, count: int) -> None:
    until(lambda: len(rows(browser)) == count)
    browser.click(".ag-header-select-all input, .ag-header .ag-checkbox-input")
    until(lambda: len(browser.all(".ag-row-selected")) == count)


def act(browser: Browser, name: str, comment: str, way: str = "") -> None:
    """Press a button above the table, and answer the question."""
    browser.click(f'#alarm-acts [data-act="{name}"]')
    until(lambda: browser.find("input[data-comment]").is_displayed())
    browser.find("input[data-comment]").send_keys(comment)
    browser.click(f'[data-confirm="{way or name}"]')
    until(lambda: not browser.all("input[data-comment]"))


def test_several_are_acknowledged_at_once_and_the_journal_keeps_who_it_was(
    site: Site, browser: Browser
) -> None:
    browser.open("/alarms")
    until(lambda: browser.all(".ag-root"))
    for rule in RULES:
        site.twin.tell("alarm", rule=rule, active=True, value=6.1)
    select_all(browser, 2)
    until(lambda: "Acknowledge (2)" in browser.find("#alarm-acts").text)
    # An operator is not offered what would be refused.
    assert browser.all('#alarm-acts [data-act="suppress"], [data-act="remove"]') == []
    act(browser, "acknowledge", "=both seen")
    until(lambda: all("By: olga" in row for row in rows(browser)))
    for rule in RULES:
        site.twin.tell("alarm", rule=rule, active=False)
    until(lambda: "No active alarms" in browser.find("#alarm-none").text)
    # Somebody who logs in later finds it in the journal, with all that became of it.
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/alarms?state=all", VIEWER)
    past = until(lambda: [r for r in rows(browser) if "Comment: =both seen" in r][:2])
    assert all("By: olga" in row and "Back to normal" in row for row in past)
    assert browser.all("[data-act]") == []
    assert "An operator can" in browser.find("#alarm-acts").text or len(past) == 2
    text = browser.script("return alarmTable.exportCsv()")
    table = list(csv.DictReader(io.StringIO(text)))
    assert {row["By"] for row in table if row["Comment"].endswith("both seen")} == {"olga"}
    # What a spreadsheet would take for a formula is none any more.
    assert all(not row["Comment"].startswith("=") for row in table)
    assert all(row["Raised"] and row["Acknowledged"] and row["Returned"] for row in table[:2])


def test_filters_go_over_all_rows_and_say_what_is_left_out(site: Site, browser: Browser) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    site.twin.tell("alarm", rule="water_pressure_low", active=True)
    browser.open("/alarms")
    until(lambda: len(rows(browser)) == 2)
    filter_by(browser, "priority", "high")
    until(lambda: [("Water flow" in row) for row in rows(browser)] == [True])
    filter_by(browser, "priority", "")
    filter_by(browser, "text", "leak REFILL")
    until(lambda: [("Water pressure" in row) for row in rows(browser)] == [True])
    filter_by(browser, "text", "no such text")
    until(lambda: rows(browser) == [])
    assert "No alarm passes the filters" in browser.find("#alarm-none").text
    assert browser.find("#alarm-count").text.startswith("0 of ")
    filter_by(browser, "text", "")
    filter_by(browser, "unit", "hp1")
    until(lambda: len(rows(browser)) == 2)
    # A range of the past has none of today, and what is present shows whatever the range is.
    filter_by(browser, "state", "all")
    until(lambda: len(rows(browser)) >= 2)
    filter_by(browser, "from", "2020-01-01")
    filter_by(browser, "to", "2020-01-02")
    until(lambda: rows(browser) == [])
    filter_by(browser, "state", "present")
    until(lambda: len(rows(browser)) == 2)


def test_the_first_of_several_is_marked(site: Site, browser: Browser) -> None:
    for rule in RULES:
        site.twin.tell("alarm", rule=rule, active=True)
    browser.open("/alarms")
    until(lambda: len(rows(browser)) == 2)
    marked = [row for row in rows(browser) if "First of its heat pump" in row]
    assert [("Water flow" in row) for row in marked] == [True]


def test_what_an_engineer_puts_out_of_service_is_not_forgotten(
    site: Site, browser: Browser
) -> None:
    browser.open("/alarms", ENGINEER)
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    select_all(browser, 1)
    until(lambda: browser.all('#alarm-acts [data-act="remove"]'))
    act(browser, "remove", "the sensor is being changed")
    until(lambda: any("Out of service" in row for row in rows(browser)))
    until(lambda: "No active alarms" in browser.find("#banner").text)
    site.twin.tell("alarm", rule="low_water_flow", active=False)
    # It is active no more, and nobody is told of it: who logs in now must find it all the same.
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/alarms")
    until(lambda: any("Out of service" in row for row in rows(browser)))
    until(lambda: browser.script("return alarmTable.isComplete()"))
    assert browser.all('[data-act="place"]') == []
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.open("/alarms", ENGINEER)
    until(lambda: browser.all('.ag-row [data-act="place"]'))
    browser.click('.ag-row [data-act="place"]')
    browser.click('[data-confirm="place"]')
    until(lambda: not any("Out of service" in row for row in rows(browser)))


def test_a_new_alarm_sounds_where_somebody_wants_it(site: Site, browser: Browser) -> None:
    browser.open("/")
    browser.script("localStorage.removeItem('hmi-sound')")
    browser.go("/")
    until(lambda: browser.all("#sound[data-rung]"))
    assert browser.find("#sound").get_attribute("aria-pressed") == "false"
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    until(lambda: "Water flow" in browser.find("#banner").text)
    assert browser.find("#sound").get_attribute("data-rung") == "0"
    browser.click("#sound")
    until(lambda: browser.find("#sound").get_attribute("aria-pressed") == "true")
    # Kept for the next page; what is there already does not ring again.
    browser.go("/alarms")
    until(lambda: len(rows(browser)) == 1)
    assert browser.find("#sound").get_attribute("aria-pressed") == "true"
    assert browser.find("#sound").get_attribute("data-rung") == "0"
    site.twin.tell("alarm", rule="water_pressure_low", active=True)
    until(lambda: browser.find("#sound").get_attribute("data-rung") == "1")
    browser.script("localStorage.removeItem('hmi-sound')")


def test_how_the_alarms_behave(site: Site, browser: Browser) -> None:
    for _ in range(3):
        site.twin.tell("alarm", rule="low_water_flow", active=True)
        site.twin.tell("alarm", rule="low_water_flow", active=False)
    site.twin.tell("good", values={"site.alarms_in_ten_minutes": 12.0, "site.alarm_flood": 1.0})
    browser.open("/alarms/performance", VIEWER)
    until(lambda: "12" in browser.value("site.alarms_in_ten_minutes"))
    # What nobody has counted is not known, and no zero.
    assert "bad" in browser.quality("site.stale_alarms")
    until(lambda: browser.all("#past-figures [data-figure]"))
    stale = browser.find('[data-figure="stale"]').text
    assert "not known" in stale
    until(lambda: said(browser, "peak", "exceeded"))
    assert "12" in browser.find('[data-figure="peak"]').text
    frequent = browser.all("#past-figures table")[-1].text
    raised = int(browser.find("#past-figures .bars").get_attribute("aria-label").split(": ")[1])
    assert raised >= 3
    assert "Water flow is low" in frequent
    # Shorter, and read anew.
    browser.script(
        "[...document.querySelectorAll('.q-btn-group button')]"
        ".find(button => button.textContent.includes('24 h')).click()"
    )
    until(lambda: len(browser.all("#past-figures .bars rect")) >= 24)
    # What was read of the record ages with the page.
    opacity = "return getComputedStyle(document.querySelector('#past-figures td')).opacity"
    assert browser.script(opacity) == "1"
    site.twin.signal(signal.SIGSTOP)
    try:
        until(lambda: float(browser.script(opacity)) < 1)
    finally:
        site.twin.signal(signal.SIGCONT)
    until(lambda: browser.script(opacity) == "1")


def said(browser: Browser, figure: str, verdict: str) -> bool:
    """Read the figures again until one has a verdict: what is new is recorded some seconds late."""
    if verdict in browser.find(f'[data-figure="{figure}"]').text:
        return True
    browser.go("/alarms/performance")
    until(lambda: browser.all("#past-figures [data-figure]"))
    return False
