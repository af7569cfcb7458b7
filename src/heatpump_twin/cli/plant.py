"""``hptwin plant``: serve emulated field devices, and set values and faults while they run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.options import SetOption, SiteOption
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import EmulatedPlant
from heatpump_twin.drivers.clock import ScaledClock
from heatpump_twin.drivers.plant.devices.past_span import PastSpan
from heatpump_twin.drivers.plant.serve.transport import Transport
from heatpump_twin.loading import loading
from heatpump_twin.logs import configure
from heatpump_twin.stopping import until_stopped

if TYPE_CHECKING:
    from heatpump_twin.plant.plant_control import PlantControl

command = typer.Typer(
    add_completion=False, help="Emulated field devices.", invoke_without_command=True
)
out = Console()

ControlPortOption = Annotated[
    int, typer.Option("--control-port", metavar="PORT", help="Control port of the plant.")
]
CONTROL_PORT = EmulatedPlant().control_port
Details = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Details, e.g. gateway=hp1.controller seconds=2."),
]


@command.callback()
def serve(
    context: typer.Context,
    site: SiteOption = "default",
    set_: SetOption = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Emulate a device by its profile (name or file) alone, without a site. "
            "Repeat it for several units behind one gateway.",
        ),
    ] = None,
    unit: Annotated[
        list[int] | None,
        typer.Option("--unit", min=0, max=255, help="Unit id of each profile; default: 1, 2, …"),
    ] = None,
    transport: Annotated[Transport, typer.Option(help="How clients reach it.")] = Transport.TCP,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0: any.")] = 15502,
    count: Annotated[
        int, typer.Option(min=1, max=1000, help="So many gateways, on consecutive ports.")
    ] = 1,
    line: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Serial port, e.g. '/dev/ttyUSB0?baudrate=9600&parity=N&stopbits=2'; "
            "default: a pseudo terminal.",
        ),
    ] = None,
    control_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help=f"Control port; default: {CONTROL_PORT}, or the site's plant.control_port.",
        ),
    ] = None,
    clock: Annotated[str | None, typer.Option("--clock", hidden=True)] = None,
    past: Annotated[str | None, typer.Option("--past", hidden=True)] = None,
    memory: Annotated[Path | None, typer.Option("--memory", hidden=True)] = None,
    told: Annotated[str | None, typer.Option("--tell-past", hidden=True)] = None,
) -> None:
    """Serve emulated field devices: those of a site, or any profile.

    While it runs, the commands below look at it and break it.
    """
    # The callback runs before each subcommand too; serving is what happens without one.
    if context.invoked_subcommand is not None:
        return
    configure("plant")
    # A site or single profiles: the first is the plant with its physics, the second one device
    # that shows what it is told to.
    if not profile:
        with loading():
            from heatpump_twin.plant.plant_process import run_plant

        override = [] if control_port is None else [f"plant.control_port={control_port}"]
        settings = load_site(site, [*(set_ or ()), *override])
        if told is not None:
            from heatpump_twin.plant.past import tell_past

            tell_past(settings, PastSpan.parse(told), sys.stdout.buffer)
            return
        shown = None if clock is None else ScaledClock.parse(clock)
        lived = None if past is None else PastSpan.parse(past)
        until_stopped(lambda stop: run_plant(settings, stop, shown, lived, memory))
        return
    from heatpump_twin.plant.emulation import run_stand_alone, stand_alone

    control = CONTROL_PORT if control_port is None else control_port
    wanted = stand_alone(profile, unit or [], transport, host, port, count, line, control)

    def tell(text: str) -> None:
        out.print(text, highlight=False, markup=False, soft_wrap=True)

    until_stopped(lambda stop: run_stand_alone(wanted, tell, stop))


@command.command()
def values(details: Details = None, control_port: ControlPortOption = CONTROL_PORT) -> None:
    """Show what the devices show; details: gateway, unit."""
    table = Table("gateway", "unit", "point", "value", box=None)
    for gateway, units in _control(control_port).values(_parsed(details)).items():
        for unit, points in units.items():
            for point, value in points.items():
                shown = "absent" if value is None else f"{value:.6g}"
                table.add_row(gateway, unit, point, shown)
    out.print(table)


@command.command("set")
def set_values(
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="POINT=VALUE",
            help="Value in the catalogue's unit, 'absent' for a sensor that is not there, or "
            "'auto'; gateway=… and unit=… narrow it down.",
        ),
    ],
    control_port: ControlPortOption = CONTROL_PORT,
) -> None:
    """Make devices that are emulated by profile show values."""
    parsed = _parsed(wanted)
    # Where and what come in one list, since both are KEY=VALUE: no point is called gateway or
    # unit.
    wish = {key: parsed.pop(key) for key in list(parsed) if key in ("gateway", "unit")}
    _control(control_port).set({**wish, "values": parsed})


@command.command()
def fault(
    name: Annotated[str, typer.Argument(help="Name of the fault; `faults` lists them.")],
    details: Details = None,
    control_port: ControlPortOption = CONTROL_PORT,
) -> None:
    """Break something, e.g. `fault exception point=supply_setpoint code=4`."""
    _print_faults(_control(control_port).start({"name": name, **_parsed(details)}))


@command.command()
def faults(control_port: ControlPortOption = CONTROL_PORT) -> None:
    """List what is broken, and what can be."""
    known = _control(control_port).faults()
    _print_faults(known)
    names = [*known["device_faults"], *known["disturbances"]]
    out.print(f"there are: {', '.join(names)}", highlight=False)


@command.command()
def repair(
    name: Annotated[str | None, typer.Argument(help="Name of a fault; default: all.")] = None,
    details: Details = None,
    control_port: ControlPortOption = CONTROL_PORT,
) -> None:
    """End faults."""
    query = {**_parsed(details), **({} if name is None else {"name": name})}
    _print_faults(_control(control_port).stop(query))


def _control(port: int) -> PlantControl:
    from heatpump_twin.plant.plant_control import PlantControl

    return PlantControl(port)


def _print_faults(known: dict[str, Any]) -> None:
    for active in known["active"]:
        text = " ".join(f"{key}={value}" for key, value in active.items() if value is not None)
        out.print(text, highlight=False, markup=False, soft_wrap=True)
    if not known["active"]:
        out.print("nothing is broken", highlight=False)


def _parsed(details: list[str] | None) -> dict[str, Any]:
    found = {}
    for item in details or []:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{item!r} is not KEY=VALUE")
        try:
            # Numbers, true and null as JSON has them; anything else is text, so that nobody has
            # to quote a name within quotes of the shell.
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found
