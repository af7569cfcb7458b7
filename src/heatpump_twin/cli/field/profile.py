"""``hptwin profile``: list and check device profiles, and draft new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.field.device import output, plain_table
from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.modbus.commissioning.profile_draft import (
    ProfileDraft,
    draft_profile,
    unclear_text,
)
from heatpump_twin.drivers.modbus.commissioning.register_table import Legend, Numbering, take
from heatpump_twin.drivers.modbus.profile.profile import DeviceKind, Order, ProfilePoint
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile, packaged_profiles
from heatpump_twin.drivers.modbus.profile.profile_lint import lint_profile
from heatpump_twin.errors import TwinError

command = typer.Typer(
    add_completion=False,
    help="Device profiles: list, check, start a new one.",
    no_args_is_help=True,
)

_HINTS = 5


@command.command("list")
def list_profiles() -> None:
    """List the packaged profiles."""
    table = plain_table("profile", "kind", "points", "writable", "unverified", "device")
    for name in packaged_profiles():
        found = load_profile(name)
        writable = sum(point.write is not None for point in found.points)
        counts = map(str, (len(found.points), writable, len(found.unverified_points)))
        table.add_row(name, found.kind.value, *counts, found.title)
    output().print(table)


@command.command("check")
def check_profile(
    file: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Packaged profile, or a file.")],
) -> None:
    """Check a profile: mistakes, overlaps and what cannot be right, with file, line and key.

    Ends with 0 if it is good, also with warnings, and 2 if it is not.
    """
    out = Console(highlight=False, soft_wrap=True)
    findings = lint_profile(file)
    for finding in findings:
        word = "error" if finding.is_error else "warning"
        out.print(f"{word}: {finding.problem}", markup=False)
    # All findings are printed before: a person mends a file once.
    if any(finding.is_error for finding in findings):
        raise typer.Exit(2)
    found = load_profile(file)
    writable = sum(point.write is not None for point in found.points)
    for reading in found.unverified_points:
        out.print(f"not verified: {_place_of(reading)}: {reading.why}", markup=False)
    for write in found.start_up:
        out.print(f"written by itself after each connect: {write}", markup=False)
    for point in found.points:
        if point.write is not None and point.write.refresh is not None:
            every = f"every {point.write.refresh:g} s while it is overridden"
            out.print(f"written by itself {every}: {_place_of(point)}", markup=False)
    counts = f"{len(found.points)} points, {writable} writable"
    if found.unverified_points:
        counts += f", {len(found.unverified_points)} readings not verified"
    out.print(f"{file}: good, {counts}", markup=False)


def _place_of(point: ProfilePoint) -> str:
    """Return table, address, type, scale and unit of a point in one line."""
    unit = "" if point.unit is None else f" {point.unit}"
    bit = "" if point.bit is None else f" bit {point.bit}"
    scale = "" if point.scale == 1 else f" × {point.scale:g}"
    return f"{point.point}: {point.space} {point.address} {point.type}{bit}{scale}{unit}"


@command.command("from-csv")
def from_csv(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Register table.")],
    output_file: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Default: print it.")
    ] = None,
    kind: Annotated[DeviceKind, typer.Option(help="What the device is for.")] = (
        DeviceKind.HEAT_PUMP_CONTROLLER
    ),
    numbering: Annotated[
        Numbering, typer.Option(help="How the table counts addresses; modicon: 40001, 30001, …")
    ] = Numbering.WIRE,
    word_order: Annotated[
        Order | None, typer.Option(help="Of long values, where the table does not say it.")
    ] = None,
    take_: Annotated[
        list[str] | None,
        typer.Option(
            "--take",
            metavar="COLUMN:CELL=MEANING",
            help="What a cell means: table:sensors=input, type:=int16 for empty ones.",
        ),
    ] = None,
) -> None:
    """Start a profile from a register table: map what is obvious, keep the rest as comments.

    The table is a CSV file with the columns name and address, and where it has them table, type,
    scale, unit and rw. Nothing is guessed; a draft only reads.
    """
    legend = Legend(numbering, word_order, dict(map(_taken, take_ or ())))
    draft = draft_profile(file, kind, legend)
    if output_file is None:
        print(draft.text, end="")  # noqa: T201 (the output itself)
    else:
        _save(output_file, draft.text)
    _summarize(draft)


def _taken(text: str) -> tuple[tuple[str, str], str]:
    try:
        return take(text)
    except ValueError as error:
        raise TwinError(f"--take {text}: {error}") from error


def _save(path: Path, text: str) -> None:
    # Hours of work may be in a draft of the same name.
    if path.exists():
        raise TwinError(f"{path} is there already; name another file with --output")
    try:
        write_private(path, text)
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror}; name another file with --output") from error


def _summarize(draft: ProfileDraft) -> None:
    # On standard error: the draft itself may go through a pipe.
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    err.print(
        f"{draft.rows} rows: {len(draft.mapped)} mapped to points, {len(draft.waiting)} look like "
        "a point and say beside them what a person has to decide"
    )
    if draft.unused:
        columns = ", ".join(draft.unused)
        err.print(
            f"columns in which only units and states were looked for: {columns}", markup=False
        )
    for line, why in draft.left_out:
        err.print(f"line {line} left out: {why}", markup=False)
    for (column, cell), rows in draft.unclear.most_common(_HINTS):
        err.print(unclear_text(column, cell, rows), markup=False, style="yellow")
