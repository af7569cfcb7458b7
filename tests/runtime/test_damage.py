"""Damaged, missing or deleted files of the data directory: what stops a start, and what not."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from asyncua import ua
from patience import PATIENCE, until
from small_disk import fill, small_disk
from whole_twin import Twin

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.hmi.identity import HmiIdentity
from heatpump_twin.runtime.run_record import RunRecord
from heatpump_twin.server.security.certificates import ServerNames, new_key, pem
from heatpump_twin.server.security.pki import Pki

PAGES = True
MODEL = Path("models/onnx/heat_up_time.onnx")
RANDOM = random.Random(7).randbytes(4096)


def component(twin: Twin, name: str) -> dict[str, object]:
    components = twin.ready()[1].get("components", {})
    assert isinstance(components, dict)
    return components.get(name, {})


async def test_the_twin_goes_on_without_a_damaged_model_database_and_hmi_key(
    fresh_twin: Twin, connect, find, eventually
) -> None:
    data = DataDirectory.open(fresh_twin.data)
    own = data.models / "heat_up_time-hp1.onnx"
    shutil.copy(MODEL, own)
    shutil.copy(MODEL.with_suffix(".card.json"), own.with_suffix(".card.json"))
    os.truncate(own, own.stat().st_size // 2)
    data.database.write_bytes(RANDOM + bytes(8192))
    HmiIdentity.open(data)
    write_private(data.hmi / "client.pem", "no key")
    fresh_twin.start()
    lines = [line for line in fresh_twin.output.splitlines() if "error" in line.split("]")[0]]
    (told,) = lines
    (kept,) = fresh_twin.data.glob("historian.sqlite.damaged-*")
    assert f"{data.database} is damaged (file is not a database)" in told
    assert kept.name in told
    assert "hptwin restore" in told
    assert kept.read_bytes().startswith(RANDOM)
    assert "Traceback" not in fresh_twin.output
    assert "the HMI's certificate is made again" in fresh_twin.output
    model = component(fresh_twin, "hp1.model")
    assert model["ready"] is False
    assert str(own) in str(model["detail"])
    assert "train the model again" in str(model["detail"])
    assert "is damaged" in str(component(fresh_twin, "historian")["detail"])
    async with connect(fresh_twin) as client:
        heat_up = await find(client, "DeviceSet", "hp1", "ParameterSet", "HeatUpTime")
        sampled = await heat_up.read_data_value(raise_on_bad_status=False)
        assert sampled.StatusCode.value == ua.StatusCodes.BadOutOfService

        async def active(alarm: str) -> bool:
            node = await find(client, "Site", "Twin", alarm, "ActiveState", "Id")
            return bool(await node.read_value())

        await eventually(lambda: active("model_left_out"))
        await eventually(lambda: active("history_begun_anew"))
    assert fresh_twin.stop() == 0


def test_a_database_that_is_deleted_while_the_twin_runs(fresh_twin: Twin) -> None:
    fresh_twin.start()
    path = fresh_twin.data / "historian.sqlite"
    until(lambda: path.stat().st_size > 0)
    for part in fresh_twin.data.glob("historian.sqlite*"):
        part.unlink()
    until(lambda: fresh_twin.ready()[0] == 503)
    assert "was deleted or replaced" in str(component(fresh_twin, "historian")["detail"])
    assert f"{path} was deleted or replaced while the twin ran" in fresh_twin.output

    def rows() -> int:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT sum(count) FROM hot_samples").fetchone()
        return int(count or 0)

    before = until(rows, ignoring=(sqlite3.Error,))
    until(lambda: rows() > before)
    assert fresh_twin.stop() == 0


@pytest.mark.parametrize(
    "damage", ["missing key", "foreign key", "garbage key", "users", "missing users"]
)
def test_keys_and_users_stop_the_start_and_are_not_replaced(fresh_twin: Twin, damage: str) -> None:
    data = DataDirectory.open(fresh_twin.data)
    pki = Pki(data.pki, SystemClock())
    pki.own(ServerNames("urn:test", ("localhost",)))
    match damage:
        case "missing key":
            pki.own_key.unlink()
        case "foreign key":
            write_private(pki.own_key, pem(new_key()))
        case "garbage key":
            write_private(pki.own_key, b"\0garbage")
        case "users":
            write_private(data.users, '{"users": {"admin": {"role": "adm')
        case "missing users":
            RunRecord.begin(data, [], SystemClock().now()).end(data, SystemClock().now())
    before = {p: p.read_bytes() for p in data.root.rglob("*") if p.suffix in (".pem", ".json")}
    before.pop(data.run_record, None)
    fresh_twin.spawn()
    assert fresh_twin.process is not None
    assert fresh_twin.process.wait(PATIENCE) == 1
    named = data.users if damage.endswith("users") else pki.own_key
    assert str(named) in fresh_twin.output
    assert re.search("backup|move", fresh_twin.output)
    assert "Traceback" not in fresh_twin.output
    for path, content in before.items():
        assert path.read_bytes() == content


def test_a_new_data_directory_on_a_full_disk_is_one_line(fresh_twin: Twin, tmp_path: Path) -> None:
    with small_disk(tmp_path, "64k") as disk:
        fill(disk)
        ran = fresh_twin.command("run", "--data", str(disk / "data"), *fresh_twin.ports.settings)
        assert ran.returncode == 1
        assert "No space left on device" in ran.stderr
        assert str(disk / "data") in ran.stderr
        assert "--data" in ran.stderr
        assert "Traceback" not in ran.stderr
        assert not (disk / "data").exists()
