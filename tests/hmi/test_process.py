"""The HMI as a process: what it leaves behind, how it ends, how it outlives its twin."""

from __future__ import annotations

import re
import stat
import urllib.error
import urllib.request
from urllib.parse import urlencode, urlsplit

import aiohttp
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


@pytest.mark.parametrize(
    "name", ["a%00b", "a%01", "a%0Ab", "%ED%A0%80", "%FF", "x" * 30_000, "'--"]
)
def test_whatever_the_name_is_a_wrong_login_is_a_wrong_login(site: Site, name: str) -> None:
    body = f"user={name}&password={name}".encode()
    assert status_of(urllib.request.Request(f"{site.hmi.url}/login", body)) == 401


@pytest.mark.parametrize("headers", [{}, {"Cookie": "hptwin-hmi=forged"}])
def test_strangers_do_not_get_the_socket(site: Site, headers: dict[str, str]) -> None:
    for transport in ("polling", "websocket"):
        url = f"{site.hmi.url}/_nicegui_ws/socket.io/?EIO=4&transport={transport}"
        assert status_of(urllib.request.Request(url, headers=headers)) == 403


async def test_the_socket_is_for_our_own_pages(site: Site) -> None:
    port = urlsplit(site.hmi.url).port
    place = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as person:
        form = {"user": OPERATOR, "password": PASSWORD}
        async with person.post(f"{site.hmi.url}/login", data=form) as reply:
            assert reply.status == 200
        async with person.ws_connect(site.hmi.url + place, origin=site.hmi.url) as socket:
            assert "sid" in await socket.receive_str()
        for origin in ("http://evil.example", f"http://evil.example:{port}", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await person.ws_connect(site.hmi.url + place, origin=origin)
            assert refused.value.status == 403
    async with aiohttp.ClientSession() as stranger:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stranger.ws_connect(site.hmi.url + place, origin=site.hmi.url)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    "path", ["/nothing", "/unit/none/of/these", "/assets/none", "/%00", "/.env"]
)
def test_an_unknown_address_has_a_way_back_and_leaves_nothing_in_the_log(
    site: Site, path: str
) -> None:
    before = (site.data / "hmi.log").read_text()
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(site.hmi.url + path, timeout=PATIENCE)
    with missing.value as page:
        assert page.code == 404
        if path != "/assets/none":
            assert 'href="/"' in page.read().decode()
    assert (site.data / "hmi.log").read_text() == before


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


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
