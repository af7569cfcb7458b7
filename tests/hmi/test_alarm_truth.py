"""Alarms on the glass: never a false all-clear, and what needs somebody comes first."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import patience
import pytest
from selenium.common.exceptions import WebDriverException

from .conftest import Browser, Site, until

WATCH = """
window.seen = [];
const note = () => {
  const banner = document.getElementById("banner");
  const stale = document.body.classList.contains("stale");
  seen.push({
    calm: banner.textContent.includes("No active alarms"),
    torn: new Set([
      stale, !document.getElementById("stale").hidden, banner.classList.contains("old"),
      document.getElementById("link").dataset.link !== "connected",
    ]).size > 1,
    stale,
  });
};
new MutationObserver(note).observe(document.body,
  { subtree: true, childList: true, attributes: true, characterData: true });
"""
"""Notes what the page says after each change that it makes of itself."""


@pytest.fixture
def flow_and_pressure(site: Site, browser: Browser) -> Iterator[None]:
    """Leave no alarm behind, and none that waits for an acknowledgement."""
    yield
    for rule in ("low_water_flow", "water_pressure_low"):
        site.twin.tell("alarm", rule=rule, active=False)
    browser.close_other_tabs()
    browser.go("/alarms")
    until(lambda: browser.all(".ag-root"))
    patience.until(
        lambda: nothing_waits(browser), ignoring=(WebDriverException,),
        otherwise=lambda: browser.script("return document.body.innerText"),
    )  # fmt: skip


def nothing_waits(browser: Browser) -> bool:
    """Do the next step towards an empty list; tell whether it is empty.

    A page that has not been told of the alarms yet has no lines either: the banner knows.
    """
    for button in ("[data-confirm=acknowledge]", ".alarm .ack"):
        # A question that has been answered may be there still, unseen.
        if found := [one for one in browser.all(button) if one.is_displayed()]:
            found[0].click()
            return False
    calm = "No active alarms" in browser.find("#banner").text
    return calm and not browser.all(".ag-row.alarm")


def acknowledge(browser: Browser, message: str) -> None:
    """Acknowledge the alarm with a message, on the alarm page."""
    until(lambda: press(browser, message) or True)
    browser.click("[data-confirm=acknowledge]")


def press(browser: Browser, message: str) -> None:
    browser.script(
        "[...document.querySelectorAll('.ag-row.alarm')]"
        ".find(line => line.textContent.includes(arguments[0])).querySelector('.ack').click()",
        message,
    )


def ended(log: Path, event: str) -> int:
    return log.read_text().count(event)


@pytest.mark.usefixtures("flow_and_pressure")
def test_a_page_that_recovers_never_gives_a_false_all_clear(site: Site, browser: Browser) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    browser.open("/")
    until(lambda: "Water flow is low" in browser.find("#banner").text)
    until(lambda: "41" in browser.value("hp1.supply_temperature"))
    log = site.hmi.data / "hmi.log"
    lost, rebuilt = ended(log, "session_lost"), ended(log, "session_rebuilt")
    browser.script(WATCH)
    site.twin.signal(signal.SIGSTOP)
    try:
        until(lambda: "stale" in browser.script("return document.body.className"))
        assert "Water flow is low" in browser.find("#banner").text
        assert "as last known" in browser.find("#banner").text
        until(lambda: ended(log, "session_lost") > lost)
    finally:
        site.twin.signal(signal.SIGCONT)
    until(lambda: ended(log, "session_rebuilt") > rebuilt)
    until(lambda: "stale" not in browser.script("return document.body.className"))
    assert "Water flow is low" in browser.find("#banner").text
    seen = browser.script("return seen")
    assert {moment["stale"] for moment in seen} == {True, False}
    assert [moment for moment in seen if moment["calm"] or moment["torn"]] == []


@pytest.mark.usefixtures("flow_and_pressure")
def test_what_nobody_has_acknowledged_leads_and_keeps_its_time(
    site: Site, browser: Browser
) -> None:
    browser.open("/alarms")
    site.twin.tell("alarm", rule="low_water_flow", active=True, value=6.1)
    until(lambda: browser.all(".alarm .ack"))
    # What was measured then has a name and a unit a moment later than the alarm is there.
    until(lambda: "At raising: 6.1 l/min" in browser.find(".alarm [col-id=time]").text)
    raised = browser.find(".alarm [col-id=time]").text
    acknowledge(browser, "Water flow is low")
    until(lambda: "By: olga" in browser.find("#alarm-list").text)
    after = browser.find(".alarm [col-id=time]").text
    assert after == raised
    site.twin.tell("alarm", rule="water_pressure_low", active=True)
    until(lambda: "Water pressure is low" in browser.find("#banner .line").text)
    first = browser.all(".ag-row.alarm")[0].text
    assert "Water pressure is low" in first
    assert browser.driver.title.startswith("(2) ")
    acknowledge(browser, "Water pressure is low")
    until(lambda: "Water flow is low" in browser.find("#banner .line").text)


@pytest.mark.usefixtures("flow_and_pressure")
def test_the_banner_leads_to_each_alarm(site: Site, browser: Browser) -> None:
    for rule in ("low_water_flow", "water_pressure_low"):
        site.twin.tell("alarm", rule=rule, active=True)
    browser.open("/")
    until(lambda: browser.driver.title.startswith("(2) "))
    browser.click("#banner button.count")
    link = until(
        lambda: [a for a in browser.all("#banner .item a") if "pressure" in a.text]
    )[0]  # fmt: skip
    link.click()
    until(lambda: "/alarms#" in browser.driver.current_url)
    until(lambda: "Water pressure is low" in browser.find(".alarm.chosen").text)
    # From there to another one, on the same page.
    browser.click("#banner .line a")
    until(lambda: "Water flow is low" in browser.find(".alarm.chosen").text)
    assert len(browser.all(".alarm.chosen")) == 1


@pytest.mark.usefixtures("flow_and_pressure")
def test_many_pages_of_one_person_all_have_their_values(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    for _ in range(24):
        browser.driver.switch_to.new_window("tab")
        browser.script("location.href = arguments[0]", f"{site.hmi.url}/unit/hp1")
    site.twin.tell("good", values={"hp1.supply_temperature": 39.9})
    pages = browser.driver.window_handles
    assert len(pages) == 25
    for page in pages:
        browser.driver.switch_to.window(page)
        until(lambda: "39.9" in browser.value("hp1.supply_temperature"))
    browser.close_other_tabs()
    # The pages that are gone have not taken the values with them.
    site.twin.tell("good", values={"hp1.supply_temperature": 41.0})
    until(lambda: "41.0" in browser.value("hp1.supply_temperature"))
