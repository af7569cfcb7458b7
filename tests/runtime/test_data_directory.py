"""A data directory that cannot be used: one line, and nothing half-made."""

from __future__ import annotations

import sys
from pathlib import Path

import hptwin
import processes
import pytest
from ports import claim
from site_mistakes import BASE
from whole_twin import Ports

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.runtime.reload.reload_outcome import ReloadOutcome
from heatpump_twin.runtime.run_record import RunRecord

HPTWIN = f"{sys.executable} -m heatpump_twin"


def mounted(directory: Path, options: str, command: str):
    """Run a command where a directory is a file system of its own, which nobody else sees."""
    directory.mkdir()
    script = f"mount -t tmpfs -o {options} none {directory} && {command}"
    return processes.run("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script)


@pytest.mark.parametrize(
    ("options", "reason"),
    [("size=64k", "No space left on device"), ("size=1m,ro", "Read-only file system")],
)
def test_a_disk_that_takes_nothing(tmp_path: Path, options: str, reason: str) -> None:
    disk = tmp_path / "disk"
    data = disk / "deep" / "data"
    done = mounted(disk, options, f"{HPTWIN} run --data {data}; echo $?; ls -A {disk}")
    assert done.stdout == "1\n", done.stderr  # and nothing that is left
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{disk}/")
    assert f": {reason}; make room" in line


def test_a_known_directory_on_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    fill = f"head -c 1m /dev/zero > {disk}/fill 2>/dev/null"
    run = f"{HPTWIN} run --data {disk}/data --set hmi.enabled=false; echo $?"
    done = mounted(disk, "size=64k", f"mkdir -m 700 {disk}/data; {fill}; {run}")
    assert done.stdout == "1\n", done.stderr
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert f"{disk}/data: No space left on device; make room" in line.replace("/data/lock", "/data")


@pytest.mark.parametrize("below", ["", "/deeper/data"])
def test_a_file_in_place_of_the_directory(capsys, tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    ran = hptwin.here(capsys, "run", "--data", f"{file}{below}")
    assert ran.code == 1
    (line,) = ran.err.splitlines()
    assert "is a file and not a directory" in line
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", ["lock", "users.json", "hmi/session-secret", "hmi/client.pem"])
def test_a_directory_in_place_of_a_file(capsys, tmp_path: Path, name: str) -> None:
    (tmp_path / "data" / name).mkdir(parents=True)
    site = tmp_path / "site.yaml"
    port = claim(3)
    ports = f"opcua: {{port: {port}}}\nhmi: {{port: {port + 1}}}\nops: {{port: {port + 2}}}\n"
    site.write_text(BASE + ports)
    ran = hptwin.here(capsys, "run", "--site", site, "--data", tmp_path / "data")
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == (
        f"{tmp_path / 'data' / name}: it is a directory, where a file belongs: move it away"
    )


def test_a_record_of_the_run_that_says_nothing_of_use(capsys, tmp_path: Path) -> None:
    data = DataDirectory.open(tmp_path / "data")
    (data.root / "lock").mkdir()
    for text in ('{"version": 1, "begun": "x", "arguments": 7}', "[]", "7", "[" * 100_000, "\0"):
        data.run_record.write_text(text)
        assert RunRecord.read(data) is None
        assert RunRecord.begin(data, [], 7).after == "crash"
        data.run_record.write_text(text)
        assert "no twin runs" in hptwin.here(capsys, "reload", "--data", data.root).err
        assert "Traceback" not in hptwin.here(capsys, "doctor", "--data", data.root).err


def test_an_outcome_of_a_reload_that_is_damaged_is_none(tmp_path: Path) -> None:
    data = DataDirectory.open(tmp_path)
    told = ReloadOutcome(begun=7, taken=True, added=["hp1"])
    told.write(data)
    assert str(ReloadOutcome.read(data)) == str(told)
    for content in (b"", b"\xff\xfe", b"[]", b'{"begun": "x", "taken": true}', b"[" * 100_000):
        data.reload.write_bytes(content)
        assert ReloadOutcome.read(data) is None
    data.reload.unlink()
    data.reload.mkdir()
    assert ReloadOutcome.read(data) is None


def test_a_name_that_no_file_system_takes(capsys, tmp_path: Path) -> None:
    ran = hptwin.here(capsys, "user", "list", "--data", tmp_path / ("n" * 300))
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "File name too long" in ran.err


@pytest.mark.parametrize(
    ("key", "host"), [("opcua.host", "no.such.invalid"), ("ops.host", "192.0.2.1")]
)
def test_a_host_that_is_not_this_machine(capsys, tmp_path: Path, key: str, host: str) -> None:
    data = tmp_path / "data"
    # Ports of its own: a twin may run on this machine.
    ports = Ports(*(claim() for _ in range(5))).settings
    ran = hptwin.here(capsys, "run", "--data", data, *ports, "--set", f"{key}={host}")
    assert ran.code == 1
    (line,) = ran.err.splitlines()
    assert host in line
    assert "--set" in line
    assert not list((data / "pki").rglob("*.der"))  # no certificate was made with that name
