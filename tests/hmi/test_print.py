"""Pages on paper: black on white, with their values and their qualities, and nothing to press."""

from __future__ import annotations

import base64
import io
import unicodedata

import pytest
from places import ROOT
from pypdf import PdfReader

from .conftest import Browser, Site, until
from .test_layout import TRENDS, ready

PICTURES = ROOT / "build" / "pictures"
PRESSED = ("Log out", "Overview", "Shelve", "Export as CSV", "Save view", "Add points", "Write ")
"""Words of what is pressed, and of where to go."""
PRINTED = {
    "/": ("#tiles .tile .v.good", "Running"),
    "/unit/hp1": (".mimic .v.good", "Supply"),
    "/unit/hp1/plan": ("[data-heat-ups] tbody tr", "Whether it kept its word"),
    TRENDS: ("#trend-lines tbody tr", "Supply temperature"),
    "/alarms": (".ag-row", "Clean the strainer"),
    "/alarms/performance": ("#past-figures [data-figure]", "Most alarms in ten minutes"),
    "/changes": (".ag-row", "Hot water setpoint"),
}
"""By address: what has to be there before it is printed, and words that stand on the paper."""
COLOURS = """
const style = getComputedStyle(document.querySelector(arguments[0]));
return [style.backgroundColor, style.color];
"""


def printed(browser: Browser) -> str:
    """Return the text of a page as it is printed."""
    found = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    pages = PdfReader(io.BytesIO(base64.b64decode(found["data"]))).pages
    # Letters that are printed as one are two.
    text = unicodedata.normalize("NFKC", "\n".join(page.extract_text() for page in pages))
    return " ".join(text.split())


@pytest.mark.parametrize("path", PRINTED)
def test_a_page_is_printed_without_what_is_pressed(site: Site, browser: Browser, path: str) -> None:
    site.twin.tell("alarm", rule="low_water_flow", active=True)
    site.twin.tell("setting", key="hp1.dhw_setpoint", old=50.0, new=52.0, user="")
    browser.open("/")
    browser.driver.add_cookie({"name": "hmi-theme", "value": "dark"})
    browser.go(path)
    ready(browser)
    until(lambda: browser.all(PRINTED[path][0]) and not browser.all(".v.pending"))
    text = printed(browser)
    assert "Ca Ses Llúcies" in text
    assert PRINTED[path][1] in text
    assert [words for words in PRESSED if words in text] == []
    # An alarm is no less there on paper.
    assert "Water flow is low" in text
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.script(COLOURS, "body") == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
        PICTURES.mkdir(parents=True, exist_ok=True)
        name = path.split("?")[0].strip("/").replace("/", "-") or "site"
        (PICTURES / f"print-{name}.png").write_bytes(browser.driver.get_screenshot_as_png())
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_values_are_printed_with_their_quality(site: Site, browser: Browser) -> None:
    site.twin.tell("good", values={"hp1.supply_temperature": 41.3})
    site.twin.tell("bad", keys=["hp1.room_temperature"])
    browser.open("/unit/hp1")
    until(lambda: "41.3" in browser.value("hp1.supply_temperature"))
    until(lambda: "bad" in browser.quality("hp1.room_temperature"))
    text = printed(browser)
    assert "41.3" in text
    assert "✕" in text
    site.twin.tell("good", values={"hp1.room_temperature": 20.4, "hp1.supply_temperature": 41.0})
