"""Heat pumps in groups: what each does, folded away and found again, what asks for somebody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import Browser, Site, until
from .test_layout import AXE

pytestmark = pytest.mark.parametrize(
    "site",
    [("two-heat-pumps", "heat_pumps.0.group=Old mill", "heat_pumps.1.group=Castle")],
    indirect=True,
)
EAST, WEST = "Old mill", "Castle"


@pytest.fixture(autouse=True)
def as_before(site: Site, browser: Browser) -> Iterator[None]:
    """Let both heat pumps heat, and forget what was folded."""
    for asset in ("east", "west"):
        site.twin.tell("good", values={f"{asset}.operating_state": 2.0})
    yield
    browser.script("localStorage.clear()")


def groups(browser: Browser) -> dict[str, str]:
    """Return what the heading of each group in view says of it, in the order on the page."""
    return {
        group.find_element("css selector", "button").text: group.find_element(
            "css selector", ".group-counts"
        ).text
        for group in browser.all(".tile-group > header")
        if group.is_displayed()
    }


def shown(browser: Browser) -> list[str]:
    return [tile.text for tile in browser.all(".tile h3") if tile.is_displayed()]


def fold(browser: Browser, group: str) -> None:
    browser.click(f'[data-group="{group}"] > header button')
    # Nothing moves where the pointer or the keyboard is.
    browser.script("document.activeElement.blur()")
    browser.driver.execute_cdp_cmd(
        "Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 5, "y": 5}
    )


def test_each_group_says_what_its_heat_pumps_do_the_worst_first(
    site: Site, browser: Browser
) -> None:
    browser.open("/")
    until(lambda: list(groups(browser).items()) == [(WEST, "1 running"), (EAST, "1 running")])
    site.twin.tell("good", values={"east.operating_state": 6.0})
    until(lambda: list(groups(browser).items()) == [(EAST, "1 in fault"), (WEST, "1 running")])


def test_a_folded_group_shows_what_asks_for_somebody_and_no_more(
    site: Site, browser: Browser
) -> None:
    browser.open("/")
    until(lambda: set(shown(browser)) == {"East wing", "West wing"})
    fold(browser, EAST)
    until(lambda: shown(browser) == ["West wing"])
    heading = f'[data-group="{EAST}"] > header button'
    assert browser.find(heading).get_attribute("aria-expanded") == "false"
    # It stays folded, ...
    browser.go("/")
    until(lambda: shown(browser) == ["West wing"])
    # ... and hides no fault.
    site.twin.tell("good", values={"east.operating_state": 6.0})
    until(lambda: shown(browser) == ["East wing", "West wing"])
    assert browser.find(heading).get_attribute("aria-expanded") == "false"


def test_one_is_found_in_a_folded_group_and_opened_with_a_few_keys(
    site: Site, browser: Browser
) -> None:
    browser.open("/")
    until(lambda: set(shown(browser)) == {"East wing", "West wing"})
    for group in (EAST, WEST):
        fold(browser, group)
    until(lambda: shown(browser) == [])
    browser.find("#site-filter").send_keys("mill")
    until(lambda: shown(browser) == ["East wing"])
    assert browser.find("#site-shown").text == "1 / 2"
    until(lambda: "41.0" in browser.value("east.supply_temperature"))
    browser.find("#site-filter").send_keys("\n")
    until(lambda: browser.driver.current_url.endswith("/unit/east"))


def test_one_group_alone_is_looked_at_with_its_counts(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"east.operating_state": 1.0})
    browser.open("/")
    until(lambda: set(shown(browser)) == {"East wing", "West wing"})
    choice = "const c = document.getElementById('site-group'); c.value = arguments[0]; c.onchange()"
    browser.script(choice, EAST)
    until(lambda: shown(browser) == ["East wing"])
    counts = '[data-doing-count="{}"] b'
    until(lambda: browser.find(counts.format("standby")).text == "1")
    assert browser.find(counts.format("running")).text == "0"
    assert list(groups(browser)) == [EAST]
    browser.script(choice.replace("c.value = arguments[0]", "c.selectedIndex = 0"))
    until(lambda: set(shown(browser)) == {"East wing", "West wing"})


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm: axe-core)")
def test_groups_have_no_barrier(site: Site, browser: Browser) -> None:
    browser.open("/")
    until(lambda: groups(browser).get(EAST) == "1 running")
    for fragment in ("", "folded"):
        if fragment:
            fold(browser, EAST)
        browser.script(AXE.read_text(encoding="utf-8"))
        found = browser.driver.execute_async_script(
            "axe.run('#tiles').then((found) => arguments[0](found.violations))"
        )
        assert [(one["id"], one["nodes"][0]["html"][:80]) for one in found] == []
