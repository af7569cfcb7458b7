"""``hptwin calibrate``: learn how a machine performs from its own record."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from heatpump_twin.cli.history.moment import moment_of
from heatpump_twin.cli.options import DataOption, FromOption, KnownSiteOption, SetOption, ToOption
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.load import load_site
from heatpump_twin.errors import TwinError
from heatpump_twin.logs import configure
from heatpump_twin.parent import is_child

if TYPE_CHECKING:
    from heatpump_twin.calibrating.calibrated_house import HouseOutcome
    from heatpump_twin.calibrating.calibrated_site import Outcome

command = typer.Typer(add_completion=False)

CALIBRATION_NICE = 10
"""Beside a running twin, a calibration takes only the time that nobody else needs."""


@command.command()
def calibrate_machine(
    heat_pump: Annotated[str | None, typer.Option(help="Id; default: all of the site.")] = None,
    first: FromOption = None,
    last: ToOption = None,
    csv: Annotated[
        list[Path] | None,
        typer.Option("--csv", metavar="FILE", help="Tables in place of history; may recur."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", metavar="MAP.yaml", help="What their columns are, and a plate."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The card, as JSON.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Put the version to use that was before.")
    ] = False,
    site: KnownSiteOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Calibrate the model of a machine on its record; use it if unseen days speak for it."""
    # Only as a child: whoever calibrates by hand waits for it.
    if is_child():
        os.nice(CALIBRATION_NICE)
    configure("calibrate")
    if csv:
        _tables(csv, mapping, output, site, set_)
        return
    _history(heat_pump, (first, last), output, site, data, set_, keep=not dry_run, back=rollback)


def _tables(
    csv: list[Path],
    mapping: Path | None,
    output: Path | None,
    site: str | None,
    set_: list[str] | None,
) -> None:
    from heatpump_twin.calibrating.calibrated_tables import calibrate_tables, read_table_map
    from heatpump_twin.calibrating.card_words import card_words
    from heatpump_twin.twin_engine.model.calibration.calibration_card import write_card
    from heatpump_twin.twin_engine.model.house.house_place import HousePlace

    if mapping is None:
        raise TwinError("name with --mapping the file that says what the columns are")
    map_ = read_table_map(mapping)
    settings = load_site(site or "default", set_ or ())
    plate = map_.plate or (settings.heat_pumps[0].plate if site else None)
    zone = ZoneInfo(settings.site.timezone)
    place = map_.house_place(zone) or (HousePlace.of(settings.site) if site else None)
    found = calibrate_tables(csv, map_, plate, zone, place)
    _tell(card_words(found.card))
    if found.house.section is not None:
        _tell([f"house: {found.house.words}"])
    if output is not None:
        write_card(output, found.card)


def _history(
    heat_pump: str | None,
    span: tuple[str | None, str | None],
    output: Path | None,
    site: str | None,
    data: Path | None,
    set_: list[str] | None,
    *,
    keep: bool,
    back: bool,
) -> None:
    from heatpump_twin.calibrating.calibrated_site import calibrate_site, roll_back
    from heatpump_twin.safekeeping.known_site import known_site

    directory = DataDirectory.existing(data)
    settings = known_site(directory, site, set_ or ()).load()
    if back:
        _tell(roll_back(settings, directory, heat_pump))
        return
    zone = ZoneInfo(settings.site.timezone)
    start, end = (moment_of(t, o, zone) for t, o in zip(span, ("--from", "--to"), strict=True))
    outcomes = asyncio.run(calibrate_site(settings, directory, heat_pump, start, end, keep=keep))
    for outcome in outcomes:
        _report(outcome, output)
    if all(outcome.card is None for outcome in outcomes):
        raise TwinError("no model was calibrated")


def _report(outcome: Outcome, output: Path | None) -> None:
    from heatpump_twin.calibrating.card_words import card_words
    from heatpump_twin.twin_engine.model.calibration.calibration_card import write_card

    if outcome.card is None:
        _tell([f"refused: {outcome.words}"])
        return
    _tell(card_words(outcome.card))
    kept = "nothing kept" if outcome.version is None else f"version {outcome.version}"
    used = "in use" if outcome.promoted and outcome.version else "not in use"
    _tell([f"{outcome.heat_pump}: {kept}, {used}: {outcome.words}"])
    if outcome.house is not None:
        _tell([_of_house(outcome, outcome.house)])
    if output is not None:
        write_card(output, outcome.card)


def _of_house(outcome: Outcome, house: HouseOutcome) -> str:
    if house.section is None:
        return f"{outcome.heat_pump}: house refused: {house.words}"
    used = "in use" if house.promoted and outcome.version else "not in use"
    return f"{outcome.heat_pump}: house {used}: {house.words}"


def _tell(lines: Iterable[str]) -> None:
    console = Console()
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
