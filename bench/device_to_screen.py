"""How long a change in a device takes to the screen: real Modbus TCP, a whole twin, Chromium."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from bench.free_ports import free_ports
from bench.large_site import running_twin, wait_until_ready
from bench.modbus_devices import Answers, Connection, Readings
from bench.modbus_fleet import site_of
from bench.modbus_poll import PROFILE
from heatpump_twin.drivers.modbus.emulator.emulated_device import EmulatedDevice
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile

CHANGES = 150
BETWEEN = (2.1, 3.9)
"""Time between two changes, more than a poll takes: none hides the one before. [s]"""
POINT = "supply_temperature"
FIRST, STEP = 20.0, 0.1
"""Each change has a value of its own, which the device can say. [°C]"""
PERIODS = (1.0, 0.5)
"""Of polling. [s]"""
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_WATCH = """
const place = document.querySelector(`.parameters [data-key="hp0.supply_temperature"] .n`);
window.seen = [];
new MutationObserver(() => seen.push([place.textContent, Date.now() / 1000]))
  .observe(place, {childList: true, characterData: true, subtree: true});
"""
_PATIENCE = 120.0


def run(console: Console) -> None:
    """Measure and print it, for each period of polling."""
    table = Table(
        "polled every", "changes", "lost", "device to screen, s (median, p95, most)",
        "from the poll that read it, s (median, p95, most)", "load",
    )  # fmt: skip
    for period in PERIODS:
        with tempfile.TemporaryDirectory() as folder:
            table.add_row(f"{period:g} s", *asyncio.run(_measured(Path(folder), period)))
    console.print(table)


class _Changing(Answers):
    """A device of which one point is what it was told last, and when that was read first."""

    def __init__(self) -> None:
        profile = load_profile(PROFILE)
        self._readings = _Told(profile, 0.0)
        self._device = EmulatedDevice(profile, self._readings)
        self.changed: dict[str, float] = {}
        self.read: dict[str, float] = {}

    def tell(self, value: float) -> None:
        """Have another value from now on."""
        self._readings.value = value
        self.changed[f"{value:.1f}"] = time.time()

    def to(self, request: bytes) -> bytes:
        """Return the response to a request."""
        self._readings.asked = False
        response = self._made(self._device, request)
        if self._readings.asked:
            self.read.setdefault(f"{self._readings.value:.1f}", time.time())
        return response


class _Told(Readings):
    value = FIRST
    asked = False

    def read(self, point: str) -> float:
        """Return a value that the device can show."""
        if point != POINT:
            return super().read(point)
        self.asked = True
        return self.value


async def _measured(folder: Path, period: float) -> list[str]:
    device = _Changing()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(device, []), "127.0.0.1", 0)
    opcua, ops, hmi = free_ports(3)
    settings = {
        **site_of([PROFILE], [server.sockets[0].getsockname()[1]], period),
        "opcua": {"port": opcua}, "ops": {"port": ops}, "hmi": {"port": hmi},
    }  # fmt: skip
    site = folder / "site.yaml"
    site.write_text(json.dumps(settings), encoding="utf-8")
    with running_twin(site, folder / "data") as process:
        await asyncio.to_thread(wait_until_ready, ops, process)
        password = (folder / "data" / "initial-admin-password.txt").read_text().strip()
        browser = await asyncio.to_thread(_browser, f"http://127.0.0.1:{hmi}", password)
        try:
            for number in range(1, CHANGES + 1):
                await asyncio.sleep(random.uniform(*BETWEEN))
                device.tell(FIRST + number * STEP)
            await asyncio.sleep(BETWEEN[1])
            seen = dict(reversed(browser.execute_script("return window.seen")))
        finally:
            browser.quit()
    server.close()
    return _figures(device, seen)


def _figures(device: _Changing, seen: dict[str, float]) -> list[str]:
    shown = [value for value in device.changed if value in seen]
    return [
        str(len(device.changed)),
        str(len(device.changed) - len(shown)),
        _spread([seen[value] - device.changed[value] for value in shown]),
        _spread([seen[value] - device.read[value] for value in shown]),
        f"{os.getloadavg()[0]:.1f}",
    ]


def _browser(url: str, password: str) -> webdriver.Chrome:
    """Return a browser that watches the value on the page of the heat pump."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in _FLAGS:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    browser.get(f"{url}/login")
    browser.find_element(By.NAME, "user").send_keys("admin")
    browser.find_element(By.NAME, "password").send_keys(password)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    _until(browser, "return location.pathname === '/'")
    browser.get(f"{url}/unit/hp0")
    value = "document.querySelector(`.parameters [data-key='hp0.supply_temperature']`)"
    _until(browser, f"return {value}.classList.contains('good')")
    browser.execute_script(_WATCH)
    return browser


def _until(browser: webdriver.Chrome, condition: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            if browser.execute_script(condition):
                return
        except WebDriverException:
            pass  # the page is just changing
        time.sleep(0.1)
    raise RuntimeError(f"never came: {condition}")


def _spread(times: Sequence[float]) -> str:
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"{statistics.median(times):.2f}, {p95:.2f}, {max(times):.2f}"
