"""Trends in a real browser: ranges, panes, what lay before, forecasts, marks, views, files."""

from __future__ import annotations

import base64
import csv
import signal
from io import StringIO
from itertools import pairwise
from typing import Any

from selenium.webdriver.support.select import Select

from .conftest import VIEWER, Browser, Site, until

WAVE = "hp1.outdoor_temperature"
ROOM = "hp1.room_temperature"
POWER = "hp1.electrical_power"
RETURN = "hp1.return_temperature"


def open_trend(browser: Browser, query: str, user: str = "olga") -> None:
    """Open the page with a view in its address, and wait until all of it is read."""
    browser.open(f"/trends?{query}", user)
    whole(browser)


def whole(browser: Browser) -> None:
    until(lambda: browser.script("return window.trend?.points?.() !== undefined"))
    until(lambda: browser.find("#trend-note").text == "")


def read(browser: Browser, key: str) -> dict[str, Any]:
    """Return what is drawn of a point."""
    lines = browser.script("return trend.read()")
    return dict(next(line for line in lines if line["key"] == key))


def set_field(browser: Browser, identifier: str, value: str) -> None:
    browser.script(
        "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event('change'))",
        identifier,
        value,
    )


def test_a_long_range_shows_the_extremes_and_the_gap_of_what_was_recorded(
    site: Site, browser: Browser
) -> None:
    site.twin.tell("record", key=WAVE, minutes=3 * 1440, gap=[2000, 1400])
    open_trend(browser, f"p={WAVE}&h=168")
    until(lambda: len(read(browser, WAVE)["points"]) > 50)
    points = read(browser, WAVE)["points"]
    # What the bench reports now is beneath what was recorded.
    values = [point[1] for point in points if point[1] is not None and point[1] > 20]
    assert min(values) < 35.01
    assert max(values) > 44.99
    assert len(points) <= 1300
    broken = [point for point in points if point[1] is None]
    around = [b[0] - a[0] for a, b in pairwise(points) if a[1] is None]
    assert 1 <= len(broken) <= 2
    assert max(around) > 9 * 3_600_000  # ten hours were not recorded
    # The table says what it was over the range, and what it was where the pointer is.
    until(lambda: browser.find(f'[data-least="{WAVE}"]').text == "6.5 °C")
    assert browser.find(f'[data-greatest="{WAVE}"]').text == "45.0 °C"
    point = "getElement(document.querySelector('.chart').id.slice(1)).chart"
    browser.script(
        f"{point}.dispatchAction({{type: 'updateAxisPointer', currTrigger: 'mousemove',"
        f"x: {point}.getWidth() - 100, y: 150}})"
    )
    until(lambda: "°C" in browser.find(f'[data-cursor="{WAVE}"]').text)


def test_points_of_the_heat_pump_are_added_moved_and_removed(site: Site, browser: Browser) -> None:
    open_trend(browser, f"p={ROOM}&h=1")
    browser.click("#trend-add-button")
    until(lambda: browser.all("#trend-points option"))
    browser.find("#trend-search").send_keys("electrical power")
    shown = "return [...document.querySelectorAll('#trend-points option')]"
    every = len(browser.script(shown))
    until(lambda: 0 < len(browser.script(f"{shown}.filter(o => !o.hidden)")) < every / 4)
    Select(browser.find("#trend-points")).select_by_value(POWER)
    browser.click("#trend-take")
    until(lambda: len(browser.all("#trend-lines tbody tr")) == 2)
    whole(browser)
    assert len(browser.script("return trend.panes()")) == 2
    assert f"p={POWER}" in browser.driver.current_url
    # Both in one pane, each with its own scale.
    for key in (ROOM, POWER):
        Select(browser.find(f'[data-line="{key}"] select')).select_by_value("1")
        until(lambda key=key: f"{key}@1" in browser.driver.current_url)
    until(lambda: browser.script("return trend.panes()") == ["1"])
    browser.click(f'[data-line="{ROOM}"] button')
    until(lambda: len(browser.all("#trend-lines tbody tr")) == 1)
    # Live values come to what was chosen meanwhile.
    site.twin.tell("good", values={POWER: 1888.0})
    until(lambda: 1888.0 in [value for _, value, *_ in read(browser, POWER)["points"]])


def test_a_range_lies_over_the_one_before(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key="hp1.supply_temperature", minutes=2 * 1440, gap=[0, 0])
    open_trend(browser, "p=hp1.supply_temperature&h=6&with=day")
    until(lambda: len(read(browser, "hp1.supply_temperature")["earlier"]) > 100)
    drawn = read(browser, "hp1.supply_temperature")
    first, last = drawn["earlier"][0][0], drawn["earlier"][-1][0]
    # A day before, in the place of today.
    assert abs(first - drawn["points"][0][0]) < 600_000
    assert last - first > 5 * 3_600_000
    assert browser.script("return trend.table().head")[1].endswith("a day before [°C]")


