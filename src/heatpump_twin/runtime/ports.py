"""Check that the TCP ports of child processes are free before the start.

Better one clear error than a child that keeps dying.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from heatpump_twin.config.settings import Site
from heatpump_twin.errors import PortInUseError


def require_free_ports(site: Site) -> None:
    """Raise `PortInUseError` if the HMI's or the plant's port cannot be listened on."""
    for host, port, key in _needed(site):
        try:
            # As servers do it: a connection that lingers from the last run is no obstacle.
            with socket.create_server((host, port), reuse_port=False):
                pass
        except OSError as error:
            raise PortInUseError(
                f"{host}:{port} ({key}) cannot be used: {error.strerror or error}; stop the "
                f"program that listens there, or choose another with --set {key}=PORT"
            ) from error


def _needed(site: Site) -> Iterator[tuple[str, int, str]]:
    if site.hmi.enabled:
        yield site.hmi.host, site.hmi.port, "hmi.port"
    gateways = site.emulated_gateways()
    if site.plant is not None and site.plant.managed and gateways:
        yield "127.0.0.1", site.plant.control_port, "plant.control_port"
        for port in gateways.values():
            yield site.plant.host, port, "plant.port"
