"""``hptwin write``: write a point of a device that no twin controls, and read it back."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatpump_twin.cli.field.device import (
    INTERRUPTED,
    ConnectionArgument,
    ProfileOption,
    TimeoutOption,
    connection_of,
    device_at,
    on_the_wire,
    output,
    require_points,
    symbol_of,
    worded,
)
from heatpump_twin.cli.field.write_journal import FILE_NAME, WriteJournal, WriteTarget
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.drivers.clock import SystemClock
from heatpump_twin.drivers.modbus.commissioning.device_access import DeviceAccess, PointReading
from heatpump_twin.drivers.modbus.profile.profile import ProfilePoint
from heatpump_twin.drivers.modbus.profile.profile_files import load_profile
from heatpump_twin.drivers.protocol import WriteOutcome, WriteState
from heatpump_twin.errors import DataInUseError, TwinError
from heatpump_twin.runtime.first_run import exclusive

command = typer.Typer(add_completion=False)


@command.command(context_settings={"ignore_unknown_options": True})  # -5 is a value
def write(
    connection: ConnectionArgument,
    point: Annotated[str, typer.Argument(metavar="POINT", help="Point of the profile.")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="In the catalogue's unit, or a state's name.")
    ],
    profile: ProfileOption,
    unit: Annotated[int, typer.Option("--unit", min=0, max=255, help="Modbus unit id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    timeout: TimeoutOption = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where writes are recorded.")
    ] = None,
) -> None:
    """Write one point by its profile's rules, once, and read it back.

    For a device that no twin controls: a running twin writes through its OPC UA methods. Ends with
    0 if the device reads back the value, 1 if not.
    """
    loaded = load_profile(profile)
    require_points(loaded, [point], profile)
    target = loaded.by_name[point]
    if target.write is None:
        raise TwinError(f"profile {profile} has no write rules for {point}, so it is only read")
    number = number_of(target, value)
    address = connection_of(connection)
    directory = DataDirectory.open(data)
    journal = WriteJournal(directory.root / FILE_NAME, SystemClock())
    place = WriteTarget(str(address), unit, point, f"{target.write_space} {target.address}")
    attempt = _Attempt(point, number, journal, place)

    def device() -> DeviceAccess:
        return device_at(address, loaded, unit, timeout)

    # A connection of its own: a person may think about the question for minutes, and many devices
    # take only one connection.
    before = on_the_wire(attempt.look(device()), str(address), unit)
    if isinstance(before, WriteOutcome):
        _tell(target, before)
        raise typer.Exit(1)
    _warn(directory)
    if not yes:
        _confirm(target, number, before, f"unit {unit} at {address}")
    try:
        outcome = on_the_wire(attempt.make(device()), str(address), unit)
    # The request may have left: to say that nothing was written could be false.
    except KeyboardInterrupt:
        Console(stderr=True).print(
            f"interrupted: whether the device took the value is not known; read {point}",
            style="red",
        )
        raise typer.Exit(INTERRUPTED) from None
    _tell(target, outcome)
    journal.outcome(place, outcome)
    if outcome.state is not WriteState.CONFIRMED:
        raise typer.Exit(1)


def number_of(point: ProfilePoint, text: str) -> float:
    """Return the value that a person typed: a number, or the name of a state."""
    states = point.spec.codes
    # Names first: a state may be called by a number.
    for code, name in states.items():
        if name.lower() == text.strip().lower():
            return float(code)
    try:
        return float(text)
    except ValueError:
        known = f" and none of {', '.join(states.values())}" if states else ""
        raise TwinError(f"{point.point}: {text!r} is not a number{known}") from None


class _Attempt:
    """Attempt to write a point, in two connections: a look before the question, then the write."""

    def __init__(self, name: str, value: float, journal: WriteJournal, target: WriteTarget) -> None:
        self._name = name
        self._value = value
        self._journal = journal
        self._target = target

    async def look(self, device: DeviceAccess) -> PointReading | WriteOutcome:
        """Return the present value, or the refusal if the profile's rules forbid the write."""
        try:
            self._recall(device)
            return device.refusal(self._name, self._value) or (await device.read([self._name]))[0]
        finally:
            await device.close()

    async def make(self, device: DeviceAccess) -> WriteOutcome:
        """Record the attempt, write the point, and read it back."""
        try:
            self._recall(device)
            # On record before the wire, as for a twin's own writes.
            self._journal.attempt(self._target, _login(), self._value)
            return await device.write(self._name, self._value)
        finally:
            await device.close()

    def _recall(self, device: DeviceAccess) -> None:
        # Each run is a process of its own; without the journal the shortest time between writes
        # to an EEPROM would begin anew with each.
        ago = self._journal.last_write(self._target)
        if ago is not None:
            device.remember_write(self._name, ago)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"


def _warn(data: DataDirectory) -> None:
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    err.print("this goes straight to the device; no twin knows of it", style="yellow")
    try:
        # The lock is only tried: a twin that runs is warned of, not refused, as it may have
        # nothing to do with this device.
        with exclusive(data):
            pass
    except DataInUseError:
        err.print(
            f"a twin runs on {data.root}: if it controls this device, write through its HMI or its "
            "OPC UA methods instead, or the two will work against each other",
            style="bold yellow",
            markup=False,
        )


def _confirm(
    point: ProfilePoint, value: float, before: PointReading | WriteOutcome, where: str
) -> None:
    # A script must say `--yes`: no answer is not a yes.
    if not sys.stdin.isatty():
        raise TwinError("nobody is here to confirm the write; --yes writes without asking")
    now = "unknown"
    if isinstance(before, PointReading) and before.words:
        now = worded(point.spec, before.value) or "no value"
    unit = symbol_of(point.spec)
    question = f"{point.point} of {where}: now {now}, write {worded(point.spec, value)} {unit}?"
    typer.confirm(question.replace(" ?", "?"), abort=True)


def _tell(point: ProfilePoint, outcome: WriteOutcome) -> None:
    """Print the outcome."""
    found = ""
    if outcome.read_back is not None:
        read_back = worded(point.spec, outcome.read_back) or "no value"
        found = f", now {read_back} {symbol_of(point.spec)}".rstrip()
    output().print(f"{outcome.state.value}{found}: {outcome.message}", markup=False)
