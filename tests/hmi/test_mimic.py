"""The picture of brine and water machines: a whole twin, devices emulated over Modbus TCP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import processes
import pytest
from places import ROOT
from ports import claim
from whole_twin import Twin, new_ports

from heatpump_twin.plant.plant_control import PlantControl

from .conftest import OPERATOR, Browser, until
from .test_layout import AXE, CUT, is_serious, overprinted, ready, told

PICTURES = ROOT / "build" / "pictures"
PROFILE = Path(__file__).with_name("brine-machine.yaml")
SITE = """\
site: {{name: Brine and water, latitude: 59.3, longitude: 18.1, timezone: Europe/Stockholm}}
heat_pumps:
"""
PUMP = """\
  - id: {id}
    name: {id}
    plate:
      {{manufacturer: Acme, model: Ground 12, nominal_flow: 17, max_power: 3600, max_supply: 60,
       source: {source}, heating: [{{outdoor: 0, water: 35, capacity: 12000, power: 2600}}]}}
    devices:
      - id: controller
        profile: {profile}
        connection: tcp://127.0.0.1:{port}
        unit: {unit}
        skip: [{skip}]
"""
CIRCUIT_2 = "zone2_water_temperature, zone2_supply_setpoint"
TANK = "dhw_temperature, dhw_setpoint, dhw_heating, valve_direction"
BUFFER = "buffer_temperature"
MACHINES = {
    # id: source, profile, what this one does not have.
    "all": ("brine", PROFILE, ""),
    "buffer": ("brine", PROFILE, f"{CIRCUIT_2}, {TANK}, source_pump_running"),
    "circuits": ("water", PROFILE, BUFFER),
    "plain": ("brine", "nibe-s1155", ""),
    "air": ("air", PROFILE, f"{BUFFER}, {CIRCUIT_2}"),
}  # fmt: skip
PARTS = """
const picture = [...document.querySelectorAll(".mimic")].find((one) => one.checkVisibility());
const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
const seen = [...picture.querySelectorAll("text")].filter((e) => e.checkVisibility());
const boxes = seen.filter((e) => !e.closest(".notice")).map((e) => {
  const { x, y, width, height } = e.getBBox();
  return [e.textContent, x, y + height * 0.15, width, height * 0.7];
});
return { boxes, width, height };
"""
"""Every text of the picture that is seen, with its place, less what letters leave free."""


@dataclass
class Field:
    """The twin of the machines, and what their devices show."""

    twin: Twin
    control: PlantControl

    @property
    def hmi(self) -> SimpleNamespace:
        return SimpleNamespace(url=f"http://127.0.0.1:{self.twin.ports.hmi}")

    def show(self, machine: str, **values: float) -> None:
        self.control.set({"unit": list(MACHINES).index(machine) + 1, "values": values})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One twin of all machines, which are units of one emulated gateway."""
    folder = tmp_path_factory.mktemp("machines")
    port, control, ports = claim(), claim(), new_ports()
    pumps = [
        PUMP.format(id=name, source=source, profile=profile, port=port, unit=unit, skip=skip)
        for unit, (name, (source, profile, skip)) in enumerate(MACHINES.items(), 1)
    ]
    file = folder / "site.yaml"
    file.write_text(SITE.format() + "".join(pumps), "utf-8")
    devices = [str(part) for _, profile, _ in MACHINES.values() for part in ("--profile", profile)]
    plant = ("plant", *devices, "--port", str(port), "--control-port", str(control))
    twin = Twin(folder / "data", ports, str(file), pages=True)
    with (
        (folder / "plant.log").open("w") as log,
        processes.started(sys.executable, "-m", "heatpump_twin", *plant, stdout=log, stderr=log),
    ):
        try:
            twin.add_user(OPERATOR, "operator")
            twin.start()
            yield Field(twin, PlantControl(control))
            twin.stop()
        finally:
            twin.kill()


def drawn(browser: Browser) -> set[str]:
    """Return the points whose values the wide picture shows."""
    keys = browser.script(
        "return [...document.querySelectorAll('.mimic.wide [data-key]')].map((e) => e.dataset.key)"
    )
    return {key.partition(".")[2] for key in keys}


