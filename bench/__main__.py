"""Everything that is measured, one table after the other."""

from rich.console import Console

from bench import address_space, modbus_faults, opcua

console = Console()
address_space.run(console)
opcua.run(console)
modbus_faults.run(console)
