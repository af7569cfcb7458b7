"""Check that the TCP ports of child processes are free before the start.

Better one clear error than a child that keeps dying.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from heatpump_twin.config.settings import Site
from heatpump_twin.errors import PortInUseError


def require_free_ports(site: Site) -> None:
    """Raise `PortInUseError` for a port that cannot be listened on, or a host that is not ours."""
    for host, port, key in _needed(site):
        try:
            _try_to_listen(host, port)
        except socket.gaierror as error:
            place = key.replace("port", "host").replace("control_", "")
            raise PortInUseError(
                f"{host} ({place}) cannot be found: {error.strerror}; write an address of this "
                f"machine, for example --set {place}=127.0.0.1"
            ) from error
        except OSError as error:
            raise PortInUseError(
                f"{host}:{port} ({key}) cannot be used: {error.strerror or error}; stop the "
                f"program that listens there, or choose another with --set {key}=PORT"
            ) from error


def _try_to_listen(host: str, port: int) -> None:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    # As servers do it: a connection that lingers from the last run is no obstacle.
    with socket.create_server(address[:2], family=family, reuse_port=False):
        pass


def _needed(site: Site) -> Iterator[tuple[str, int, str]]:
    yield site.opcua.host, site.opcua.port, "opcua.port"
    yield site.ops.host, site.ops.port, "ops.port"
    if site.hmi.enabled:
        yield site.hmi.host, site.hmi.port, "hmi.port"
    gateways = site.emulated_gateways()
    if site.plant is not None and site.plant.managed and gateways:
        yield "127.0.0.1", site.plant.control_port, "plant.control_port"
        for port in gateways.values():
            yield site.plant.host, port, "plant.port"
