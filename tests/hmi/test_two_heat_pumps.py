"""A site with two heat pumps of different makes, and people who walk away from the page."""

from __future__ import annotations

import pytest

from .conftest import Browser, Site, until

two_heat_pumps = pytest.mark.parametrize("site", [("two-heat-pumps",)], indirect=True)
soon_idle = pytest.mark.parametrize(
    "site", [("two-heat-pumps", "hmi.session_timeout=10 s")], indirect=True
)


@two_heat_pumps
def test_each_has_its_card_and_its_own_picture(site: Site, browser: Browser) -> None:
    browser.open("/")
    until(lambda: "41.0" in browser.value("east.supply_temperature"))
    assert [card.text for card in browser.all(".card h2")] == ["East wing", "West wing"]
    site.twin.tell("good", values={"west.supply_temperature": 33.3})
    until(lambda: "33.3" in browser.value("west.supply_temperature"))
    browser.all(".card")[1].click()
    until(lambda: "/unit/west" in browser.driver.current_url)
    until(lambda: "33.3" in browser.value("west.supply_temperature"))
    foreign = "return document.querySelectorAll(`[data-key^='east.']`).length"
    assert browser.script(foreign) == 0
    drawn = (
        "return [...document.querySelectorAll('.mimic.wide [data-key]')].map(e => e.dataset.key)"
    )
    west = {key.partition(".")[2] for key in browser.script(drawn)}
    browser.go("/unit/east")
    until(lambda: "41.0" in browser.value("east.supply_temperature"))
    east = {key.partition(".")[2] for key in browser.script(drawn)}
    assert east - west, "the one without a transmitter shows as many points as the other"


@two_heat_pumps
def test_an_alarm_marks_only_its_heat_pump(site: Site, browser: Browser) -> None:
    browser.open("/")
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    until(lambda: browser.find("[data-alarms=east]").text)
    assert browser.find("[data-alarms=west]").text == ""
    site.twin.tell("alarm", rule="low_water_flow", active=False)


@two_heat_pumps
def test_an_unknown_heat_pump_is_said_to_be_unknown(site: Site, browser: Browser) -> None:
    browser.open("/")
    browser.go("/unit/nowhere")
    assert "no such heat pump" in browser.find("main").text


@soon_idle
def test_somebody_who_walks_away_is_logged_out(site: Site, browser: Browser) -> None:
    browser.log_in()
    until(lambda: "/login?why=idle" in browser.driver.current_url)
    until(lambda: "nobody used the page" in browser.find(".message").text)
