"""``hptwin scan``: find the unit ids that answer on a gateway, and the profiles that fit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from heatpump_twin.cli.field.device import (
    INTERRUPTED,
    ConnectionArgument,
    connection_of,
    link_to,
    on_the_wire,
    output,
)
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.modbus.commissioning.gateway_scan import (
    Scan,
    ScanLimits,
    ScanReport,
    ScanStep,
    UnitReport,
)
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.wire.deviation import ANSWERS
from heatpump_twin.errors import TwinError

_USUAL = "1-10,40,50,51,255"
_SHOWN = 3
"""Profiles that are shown for a unit."""

command = typer.Typer(add_completion=False)


@command.command()
def scan(
    connection: ConnectionArgument,
    units: Annotated[
        str | None,
        typer.Option(
            metavar="LIST", help=f"Unit ids; default: {_USUAL}, and over TCP 0, the device itself."
        ),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Try only these; default: every packaged profile."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds to a response.")] = 1.0,
    pause: Annotated[float, typer.Option(min=0, help="Seconds after a response.")] = 0.1,
    max_requests: Annotated[int, typer.Option(min=1, help="Most requests to make.")] = 2000,
    max_seconds: Annotated[float, typer.Option(min=1, help="Longest time in seconds.")] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Find which unit ids answer and which profile fits each of them.

    Only reads, one value at a time, within hard limits. Ends with 0 if a unit answers, 1 if none
    does, 130 after Ctrl-C.
    """
    address = connection_of(connection)
    profiles = {name: load_profile(name) for name in profile or packaged_profiles()}
    limits = ScanLimits(timeout, pause, max_requests, max_seconds)
    wanted = unit_ids(units or _usual(address))
    report, interrupted = _scanned(address, wanted, profiles, limits)
    if as_json:
        print(json.dumps(_as_data(address, report)))  # noqa: T201 (the output itself)
    else:
        _show(report)
    for remark in report.remarks:
        Console(stderr=True, highlight=False).print(remark, style="yellow")
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.answering:
        raise typer.Exit(1)


def _usual(address: DeviceConnection) -> str:
    # Last, because few devices take no other. On a serial line 0 is a broadcast.
    return f"{_USUAL},0" if address.scheme in ("tcp", "tls") else _USUAL


def unit_ids(text: str) -> list[int]:
    """Return the unit ids that a list such as ``1-10,17`` names."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash)):
            raise TwinError(f"--units {text}: write for example 1-10 or 1,3,17")
        run = range(int(first), int(last or first) + 1)
        if not run or run[-1] > 255:
            raise TwinError(f"--units {text}: unit ids are 0 to 255, in a range the lower first")
        found += run
    # Each once, in the order given: on a slow line the likely ids come first.
    return list(dict.fromkeys(found))


def _scanned(
    address: DeviceConnection, units: list[int], profiles: dict[str, Profile], limits: ScanLimits
) -> tuple[ScanReport, bool]:
    """Scan with a progress bar; return the report, and whether Ctrl-C ended the scan."""
    err = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns, TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal
    )
    task = bar.add_task(f"connecting to {address}", total=None)

    def tell(step: ScanStep) -> None:
        bar.update(task, description=step.doing, completed=step.done, total=step.total)

    link = link_to(address)
    work = Scan(link, units, profiles, limits, tell)

    async def body() -> None:
        try:
            await work.run()
        finally:
            await link.close()

    # What was found until then is shown: a scan of a slow line takes minutes.
    with bar, suppress(KeyboardInterrupt):
        on_the_wire(body(), str(address))
        return work.report, False
    work.report.ended = "it was interrupted"
    return work.report, True


def _show(report: ScanReport) -> None:
    out, err = output(), Console(stderr=True, highlight=False, soft_wrap=True)
    for unit in report.answering:
        out.print(f"unit {unit.unit} answers ({unit.said})", markup=False)
        _show_fits(unit)
    silent = sorted((u for u in report.units if not u.answers), key=lambda unit: unit.said)
    for said, those in groupby(silent, key=lambda unit: unit.said):
        out.print(f"no answer from unit {_ranges(u.unit for u in those)}: {said}", markup=False)
    if _looks_like_one_device(report.answering):
        out.print(
            "all of them look the same: probably one device that does not look at the unit id"
        )
    out.print(f"{report.requests} requests in {report.seconds:.1f} s")
    if report.ended:
        err.print(
            f"the scan is not complete: {report.ended}; try fewer --units, a --profile, or raise "
            "--max-requests and --max-seconds",
            style="yellow",
            markup=False,
        )
    if not report.answering and not any(ANSWERS in unit.said for unit in report.units):
        err.print(
            "nothing answers: are these the unit ids? Try --units 0-247; for a slow device a "
            "longer --timeout; on a serial line check baudrate and parity",
            style="yellow",
            markup=False,
        )


def _show_fits(unit: UnitReport) -> None:
    out = output()
    good = unit.recognized
    if unit.strange:
        out.print(f"  cannot tell what it is: {unit.strange}", markup=False)
    elif not good:
        out.print(
            "  cannot tell what it is: no profile fits; start one with `hptwin profile from-csv`",
            markup=False,
        )
    # Equal ones are marked: families share registers, and then only the plate decides.
    best = [fit for fit in good if fit.score == good[0].score]
    for fit in good[:_SHOWN] or ([] if unit.strange else unit.fits[:1]):
        equal = ", equal" if fit in best and len(best) > 1 else ""
        out.print(f"  {fit.score:4.0%}  {fit.profile}: {fit.reason}{equal}", markup=False)


def _looks_like_one_device(answering: list[UnitReport]) -> bool:
    # Told, since each unit would otherwise be taken for a heat pump of its own. From three on: two
    # machines of one make on a line are common.
    best = {(unit.fits[0].profile, unit.fits[0].score) for unit in answering if unit.fits}
    return len(answering) > 2 and len(best) == 1 and all(unit.fits for unit in answering)


def _ranges(units: Iterable[int]) -> str:
    """Return ``2-10, 40`` for unit ids."""
    parts = []
    for _, group in groupby(enumerate(sorted(units)), key=lambda pair: pair[1] - pair[0]):
        run = [unit for _, unit in group]
        parts.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}")
    return ", ".join(parts)


def _as_data(address: DeviceConnection, report: ScanReport) -> dict[str, object]:
    return {
        "connection": str(address),
        "complete": not report.ended,
        "requests": report.requests,
        "seconds": round(report.seconds, 3),
        "remarks": report.remarks,
        "units": [
            {
                "unit": unit.unit,
                "answers": unit.answers,
                "said": unit.said,
                "recognized": [fit.profile for fit in unit.recognized],
                "strange": unit.strange,
                "fits": [
                    {
                        "profile": fit.profile,
                        "score": round(fit.score, 3),
                        "good": fit.is_good,
                        "tried": fit.tried,
                        "usual": fit.usual,
                        "possible": fit.possible,
                        "refused": fit.refused,
                        "missing": fit.missing,
                        "unexplained": fit.unexplained,
                        "odd": fit.odd,
                    }
                    for fit in unit.fits
                ],
            }
            for unit in report.units
        ],
    }
