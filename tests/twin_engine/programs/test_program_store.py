"""Programs of an earlier version, and heat-ups, in a real database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from old_schema import migrate_to
from sqlalchemy import URL, create_engine, text

from heatpump_twin.config.languages import Languages
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore
from heatpump_twin.twin_engine.programs.program_store import ProgramStore, Promises
from heatpump_twin.twin_engine.smart_start.hot_water_wait import HotWaterWait
from heatpump_twin.twin_engine.smart_start.kept_word import HeatUpOutcome, HeatUpRecord
from heatpump_twin.twin_engine.smart_start.ready_program import (
    ReadyPhase,
    ReadyProgram,
    ReadyQuantity,
)
from heatpump_twin.twin_engine.wording import duration_text


async def loaded_from(folder: Path, revision: str, insert: str) -> Promises:
    """Return what is found in a database that an earlier version has left with a row."""
    url = URL.create("sqlite", database=str(folder / "historian.sqlite"))
    engine = create_engine(url)
    migrate_to(engine, revision)
    with engine.begin() as connection:
        connection.execute(text(insert))
    engine.dispose()
    store = ProgramStore(url)
    try:
        return await store.load()
    finally:
        await store.stop()


async def test_a_schedule_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    insert = "INSERT INTO schedule VALUES ('hp1', 1767247200000000, 45.0, 'olga', 'test')"
    found = await loaded_from(tmp_path, "0011", insert)
    (program,) = found.ready_programs.values()
    assert list(found.ready_programs) == [program.key] == ["hp1.water"]
    assert (program.ready_at, program.target, program.user) == (1767247200000000, 45.0, "olga")
    assert (program.probability, program.weekdays, program.hold) == (0.9, 0, 0.0)
    assert program.phase is ReadyPhase.WAITING
    assert found.heat_ups == {}


async def test_hot_water_that_waited_in_an_earlier_version_still_does(tmp_path: Path) -> None:
    insert = (
        "INSERT INTO ready_program (key, asset, quantity, ready_at, target, probability, "
        "weekdays, hold, user, origin, phase, begin, reason, held_energy, written) VALUES "
        "('hp1.room', 'hp1', 'room', 9, 21, 0.9, 0, 0, 'olga', 'test', 'heating', 5, '', "
        """0, '{"room_setpoint": 23.0, "dhw_setpoint": 40.0}')"""
    )
    found = await loaded_from(tmp_path, "0014", insert)
    assert found.hot_water_waits == {
        "hp1": HotWaterWait("hp1", ("dhw_setpoint",), 5, "olga", "test")
    }
    assert found.ready_programs["hp1.room"].written == {"room_setpoint": 23.0}


def heat_up(begin: int) -> HeatUpRecord:
    """Return a heat-up that began at a time in µs."""
    return HeatUpRecord(
        "hp1", ReadyQuantity.ROOM, begin, begin + 1, 18.0, 20.0, None, None, None, None, None,
        HeatUpOutcome.OBSERVED, None, "", "olga",
    )  # fmt: skip


async def test_old_heat_ups_are_deleted_in_pieces(database) -> None:
    store = ProgramStore(database)
    await store.remember(*(heat_up(begin) for begin in range(10)))
    samples = SampleStore(open_engine(database))
    assert [samples.prune_events(7, 5) for _ in range(3)] == [5, 2, 0]
    samples.close()
    found = (await store.load()).heat_ups["hp1.room"]
    await store.stop()
    assert [one.begin for one in found] == [7, 8, 9]


async def test_why_it_began_can_be_told_in_each_language_over_a_restart(database) -> None:
    why = Text("it is warm already", Context.MESSAGES)
    reason = Phrase("{why}: {span} before, as the site has it", why=why, span=duration_text(600.0))
    began = ReadyProgram(
        "hp1", ReadyQuantity.ROOM, 9, 20.0, 0.9, 0, 0.0, "olga", "here",
        phase=ReadyPhase.HEATING, reason=reason,
    )  # fmt: skip
    store = ProgramStore(database)
    await store.load()
    await store.keep(began)
    plainly = replace(heat_up(2), reason="as it was")
    await store.remember(replace(heat_up(1), reason=reason), plainly)
    found = await store.load()
    await store.stop()
    german = Languages.packaged()["de"]
    (program,) = found.ready_programs.values()
    old, plain = found.heat_ups["hp1.room"]
    assert program == began
    assert german.say(program.reason) == german.say(old.reason) == german.say(reason) != reason
    assert plain.reason == "as it was"
