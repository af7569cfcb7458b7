"""``python -m bench``: measure everything."""

from rich.console import Console

from bench import address_space, opcua

console = Console()
address_space.run(console)
opcua.run(console)
