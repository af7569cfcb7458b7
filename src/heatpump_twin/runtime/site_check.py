"""Check a site file with its profiles and rule packs, without touching a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heatpump_twin.config.catalogue import SITE, TWIN
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.load import SiteFile, site_source
from heatpump_twin.config.settings import Site
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.config.yaml_source import YamlSource
from heatpump_twin.drivers.modbus.profile.profile_lint import Finding, lint_profile
from heatpump_twin.errors import TwinError
from heatpump_twin.rules.cases import run_cases
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import Pack, load_packs
from heatpump_twin.runtime.assembly import Assembly, assemble
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.model_card import ModelError


@dataclass(frozen=True, slots=True)
class Checked:
    """Result of the check of a good site file."""

    summary: str
    warnings: Sequence[Problem]
    """What a person should look at."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A site file without mistakes, assembled, with its rule packs and warnings."""

    name: str
    site: Site
    assembly: Assembly
    packs: Sequence[Pack]
    warnings: Sequence[Problem]


def examine(file: SiteFile, data: DataDirectory | None = None) -> Examined:
    """Read a site file with its profiles; raise `ConfigError` with all mistakes of a bad one."""
    source = site_source(file.file)
    # A profile given by mistake would yield one complaint for each of its keys.
    if isinstance(source.data, dict) and {"kind", "points"} <= source.data.keys():
        name = file.file
        raise TwinError(f"{name} is a device profile: `hptwin profile check {name}` checks it")
    site = file.load()
    # Collected and raised together: a person mends a file once, not mistake by mistake.
    problems = list(_port_clashes(site, source))
    try:
        assembly = assemble(site, data, source)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from error
    except (EngineError, ModelError) as error:
        raise TwinError(str(error)) from error
    findings = _lint_profiles(site)
    problems += [finding.problem for finding in findings if finding.is_error]
    packs = load_packs(site.rules.packs)
    for pack in packs:
        # The rules' own cases belong to the check: a site may bring its pack, with a limit typed
        # wrong.
        problems += run_cases(pack)
    if problems:
        raise ConfigError(problems)
    warnings = [finding.problem for finding in findings if not finding.is_error]
    return Examined(source.name, site, assembly, packs, warnings)


def check_site(file: str, overrides: Sequence[str] = ()) -> Checked:
    """Check a site file with its profiles; raise `ConfigError` with all mistakes of a bad one."""
    examined = examine(SiteFile(file, overrides))
    site, assembly = examined.site, examined.assembly
    engine = RuleEngine(examined.packs, site, assembly.table)
    alarms = Counter(alarm.asset for alarm in engine.definitions())
    lines = [f"{examined.name}: good"]
    for pump in site.heat_pumps:
        points = assembly.table.by_asset[pump.id]
        writable = sum(point.limits is not None for point in points.values())
        lines.append(
            f"  {pump.id} ({pump.name}): {len(pump.devices)} devices, {len(points)} points, "
            f"{writable} writable, {alarms[pump.id]} alarms"
        )
        lines += [
            f"    {plan.device.id}: {plan.device.profile} at {plan.address} unit {plan.device.unit}"
            for plan in assembly.plans
            if plan.asset == pump.id
        ]
    totals = assembly.table.by_asset[SITE]
    lines.append(f"  {SITE}: {len(totals)} points, {_prices(site.tariff)}")
    watched = assembly.table.by_asset[TWIN]
    lines.append(f"  {TWIN}: {len(watched)} points, {alarms[TWIN]} alarms")
    return Checked("\n".join(lines), examined.warnings)


def _lint_profiles(site: Site) -> list[Finding]:
    """Return the findings about the profiles that the site uses, each profile once."""
    used = dict.fromkeys(device.profile for pump in site.heat_pumps for device in pump.devices)
    return [finding for name in used for finding in lint_profile(name)]


def _prices(tariff: Tariff | None) -> str:
    if tariff is None:
        return "no tariff"
    low, high = float(tariff.week().min()), float(tariff.week().max())
    span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{span} {tariff.currency} per kWh"


def _port_clashes(site: Site, source: YamlSource) -> list[Problem]:
    """Return a problem for each port of a host that two services of the site would use."""
    services = [
        (("opcua", "port"), site.opcua.host, site.opcua.port),
        (("ops", "port"), site.ops.host, site.ops.port),
    ]
    if site.hmi.enabled:
        services.append((("hmi", "port"), site.hmi.host, site.hmi.port))
    if site.plant is not None:
        services.append((("plant", "control_port"), "127.0.0.1", site.plant.control_port))
        services += [
            (("plant", "port"), site.plant.host, port) for port in site.emulated_gateways().values()
        ]
    problems: list[Problem] = []
    taken: dict[tuple[str, int], tuple[str, str]] = {}
    for location, host, port in services:
        other = taken.setdefault((host, port), location)
        if other != location:
            message = f"port {port} is also used by {'.'.join(other)}"
            problems.append(source.problem(location, message))
    return problems
