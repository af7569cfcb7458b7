"""``python -m bench``: measure everything."""

from rich.console import Console

from bench.opcua import run

run(Console())
