"""``python -m bench``: measure everything, or what is named. ``make bench`` does the former."""

from __future__ import annotations

import argparse
import sys
from functools import partial

import structlog
from rich.console import Console

from bench import (
    address_space,
    alarms,
    database_away,
    device_to_screen,
    forecast_cycle,
    historian,
    hmi_pages,
    large_site,
    ledger_site,
    modbus_faults,
    modbus_poll,
    modbus_requests,
    modbus_soak,
    model,
    onnx_rows,
    opcua,
    opcua_reads,
    opcua_soak,
    plant,
    replay,
    rules,
    shadow,
    start,
    web_ports,
)

parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
parser.add_argument(
    "--seconds",
    type=float,
    default=10.0,
    help="how long modbus_poll polls; modbus_soak runs 360 times as long, opcua_soak 180 times, "
    "large_site and database_away 60 times",
)
arguments = parser.parse_args()
benches = {
    "modbus_requests": modbus_requests.run,
    "modbus_poll": partial(modbus_poll.run, seconds=arguments.seconds),
    "modbus_faults": modbus_faults.run,
    "modbus_soak": partial(modbus_soak.run, seconds=360 * arguments.seconds),
    "address_space": address_space.run,
    "alarms": alarms.run,
    "historian": historian.run,
    "forecast_cycle": forecast_cycle.run,
    "device_to_screen": device_to_screen.run,
    "hmi_pages": hmi_pages.run,
    "database_away": partial(database_away.run, seconds=60 * arguments.seconds),
    "large_site": partial(large_site.run, seconds=60 * arguments.seconds),
    "ledger_site": ledger_site.run,
    "model": model.run,
    "onnx_rows": onnx_rows.run,
    "opcua": lambda console: (opcua.run(console), opcua_reads.run(console)),
    "opcua_soak": partial(opcua_soak.run, seconds=60 * arguments.seconds),
    "plant": plant.run,
    "replay": replay.run,
    "rules": rules.run,
    "shadow": shadow.run,
    "start": start.run,
    "web_ports": web_ports.run,
}
if unknown := set(arguments.names) - set(benches):
    parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(benches)}")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
console = Console(width=None if sys.stdout.isatty() else 100)
# These take ten minutes to an hour: they are run when they are named.
long = {name for name in benches if name.endswith("_soak")} | {
    "database_away",
    "device_to_screen",
    "hmi_pages",
    "large_site",
    "ledger_site",
}
for name in arguments.names or [name for name in benches if name not in long]:
    benches[name](console)