def test_what_is_forecast_is_drawn_behind_now_with_its_interval(
    site: Site, browser: Browser
) -> None:
    site.twin.tell(
        "forecast", key="hp1.forecast_room_temperature", low=18.5, middle=20.0, high=21.0
    )
    open_trend(browser, f"p={ROOM}&h=6")
    assert read(browser, ROOM)["band"] == []
    browser.click("#trend-ahead")
    until(lambda: len(read(browser, ROOM)["band"]) > 180)
    band = read(browser, ROOM)["band"]
    assert {tuple(row[1:]) for row in band} == {(20.0, 18.5, 21.0)}
    assert browser.script("return trend.hours()") == 54
    now = browser.script("return Date.now()")
    assert all(time > now - 900_000 for time, *_ in band)
    # What was measured ends where the forecast begins.
    assert all(time <= now + 60_000 for time, *_ in read(browser, ROOM)["points"])


def test_alarms_and_changes_are_marked_and_said_in_words(site: Site, browser: Browser) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True, value=6.1)
    site.twin.tell("setting", key="hp1.supply_setpoint", old=45.0, new=47.5, user="olga")

    def marks() -> list[str]:
        open_trend(browser, f"p={ROOM}&h=1&marks=1")
        return [str(item["text"]) for item in browser.script("return trend.marks()")]

    # An event is on record a moment after it was sent.
    until(lambda: len(marks()) >= 2)
    said = " ".join(marks())
    assert "Water flow is low" in said
    assert "Supply setpoint: 45.0 °C → 47.5 °C (olga)" in said
    items = "return [...document.querySelectorAll('#trend-marks-list li a')].map(a => a.href)"
    assert any("/alarms#" in link for link in browser.script(items))
    site.twin.tell("alarm", rule="low_water_flow", active=False)


def test_a_view_is_saved_found_again_and_deleted(site: Site, browser: Browser) -> None:
    open_trend(browser, f"p={ROOM}&p={POWER}&h=24")
    browser.click("#trend-save-button")
    until(lambda: browser.find("#trend-name").is_displayed())
    browser.find("#trend-name").send_keys("Warm & bright")
    browser.click("#trend-save .ack")
    until(lambda: browser.find("#trend-views").get_attribute("value") == "Warm & bright")
    browser.go("/trends")
    whole(browser)
    until(lambda: len(browser.all("#trend-views option")) == 2)
    assert browser.all("#trend-lines tbody tr") == []
    Select(browser.find("#trend-views")).select_by_value("Warm & bright")
    until(lambda: len(browser.all("#trend-lines tbody tr")) == 2)
    browser.click("#trend-forget")
    until(lambda: len(browser.all("#trend-views option")) == 1)
    # Another person has views of their own.
    open_trend(browser, "h=1", VIEWER)
    assert len(browser.all("#trend-views option")) == 1


def test_what_is_drawn_can_be_taken_away(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key=RETURN, minutes=50, gap=[30, 20])
    open_trend(browser, f"p={RETURN}&h=1")
    until(lambda: len(read(browser, RETURN)["points"]) > 30)
    rows = list(csv.reader(StringIO(browser.script("return trendPage.exportCsv()"))))
    assert rows[0] == ["Time (Europe/Madrid)", "UTC", "Return temperature [°C]"]
    assert 30 < len(rows) < 45
    assert all(len(row) == 3 and 34 < float(row[2]) < 46 for row in rows[1:])
    picture = browser.script("return trendPage.exportPng()")
    assert base64.b64decode(picture.partition(",")[2]).startswith(b"\x89PNG")


def test_a_range_of_its_own_moves_by_its_length_and_stands(site: Site, browser: Browser) -> None:
    open_trend(browser, f"p={WAVE}&h=1")
    set_field(browser, "trend-from", "2026-03-28T12:00")
    set_field(browser, "trend-to", "2026-03-29T12:00")
    until(lambda: "to=2026-03-29T12:00" in browser.driver.current_url)
    browser.click("#trend-on-button")
    until(lambda: "from=2026-03-29T12:00&to=2026-03-30T12:00" in browser.driver.current_url)
    until(lambda: "Nothing recorded" in browser.find("#trend-note").text or None)
    assert "h=" not in browser.driver.current_url
    Select(browser.find("#trend-hours")).select_by_value("6")
    until(lambda: browser.driver.current_url.endswith("h=6"))


def test_points_that_are_not_there_are_named(site: Site, browser: Browser) -> None:
    open_trend(browser, f"p={ROOM}&p=hp9.nothing&p=hp1.%3Cb%3E&h=1")
    until(lambda: "hp9.nothing, hp1.<b>" in browser.find("#trend-missing").text)
    assert len(browser.all("#trend-lines tbody tr")) == 1


def test_trends_grey_with_a_twin_that_is_silent_and_come_back(site: Site, browser: Browser) -> None:
    open_trend(browser, f"p={ROOM}&h=1", VIEWER)
    site.twin.signal(signal.SIGSTOP)
    try:
        until(lambda: "stale" in browser.script("return document.body.className"))
        faint = "return getComputedStyle(document.querySelector('.trends-panel .chart')).opacity"
        assert float(browser.script(faint)) < 1
        set_field(browser, "trend-hours", "6")
        until(lambda: "cannot be read" in browser.find("#trend-note").text)
    finally:
        site.twin.signal(signal.SIGCONT)
    until(lambda: "stale" not in browser.script("return document.body.className"))
    set_field(browser, "trend-hours", "24")
    whole(browser)
    assert read(browser, ROOM)["points"]
