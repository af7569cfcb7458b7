"""Doubt what a site adapts of a profile, as the profile itself is doubted."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.adaptation import Adaptation
from heatpump_twin.config.errors import KeyPath
from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan
from heatpump_twin.drivers.modbus.profile.profile import Profile
from heatpump_twin.drivers.modbus.profile.profile_lint import Remark, remarks


def check_adapted(reading: SiteReading, site: Site, plans: Iterable[DevicePlan]) -> None:
    """Add the doubts about points that a site adapts, at the place where it does."""
    by_name = {plan.name: plan for plan in plans}
    for i, pump in enumerate(site.heat_pumps):
        for j, device in enumerate(pump.devices):
            plan = by_name.get(f"{pump.id}.{device.id}")
            if plan is None or device.adapt is None:
                continue
            at = ("heat_pumps", i, "devices", j, "adapt")
            for remark in remarks(plan.profile):
                place = _place(remark, plan.profile, device.adapt)
                if place is None:
                    continue
                problem = reading.problem((*at, *place), remark.message)
                if remark.is_error:
                    reading.take([problem])
                else:
                    reading.warnings.append(problem)


def _place(remark: Remark, profile: Profile, adapt: Adaptation) -> KeyPath | None:
    """Return where a site adapts what a remark is about; None: it is the profile's own."""
    if remark.index is None:
        return (remark.key,) if getattr(adapt, remark.key, None) is not None else None
    point = profile.points[remark.index].point
    return ("points", point, remark.key) if point in adapt.points else None
