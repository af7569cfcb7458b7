"""Doubt a poll period that does not hold the time-out of its device."""

from __future__ import annotations

from collections.abc import Iterable

from heatpump_twin.config.load import SiteReading
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.modbus.driver.device_plan import DevicePlan


def check_polls(reading: SiteReading, site: Site, plans: Iterable[DevicePlan]) -> None:
    """Add a warning for each device of which one lost response takes longer than its period."""
    by_name = {plan.name: plan for plan in plans}
    for i, pump in enumerate(site.heat_pumps):
        for j, device in enumerate(pump.devices):
            plan = by_name.get(f"{pump.id}.{device.id}")
            if plan is not None and plan.timeout > plan.period:
                at = ("heat_pumps", i, "devices", j, "poll")
                reading.doubt(at, _message(plan))


def _message(plan: DevicePlan) -> str:
    timeout, period = plan.timeout, plan.period
    whose = "" if plan.device.timeout else f" of {plan.device.profile}"
    return (
        f"{period:g} s is shorter than the timeout{whose}, {timeout:g} s: one response that does "
        f"not come takes {timeout / period:.3g} periods; write poll: {timeout:g} s or more, "
        "leave poll out, or write a shorter timeout"
    )
