"""The pages in every language: nothing that people read stays English."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from nicegui.translations import translations as nicegui_texts

from heatpump_twin.config.catalogue import UNITS
from heatpump_twin.config.languages import Languages
from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts

from .conftest import CHROMIUM, DRIVER, VIEWER, Browser, Site, until

LANGUAGES = Languages.packaged()
COLLECT = """
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const { parentElement, textContent } = walker.currentNode;
  // What is shown as it was recorded says in which language that is.
  const recorded = parentElement.closest(".recorded");
  if (!recorded && !parentElement.closest("script, style, .q-icon")) found.push(textContent);
}
for (const element of document.body.querySelectorAll("[title], [placeholder], [aria-label]"))
  for (const name of ["title", "placeholder", "aria-label"])
    found.push(...(element.getAttribute(name) || "").split("\\n"));
const words = (value) => typeof value === "object" ? Object.values(value).flatMap(words) : [value];
return [document.title, ...found, ...words(window.hmiTexts || {})];
"""
NAMES = (
    "Ca Ses Llúcies", "Aquarea", "Panasonic WH-UD05HE5 / WH-SDC05H3E5", "olga", "victor",
    "Water flow is low", *texts.NAMES_OF_LANGUAGES.values(),
    *(unit.symbol for unit in UNITS.values() if unit.symbol), "BTU/h", "°F",
)  # fmt: skip
"""Given by the site, by a rule of its own, or by a standard."""
STATUS = r"\b(Good|Uncertain|Bad)[A-Z]\w+"


@contextmanager
def speaking(site: Site, language: str, profile: Path) -> Iterator[Browser]:
    """Open a browser of somebody who reads a language."""
    browser = Browser(site.hmi.url, profile, language)
    try:
        yield browser
    finally:
        browser.close()


def shown_on_all_pages(site: Site, browser: Browser) -> set[str]:
    """Return every text that somebody reads who logs in, looks at everything, and acts."""
    shown: set[str] = set()

    def look() -> None:
        shown.update(text.strip() for text in browser.script(COLLECT))

    for why in ("idle", "again", "restarted", "bye"):
        browser.go(f"/login?why={why}")
        look()
    browser.log_in(password="not the password")
    until(lambda: browser.find(".message.wrong").text)
    look()
    browser.open("/unit/hp1", VIEWER)
    until(lambda: browser.all(".control .calm"))
    look()
    browser.open("/")
    look()
    browser.go("/unit/nobody")
    look()
    browser.go("/unit/hp1")
    until(lambda: "38" in browser.find(".prediction").text)
    look()
    until(lambda: asks_too_much(browser))
    look()
    browser.click('[data-action="Stop"]')
    until(lambda: browser.find("[data-confirm]").is_displayed())
    look()
    browser.click("[data-confirm]")
    until(lambda: browser.all(".result .done"))
    look()
    browser.go("/trends?p=hp1.supply_temperature&p=hp9.nothing&h=1&with=day&marks=1")
    until(lambda: browser.all("#trend-lines tbody tr"))
    look()
    browser.click("#trend-add-button")
    until(lambda: browser.all("#trend-points option"))
    look()
    browser.go("/alarms")
    until(lambda: browser.all(".alarm .ack"))
    browser.click(".alarm .ack")
    until(lambda: browser.find("[data-comment]").is_displayed())
    look()
    browser.go("/alarms?state=all")
    until(lambda: browser.all(".ag-row"))
    look()
    browser.go("/alarms/performance")
    until(lambda: browser.all("#past-figures [data-figure]"))
    look()
    browser.go("/changes")
    until(lambda: browser.all(".ag-row"))
    look()
    browser.go("/unit/hp1/plan")
    until(lambda: browser.all("[data-heat-ups] tr"))
    look()
    return {text for text in shown if re.search(r"[^\W\d_]{2}", text)}


def asks_too_much(browser: Browser) -> list[Any]:
    """Enter a number beyond the limits; a page that lost its connection has begun anew."""
    field = browser.find('input[data-setpoint="supply_setpoint"]')
    if field.get_attribute("value") != "99":
        field.send_keys("99")
    return browser.all(".faceplate .q-field--error")


def all_texts(found: object = texts) -> Iterator[Text]:
    """Return every text of the pages, those that are made of values included."""
    match found:
        case Text():
            yield found
        case ModuleType():
            for member in vars(found).values():
                yield from all_texts(member)
        case dict() | tuple():
            for member in found.values() if isinstance(found, dict) else found:
                yield from all_texts(member)
        case FunctionType() if found.__module__ == texts.__name__:
            yield from all_texts(found(*["?"] * len(inspect.signature(found).parameters)))


@pytest.mark.parametrize("code", LANGUAGES.codes[1:])
def test_every_text_of_the_pages_is_translated(code: str) -> None:
    found = list(all_texts())
    assert len(found) > 120
    assert [text for text in found if LANGUAGES[code].say(text) is None] == []


@pytest.fixture(scope="module")
def english(site: Site, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium or chromedriver is not installed (apt: chromium, chromium-driver)")
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    site.twin.tell("setting", key="hp1.dhw_setpoint", old=50.0, new=52.0, user="")
    with speaking(site, "en", tmp_path_factory.mktemp("profile")) as browser:
        return shown_on_all_pages(site, browser)


@pytest.mark.parametrize("code", LANGUAGES.codes[1:])
def test_no_page_shows_english(site: Site, english: set[str], code: str, tmp_path: Path) -> None:
    with speaking(site, code, tmp_path) as browser:
        shown = shown_on_all_pages(site, browser)
    language = LANGUAGES[code]
    known = (texts.OVERVIEW, Text("Supply temperature", Context.POINTS))
    assert set(known) <= english
    assert {language.say(text) for text in known} <= shown
    assert len(shown) > 0.9 * len(english)
    of_the_library = set() if code in nicegui_texts else set(nicegui_texts["en-US"].values())
    left = {text for text in (shown & english) - of_the_library if _has_words_of_ours(text)}
    assert [text for text in left if not _is_said_the_same(language, text)] == []


def _is_said_the_same(language: Language, text: str) -> bool:
    return any(language.say(Text(text, context)) == text for context in Context)


def _has_words_of_ours(text: str) -> bool:
    text = re.sub(STATUS, "", text)
    for name in sorted(NAMES, key=len, reverse=True):
        text = text.replace(name, "")
    return any(c.isalpha() for c in text)
