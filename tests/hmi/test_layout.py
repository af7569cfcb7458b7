"""Pages for every size of screen, for keyboard and screen reader; axes that can be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from places import NODE_MODULES

from .conftest import Browser, Site, until

TRENDS = "/trends?p=hp1.supply_temperature&p=hp1.electrical_power&h=24&with=day&ahead=1&marks=1"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
PAGES = (
    "/", "/unit/hp1", "/unit/hp1/plan", TRENDS, "/alarms", "/alarms/performance", "/changes",
    "/unit/nosuch",
)  # fmt: skip
CUT = """
const wide = document.documentElement.scrollWidth > innerWidth;
const cut = [...document.querySelectorAll("body *")].filter((e) => {
  const others = "svg, canvas, .q-field, .chart, .q-loading-bar, script";
  if (!e.checkVisibility() || e.closest(others)) return false;
  const { right, left, width } = e.getBoundingClientRect();
  const hidden = getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1;
  return width > 0 && (right > innerWidth + 1 || left < -1 || (hidden && e.closest("header")));
});
return [wide, ...cut.map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)];
"""
LABELS = """
const boxes = [];
for (const e of getElement(document.querySelector(".chart").id.slice(1)).chart
       .getZr().storage.getDisplayList(true)) {
  if (!e.style || !e.style.text || e.ignore || e.invisible) continue;
  const box = e.getBoundingRect().clone();
  const m = e.getComputedTransform();
  if (m) box.applyTransform(m);
  // Above the panels is the legend, which is scrolled where it is too long.
  if (box.width && box.y > 36) boxes.push([e.style.text, box.x, box.y, box.width, box.height]);
}
return boxes;
"""
"""Every text that the chart has painted, with its place."""

PRESS = """
const buttons = [...document.querySelectorAll(".q-btn-group button")];
buttons.find((button) => button.textContent.includes(arguments[0])).click();
return true;
"""


def ready(browser: Browser) -> None:
    until(lambda: browser.script("return document.getElementById('clock').textContent[4]"))


@pytest.mark.parametrize("width", [320, 390, 640, 768, 1280, 2560])
def test_nothing_is_cut_off_or_needs_sideways_scrolling(
    site: Site, browser: Browser, width: int
) -> None:
    browser.open("/")
    browser.resize(width, 800)
    for path in PAGES[:-1]:
        browser.go(path)
        ready(browser)
        assert browser.script(CUT) == [False], path


# Not within the test: a browser that is there for nothing has asked nobody for anything.
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm: axe-core)")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_main_landmark_and_no_barrier(
    site: Site, browser: Browser, path: str
) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    site.twin.tell("bad", keys=["hp1.room_temperature"])
    browser.open("/")
    browser.go(path)
    if path != "/unit/nosuch":
        ready(browser)
    for theme in ("light", "dark"):
        browser.script("document.documentElement.dataset.theme = arguments[0]", theme)
        browser.script(AXE.read_text("utf-8"))
        found = browser.driver.execute_async_script(
            "axe.run().then((found) => arguments[0](found.violations))"
        )
        assert [told(one) for one in found if is_serious(one)] == [], theme
    site.twin.tell("good", values={"hp1.room_temperature": 20.4})


def is_serious(violation: dict[str, Any]) -> bool:
    return violation["impact"] in ("serious", "critical") or "landmark" in violation["id"]


def told(violation: dict[str, Any]) -> tuple[str, list[str]]:
    return violation["id"], [node["html"][:150] for node in violation["nodes"][:4]]


def test_a_screen_reader_can_read_the_picture(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    until(lambda: "41.0" in browser.value("hp1.supply_temperature"))
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    names = {node.get("name", {}).get("value", "") for node in tree["nodes"] if not node["ignored"]}
    assert [name for name in names if "Supply temperature: 41.0 °C. Good" in name]
    assert "Compressor on (inferred): Running" in names


@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_labels_of_the_trend_stand_apart_at_local_midnights(
    site: Site, browser: Browser, width: int
) -> None:
    browser.open("/unit/hp1")
    browser.resize(width, 900)
    browser.go("/unit/hp1")
    for choice in ("1 h", "6 h", "24 h", "7 d"):
        until(lambda: browser.script("return window.trend?.points()?.length"))
        until(lambda choice=choice: browser.script(PRESS, choice))
        hours = {"1 h": 1, "6 h": 6, "24 h": 24, "7 d": 168}[choice]
        until(lambda hours=hours: browser.script("return trend.hours()") == hours)
        until(lambda: len(browser.script(LABELS)) > 3)
        assert overprinted(browser.script(LABELS)) == [], choice
        ticks = browser.script("return trend.ticks()")
        assert len(ticks) > 1, choice
        zone = ZoneInfo("Europe/Madrid")
        days = [datetime.fromtimestamp(t["time"] / 1000, zone) for t in ticks if t["day"]]
        assert all((day.hour, day.minute) == (0, 0) for day in days)
        assert bool(days) or hours < 24


def overprinted(labels: list[tuple[str, float, float, float, float]]) -> list[tuple[str, str]]:
    """Return the pairs of texts that lie on each other."""
    return [
        (a[0], b[0])
        for i, a in enumerate(labels)
        for b in labels[i + 1 :]
        if a[1] < b[1] + b[3] and b[1] < a[1] + a[3] and a[2] < b[2] + b[4] and b[2] < a[2] + a[4]
    ]


def test_ticks_follow_the_clock_of_the_site_through_its_changes(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    # The last Sundays of March and October 2026: a day of 23 hours, and one of 25.
    for day, length in ((29, 23), (25, 25)):
        month = 3 if day == 29 else 10
        zone = ZoneInfo("Europe/Madrid")
        start = datetime(2026, month, day, tzinfo=zone).timestamp() * 1000
        end = datetime(2026, month, day + 1, tzinfo=zone).timestamp() * 1000
        assert end - start == length * 3_600_000
        ticks = browser.script(
            "return timeAxis.ticks(arguments[0], arguments[1], 'Europe/Madrid', 3000)", start, end
        )
        assert [t["time"] for t in ticks if t["day"]] == [start, end]
        hours = [datetime.fromtimestamp(t["time"] / 1000, zone).minute for t in ticks]
        assert set(hours) == {0, 30} or set(hours) == {0}
        times = [t["time"] for t in ticks]
        assert times == sorted(set(times))