def on(browser: Browser, key: str) -> str:
    return str(browser.find(f'.mimic.wide [data-on="{key}"]').get_attribute("class"))


def test_a_machine_is_drawn_with_what_it_has(site: Field, browser: Browser) -> None:
    source = {"source_inlet_temperature", "source_outlet_temperature"}
    browser.open("/unit/all")
    assert drawn(browser) >= {*source, BUFFER, "zone1_water_temperature", "dhw_temperature",
                              "zone2_water_temperature", "zone2_supply_setpoint"}  # fmt: skip
    texts = browser.find(".mimic.wide").text
    assert "Brine" in texts
    assert "Outdoor unit" not in texts
    browser.go("/unit/plain")
    ready(browser)
    assert drawn(browser) >= source
    assert not drawn(browser) & {BUFFER, "dhw_temperature", "zone2_water_temperature"}
    browser.go("/unit/circuits")
    ready(browser)
    assert "Water" in browser.find(".mimic.wide").text
    assert BUFFER not in drawn(browser)
    browser.go("/unit/air")
    ready(browser)
    assert "Outdoor unit" in browser.find(".mimic.wide").text


def test_its_values_and_states_are_those_of_the_device(site: Field, browser: Browser) -> None:
    site.show("all", source_inlet_temperature=3.4, buffer_temperature=42.1, source_pump_running=1)
    browser.open("/unit/all")
    until(lambda: "3.4" in browser.value("all.source_inlet_temperature"))
    until(lambda: "42.1" in browser.value(f"all.{BUFFER}"))
    until(lambda: " on" in on(browser, "all.source_pump_running"))
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    names = {node.get("name", {}).get("value", "") for node in tree["nodes"] if not node["ignored"]}
    assert [name for name in names if "Source inlet temperature: 3.4 °C. Good" in name]
    assert "Source pump: Running" in names
    site.show("all", source_inlet_temperature=-1.2, source_pump_running=0)
    until(lambda: "-1.2" in browser.value("all.source_inlet_temperature").replace("−", "-"))
    until(lambda: " on" not in on(browser, "all.source_pump_running"))
    # Of one that no device tells of, the picture does not say whether it runs.
    browser.go("/unit/buffer")
    ready(browser)
    assert browser.all(".mimic.wide .symbol.stateless")
    # What does not answer is not shown as if it were live.
    fault = {"name": "exception", "point": "source_inlet_temperature", "code": 4}
    browser.go("/unit/all")
    site.control.start(fault)
    try:
        until(lambda: "bad" in browser.quality("all.source_inlet_temperature"))
        assert "-1.2" not in browser.value("all.source_inlet_temperature").replace("−", "-")
    finally:
        site.control.stop({"name": "exception"})


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm: axe-core)")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_of_it_overlaps_and_it_has_no_barrier(
    site: Field, browser: Browser, machine: str, width: int
) -> None:
    browser.open("/")
    browser.resize(width, 900)
    browser.go(f"/unit/{machine}")
    ready(browser)
    until(lambda: not browser.all(".mimic .v.pending"))
    assert browser.script(CUT) == [False]
    found = browser.script(PARTS)
    boxes = found["boxes"]
    beside = [b[0] for b in boxes if b[1] < 0 or b[1] + b[3] > found["width"]
              or b[2] < 0 or b[2] + b[4] > found["height"]]  # fmt: skip
    assert (beside, overprinted(boxes)) == ([], [])
    for theme in ("light", "dark"):
        browser.script("document.documentElement.dataset.theme = arguments[0]", theme)
        browser.script(AXE.read_text("utf-8"))
        barriers = browser.driver.execute_async_script(
            "axe.run().then((found) => arguments[0](found.violations))"
        )
        assert [told(one) for one in barriers if is_serious(one)] == [], theme
        PICTURES.mkdir(parents=True, exist_ok=True)
        picture = browser.find(".mimic-panel").screenshot_as_png
        (PICTURES / f"mimic-{machine}-{width}-{theme}.png").write_bytes(picture)
