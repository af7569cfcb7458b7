"""An alarm of a whole twin reaches a receiver that it has been told of in its settings."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

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
        "assets": ["hp1"], "group": "1 s", "acknowledges": True,
    }  # fmt: skip
    ops = f"http://127.0.0.1:{fresh_twin.ports.ops}"
    fresh_twin.extra = [
        "--set", f"notifications.receivers={json.dumps([receiver])}",
        "--set", f"notifications.acknowledge_url={ops}",
    ]  # fmt: skip
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
    acknowledge(alarm["acknowledge"], fresh_twin)


def acknowledge(link: str, twin: Twin) -> None:
    """Do what a person does with the link of a message, and what others try."""
    page = requests.get(link, timeout=PATIENCE)
    assert (page.status_code, "hp1.controller_fault" in page.text) == (200, True)
    assert page.headers["Cache-Control"] == "no-store"
    address, token = link.split("?token=")
    token = unquote(token)
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    for wrong in (forged, "", "é.é", token.replace(".", ""), "x" * 5000):
        answer = requests.post(address, data={"token": wrong}, timeout=PATIENCE)
        assert (answer.status_code, "not valid" in answer.text) == (403, True), wrong
    for bytes_, kind in ((b"token=%FF%FE", "utf-8"), (b"token=x", "no-such-code"), (b"\xff", "")):
        headers = {"Content-Type": f"application/x-www-form-urlencoded; charset={kind}"}
        answer = requests.post(address, data=bytes_, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 403, (bytes_, kind)
    said = [requests.post(address, data={"token": token}, timeout=PATIENCE).text for _ in range(2)]
    assert "Acknowledged." in said[0]
    assert "It was acknowledged before." in said[1]
    with closing(sqlite3.connect(twin.data / "historian.sqlite")) as database:
        rows = database.execute(
            "SELECT user, origin FROM alarm_journal WHERE kind = 'acknowledged'"
        ).fetchall()
    assert rows == [("receiver:bms", "link in a message")]
