"""Plan the devices of a site file: which points each one feeds, and which links they share.

::

    plans = plan_devices(site, source.problem)                    # mistakes as ConfigError
    table = PointTable.build([*mapped_points(plans), *derived…])
    drivers = build_drivers(plans, table, clock)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from heatpump_twin.config.catalogue import CATALOGUE, PointKind, PointSpec, PointTable, Span
from heatpump_twin.config.connection import DeviceConnection
from heatpump_twin.config.errors import ConfigError, KeyPath, Problem, ProblemAt
from heatpump_twin.config.reading.text_file import is_file
from heatpump_twin.config.settings import DEFAULT_POLL, Device, Site
from heatpump_twin.config.yaml_source import dotted
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.modbus.driver.driver import ModbusDriver
from heatpump_twin.drivers.modbus.profile.profile import ASSET_TYPE, Profile, ProfilePoint
from heatpump_twin.drivers.modbus.profile.profile_files import packaged_profiles
from heatpump_twin.drivers.modbus.profile.site_profile import site_profile
from heatpump_twin.drivers.modbus.wire.link import ModbusLink
from heatpump_twin.drivers.protocol import RefreshDuty

OfferedPoint = tuple[str, str, PointSpec, Span | None]


@dataclass(frozen=True, slots=True)
class DevicePlan:
    """The plan of one device of the site: its profile, its address, and the points it feeds."""

    asset: str
    device: Device
    address: DeviceConnection
    profile: Profile
    names: Mapping[str, str]
    """Profile point → catalogue point, without those that the site skips."""
    quantities: Mapping[str, PointSpec]
    """What the site adds to the catalogue, of the points that the device feeds."""

    @property
    def name(self) -> str:
        """``asset.device``."""
        return f"{self.asset}.{self.device.id}"

    @property
    def timeout(self) -> float:
        """Longest time to a response. [s]"""
        return self.device.timeout or self.profile.timeout

    @property
    def period(self) -> float:
        """Poll period: the site's, else one that holds the time-out. [s]"""
        return self.device.poll or max(DEFAULT_POLL, self.timeout)

    def entries(self) -> Iterator[OfferedPoint]:
        """Give asset, point id, declaration and write limits of every point of the device."""
        for point, name in self.names.items():
            source = self.profile.by_name[point]
            spec = source.spec
            if name != point:
                spec = source.stepping(declaration(name, self.quantities))
            yield self.asset, name, spec, write_limits(source, spec)


def plan_devices(site: Site, problem: ProblemAt | None = None) -> list[DevicePlan]:
    """Return a plan for every device of the site, in the order of the file.

    ``problem`` makes a mistake out of a location in the site file; pass `YamlSource.problem` to
    have line numbers. Raises `ConfigError` with all mistakes of the site and of its profiles.
    """
    problem = problem or _problem_without_line
    plans: list[DevicePlan] = []
    problems: list[Problem] = []
    profiles: dict[str, Profile] = {}
    for i, heat_pump in enumerate(site.heat_pumps):
        fed_by: dict[str, str] = {}
        for j, device in enumerate(heat_pump.devices):
            at: tuple[str | int, ...] = ("heat_pumps", i, "devices", j)
            try:
                # A campus has hundreds of devices of a few families: each file is read once.
                kind = f"{device.profile} {device.adapt!r}"
                profile = profiles.get(kind) or _profile(device, site, at, problem)
                profiles[kind] = profile
                names = _names(device, profile, site.quantities, at, problem)
            except ConfigError as error:
                problems += error.problems
                continue
            for name in names.values():
                if name in fed_by:
                    message = (
                        f"{name} already comes from {fed_by[name]}: "
                        "skip it in one of the two, or map it to another point"
                    )
                    problems.append(problem(at, message))
                fed_by.setdefault(name, device.id)
            added = {n: site.quantities[n] for n in names.values() if n in site.quantities}
            address = site.address(heat_pump, device)
            try:
                ModbusLink.to(address)  # for the check of its options; nothing is opened here
            except ValueError as error:
                problems.append(problem((*at, "connection"), str(error)))
            plans.append(DevicePlan(heat_pump.id, device, address, profile, names, added))
    if problems:
        raise ConfigError(problems)
    return plans


def mapped_points(plans: Iterable[DevicePlan]) -> list[OfferedPoint]:
    """Return the entries of all devices' points for `PointTable.build`."""
    return [entry for plan in plans for entry in plan.entries()]


def refresh_duties(plans: Iterable[DevicePlan]) -> dict[str, RefreshDuty]:
    """Return the settings that have to be written again while they hold, by ``asset.point``."""
    duties = {}
    for plan in plans:
        for point, name in plan.names.items():
            rules = plan.profile.by_name[point].write
            if rules is not None and rules.refresh is not None:
                duties[f"{plan.asset}.{name}"] = RefreshDuty(rules.refresh, rules.throttle)
    return duties


