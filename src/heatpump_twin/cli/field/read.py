"""``hptwin read``: read the points of a device by its profile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from heatpump_twin.cli.field.ctrl_c import run_until_ctrl_c
from heatpump_twin.cli.field.device import (
    ConnectionArgument,
    ProfileOption,
    TimeoutOption,
    UnitOption,
    connection_of,
    device_at,
    on_the_wire,
    output,
    require_points,
)
from heatpump_twin.cli.field.readings_view import Round, data_of, stamped, table_of
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess, PointReading
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.protocol import LinkError

command = typer.Typer(add_completion=False)

_Ask = Callable[[], Awaitable[list[PointReading]]]
"""Reads a device once."""


@command.command()
def read(
    connection: ConnectionArgument,
    profile: ProfileOption,
    points: Annotated[
        list[str] | None, typer.Argument(metavar="POINT", help="Default: all of the profile.")
    ] = None,
    unit: UnitOption = 1,
    timeout: TimeoutOption = None,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified", help="Also what the profile's sources dispute, in every reading of it."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object; while watching, one a line.")
    ] = False,
    watch: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="Read again and again, until Ctrl-C."),
    ] = None,
) -> None:
    """Read points of a device by its profile: value, unit, status and raw registers.

    Ends with 0 if the device answered for every point, 1 if it refused one or is not there.
    """
    loaded = load_profile(profile)
    names = points or []
    require_points(loaded, names, profile, unverified=unverified)
    address = connection_of(connection)
    device = device_at(address, loaded, unit, timeout)
    ask = partial(device.read, names, unverified=unverified)
    about = {"connection": str(address), "unit": unit, "profile": profile}
    if watch is not None:
        _watch(device, ask, watch, about if as_json else None)
        return
    readings = on_the_wire(_once(device, ask), str(address), unit)
    if as_json:
        print(json.dumps(data_of(readings, about), indent=2))  # noqa: T201 (the output itself)
    else:
        output().print(table_of(readings))
    for remark in device.remarks():
        Console(stderr=True, highlight=False).print(remark, style="yellow")
    if refused := sum(bool(reading.refusal) for reading in readings):
        message = f"{refused} of {len(readings)} points were not answered"
        Console(stderr=True, highlight=False).print(message, style="yellow")
        raise typer.Exit(1)


def _watch(device: DeviceAccess, ask: _Ask, period: float, about: dict[str, Any] | None) -> None:
    with suppress(KeyboardInterrupt), _display(about) as show:
        run_until_ctrl_c(_rounds(device, ask, period, show))


@contextmanager
def _display(about: dict[str, Any] | None) -> Iterator[Callable[[Round], None]]:
    """Yield the function that prints a round: as JSON, in place on a terminal, or below."""
    out = output()
    if about is not None:
        yield lambda found: print(json.dumps(data_of(found, about)), flush=True)  # noqa: T201
    elif out.is_terminal:
        with Live(console=out, auto_refresh=False) as live:
            yield lambda found: live.update(stamped(found), refresh=True)
    else:
        yield lambda found: out.print(stamped(found))


async def _once(device: DeviceAccess, ask: _Ask) -> list[PointReading]:
    try:
        return await ask()
    finally:
        await device.close()


async def _rounds(
    device: DeviceAccess, ask: _Ask, period: float, show: Callable[[Round], None]
) -> None:
    """Read a device for ever; a device that does not answer is shown, and read again."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            # From the start of a round, so that the period stays the same however long a device
            # takes.
            due = loop.time() + period
            try:
                show(await ask())
            except LinkError as error:
                show(error)
            await asyncio.sleep(due - loop.time())
    finally:
        await device.close()
