"""A backup holds all of a twin, is verified before it is restored, and replaces nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from hptwin import Ran, here
from small_disk import fill, small_disk

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.runtime.first_run import exclusive
from heatpump_twin.runtime.run_record import RunRecord
from heatpump_twin.server.security.certificates import ServerNames
from heatpump_twin.server.security.pki import Pki
from heatpump_twin.server.security.users import UserRole, UserStore
from heatpump_twin.twin_engine.historian.database.database_access import migrate, open_engine

SITE = Path(__file__).parents[2] / "config" / "sites" / "default.yaml"
PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A data directory as a twin leaves it, of a site with a profile of its own."""
    data = DataDirectory.open(tmp_path / "data")
    UserStore(data.users).add("olga", UserRole.ADMINISTRATOR, PASSWORD)
    Pki(data.pki, SystemClock()).own(ServerNames("urn:test", ("localhost",)))
    write_private(data.models / "heat_up_time-hp1.onnx", "a model")
    write_private(data.root / "type-nodes.cache", "made again")
    write_private(data.notifications, "what is still to be told")
    (data.root / "output.log").write_text("no part of the twin")
    engine = open_engine(f"sqlite:///{data.database}")
    migrate(engine)
    engine.dispose()
    site = tmp_path / "site.yaml"
    shutil.copy(SITE, site)
    RunRecord.begin(data, ["--site", str(site)], SystemClock().now()).end(data, SystemClock().now())
    return data


@pytest.fixture
def archive(data: DataDirectory, tmp_path: Path, capsys) -> Path:
    archive = tmp_path / "twin.tar.gz"
    ran = here(capsys, "backup", archive, "--data", data.root)
    assert ran.code == 0, ran.err
    return archive


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def repacked(archive: Path, contents: dict[str, bytes]) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def test_everything_of_the_twin_is_in_it_and_it_is_its_owners_alone(
    data: DataDirectory, archive: Path
) -> None:
    found = members(archive)
    # Without what receivers are still to be told: a restored twin would tell it again.
    assert data.notifications.exists()
    assert set(found) == {
        "database/historian.sqlite",
        "data/users.json",
        "data/models/heat_up_time-hp1.onnx",
        "data/pki/own/certs/heatpump-twin.der",
        "data/pki/own/private/heatpump-twin.pem",
        "site/site.yaml",
        "manifest.json",
    }
    manifest = json.loads(found["manifest.json"])
    assert len(manifest["members"]) == len(found) - 1
    assert archive.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in b"".join(found.values())
    assert [p.name for p in archive.parent.glob(".*")] == []