def build_drivers(
    plans: Sequence[DevicePlan],
    table: PointTable,
    clock: Clock,
    links: dict[str, ModbusLink] | None = None,
) -> list[ModbusDriver]:
    """Return a driver for every device. Devices at the same address share one link.

    ``links`` has those of drivers that run already, by address, and takes the new ones.
    """
    links = {} if links is None else links
    drivers = []
    for plan, phase in zip(plans, phases(plans), strict=True):
        # Keyed by repr: str leaves the options out, and two lines may differ in the baud rate.
        link = links.setdefault(repr(plan.address), ModbusLink.to(plan.address))
        points = table.by_asset[plan.asset]
        drivers.append(
            ModbusDriver(
                name=plan.name,
                profile=plan.profile,
                points={point: points[name] for point, name in plan.names.items()},
                link=link,
                unit=plan.device.unit,
                clock=clock,
                period=plan.period,
                timeout=plan.timeout,
                phase=phase,
            )
        )
    return drivers


def phases(plans: Sequence[DevicePlan]) -> list[float]:
    """Return the phase of each device: the share of its poll period by which it is polled later.

    Devices on one link are spread evenly, or they would queue for it while it idles for the rest of
    the period; and so are the links among themselves.
    """
    addresses = [repr(plan.address) for plan in plans]
    sharing = Counter(addresses)
    rank = {address: i / len(sharing) for i, address in enumerate(sharing)}
    before: Counter[str] = Counter()
    found = []
    for address in addresses:
        found.append((before[address] + rank[address]) / sharing[address])
        before[address] += 1
    return found


def write_limits(point: ProfilePoint, spec: PointSpec) -> Span | None:
    """Return the limits of a write to a point: what both the catalogue and the device allow."""
    if point.write is None:
        return None
    if spec.kind is PointKind.TWO_STATE:
        return 0.0, 1.0
    if codes := point.codes:
        return float(min(codes)), float(max(codes))
    low, high = point.accepted
    if spec.range is not None:
        low, high = max(low, spec.range[0]), min(high, spec.range[1])
    return low, high


def declaration(name: str, quantities: Mapping[str, PointSpec]) -> PointSpec:
    """Return what the catalogue or the site declares of a point."""
    return quantities.get(name) or CATALOGUE[ASSET_TYPE][name]


def _profile(device: Device, site: Site, at: tuple[str | int, ...], problem: ProblemAt) -> Profile:
    name = device.profile
    if name not in packaged_profiles() and not is_file(name):
        known = ", ".join(packaged_profiles())
        message = f"there is no profile {name!r}; name a file, or one of {known}"
        raise ConfigError([problem((*at, "profile"), message)])
    return site_profile(
        device, site.quantities, lambda location, message: problem((*at, *location), message)
    )


def _names(
    device: Device,
    profile: Profile,
    quantities: Mapping[str, PointSpec],
    at: tuple[str | int, ...],
    problem: ProblemAt,
) -> dict[str, str]:
    """Return profile point → catalogue point, or raise with what is wrong in map and skip."""
    problems = []
    offered = {point.point for point in profile.samples}
    for index, name in enumerate(device.skip):
        if name not in offered:
            message = f"profile {device.profile} has no point {name!r}"
            problems.append(problem((*at, "skip", index), message))
    for name, target in device.map.items():
        message = _map_mistake(profile, quantities, name, target)
        if message:
            problems.append(problem((*at, "map", name), message))
    if problems:
        raise ConfigError(problems)
    names = {
        point.point: device.map.get(point.point, point.point)
        for point in profile.samples
        if point.point not in device.skip
    }
    # A range without a value would only show when somebody writes, and then as a plain refusal.
    for point, target in names.items():
        source = profile.by_name[point]
        spec = source.spec if target == point else declaration(target, quantities)
        limits = write_limits(source, spec)
        if limits is not None and limits[0] > limits[1]:
            message = f"no value of {target} is allowed by both the catalogue and the profile"
            raise ConfigError([problem((*at, "profile"), message)])
    return names


def _map_mistake(
    profile: Profile, quantities: Mapping[str, PointSpec], name: str, target: str
) -> str:
    """Say why a profile point cannot feed another catalogue point; empty: it can."""
    if name not in {point.point for point in profile.samples}:
        return f"the profile has no point {name!r}"
    if target not in CATALOGUE[ASSET_TYPE] and target not in quantities:
        return f"the catalogue has no point {target!r}, and the site has no such quantity"
    source, wanted = profile.by_name[name].spec, declaration(target, quantities)
    # The codec converts to the unit and the codes of the point that the profile names.
    if source.unit != wanted.unit:
        return f"{name} is in {source.unit} and {target} in {wanted.unit}"
    if source.kind is not wanted.kind or source.codes != wanted.codes:
        return f"{name} and {target} do not have the same states"
    return ""


def _problem_without_line(location: KeyPath, message: str) -> Problem:
    return Problem("site", 1, dotted(location), message)
