"""Check a site file with its profiles and rule packs, without touching a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from heatpump_twin.config.catalogue import SITE, TWIN
from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.errors import ConfigError, Problem
from heatpump_twin.config.load import SiteFile, SiteReading, read_site
from heatpump_twin.config.settings import Site
from heatpump_twin.config.tariff import Tariff
from heatpump_twin.drivers.modbus.driver.device_plan import plan_devices
from heatpump_twin.drivers.modbus.profile.profile_lint import lint_profile
from heatpump_twin.errors import TwinError, UnreadableError
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.pack import Pack
from heatpump_twin.runtime.assembly import Assembly, assemble
from heatpump_twin.runtime.checks.adapted_profiles import check_adapted
from heatpump_twin.runtime.checks.device_lines import check_lines
from heatpump_twin.runtime.checks.named_files import (
    check_certificate,
    check_database,
    check_packs,
)
from heatpump_twin.runtime.checks.one_clock import check_clock, check_past
from heatpump_twin.runtime.checks.plant_faults import check_faults
from heatpump_twin.runtime.checks.plate_units import check_plates
from heatpump_twin.runtime.checks.port_clashes import check_gateways, check_ports
from heatpump_twin.runtime.checks.short_polls import check_polls
from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.foresight.model_card import ModelError
from heatpump_twin.twin_engine.kpi.figure_needs import KNOWN_FIGURES, lacking

_CHECKS = (
    check_gateways,  # first, as it mends what the others could not bear
    check_ports,
    check_lines,
    check_plates,
    check_clock,
    check_faults,
    check_database,
    check_certificate,
)


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
    """Read a site file with all that it names; raise `ConfigError` with all mistakes of a bad one.

    What this takes also runs: `hptwin check`, `hptwin run` and a reload all begin with it.
    """
    try:
        return _examined(file, data)
    except (ConfigError, TwinError):
        raise
    # The boundary of whatever a person wrote: a running twin must not end by it, and whoever checks
    # a file is told its name.
    except Exception as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UnreadableError(
            f"{file.file}: cannot be examined ({what}): take back the latest change of the file, "
            "and report this, which is a mistake of the software as well"
        ) from error


def _examined(file: SiteFile, data: DataDirectory | None) -> Examined:
    reading = read_site(file.file, file.overrides)
    source = reading.source
    # A profile given by mistake would yield one complaint for each of its keys.
    if isinstance(source.data, dict) and {"kind", "points"} <= source.data.keys():
        name = file.file
        raise TwinError(f"{name} is a device profile: `hptwin profile check {name}` checks it")
    site = reading.site
    if site is None:
        raise ConfigError(reading.problems)
    # Collected and raised together, as far as each stage can go without the others: a person mends
    # a file once, not mistake by mistake.
    for check in _CHECKS:
        check(reading, reading.site or site)
    check_past(reading, reading.site or site, data)
    site = reading.site or site
    try:
        plans = plan_devices(site, reading.problem)
        check_polls(reading, site, plans)
        check_adapted(reading, site, plans)
    except ConfigError as error:
        reading.take(error.problems)
    _lint_profiles(reading, site)
    packs = check_packs(reading, site)
    if reading.problems:
        raise ConfigError(reading.problems)
    try:
        assembly = assemble(site, data, reading.problem)
    except (EngineError, ModelError) as error:
        raise TwinError(str(error)) from error
    return Examined(source.name, site, assembly, packs, reading.warnings)


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
        lines += _figures(points)
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


def _figures(points: Collection[str]) -> list[str]:
    """Return which key figures a heat pump will have, which not, and what is missing."""
    without = lacking(points)
    has = [figure.name for figure in KNOWN_FIGURES if figure.name not in without]
    lines = [f"    key figures: {', '.join(has) or 'none'}"]
    for name, groups in without.items():
        needs = "; ".join(
            " or ".join(" with ".join(choice) for choice in choices) for choices in groups
        )
        lines.append(f"    no {name}: needs {needs}")
    return lines


def _lint_profiles(reading: SiteReading, site: Site) -> None:
    """Add what is doubtful about the profiles that the site uses, each profile once."""
    used = dict.fromkeys(device.profile for pump in site.heat_pumps for device in pump.devices)
    for name in used:
        # One that does not load was told of when its device was planned.
        with suppress(ConfigError):
            for finding in lint_profile(name):
                if finding.is_error:
                    reading.take([finding.problem])
                else:
                    reading.warnings.append(finding.problem)


def _prices(tariff: Tariff | None) -> str:
    if tariff is None:
        return "no tariff"
    low, high = min(tariff.week()), max(tariff.week())
    span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{span} {tariff.currency} per kWh"
