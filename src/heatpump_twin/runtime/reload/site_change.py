"""Compare two sites: which heat pumps to remove and add, and what waits for the next start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heatpump_twin.config.settings import HeatPump, Site
from heatpump_twin.runtime.assembly import Assembly

_AT_ONCE = ("heat_pumps", "quantities")
"""What takes effect with a reload: a quantity with the heat pumps that have it."""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """Difference between the running site and the wanted one."""

    site: Site
    """The one that runs afterwards: its heat pumps and the other settings of now."""
    removed: Sequence[str] = ()
    added: Sequence[HeatPump] = ()
    """One that has changed goes and comes: it is in both."""
    later: Sequence[str] = ()
    """Keys of what takes effect at the next start only."""


def compare(now: Site, plan: Assembly, wanted: Site, wanted_plan: Assembly) -> SiteChange:
    """Return the changes from the running site to the wanted one."""
    running = {pump.id: pump for pump in now.heat_pumps}
    kept, added, later = [], [], []
    for pump in wanted.heat_pumps:
        known = running.get(pump.id)
        # Asked of both: a device that was or will be emulated has no gateway until the next
        # start.
        stands_still = any(
            _emulated_as_before(one, now, wanted) for one in (pump, known) if one is not None
        )
        # The settings alone do not tell: a profile or an address behind the same words may have
        # changed.
        if known == pump and (stands_still or _same_devices(pump.id, plan, wanted_plan)):
            kept.append(known)
        elif stands_still:
            later.append(f"heat_pumps.{pump.id}")
            kept += [known] if known else []
        else:
            kept.append(pump)
            added.append(pump)
    # A changed heat pump is kept in the site and removed from the parts: it goes and comes (ADR
    # 8).
    arriving = {pump.id for pump in added}
    staying = {pump.id for pump in kept} - arriving
    later += [
        name
        for name in Site.model_fields
        if name not in _AT_ONCE and getattr(now, name) != getattr(wanted, name)
    ]
    return SiteChange(
        now.model_copy(update={"heat_pumps": kept, "quantities": wanted.quantities}),
        [asset for asset in running if asset not in staying],
        added,
        later,
    )


def _same_devices(asset: str, plan: Assembly, wanted: Assembly) -> bool:
    """Tell whether a heat pump's devices are reached, and described, as before."""
    before, after = ([p for p in a.plans if p.asset == asset] for a in (plan, wanted))
    return before == after


def _emulated_as_before(pump: HeatPump, now: Site, wanted: Site) -> bool:
    """Tell whether a heat pump has a device of a plant that goes on as it was started.

    A plant of our own has the gateways of the old file, and another one is where the old file says.
    """
    goes_on = now.plant != wanted.plant or (now.plant is not None and now.plant.managed)
    return goes_on and any(device.connection.is_emulated for device in pump.devices)
