"""The page of a heat pump: what is normal and expected, today's split, the day ahead."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from heatpump_twin.hmi.elements.forecast_strip import Window

from .conftest import VIEWER, Browser, Site, until

SUPPLY = '.mimic.wide g[data-band="hp1.supply_temperature"]'
BAND = """
const [, expected, now] = document.querySelector(arguments[0]).children;
const numbers = ["x", "width"].map((name) => Number(expected.getAttribute(name)));
return { from: numbers[0], to: numbers[0] + numbers[1], known: !expected.hasAttribute("hidden"),
  now: now.hasAttribute("hidden") ? null : Number(now.getAttribute("x")) + 1.5,
  beside: document.querySelector(arguments[0]).classList.contains("beside") };
"""
SHARES = """
return Object.fromEntries([...document.querySelectorAll("[data-share]")]
  .map((part) => [part.dataset.share, parseFloat(part.style.width)]));
"""


def test_a_value_stands_against_its_normal_range_and_what_is_expected(
    site: Site, browser: Browser
) -> None:
    values = {
        "hp1.supply_temperature": 41.0,
        "hp1.expected_supply_temperature": 43.0,
        "hp1.expected_supply_temperature_uncertainty": 1.5,
    }
    site.twin.tell("good", values=values)
    browser.open("/unit/hp1", VIEWER)
    until(lambda: browser.script(BAND, SUPPLY)["known"])
    found = until(lambda: (b := browser.script(BAND, SUPPLY))["now"] and b)
    # Two kelvins below what is expected, whose interval is 1.5 K on either side.
    assert found["now"] < found["from"] < found["to"]
    assert found["beside"]
    site.twin.tell("good", values={"hp1.supply_temperature": 43.5})
    until(lambda: not browser.script(BAND, SUPPLY)["beside"])
    found = browser.script(BAND, SUPPLY)
    assert found["from"] < found["now"] < found["to"]
    # What is not known has no place.
    site.twin.tell("bad", keys=["hp1.supply_temperature", "hp1.expected_supply_temperature"])
    until(lambda: browser.script(BAND, SUPPLY)["now"] is None)
    until(lambda: not browser.script(BAND, SUPPLY)["known"])
    site.twin.tell("good", values={"hp1.supply_temperature": 41.0})


def test_todays_electricity_is_split_by_what_it_was_used_for(site: Site, browser: Browser) -> None:
    parts = {"heating": 6.0, "hot_water": 3.0, "standby": 1.0}
    site.twin.tell("good", values={f"hp1.electricity_{k}_day": v for k, v in parts.items()})
    browser.open("/unit/hp1", VIEWER)
    share = "hp1.electricity_heating_day"
    until(lambda: browser.script(SHARES)[share] == 60.0)
    found = browser.script(SHARES)
    assert found["hp1.electricity_hot_water_day"] == 30.0
    # Nobody has said anything of it: it has no share, and its figure says that it is not known.
    assert found["hp1.electricity_defrost_day"] == 0.0
    assert "bad" in browser.quality("hp1.electricity_defrost_day")
    site.twin.tell("bad", keys=[share])
    until(lambda: browser.script(SHARES)["hp1.electricity_hot_water_day"] == 75.0)


def test_the_day_ahead_is_drawn_with_its_interval(site: Site, browser: Browser) -> None:
    key = "hp1.forecast_room_temperature"
    site.twin.tell("forecast", key=key, low=18.5, middle=20.0, high=21.0)
    browser.open("/unit/hp1", VIEWER)
    until(lambda: browser.all(".forecast-strip polyline"))
    # Only what is forecast is drawn.
    assert len(browser.all(".forecast-strip")) == 1
    strip = browser.find(".ahead")
    assert "Room temperature forecast" in strip.text
    assert "20.0 to 20.0 °C" in strip.text
    drawn = browser.script(
        "const heights = (css) => document.querySelector(css).getAttribute('points').trim()"
        ".split(' ').map((pair) => Number(pair.split(',')[1]));"
        "return [heights('.forecast-strip polygon'), heights('.forecast-strip polyline')]"
    )
    # The band is around the middle: 18.5 at the bottom, 21.0 at the top.
    assert min(drawn[0]) < min(drawn[1])
    assert max(drawn[0]) > max(drawn[1])
    assert len(drawn[1]) >= 90
    assert "predicted" in browser.find(".ahead-panel h2").text


def test_hours_are_those_of_the_site_through_a_change_of_the_clock() -> None:
    madrid = ZoneInfo("Europe/Madrid")
    # 25 October 2026 has 25 hours: six in the evening comes an hour later in UTC.
    hours = Window(datetime(2026, 10, 24, 22, 30, tzinfo=UTC), madrid).hours()
    assert [f"{time:%H:%M}" for time in hours] == ["06:00", "12:00", "18:00"]
    assert [time.astimezone(UTC).hour for time in hours] == [5, 11, 17]
