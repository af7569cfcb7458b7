"""The HMI as a process: what it leaves behind, how it ends, how it outlives its twin."""

from __future__ import annotations

import re
import stat
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest
from fair_watch import FairWatch
from patience import PATIENCE

from .conftest import OPERATOR, PASSWORD, Browser, Site, until


def test_pages_return_by_themselves_when_the_twin_restarts(site: Site, browser: Browser) -> None:
    browser.open("/unit/hp1")
    until(lambda: "good" in browser.quality("hp1.supply_temperature"))
    site.twin.stop()
    until(lambda: "No connection" in browser.find("#link").text)
    until(lambda: "stale" in browser.script("return document.body.className"))
    site.twin.start()
    until(lambda: "Connected" in browser.find("#link").text)
    site.twin.tell("good", values={"hp1.supply_temperature": 42.4})
    until(lambda: "42.4" in browser.value("hp1.supply_temperature"))
    assert "/unit/hp1" in browser.driver.current_url


def test_a_login_without_a_twin_says_so(site: Site, browser: Browser) -> None:
    site.twin.stop()
    try:
        browser.log_in()
        until(lambda: "does not answer" in browser.find(".message").text)
    finally:
        site.twin.start()


def test_forms_from_elsewhere_are_refused(site: Site) -> None:
    request = urllib.request.Request(
        f"{site.hmi.url}/login",
        urlencode({"user": OPERATOR, "password": PASSWORD}).encode(),
        {"Origin": "http://evil.example"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE)
    assert refused.value.code == 403
    refused.value.close()


def test_nothing_names_another_host(site: Site) -> None:
    for path in ("/login", "/assets/hmi.css", "/assets/hmi.js", "/assets/trend.js"):
        with urllib.request.urlopen(site.hmi.url + path, timeout=PATIENCE) as response:
            policy = response.headers["Content-Security-Policy"]
            body = response.read().decode()
        assert "default-src 'self'" in policy
        assert re.findall(r"(?:https?:)?//(?!www\.w3\.org)[\w.]+\.[a-z]{2,}/", body) == []


def test_sigterm_ends_it_within_two_seconds_and_secrets_are_private(
    site: Site, browser: Browser
) -> None:
    browser.open("/")
    process = site.hmi.process
    assert process is not None
    watch = FairWatch(process.pid)
    process.terminate()
    assert watch.until(lambda: process.poll() is not None) < 2.5
    assert site.hmi.stop() == 0
    assert list(site.hmi.cwd.iterdir()) == []
    private = [path for path in (site.data / "hmi").rglob("*") if path.is_file()]
    assert {path.name for path in private} >= {"client.pem", "client.der", "session-secret"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    assert PASSWORD not in (site.data / "hmi.log").read_text()
    site.hmi.start()
