"""A twin, an HMI and a browser, each in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import patience
import processes
import pytest
from patience import PATIENCE
from ports import claim
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.hmi.identity import HmiIdentity

OPERATOR, VIEWER, ENGINEER = "olga", "victor", "erika"
PASSWORD = "correct horse battery"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-sync",
    "--disable-background-networking", "--no-first-run", "--disable-component-update",
)  # fmt: skip
_LOCAL = ("data:", "blob:", "about:", "chrome")
_SERVE = """
import sys
from pathlib import Path
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.hmi.app import run_hmi
data, site, *settings = sys.argv[1:]
run_hmi(load_site(site, settings), DataDirectory.open(Path(data)))
"""


def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition holds, on a page that may just be changing; return what it gave."""
    return patience.until(condition, ignoring=(WebDriverException,))


@dataclass
class TwinProcess:
    """The twin: started, told what its devices report, frozen, stopped, started again."""

    data: Path
    settings: list[str]
    site: str = "default"
    process: subprocess.Popen[str] | None = None
    _errors: Any = None

    def start(self) -> None:
        self._errors = (self.data / "twin.log").open("w")
        self.process = processes.start(
            sys.executable, Path(__file__).with_name("twin_process.py"), self.data, self.site,
            *self.settings,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "ready\n":
                return
        pytest.fail(f"the twin did not start:\n{(self.data / 'twin.log').read_text()}")

    def tell(self, do: str, **order: Any) -> Any:
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("["):
                return json.loads(line)
        return pytest.fail(f"the twin is gone:\n{(self.data / 'twin.log').read_text()}")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            processes.kill(self.process)
            self._errors.close()
        self.process = None


@dataclass
class HmiProcess:
    """The web server as the runtime starts it: ``run_hmi`` in its own process."""

    url: str
    data: Path
    arguments: list[str]
    cwd: Path
    process: subprocess.Popen[str] | None = None
    log: Any = field(default=None, repr=False)

    def start(self) -> None:
        self.log = (self.data / "hmi.log").open("w")
        self.process = processes.start(
            sys.executable, "-c", _SERVE, *self.arguments,
            cwd=self.cwd, stdout=self.log, stderr=self.log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        until(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "hmi.log").read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=PATIENCE) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> int:
        assert self.process is not None
        try:
            return processes.end(self.process)
        finally:
            processes.kill(self.process)
            self.log.close()


@dataclass
class Site:
    """A twin with its HMI."""

    twin: TwinProcess
    hmi: HmiProcess
    data: Path


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Site]:
    """One twin and one HMI for the tests of a module."""
    name, *extra = getattr(request, "param", ("default",))
    with running_site(tmp_path_factory.mktemp("site"), name, *extra) as site:
        yield site


@contextmanager
def running_site(folder: Path, name: str, *extra: str) -> Iterator[Site]:
    """Run a twin and an HMI of a site, by its name or its file, with settings."""
    data, cwd = folder / "data", folder / "cwd"
    cwd.mkdir()
    HmiIdentity.open(DataDirectory.open(data))
    ports = [claim(), claim()]
    settings = [f"opcua.port={ports[0]}", f"hmi.port={ports[1]}", *extra]
    twin = TwinProcess(data, settings, name)
    hmi = HmiProcess(f"http://127.0.0.1:{ports[1]}", data, [str(data), name, *settings], cwd)
    try:
        twin.start()
        hmi.start()
        yield Site(twin, hmi, data)
    finally:
        if hmi.process is not None and hmi.process.poll() is None:
            hmi.stop()
        twin.stop()


class _MortalService(Service):
    """The driver, which dies with its test."""

    def __init__(self) -> None:
        super().__init__(processes.MORTAL[0])

    def command_line_args(self) -> list[str]:
        return [*processes.MORTAL[1:], str(DRIVER), *super().command_line_args()]


def _mortal_chromium(folder: Path) -> Path:
    """Write a program that is Chromium, and dies with its driver."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*processes.MORTAL, str(CHROMIUM)])} "$@"\n')
    program.chmod(0o700)
    return program


class Browser:
    """A real Chromium on one HMI, with words for what people do and see."""

    def __init__(self, url: str, profile: Path, language: str = "en") -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(_mortal_chromium(profile.parent))
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=_MortalService())
        # A search for barriers takes as long as the machine is busy.
        self.driver.set_script_timeout(PATIENCE)
        self.url = url
        self.requests: list[str] = []
        self.resize(1280, 900)

    def resize(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def go(self, path: str) -> None:
        self.driver.get(self.url + path)

    def log_in(self, user: str = OPERATOR, password: str = PASSWORD) -> None:
        self.go("/login")
        self.find('input[name="user"]').clear()
        self.find('input[name="user"]').send_keys(user)
        self.find('input[name="password"]').send_keys(password)
        self.find("form button").click()

    def open(self, path: str, user: str = OPERATOR) -> None:
        """Log in and wait until a page shows live values or alarms."""
        self.log_in(user)
        until(lambda: self.driver.current_url == f"{self.url}/")
        if path != "/":
            self.go(path)
        until(lambda: self.script("return document.getElementById('clock').textContent.length > 5"))

    def close_other_tabs(self) -> None:
        here = self.driver.current_window_handle
        for handle in self.driver.window_handles:
            if handle != here:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(here)

    def find(self, css: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def click(self, css: str) -> None:
        """Click as soon as it can be clicked: dialogs need a moment to open."""
        until(lambda: self.find(css).click() or True)

    def all(self, css: str) -> list[Any]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    def value(self, key: str) -> str:
        """Return the text of a live value, unit and quality mark included."""
        return str(self.script(
            "return document.querySelector(`[data-key='${arguments[0]}']`).textContent", key
        ))  # fmt: skip

    def quality(self, key: str) -> list[str]:
        """Return the classes of a value's place."""
        return str(self.script(
            "return document.querySelector(`[data-key='${arguments[0]}']`)"
            ".getAttribute('class')", key
        )).split()  # fmt: skip

    def collect_requests(self) -> None:
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message["method"] == "Network.webSocketCreated":
                self.requests.append(message["params"]["url"])

    def close(self) -> None:
        self.driver.quit()


@pytest.fixture(scope="module")
def chromium(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium or chromedriver is not installed (apt: chromium, chromium-driver)")
    browser = Browser(site.hmi.url, tmp_path_factory.mktemp("profile"))
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """A browser nobody is logged in with; no page may ask anybody but this machine for anything."""
    chromium.requests.clear()
    chromium.driver.get("about:blank")
    chromium.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.resize(1280, 900)
    yield chromium
    chromium.collect_requests()
    pages = [url for url in chromium.requests if not url.startswith(_LOCAL)]
    assert pages, "the performance log saw nothing"
    assert [url for url in pages if "://127.0.0.1:" not in url] == []
