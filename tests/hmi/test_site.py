"""The site at a glance: counts, the worst first, filters, spark lines, what is not known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import VIEWER, Browser, Site, until

pytestmark = pytest.mark.parametrize("site", [("two-heat-pumps",)], indirect=True)


@pytest.fixture(autouse=True)
def as_before(site: Site) -> Iterator[None]:
    """Let both heat pumps heat, without an alarm."""
    yield
    site.twin.tell("alarm", rule="low_water_flow", active=False)
    for asset in ("east", "west"):
        site.twin.tell("good", values={f"{asset}.operating_state": 2.0})


def counted(browser: Browser, name: str) -> str:
    return str(browser.find(f'[data-doing-count="{name}"] b').text)


def shown(browser: Browser) -> list[str]:
    return [tile.text for tile in browser.all(".tile h2") if tile.is_displayed()]


def away(browser: Browser) -> None:
    """Take the pointer off the tiles: nothing moves under it."""
    browser.driver.execute_cdp_cmd(
        "Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 5, "y": 5}
    )


def test_counts_follow_the_heat_pumps_and_say_what_is_not_known(
    site: Site, browser: Browser
) -> None:
    browser.open("/", VIEWER)
    until(lambda: counted(browser, "running") == "2")
    site.twin.tell("good", values={"west.operating_state": 1.0})
    until(lambda: (counted(browser, "running"), counted(browser, "standby")) == ("1", "1"))
    # Its device answers no more: neither running nor at rest.
    site.twin.tell("bad", keys=["west.operating_state"])
    until(lambda: counted(browser, "unreachable") == "1")
    assert counted(browser, "standby") == "0"
    site.twin.tell("good", values={"site.electrical_power": 2640.0})
    until(lambda: "2\u202f640" in browser.value("site.electrical_power"))
    # Of what the site does not know nothing is invented.
    until(lambda: "bad" in browser.quality("site.cop_today"))


def test_cop_and_spf_of_the_month_stand_beside_what_is_expected(
    site: Site, browser: Browser
) -> None:
    browser.open("/", VIEWER)
    points = {"cop": 3.2, "expected_cop": 3.6, "spf_h4_month": 2.9, "spf_h4_expected_month": 3.4}
    site.twin.tell("good", values={f"east.{point}": value for point, value in points.items()})
    site.twin.tell("bad", keys=["west.spf_h4_expected_month"])
    site.twin.tell("good", values={"site.spf_h4_month": 3.1, "site.spf_h4_expected_month": 3.5})
    for key, value in [*((f"east.{p}", v) for p, v in points.items()),
                       ("site.spf_h4_expected_month", 3.5)]:  # fmt: skip
        until(lambda key=key, value=value: f"{value}" in browser.value(key))
    # Where too little was compared, none is invented.
    until(lambda: "bad" in browser.quality("west.spf_h4_expected_month"))
    tile = browser.find("[data-unit=east]").text
    assert tile.index("SPF this month") < tile.index("SPF expected")


def test_the_worst_heat_pump_comes_first(site: Site, browser: Browser) -> None:
    browser.open("/")
    away(browser)
    until(lambda: shown(browser) == ["East wing", "West wing"])
    # What does worse than expected comes first, what is in fault before that, ...
    site.twin.tell("good", values={"east.run_cop_residual": -4.0, "west.run_cop_residual": -20.0})
    until(lambda: shown(browser) == ["West wing", "East wing"])
    deviates = "return getComputedStyle(document.querySelector(arguments[0])).left"
    bars = [
        float(browser.script(deviates, f'[data-deviates="{key}.run_cop_residual"] em')[:-2])
        for key in ("west", "east")
    ]
    assert bars[0] < bars[1]
    site.twin.tell("good", values={"east.operating_state": 6.0})
    until(lambda: shown(browser) == ["East wing", "West wing"])
    until(lambda: counted(browser, "fault") == "1")
    site.twin.tell("good", values={"east.operating_state": 2.0})
    until(lambda: shown(browser) == ["West wing", "East wing"])
    # ... and before all else an alarm that nobody has acknowledged.
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    until(lambda: shown(browser) == ["East wing", "West wing"])
    assert counted(browser, "alarms") == "1"


def test_one_is_found_by_name_and_by_what_it_does(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"west.operating_state": 1.0})
    browser.open("/")
    until(lambda: counted(browser, "standby") == "1")
    browser.find("#site-filter").send_keys("west standby")
    until(lambda: shown(browser) == ["West wing"])
    browser.find("#site-filter").send_keys(" nowhere")
    until(lambda: shown(browser) == [])
    assert browser.find("#site-none").is_displayed()
    browser.script("document.getElementById('site-filter').value = ''; site.look()")
    browser.click('[data-doing-count="running"]')
    until(lambda: shown(browser) == ["East wing"])
    browser.click('[data-doing-count="running"]')
    until(lambda: len(shown(browser)) == 2)


def test_the_last_day_is_drawn_with_its_gap(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key="east.electrical_power", minutes=600, gap=[300, 200])
    browser.open("/")
    drawn = "return document.querySelector(arguments[0]).getAttribute('d') || ''"
    path = '[data-spark="east.electrical_power"] path'

    def has_gap() -> bool:
        if browser.script(drawn, path).count("M") >= 2:
            return True
        # What is new is recorded some seconds late: the page is loaded again.
        browser.go("/")
        until(lambda: browser.script(drawn, path))
        return False

    until(has_gap)


def test_the_weather_of_the_next_day_is_drawn(site: Site, browser: Browser) -> None:
    site.twin.tell("forecast", key="site.forecast_temperature", low=2.0, middle=5.0, high=9.0)
    browser.open("/")
    until(lambda: browser.all(".site-strip .forecast-strip polyline"))
    assert "5.0 to 5.0 °C" in browser.find(".site-strip .ahead").text
    drawn = "return getComputedStyle(document.querySelector('.forecast-strip polyline')).fill"
    # A line, with its own style, and no black area.
    assert browser.script(drawn) == "none"


def on_a_small_screen(browser: Browser) -> None:
    """Show the page where all tiles are far below what is seen."""
    browser.open("/")
    browser.resize(390, 200)
    browser.go("/")
    away(browser)
    until(lambda: len(browser.all(".tile .state .n:not(.pending)")) == 2)
    until(lambda: counted(browser, "unknown") == "0")


def scroll(browser: Browser, unit: str) -> None:
    """Scroll to a tile; to none: to the top."""
    browser.script(
        "const tile = document.querySelector(`[data-unit='${arguments[0]}']`);"
        "tile ? tile.scrollIntoView({block: 'end'}) : scrollTo(0, 0)",
        unit,
    )


def test_the_line_of_a_tile_out_of_view_is_read_when_it_comes_into_view(
    site: Site, browser: Browser
) -> None:
    site.twin.tell("record", key="east.electrical_power", minutes=600, gap=[300, 200])
    on_a_small_screen(browser)
    assert not browser.all("[data-spark]")
    drawn = '[data-spark="east.electrical_power"] path[d^=M]'
    until(lambda: scroll(browser, "east") or browser.all(drawn))


def test_a_tile_out_of_view_keeps_no_value_and_comes_back_with_the_present_one(
    site: Site, browser: Browser
) -> None:
    on_a_small_screen(browser)
    supply = '[data-key="east.supply_temperature"] .n'
    until(lambda: scroll(browser, "east") or browser.find(supply).text == "41.0")
    # Nothing of it is left behind, ...
    until(lambda: scroll(browser, "") or not browser.all(supply))
    site.twin.tell("good", values={"east.supply_temperature": 38.0})
    # ... and what is seen again is never what was true then.
    browser.script(
        "const seen = window.seen = [];"
        "new MutationObserver(() => seen.push(document.querySelector(arguments[0])?.textContent))"
        ".observe(document.getElementById('tiles'), {childList: true, subtree: true});",
        supply,
    )
    until(lambda: scroll(browser, "east") or browser.find(supply).text == "38.0")
    assert {text for text in browser.script("return window.seen") if text} <= {"…", "38.0"}
    site.twin.tell("good", values={"east.supply_temperature": 41.0})
