"""An alarm of a whole twin reaches a receiver that it has been told of in its settings."""

from __future__ import annotations

import json
from pathlib import Path

import requests
from patience import PATIENCE, until
from pytest_httpserver import HTTPServer
from whole_twin import Twin


def test_a_fault_of_the_plant_is_posted_in_spanish(
    fresh_twin: Twin, httpserver: HTTPServer, tmp_path: Path
) -> None:
    httpserver.expect_request("/hook").respond_with_data("", status=204)
    address = tmp_path / "address"
    address.write_text(httpserver.url_for("/hook"), "utf-8")
    receiver = {
        "name": "bms", "webhook": {"url": {"file": str(address)}}, "language": "es",
        "assets": ["hp1"], "group": "1 s",
    }  # fmt: skip
    fresh_twin.extra = ["--set", f"notifications.receivers={json.dumps([receiver])}"]
    fresh_twin.start()
    control = f"http://127.0.0.1:{fresh_twin.ports.control}/faults"
    fault = {"heat_pump": "hp1", "name": "controller_error", "magnitude": 62}
    assert requests.post(control, json=fault, timeout=PATIENCE).status_code == 201
    until(lambda: httpserver.log)
    body = httpserver.log[0][0].get_json()
    (alarm,) = (one for one in body["alarms"] if one["rule"] == "controller_fault")
    assert (alarm["state"], alarm["asset"], body["receiver"]) == ("raised", "hp1", "bms")
    assert alarm["alarm"] != "Controller fault"
    assert alarm["priority"] in ("Urgente", "Alta", "Media")
