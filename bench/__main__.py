"""``python -m bench``: measure everything."""

from rich.console import Console

from bench import modbus_faults, opcua

console = Console()
opcua.run(console)
modbus_faults.run(console)
