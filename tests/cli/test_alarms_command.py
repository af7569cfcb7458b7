"""``hptwin alarms``: the master alarm database, and the report of what the journal has."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import fields
from pathlib import Path

import pytest
from hptwin import Ran, here

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.safekeeping.alarm_sheet import AlarmSheet, AlarmTable, sheets_as_csv
from heatpump_twin.safekeeping.master_alarms import MasterAlarm, master_as_csv
from heatpump_twin.twin_engine.conditions.condition_store import ConditionChange, ConditionStore
from heatpump_twin.twin_engine.historian.events.journal_entry import JournalEntry, TransitionKind


def test_the_master_database_has_every_alarm_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, "alarms", "rationalise", "--site", "default", "--data", tmp_path)
    assert ran.code == 0, ran.err
    rows = {row["alarm"]: row for row in csv.DictReader(io.StringIO(ran.out))}
    flow = rows["hp1.low_water_flow"]
    assert {"asset", "pack", "priority", "condition", "delay", "cause", "action"} <= flow.keys()
    assert (flow["pack"], flow["priority"], flow["category"]) == (
        "heat-pump.yaml", "high", "equipment",
    )  # fmt: skip
    assert "water_flow" in flow["condition"]
    assert flow["delay"] == "1 min"
    assert rows["hp1.electricity_meter_unreachable"]["suppressed_by"] == "device_unreachable"
    assert rows["twin.disk_low"]["pack"] == "twin.yaml"
    assert all(row["cause"] and row["action"] for row in rows.values())


MONTHS = "2026-01-01", "2026-03-01"
NEW_YEAR = 1_767_222_000_000_000
"""2026-01-01 00:00 in Madrid."""
MINUTE = 60_000_000
DAY = 1440 * MINUTE


def entry(
    key: str, number: int, kind: TransitionKind, time: int, severity: int = 700
) -> JournalEntry:
    return JournalEntry(
        time=time, key=key, kind=kind, occurrence=number, branch=False, raised=time,
        severity=severity, value=None, limit=None, user="", origin="", comment="", message="m",
    )  # fmt: skip


def recorded() -> list[JournalEntry]:
    """A burst in January, and one alarm that stands from then on; in February one a week."""
    kinds = TransitionKind
    entries = [
        entry(f"hp1.a{i}", 1, kind, NEW_YEAR + DAY + i * MINUTE // 4 + later)
        for i in range(12)
        for kind, later in (
            (kinds.RAISED, 0),
            (kinds.ACKNOWLEDGED, 5 * MINUTE),
            (kinds.RETURNED, DAY),
        )
    ]
    entries.append(entry("hp1.low_water_flow", 1, kinds.RAISED, NEW_YEAR + 2 * DAY, 900))
    for week in range(4):
        time = NEW_YEAR + (32 + 7 * week) * DAY
        entries.append(entry("twin.disk_low", week + 1, kinds.RAISED, time, 500))
        entries.append(entry("twin.disk_low", week + 1, kinds.RETURNED, time + MINUTE, 500))
    shelved = NEW_YEAR + 50 * DAY
    entries.append(entry("hp1.b", 0, kinds.SHELVED, shelved))
    entries.append(entry("hp1.b", 1, kinds.RAISED, shelved + MINUTE))
    return sorted(entries, key=lambda e: e.time)


@pytest.fixture(scope="module")
def twin_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a twin that has some alarms on record."""
    data = DataDirectory.open(tmp_path_factory.mktemp("alarms"))
    url = f"sqlite:///{data.database}"

    async def write() -> None:
        store = ConditionStore(url)
        await store.load()
        store.note(ConditionChange(None, recorded()))
        await store.settle()
        await store.stop()

    asyncio.run(write())
    return data.root


@pytest.fixture
def report(twin_data: Path, capsys: pytest.CaptureFixture[str]):
    """Return a function that reports of two months."""

    def run(*arguments: object) -> Ran:
        first, last = MONTHS
        return here(
            capsys, "alarms", "report", "--site", "default", "--data", twin_data,
            "--from", first, "--to", last, *arguments,
        )  # fmt: skip

    return run


def test_the_report_goes_month_by_month(report) -> None:
    ran = report("--format", "csv")
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    january, february = (
        {(r["table"], r["name"]): r["value"] for r in rows if r["from"].startswith(month)}
        for month in ("2026-01-01 00:00", "2026-02-01 00:00")
    )
    assert january["Alarms", "raised"] == "13"
    assert january["Against ISA-18.2", "at most 10 alarms in any ten minutes"] == "12"
    assert january["Alarms", "not acknowledged"] == "1"
    assert january["Alarms", "median time to acknowledgement"] == "5 min"
    assert any(table.startswith("Floods") for table, _ in january)
    assert january["First-outs: first of several of one heat pump within a minute", "hp1.a0"] == "1"
    assert (february["Alarms", "raised"], february["Alarms", "urgent priority"]) == ("4", "0")
    key = "raised while shelved, suppressed, disabled or out of service"
    assert february["Alarms", key] == "1"
    stands = "Low water flow (hp1.low_water_flow)"
    assert february["Standing at the end", stands] == "urgent"
    assert february["Most frequent alarms", "Disk nearly full (twin.disk_low)"] == "4"


def test_the_report_is_text_for_a_person_and_pdf_for_a_folder(report, tmp_path: Path) -> None:
    text = report()
    assert text.code == 0, text.err
    assert "Alarms of" in text.out
    assert "NOT kept" in text.out
    assert "Chattering: three times within a minute: none" in text.out
    file = tmp_path / "alarms.pdf"
    assert report("--format", "pdf", "--output", file).code == 0
    content = file.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.count(b"/Type /Page\n") >= 2
    refused = report("--format", "pdf")
    assert (refused.code, "--output" in refused.err) == (1, True)


def test_where_nothing_is_on_record_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, "alarms", "report", "--site", "default", "--data", tmp_path)
    assert ran.code == 1
    assert "nothing was recorded here" in ran.err


def test_a_name_is_told_as_it_is_written(report, tmp_path: Path) -> None:
    name = "=Schule [nord]"
    ran = report("--set", f"site.name={name}")
    assert f"Alarms of {name}," in ran.out, ran.err
    alarms = (
        MasterAlarm(**dict.fromkeys((f.name for f in fields(MasterAlarm)), "x") | {"title": title})
        for title in ("=1+1", "@x", "-x > 3", "a=b")
    )
    rows = list(csv.DictReader(io.StringIO(master_as_csv(alarms))))
    assert [row["title"] for row in rows] == ["'=1+1", "'@x", "'-x > 3", "a=b"]
    sheet = AlarmSheet("t", "a", "b", [AlarmTable("T", ("n", "v"), [("+x", "1", "=y")])])
    (row,) = csv.DictReader(io.StringIO(sheets_as_csv([sheet])))
    assert (row["name"], row["value"], row["detail"]) == ("'+x", "1", "'=y")
