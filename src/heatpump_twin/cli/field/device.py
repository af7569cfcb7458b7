"""Share among the commissioning commands how a device is named, reached and shown."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Coroutine, Iterable
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from heatpump_twin.cli.field.ctrl_c import run_until_ctrl_c
from heatpump_twin.config.catalogue import UNITS, PointSpec
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.wire.deviation import DeviatingFrameError
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, is_unreachable
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError
from heatpump_twin.drivers.protocol import LinkError
from heatpump_twin.errors import TwinError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""
_WIDE = 240
"""Columns of a table that goes to a file or a pipe."""
_T = TypeVar("_T")

ConnectionArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONNECTION",
        help="HOST[:PORT] for Modbus TCP, or as in a site file: tls://HOST:PORT, "
        "rtu+tcp://HOST:PORT, serial:///dev/ttyUSB0?baudrate=9600&parity=N.",
    ),
]
ProfileOption = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Packaged profile, or a file.")
]
UnitOption = Annotated[int, typer.Option("--unit", min=0, max=255, help="Modbus unit id.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", min=0.01, help="Seconds to a response; default: the profile's."),
]


def output() -> Console:
    """Return the console for results; what does not go to a terminal is not folded."""
    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)


def plain_table(*columns: str) -> Table:
    """Return a table without frames, for people and for grep."""
    return Table(*columns, box=None, pad_edge=False)


def connection_of(text: str) -> DeviceConnection:
    """Return the connection that ``HOST``, ``HOST:PORT`` or a URL names."""
    try:
        # A bare host is Modbus TCP, what most devices speak and what a person in a plant room
        # types.
        as_it_is = "://" in text or text.partition(":")[0] == "emulated"
        found = DeviceConnection.model_validate(text if as_it_is else f"tcp://{text}")
    except ValidationError as error:
        raise TwinError(str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
    if found.is_emulated:
        raise TwinError("name the address at which `hptwin plant` serves the emulated device")
    return found


def link_to(address: DeviceConnection) -> ModbusLink:
    """Return the Modbus link to an address; raise `TwinError` if it cannot be made."""
    try:
        return ModbusLink.to(address)
    except ValueError as error:
        raise TwinError(f"{address}: {error}") from error


def device_at(
    address: DeviceConnection, profile: Profile, unit: int, timeout: float | None
) -> DeviceAccess:
    """Return one device, not yet connected."""
    return DeviceAccess(profile, link_to(address), unit, timeout, SystemClock())


def on_the_wire(work: Coroutine[Any, Any, _T], address: str, unit: int | None = None) -> _T:
    """Run work that talks to a device; raise `TwinError` with a remedy if that fails."""
    try:
        return run_until_ctrl_c(work)
    except LinkError as error:
        where = address if unit is None else f"{address} unit {unit}"
        reason, remedy = _reason(error, address), _remedy(error, address)
        raise TwinError(f"{where}: {reason}{f'; {remedy}' if remedy else ''}") from error


def require_points(
    profile: Profile, names: Iterable[str], where: str, *, unverified: bool = False
) -> None:
    """Raise `TwinError` for points that a profile lacks, or has as unverified only."""
    doubtful = {reading.point for reading in profile.unverified_points}
    unknown = [name for name in names if name not in profile.by_name]
    if unverified:
        unknown = [name for name in unknown if name not in doubtful]
    if not unknown:
        return
    # Said by itself: that a point is missing would send the person to another profile.
    if doubted := [name for name in unknown if name in doubtful]:
        raise TwinError(
            f"profile {where} is not sure of {', '.join(doubted)}, so it is neither polled nor "
            "written; `hptwin read --unverified` shows every reading of it"
        )
    known = ", ".join(profile.by_name)
    raise TwinError(f"profile {where} has no point {', '.join(unknown)}; it has {known}")


def symbol_of(spec: PointSpec) -> str:
    """Return the unit's symbol, empty for what has none."""
    return UNITS[spec.unit].symbol if spec.unit else ""


def worded(spec: PointSpec, value: float) -> str:
    """Return a value as text: a number with the device's decimals, or code and name of a state."""
    if math.isnan(value):
        return ""
    if spec.decimals is not None:
        return f"{value:.{spec.decimals}f}"
    state = spec.codes.get(int(value), "")
    return f"{value:.7g} {state}".rstrip()


def _reason(error: LinkError, address: str) -> str:
    # The system's own words: the library's message wraps them in an address that is printed
    # already.
    if isinstance(error.__cause__, ConnectionError) and error.__cause__.errno:
        return f"cannot connect: {os.strerror(error.__cause__.errno)}"
    return str(error).removeprefix(f"{address}: ")


def _remedy(error: LinkError, address: str) -> str:
    if isinstance(error, DeviatingFrameError) or isinstance(error.__cause__, DeviatingFrameError):
        return ""  # it names its own
    if is_unreachable(error) and address.startswith("serial://"):
        return "is it the right port, is it plugged in, and may you open it (group dialout)?"
    if is_unreachable(error):
        return (
            # The commonest causes first; a second client that holds the only connection is what
            # is found last.
            "is the address right, is the device on, is Modbus enabled in it? Many take only one "
            "connection: stop whatever else is connected"
        )
    if isinstance(error, ModbusExceptionError):
        return "is the device behind the gateway on, and is it this unit id? See `hptwin scan`"
    serial = ", baudrate and parity" if address.startswith(("serial://", "rtu+tcp://")) else ""
    return f"is it this unit id{serial}? See `hptwin scan`; a slow device needs a longer --timeout"
