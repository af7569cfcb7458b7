"""What an operator sees and does, in a real browser against a real twin."""

from __future__ import annotations

import signal

from fair_watch import FairWatch
from selenium.webdriver.common.keys import Keys

from .conftest import VIEWER, Browser, Site, until


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_overview(
    site: Site, browser: Browser
) -> None:
    browser.go("/unit/hp1")
    assert browser.driver.current_url == f"{site.hmi.url}/login"
    browser.log_in(password="not the password")
    until(lambda: "Wrong user or password" in browser.find(".message").text)
    browser.log_in()
    until(lambda: browser.driver.current_url == f"{site.hmi.url}/")
    until(lambda: "41.0" in browser.value("hp1.supply_temperature"))
    assert "Aquarea" in browser.find(".card").text
    cookies = browser.driver.get_cookies()
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies)


def test_who_has_guessed_too_often_is_told_for_how_long_to_wait(
    site: Site, browser: Browser
) -> None:
    def said(word: str) -> bool:
        browser.log_in("mallory", "a guess")
        until(lambda: browser.find(".message").text)
        return word in browser.find(".message").text

    until(lambda: said("Try again in"))
    seconds = browser.find(".message").text.rpartition("Try again in ")[2]
    assert seconds.endswith(" s.")
    assert 1 <= int(seconds.removesuffix(" s.")) <= 99
    # Somebody else at the same desk is let in.
    browser.log_in()
    until(lambda: browser.driver.current_url == f"{site.hmi.url}/")