def test_a_restore_brings_back_what_was_and_keeps_what_is(
    data: DataDirectory, archive: Path, tmp_path: Path, capsys
) -> None:
    before = {p: p.read_bytes() for p in data.root.rglob("*") if p.suffix in (".json", ".pem")}
    data.users.unlink()
    shutil.rmtree(data.pki)
    ran = here(capsys, "restore", archive, "--data", data.root)
    assert ran.code == 0, ran.err
    rights = {p.stat().st_mode & 0o077 for p in [data.root, *data.root.rglob("*")]}
    assert rights == {0}
    for path in (data.users, Pki(data.pki, SystemClock()).own_key):
        assert path.read_bytes() == before[path]
    assert UserStore(data.users).verify("olga", PASSWORD)
    with closing(sqlite3.connect(data.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert (data.root / "site" / "site.yaml").read_text() == SITE.read_text()
    (aside,) = tmp_path.glob("data.before-restore-*")
    assert str(aside) in ran.out
    assert not (aside / "users.json").exists()
    assert (aside / "type-nodes.cache").exists()
    assert [p.name for p in tmp_path.glob(".*")] == []


def test_a_restore_to_a_directory_that_is_not_there(archive: Path, tmp_path: Path, capsys) -> None:
    ran = here(capsys, "restore", archive, "--data", tmp_path / "other" / "place")
    assert ran.code == 0, ran.err
    assert UserStore(tmp_path / "other" / "place" / "users.json").find("olga")


def test_a_restore_to_where_a_disk_is_mounted_is_refused(
    archive: Path, tmp_path: Path, capsys
) -> None:
    with small_disk(tmp_path, "20m") as volume:
        ran = here(capsys, "restore", archive, "--data", volume)
        assert ran.code == 1
        assert f"{volume / 'twin'}" in ran.err
        below = here(capsys, "restore", archive, "--data", volume / "twin")
        assert below.code == 0, below.err
        assert UserStore(volume / "twin" / "users.json").find("olga")


def test_a_backup_holds_no_other_backup(data: DataDirectory, capsys) -> None:
    for name in ("one", "two.tgz", "three.tar"):
        ran = here(capsys, "backup", data.root / name, "--data", data.root)
        assert ran.code == 0, ran.err
    found = members(data.root / "three.tar")
    names = {"one", "two.tgz", "three.tar", "historian.sqlite"}
    assert [n for n in found if n.startswith("data/") and Path(n).name in names] == []


def test_a_backup_takes_the_place_of_no_device(data: DataDirectory, tmp_path: Path, capsys) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (pipe, tmp_path):
        ran = here(capsys, "backup", target, "--data", data.root)
        assert ran.code == 1
        assert "name a file" in ran.err
    assert pipe.is_fifo()


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00", "now"])
@pytest.mark.parametrize("option", ["--from", "--to"])
def test_the_audit_of_a_time_that_does_not_exist(
    data: DataDirectory, capsys, option: str, time: str
) -> None:
    ran = here(capsys, "audit", "export", "--data", data.root, option, time)
    assert ran.code == 1
    assert ran.err.startswith(f"{option} {time}: write an ISO time")


def test_a_restore_where_a_twin_runs_is_refused(data: DataDirectory, archive: Path, capsys) -> None:
    with exclusive(data):
        ran = here(capsys, "restore", archive, "--data", data.root)
    assert ran.code == 1
    assert "used by another running twin" in ran.err
    assert data.users.exists()


def _cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])


def _flip(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)


def _exchange(archive: Path) -> None:
    found = members(archive)
    repacked(archive, found | {"data/users.json": b'{"users": {}}'})


def _remove(archive: Path) -> None:
    found = members(archive)
    del found["data/pki/own/private/heatpump-twin.pem"]
    repacked(archive, found)


def _add(archive: Path) -> None:
    repacked(archive, members(archive) | {"data/pki/trusted/certs/mine.der": b"trust me"})


def _climb(archive: Path) -> None:
    repacked(archive, {"../../outside": b"gone"} | members(archive))


def _without_manifest(archive: Path) -> None:
    found = members(archive)
    del found["manifest.json"]
    repacked(archive, found)


def _of_the_future(archive: Path) -> None:
    found = members(archive)
    manifest = json.loads(found["manifest.json"]) | {"format": 2}
    repacked(archive, found | {"manifest.json": json.dumps(manifest).encode()})


def _twice(archive: Path) -> None:
    found = members(archive)
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in [*found.items(), *found.items()]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def _odd_name(name: str):
    return lambda archive: repacked(archive, members(archive) | {name: b"x"})


@pytest.mark.parametrize(
    "damage",
    [
        _twice, _odd_name("."), _odd_name("data/" + "a" * 300),
        _cut, _flip, _exchange, _remove, _add, _climb, _without_manifest, _of_the_future,
        lambda archive: archive.write_bytes(b""),
        lambda archive: archive.write_bytes(b"no archive at all"),
        lambda archive: archive.write_bytes(gzip.compress(b"no tar")),
        lambda archive: archive.unlink(),
    ],
)  # fmt: skip
def test_a_damaged_backup_is_told_and_changes_nothing(
    data: DataDirectory, archive: Path, tmp_path: Path, capsys, damage
) -> None:
    before = {p: p.read_bytes() for p in data.root.rglob("*") if p.is_file()}
    damage(archive)
    ran = here(capsys, "restore", archive, "--data", data.root)
    assert ran.code == 1
    assert ran.err.startswith(str(archive))
    assert len(ran.err.splitlines()) == 1
    assert {p: p.read_bytes() for p in data.root.rglob("*") if p.is_file()} == before
    assert not (tmp_path.parent / "outside").exists()
    assert [p.name for p in tmp_path.iterdir() if "restore" in p.name] == []


