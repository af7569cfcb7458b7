"""heatpump-twin: an OPC UA digital twin server for heat pumps."""

from importlib.metadata import version

__version__ = version("heatpump-twin")
