"""Doubt what a site adapts of a profile, as the profile itself is doubted."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan
from heatpump_twin.drivers.modbus.profile.profile_lint import remarks


def check_adapted(reading: SiteReading, site: Site, plans: Iterable[DevicePlan]) -> None:
    """Add the doubts about points that a site adapts, at the place where it does."""
    by_name = {plan.name: plan for plan in plans}
    for i, pump in enumerate(site.heat_pumps):
        for j, device in enumerate(pump.devices):
            plan = by_name.get(f"{pump.id}.{device.id}")
            if plan is None or device.adapt is None:
                continue
            at = ("heat_pumps", i, "devices", j, "adapt", "points")
            for remark in remarks(plan.profile):
                point = plan.profile.points[remark.index].point
                if point not in device.adapt.points:
                    continue
                problem = reading.problem((*at, point, remark.key), remark.message)
                if remark.is_error:
                    reading.take([problem])
                else:
                    reading.warnings.append(problem)