def test_a_backup_without_room_leaves_nothing_half_written(
    data: DataDirectory, tmp_path: Path, capsys
) -> None:
    with small_disk(tmp_path, "64k") as disk:
        ran = here(capsys, "backup", disk / "twin.tar.gz", "--data", data.root)
        assert ran.code == 1
        assert "free" in ran.err
        filler = fill(disk)
        ran = here(capsys, "backup", disk / "twin.tar.gz", "--data", data.root)
        assert ran.code == 1
        assert [p.name for p in disk.iterdir()] == [filler.name]


def doctor(capsys, data: DataDirectory) -> tuple[Ran, dict[str, str]]:
    ran = here(capsys, "doctor", "--data", data.root)
    lines = [line.split(maxsplit=1) for line in ran.out.splitlines()]
    return ran, {rest[:20].strip(): grade for grade, rest in lines}


def test_doctor_tells_the_state_of_a_twin_that_does_not_run(
    data: DataDirectory, archive: Path, capsys
) -> None:
    shutil.rmtree(data.models)
    ran, grades = doctor(capsys, data)
    assert ran.code == 0, ran.out
    assert grades["database"] == grades["certificate"] == grades["users"] == "ok"
    assert grades["backup"] == "ok"
    assert str(archive) in ran.out
    for secret in (data.users, Pki(data.pki, SystemClock()).own_key):
        lines = secret.read_text().splitlines()
        assert not [line for line in lines if len(line) > 20 and line in ran.out]


def test_doctor_finds_what_is_wrong(data: DataDirectory, capsys) -> None:
    with data.database.open("r+b") as file:
        file.write(b"\0" * 4096)
    write_private(data.users, "{")
    Pki(data.pki, SystemClock()).own_key.unlink()
    RunRecord.begin(data, [], SystemClock().now())
    ran, grades = doctor(capsys, data)
    assert ran.code == 1
    wrong = {subject for subject, grade in grades.items() if grade == "wrong"}
    assert wrong == {"database", "users", "certificate", "twin", "model of hp1"}
    assert "Traceback" not in ran.err


def test_doctor_of_nothing(tmp_path: Path, capsys) -> None:
    ran = here(capsys, "doctor", "--data", tmp_path / "nowhere")
    assert ran.code == 1
    assert "no such directory" in ran.err
    assert not (tmp_path / "nowhere").exists()


def test_a_database_that_was_elsewhere_is_told_of(
    data: DataDirectory, tmp_path: Path, capsys
) -> None:
    elsewhere, archive = tmp_path / "disk" / "history.sqlite", tmp_path / "twin.tar.gz"
    elsewhere.parent.mkdir()
    data.database.rename(elsewhere)
    url = f"historian.url=sqlite:///{elsewhere}"
    ran = here(capsys, "backup", archive, "--data", data.root, "--site", SITE, "--set", url)
    assert ran.code == 0, ran.err
    ran = here(capsys, "restore", archive, "--data", tmp_path / "new", "--set", url)
    assert ran.code == 1
    assert "leave historian.url out" in " ".join(ran.err.split())
    assert not (tmp_path / "new").exists()
    ran = here(capsys, "restore", archive, "--data", tmp_path / "new")
    assert ran.code == 0, ran.err
    assert str(elsewhere) in ran.out
    assert (tmp_path / "new" / "historian.sqlite").exists()
