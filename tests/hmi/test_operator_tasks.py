"""What an operator does most, in clicks and keys, as `docs/operator-tasks.md` has it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from places import ROOT
from selenium.webdriver.common.keys import Keys

from .conftest import OPERATOR, Browser, Site, running_site, until
from .test_alarm_journal import rows
from .test_trends import whole

TABLE = ROOT / "docs" / "operator-tasks.md"
FIGURES = ROOT / "build" / "operator-tasks.json"
PUMPS = 250
PUMP = """\
  - id: hp{number}
    name: Flat {number}
    group: Building {group}
    plate:
      {{manufacturer: Acme, model: Air 5, nominal_flow: 14.3, max_power: 2590,
       heating: [{{outdoor: 7, water: 35, capacity: 5000, power: 1080}}]}}
    devices:
      - {{id: controller, profile: panasonic-aquarea-hj, connection: emulated}}
"""
SITE = """\
site: {{name: Many flats, latitude: 39.6, longitude: 2.6, timezone: Europe/Madrid}}
plant: {{}}
heat_pumps:
{pumps}"""


@dataclass
class Hand:
    """A hand at mouse and keyboard, whose clicks and keys are counted."""

    browser: Browser
    clicks: int = 0
    keys: int = 0

    def click(self, css: str) -> None:
        self.browser.click(css)
        self.clicks += 1

    def press(self, css: str, *keys: str, focused: bool = False) -> None:
        """Type into a field, which takes a click unless the page goes there by itself."""
        field = until(lambda: (found := self.browser.find(css)).is_displayed() and found)
        if focused:
            until(lambda: self.browser.driver.switch_to.active_element == field)
        if self.browser.driver.switch_to.active_element != field:
            self.click(css)
        field.send_keys(*keys)
        self.keys += sum(map(len, keys))


def what_is_wrong(hand: Hand) -> None:
    hand.browser.go("/")
    until(lambda: "Water flow is low" in hand.browser.find("#banner").text)


def acknowledge_with_a_comment(hand: Hand) -> None:
    hand.click("#banner a")
    hand.click('.ag-row [data-act="acknowledge"]')
    hand.press("[data-comment]", "I go", focused=True)
    hand.click('[data-confirm="acknowledge"]')
    until(lambda: [row for row in rows(hand.browser) if "I go" in row])


def shelve_for_an_hour(hand: Hand) -> None:
    hand.click("#banner a")
    hand.click('.ag-row [data-act="shelve"]')
    hand.click('[data-confirm="hour"]')
    until(lambda: [row for row in rows(hand.browser) if "Shelved" in row])


def who_changed_what_last_night(hand: Hand) -> None:
    hand.click('nav a[href="/changes"]')
    until(lambda: [row for row in rows(hand.browser) if "Hot water setpoint" in row])


def this_week_against_last(hand: Hand) -> None:
    hand.click(".tile a")
    hand.click("#trend-weeks")
    whole(hand.browser)
    until(lambda: hand.browser.all("#trend-lines tbody tr"))


def plan_for_seven(hand: Hand) -> None:
    hand.click(".tile a")
    hand.click('a[href$="/plan"]')
    hand.press("input[data-plan=target]", "45")
    until(lambda: hand.browser.find("[data-plan=ask]").is_enabled())
    hand.click("[data-plan=ask]")
    until(lambda: "45.0 °C" in hand.browser.find("[data-planned]").text)


def find_one_of_250(hand: Hand) -> None:
    hand.press("#site-filter", "t 187", Keys.ENTER)
    until(lambda: "/unit/hp187" in hand.browser.driver.current_url)
    until(lambda: hand.browser.all(".mimic.wide .v.good"))


TASKS: dict[str, Callable[[Hand], None]] = {
    "What is wrong": what_is_wrong,
    "Acknowledge with a comment": acknowledge_with_a_comment,
    "Shelve for an hour": shelve_for_an_hour,
    "Who changed what last night": who_changed_what_last_night,
    "This week against last": this_week_against_last,
    "Plan for 07:00": plan_for_seven,
}
"""By the rows of the table; each begins at the overview, and ends with its answer on the screen."""


@pytest.fixture
def alarm(site: Site) -> Iterator[None]:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    site.twin.tell("setting", key="hp1.dhw_setpoint", old=50.0, new=52.0, user="")
    yield
    site.twin.tell("alarm", rule="low_water_flow", active=False)


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_as_many_clicks_and_keys_as_the_table_says(
    browser: Browser, task: str
) -> None:
    counted = measured(browser, task, TASKS[task])
    assert counted == documented(task)


def measured(browser: Browser, task: str, do: Callable[[Hand], None]) -> tuple[int, int]:
    """Do a task, keep how long it took, and return its clicks and keys."""
    browser.open("/", OPERATOR)
    until(lambda: browser.all(".tile .v.good"))
    hand = Hand(browser)
    begun = time.monotonic()
    do(hand)
    keep(task, time.monotonic() - begun)
    return hand.clicks, hand.keys


def keep(task: str, seconds: float) -> None:
    """Keep how long a task took, for the table; no test judges by it."""
    FIGURES.parent.mkdir(exist_ok=True)
    known = json.loads(FIGURES.read_text("utf-8")) if FIGURES.is_file() else {}
    known.setdefault(task, []).append(round(seconds, 2))
    FIGURES.write_text(json.dumps(known, indent=1), "utf-8")


def documented(task: str) -> tuple[int, int]:
    """Return clicks and keys of a task in the table."""
    (row,) = re.findall(rf"^\| {task} \| (\d+) \| (\d+) \|", TABLE.read_text("utf-8"), re.MULTILINE)
    return int(row[0]), int(row[1])


@pytest.mark.long
def test_one_of_250_is_found_with_a_few_keys(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    pumps = [PUMP.format(number=number, group=number % 10) for number in range(PUMPS)]
    file.write_text(SITE.format(pumps="".join(pumps)), "utf-8")
    with running_site(tmp_path, str(file)) as site:
        browser = Browser(site.hmi.url, tmp_path / "profile")
        try:
            browser.open("/", OPERATOR)
            until(lambda: len(browser.all(".tile")) == PUMPS)
            hand = Hand(browser)
            begun = time.monotonic()
            find_one_of_250(hand)
            keep("Find one of 250", time.monotonic() - begun)
        finally:
            browser.close()
    assert (hand.clicks, hand.keys) == documented("Find one of 250")
