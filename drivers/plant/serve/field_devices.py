"""The emulated devices of a site behind their gateways, on real Modbus TCP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from heatpump_twin.config.errors import Problem
from heatpump_twin.config.settings import Site, gateway_name
from heatpump_twin.config.yaml_source import dotted
from heatpump_twin.drivers.modbus.emulator.emulated_gateway import EmulatedDevice, EmulatedGateway
from heatpump_twin.drivers.modbus.profile.site_profile import site_profile
from heatpump_twin.drivers.plant.devices.plant import Plant
from heatpump_twin.drivers.plant.errors import PortTakenError, WiringError


def gateways_of(site: Site, plant: Plant) -> Mapping[str, EmulatedGateway]:
    """Return the gateways of a site's emulated devices, by name, each wired to its heat pump."""
    ports = site.emulated_gateways()
    devices: dict[str, dict[int, EmulatedDevice]] = {name: {} for name in ports}
    for heat_pump in site.heat_pumps:
        for device in heat_pump.devices:
            if not device.connection.is_emulated:
                continue
            name = gateway_name(heat_pump, device)
            if device.unit in devices[name]:
                raise WiringError(
                    f"heat_pumps.{heat_pump.id}.devices.{device.id}: unit {device.unit} of gateway "
                    f"{name} is taken; give each device behind one gateway its own unit"
                )
            # By the very profile that the driver reads with: no second map has to keep in step.
            where = f"heat_pumps.{heat_pump.id}.devices.{device.id}"
            profile = site_profile(device, site.quantities, partial(_problem, where))
            process = plant.heat_pumps[heat_pump.id]
            devices[name][device.unit] = EmulatedDevice(profile, process, device.map)
            # A controller that has no code for a mode or a state is not in it.
            for point in profile.points:
                if point.enum:
                    name_here = device.map.get(point.point, point.point)
                    process.offer(name_here, frozenset(point.enum.values()))
    host = site.plant.host if site.plant is not None else "127.0.0.1"
    return {name: EmulatedGateway(host, port, devices[name]) for name, port in ports.items()}


def _problem(where: str, location: Sequence[str | int], message: str) -> Problem:
    return Problem("site", 1, f"{where}.{dotted(location)}", message)


@asynccontextmanager
async def listening(
    gateways: Mapping[str, EmulatedGateway], remedy: str = "--set plant.port=PORT"
) -> AsyncIterator[None]:
    """Serve gateways while the context is open, or raise `PortTakenError` with the remedy."""
    async with AsyncExitStack() as stack:
        for name, gateway in gateways.items():
            try:
                await gateway.start()
            except OSError as error:
                raise PortTakenError(
                    f"the emulated gateway {name} cannot listen on "
                    f"{gateway.host}:{gateway.port} ({error.strerror}); stop the program that "
                    f"uses it, or choose other ports with {remedy}"
                ) from error
            stack.push_async_callback(gateway.stop)
        yield