def test_logging_out_closes_every_page(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.go("/alarms")
    until(lambda: browser.all(".hmi-header form button"))
    browser.click(".hmi-header form button")
    until(lambda: "/login" in browser.driver.current_url)
    browser.driver.switch_to.window(first)
    until(lambda: "/login" in browser.driver.current_url)
    browser.go("/unit/hp1")
    assert browser.driver.current_url == f"{site.hmi.url}/login"
    browser.close_other_tabs()


def test_values_follow_the_twin_with_their_quality(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    site.twin.tell("good", values={"hp1.supply_temperature": 43.7})
    until(lambda: "43.7" in browser.value("hp1.supply_temperature"))
    assert "°C" in browser.value("hp1.supply_temperature")
    assert "good" in browser.quality("hp1.supply_temperature")
    site.twin.tell("bad", keys=["hp1.supply_temperature"])
    until(lambda: "bad" in browser.quality("hp1.supply_temperature"))
    shown = browser.value("hp1.supply_temperature")
    assert "✕" in shown
    assert "43.7" not in shown
    assert "BadNoCommunication" in browser.find('[data-quality="hp1.supply_temperature"]').text
    site.twin.tell("good", values={"hp1.supply_temperature": 41.0})
    until(lambda: "good" in browser.quality("hp1.supply_temperature"))


def test_the_picture_has_only_what_the_heat_pump_reports(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    keys = "return [...document.querySelectorAll(arguments[0])].map(e => e.dataset.key)"
    known = set(browser.script(keys, ".parameters [data-key]"))
    drawn = set(browser.script(keys, ".mimic [data-key]"))
    assert len(known) >= 40
    assert drawn <= known
    assert "hp1.compressor_frequency" not in drawn


def test_the_filter_narrows_the_parameters(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    rows = (
        "return [...document.querySelectorAll('tr[data-words]')].filter(r => r.offsetHeight).length"
    )
    everything = browser.script(rows)
    browser.find("#filter").send_keys("setpoint")
    until(lambda: 0 < browser.script(rows) < everything / 2)


def test_a_prediction_says_that_it_is_one(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    until(lambda: "38" in browser.find(".prediction").text)
    text = browser.find(".prediction").text
    assert "predicted" in text
    assert "80 % between 29 and 54 min" in text
    assert "Model" in text
    assert "trained on" in text


def test_a_setpoint_is_written_and_read_back(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    field = browser.find('input[data-setpoint="supply_setpoint"]')
    button = browser.find('[data-write="supply_setpoint"]')
    field.send_keys("99")
    until(lambda: browser.all(".faceplate .q-field--error"))
    assert not button.is_enabled()
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("47.5")
    until(lambda: button.is_enabled() and "47.5" in button.text)
    button.click()
    until(lambda: "47.5 °C" in " ".join(e.text for e in browser.all(".result .done")))
    until(lambda: "47.5" in browser.value("hp1.supply_setpoint"))
    assert site.twin.tell("audit", tail=True) == [["olga", "hp1.supply_setpoint", 47.5, 47.5]]


def test_stopping_asks_first(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    browser.click('[data-action="Stop"]')
    browser.click("[data-cancel]")
    until(lambda: not browser.all("[data-cancel]"))
    until(lambda: "On" in browser.value("hp1.unit_enabled"))
    assert site.twin.tell("audit", tail=True)[0][1] != "hp1.unit_enabled"
    browser.click('[data-action="Stop"]')
    browser.click("[data-confirm]")
    until(lambda: "Off" in browser.value("hp1.unit_enabled"))


def test_a_viewer_is_offered_nothing_to_change(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1", VIEWER)
    assert browser.all("[data-write], [data-action]") == []
    assert "An operator can" in browser.find(".control").text


def test_an_alarm_shows_on_every_page_is_acknowledged_and_goes(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    until(lambda: "No active alarms" in browser.find("#banner").text)
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    until(lambda: "Water flow is low" in browser.find("#banner").text)
    assert "High" in browser.find("#banner").text
    assert browser.find(".unit-heading .badge").text.strip() != ""
    browser.go("/alarms")
    until(lambda: browser.all(".alarm .ack"))
    line = browser.find(".ag-row.alarm").text
    for part in ("High", "not acknowledged", "Clogged strainer", "Clean the strainer"):
        assert part in line
    browser.click(".alarm .ack")
    until(lambda: browser.all("input[data-comment]"))
    browser.find("input[data-comment]").send_keys("on my way")
    browser.click("[data-confirm]")
    until(lambda: "Active, acknowledged" in browser.find("#alarm-list").text)
    assert browser.all(".alarm .ack") == []
    site.twin.tell("alarm", rule="low_water_flow", active=False)
    until(lambda: "No active alarms" in browser.find("#banner").text)


def test_an_alarm_is_put_away_for_a_time_or_once_and_taken_back(
    site: Site, browser: Browser
) -> None:
    browser.open("/alarms")
    site.twin.tell("alarm", rule="low_water_flow", active=True)

    def put_away(act: str, way: str) -> None:
        until(lambda: act in [e.text for e in browser.all(".alarm .shelve")])
        browser.click(".alarm .shelve")
        until(lambda: browser.all("input[data-comment]"))
        browser.find("input[data-comment]").send_keys("parts are ordered")
        browser.click(f'[data-confirm="{way}"]')

    put_away("Shelve", "shift")
    until(lambda: "Shelved" in browser.find("#alarm-list").text)
    line = browser.find(".ag-row.alarm").text
    # Nobody is bothered with it, and it is not forgotten.
    assert "until " in line
    assert browser.all(".alarm .ack") == []
    until(lambda: "No active alarms" in browser.find("#banner").text)
    put_away("Unshelve", "unshelve")
    until(lambda: browser.all(".alarm .ack"))
    assert "Active, not acknowledged" in browser.find("#alarm-list").text
    # Once: it comes back by itself when it has returned to normal.
    put_away("Shelve", "once")
    until(lambda: "Shelved" in browser.find("#alarm-list").text)
    site.twin.tell("alarm", rule="low_water_flow", active=False)
    until(lambda: "Returned, not acknowledged" in browser.find("#alarm-list").text)
    browser.click(".alarm .ack")
    until(lambda: browser.all("[data-confirm]"))
    browser.click("[data-confirm]")
    until(lambda: "No active alarms" in browser.find("#banner").text)


def test_an_alarm_from_before_the_login_is_shown_and_a_viewer_cannot_acknowledge(
    site: Site, browser: Browser
) -> None:
    site.twin.tell("alarm", rule="water_pressure_low", active=True)
    browser.open("/alarms", VIEWER)
    until(lambda: "Water pressure is low" in browser.find("#alarm-list").text)
    assert browser.all(".alarm .ack, .alarm .shelve") == []
    site.twin.tell("alarm", rule="water_pressure_low", active=False)


def test_the_trend_is_drawn_from_history_with_its_gap(site: Site, browser: Browser) -> None:
    site.twin.tell("record", key="hp1.outdoor_temperature", minutes=55, gap=[30, 20])
    browser.open("/unit/hp1")
    until(lambda: browser.script("return window.trend?.points()?.length"))
    browser.click(".points")
    option = "Outdoor temperature"
    until(lambda: [e for e in browser.all(".q-item") if e.text == option and not e.click()])
    drawn = (
        "const chart = getElement(document.querySelector('.chart').id.slice(1)).chart;"
        "const s = chart.getOption().series.find(s => s.name === 'Outdoor temperature');"
        "return s ? s.data.map(p => p[1]) : []"
    )
    values = until(lambda: [v for v in [browser.script(drawn)] if len(v) > 40])[0]
    assert None in values
    recorded = [value for value in values if value is not None and value > 20]
    assert 34.9 < min(recorded) < 35.2
    assert 44.8 < max(recorded) < 45.1
    # What was simulated is shaded, once in each panel, and the page says so.
    assert 1 in browser.script("return window.trend.shaded()")
    mark = browser.find("#emulated")
    assert mark.text == "Emulated"
    assert "not that of a machine" in mark.get_attribute("title")
    assert "was simulated" in mark.get_attribute("title")
    painted = (
        "const c = document.querySelector('.chart canvas');"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "return d.some((v, i) => i % 4 === 3 && v > 0)"
    )
    assert browser.script(painted)


def test_values_turn_stale_when_the_twin_freezes_and_come_back(
    site: Site, browser: Browser
) -> None:
    browser.open("/unit/hp1")
    until(lambda: "good" in browser.quality("hp1.outdoor_temperature"))
    assert site.hmi.process is not None
    site.twin.signal(signal.SIGSTOP)
    watch = FairWatch(site.hmi.process.pid, browser.driver.service.process.pid)
    try:
        seconds = watch.until(lambda: "stale" in browser.script("return document.body.className"))
        assert seconds < 6.5  # 5 are promised; the rest is this test's looking
        assert "◷" in browser.value("hp1.outdoor_temperature")
        assert browser.find("#stale").is_displayed()
        assert browser.script("return document.querySelector('.control').inert")
    finally:
        site.twin.signal(signal.SIGCONT)
    until(lambda: "stale" not in browser.script("return document.body.className"))
    until(lambda: "◷" not in browser.value("hp1.outdoor_temperature"))


def test_a_phone_has_the_tall_picture(site: Site, browser: Browser) -> None:
    browser.open("/")
    browser.resize(390, 844)
    browser.go("/unit/hp1")
    until(lambda: browser.all(".mimic.tall"))
    assert browser.find(".mimic.tall").is_displayed()
    assert not browser.find(".mimic.wide").is_displayed()
