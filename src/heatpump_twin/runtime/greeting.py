"""Print the addresses of a running twin for the person at the terminal."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, ScaledClock
from heatpump_twin.runtime.first_run import ADMINISTRATOR
from heatpump_twin.runtime.readiness import hmi_url


def greet(site: Site, data: DataDirectory, clock: Clock, *, first: bool) -> None:
    """Print addresses, data directory and login; ``first``: the administrator is new."""
    out = Console(soft_wrap=True, highlight=False)
    out.print(f"heatpump-twin: {site.site.name}")
    if site.hmi.enabled:
        out.print(f"  HMI      {hmi_url(site)}")
    out.print(f"  OPC UA   {site.opcua.url}")
    out.print(f"  health   http://{site.ops.host}:{site.ops.port}/readyz")
    out.print(f"  state    {data.root}")
    if isinstance(clock, ScaledClock):
        begun = datetime.fromtimestamp(clock.start / MICROSECONDS, UTC)
        out.print(f"  clock    {begun:%Y-%m-%d %H:%M} UTC, {clock.speed:g} times real time")
    if first:
        out.print(f"  log in   as {ADMINISTRATOR}; the password is in {data.initial_password}")
        out.print("           change it: hptwin user passwd admin, then delete the file")
    else:
        out.print("  log in   with a user of `hptwin user list`")
    out.print("  Ctrl-C stops everything")
