"""``hptwin replay``: drive a twin's engine from recorded history."""

from __future__ import annotations

import asyncio
import csv
from contextlib import AsyncExitStack, ExitStack
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import (
    DataOption,
    FromOption,
    KnownSiteOption,
    SetOption,
    ToOption,
)
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import MICROSECONDS, ManualClock
from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.export_file import opened_export

if TYPE_CHECKING:
    from heatpump_twin.config.settings import Site
    from heatpump_twin.safekeeping.history_replay import Replayed
    from heatpump_twin.twin_engine.alarm import AlarmSink, AlarmTransition
    from heatpump_twin.twin_engine.happening import Happening, HappeningSink

command = typer.Typer(add_completion=False)

COLUMNS = ("time", "alarm", "state", "severity", "message")
EVENT_COLUMNS = ("time", "event", "state", "message")


@command.command()
def replay_history(
    into: Annotated[
        Path,
        typer.Option("--into", metavar="DIR", help="Data directory for what comes out."),
    ],
    first: FromOption = None,
    last: ToOption = None,
    speed: Annotated[
        float | None,
        typer.Option("--speed", metavar="N", min=1e-3, help="N seconds a second; default: all."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Alarms as CSV; default: print them."),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", metavar="FILE", help="What happens and is no alarm, as CSV."),
    ] = None,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Drive a twin from recorded history, at any speed: points, rules, predictions as if live.

    What devices reported (--data, whose twin may run) goes through the engine by its recorded
    times; what comes of it is recorded in another data directory. Its alarms are told as CSV.
    """
    from heatpump_twin.safekeeping.known_site import known_site

    source = DataDirectory.existing(data)
    settings = known_site(source, site, set_ or ()).load()
    if DataDirectory.at(into).root.resolve() == source.root.resolve():
        raise TwinError("--into is the history itself: name another directory")
    if DataDirectory.at(into).database.exists():
        raise TwinError(f"{into} has a history already: a replay begins with a new directory")
    with ExitStack() as stack:
        file = stack.enter_context(opened_export(output))
        happened = None if events is None else stack.enter_context(opened_export(events))
        done = asyncio.run(_replay(settings, source, into, (first, last), speed, file, happened))
    Console(stderr=True).print(
        f"{done.samples} samples replayed in {done.frames} frames, {done.alarms} changes of alarms"
    )


async def _replay(
    site: Site,
    source: DataDirectory,
    into: Path,
    wanted: tuple[str | None, str | None],
    speed: float | None,
    file: IO[str],
    happened: IO[str] | None,
) -> Replayed:
    from heatpump_twin.runtime.assembly import assemble
    from heatpump_twin.runtime.first_run import exclusive
    from heatpump_twin.runtime.learning.calibrated_models import calibrated_models
    from heatpump_twin.safekeeping.history_replay import Replay, replayed_span
    from heatpump_twin.twin_engine.errors import EngineError
    from heatpump_twin.twin_engine.historian.database.database_access import database_url
    from heatpump_twin.twin_engine.historian.historian import Historian
    from heatpump_twin.twin_engine.historian.stored_history import StoredHistory

    zone = ZoneInfo(site.site.timezone)
    moments = moment_of(wanted[0], "--from", zone), moment_of(wanted[1], "--to", zone)
    assembly = assemble(site, source)
    models = calibrated_models(site, source.models)
    history = StoredHistory(database_url(site.historian, source))
    target_site = site.historian.model_copy(update={"url": None})
    try:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(history.stop)
            await history.start()
            start, end = await replayed_span(history, assembly.table, moments)
            target = DataDirectory.open(into)
            clock = ManualClock(start)
            stack.enter_context(exclusive(target))
            url = database_url(target_site, target)
            historian = Historian(assembly.table, url, target_site, clock)
            await historian.start()
            stack.push_async_callback(historian.stop)
            tell = _teller(file, zone)
            report = None if happened is None else _reporter(happened, zone)
            replay = Replay(site, assembly, history, historian, clock, tell, speed, report, models)
            # On standard error: standard output may be the table itself.
            bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
            task = bar.add_task("replay", total=end - start)
            return await replay.run(start, end, lambda now: bar.update(task, completed=now - start))
    except EngineError as error:
        raise TwinError(str(error)) from error


def _teller(file: IO[str], zone: ZoneInfo) -> AlarmSink:
    """Return what writes the changes of alarms as lines of CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)

    def tell(transition: AlarmTransition) -> None:
        moment = datetime.fromtimestamp(transition.time / MICROSECONDS, zone)
        writer.writerow(
            (
                moment.isoformat(timespec="milliseconds"),
                transition.alarm.key,
                "raised" if transition.active else "returned",
                transition.alarm.severity,
                str(transition.message),
            )
        )

    return tell


def _reporter(file: IO[str], zone: ZoneInfo) -> HappeningSink:
    """Return what writes what has happened as lines of CSV."""
    from heatpump_twin.twin_engine.happening import PhaseChange, SettingChange

    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(EVENT_COLUMNS)

    def report(happening: Happening) -> None:
        match happening:
            case PhaseChange():
                state = "began" if happening.begins else "ended"
                name = f"{happening.asset}.{happening.phase}"
            case SettingChange():
                name, state = happening.point.key, "changed"
            case _:  # no program runs in a replay
                return
        moment = datetime.fromtimestamp(happening.time / MICROSECONDS, zone)
        said = str(happening.message)
        writer.writerow((moment.isoformat(timespec="milliseconds"), name, state, said))

    return report
