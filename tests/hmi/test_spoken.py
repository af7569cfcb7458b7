"""Each person is spoken to in their language, and told why they have to log in."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from selenium.webdriver.support.select import Select

from heatpump_twin.config.languages import Languages
from heatpump_twin.hmi import texts

from .conftest import CHROMIUM, DRIVER, OPERATOR, PASSWORD, Browser, Site, until


def lang(browser: Browser) -> str:
    return str(browser.script("return document.documentElement.lang"))


def choose(browser: Browser, code: str) -> None:
    Select(browser.find('select[name="code"]')).select_by_value(code)


def test_the_browser_chooses_the_language_and_the_person_another(
    site: Site, tmp_path: Path
) -> None:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium or chromedriver is not installed (apt: chromium, chromium-driver)")
    spanish, german = Languages.packaged()["es"], Languages.packaged()["de"]
    browser = Browser(site.hmi.url, tmp_path, "es-MX")
    try:
        browser.go("/login")
        assert lang(browser) == "es"
        assert browser.find("form button").text == spanish.words(texts.LOGIN)
        browser.open("/unit/hp1")
        assert lang(browser) == "es"
        until(lambda: "41,0" in browser.value("hp1.supply_temperature"))
        # What the server says: titles of points.
        assert "Temperatura" in browser.find(".parameters").text
        first = browser.driver.current_window_handle
        browser.driver.switch_to.new_window("tab")
        browser.go("/alarms")
        until(lambda: browser.all('select[name="code"]'))
        choose(browser, "de")
        until(lambda: lang(browser) == "de")
        assert browser.driver.current_url == f"{site.hmi.url}/alarms"
        until(lambda: german.words(texts.NO_ALARMS) in browser.find("#banner").text)
        # The other page of the same person follows by itself.
        browser.driver.switch_to.window(first)
        until(lambda: lang(browser) == "de")
        until(lambda: "Temperatur" in browser.find(".parameters").text)
        # And it is remembered after the log-out.
        browser.click('form[action="/logout"] button')
        until(lambda: "/login" in browser.driver.current_url)
        assert lang(browser) == "de"
    finally:
        browser.close()


async def test_an_unknown_heat_pump_is_not_found(site: Site) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as person:
        form = {"user": OPERATOR, "password": PASSWORD}
        async with person.post(f"{site.hmi.url}/login", data=form) as reply:
            assert reply.status == 200
        async with person.get(f"{site.hmi.url}/unit/nosuch") as reply:
            assert reply.status == 404
            assert "There is no such heat pump." in await reply.text()


@pytest.mark.parametrize("page", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
async def test_the_choice_of_a_language_leads_to_no_other_site(site: Site, page: str) -> None:
    async with aiohttp.ClientSession() as somebody:
        form = {"code": "de", "page": page}
        async with somebody.post(
            f"{site.hmi.url}/language", data=form, allow_redirects=False
        ) as reply:
            assert reply.headers["Location"] == "/"
        origin = {"Origin": "http://evil.example"}
        async with somebody.post(f"{site.hmi.url}/language", data=form, headers=origin) as reply:
            assert reply.status == 403


def test_after_a_restart_of_the_pages_one_is_told_why_to_log_in_again(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    assert site.hmi.process is not None
    site.hmi.process.kill()
    site.hmi.stop()
    site.hmi.start()
    # The page notices by itself.
    until(lambda: "/login?why=restarted" in browser.driver.current_url)
    assert "started again" in browser.find(".message").text
    browser.log_in()
    until(lambda: browser.all(".card"))


async def test_whoever_is_held_up_is_not_told_that_the_password_is_wrong(site: Site) -> None:
    said = []
    async with aiohttp.ClientSession() as somebody:
        for _ in range(7):
            form = {"user": "nobody", "password": "a guess"}
            async with somebody.post(f"{site.hmi.url}/login", data=form) as reply:
                said.append(await reply.text())
    assert "Wrong user or password" in said[0]
    assert "Too many failed attempts" in said[-1]
    assert "Wrong" not in said[-1]
