"""Find two services of a site that would listen on one port of a host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.reading.strict_yaml import YamlPath
from heatpump_twin.config.settings import EmulatedPlant, Site

_LOCAL = "127.0.0.1"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class _Service:
    """A service that listens: the key of its port, and what it is called."""

    location: YamlPath
    host: str
    port: int
    name: str

    def meets(self, other: _Service) -> bool:
        hosts = {_LOCAL if host == "localhost" else host for host in (self.host, other.host)}
        # Who listens on all addresses of a machine takes the port from each of them.
        return self.port == other.port and (len(hosts) == 1 or not hosts.isdisjoint(_EVERYWHERE))


def check_ports(reading: SiteReading, site: Site) -> None:
    """Add a problem for each port that two services want."""
    seen: list[_Service] = []
    for service in _services(site):
        if reading.spoilt(service.location):
            continue
        for other in seen:
            if service.meets(other):
                _add(reading, service, other)
                break
        else:
            seen.append(service)


def check_gateways(reading: SiteReading, site: Site) -> None:
    """Add a problem for gateways whose ports end behind the last one there is."""
    gateways = site.emulated_gateways()
    if site.plant is not None and max(gateways.values(), default=0) > _LAST_PORT:
        message = (
            f"{len(gateways)} gateways from {site.plant.port} on end behind {_LAST_PORT}; write "
            f"{_LAST_PORT + 1 - len(gateways)} or less"
        )
        reading.add(("plant", "port"), message)
        # What follows is told as if it were in order.
        reading.source.mended.add(("plant", "port"))
        plant = site.plant.model_copy(update={"port": EmulatedPlant().port})
        reading.site = site.model_copy(update={"plant": plant})


def _add(reading: SiteReading, service: _Service, other: _Service) -> None:
    # Told where it is written, and not at a default that the file does not have.
    at, against = service, other
    if not reading.states(at.location) and reading.states(against.location):
        at, against = against, at
    if reading.states(against.location):
        words = f"port {service.port} is also used by {against.name} ({_key(against)})"
    else:
        words = (
            f"port {service.port} is {against.name}'s default ({_key(against)}); choose another one"
        )
    reading.add(at.location, words)


def _key(service: _Service) -> str:
    return ".".join(map(str, service.location))


def _services(site: Site) -> Iterator[_Service]:
    yield _Service(("opcua", "port"), site.opcua.host, site.opcua.port, "the OPC UA server")
    yield _Service(("ops", "port"), site.ops.host, site.ops.port, "health and metrics")
    if site.hmi.enabled:
        yield _Service(("hmi", "port"), site.hmi.host, site.hmi.port, "the HMI")
    # A plant elsewhere listens there, on ports that only its own file can mend.
    if site.plant is not None and site.plant.managed and site.emulated_gateways():
        control = site.plant.control_port
        yield _Service(("plant", "control_port"), _LOCAL, control, "the plant's control port")
        for name, port in site.emulated_gateways().items():
            what = f"the plant's gateway {name}"
            yield _Service(("plant", "port"), site.plant.host, port, what)
