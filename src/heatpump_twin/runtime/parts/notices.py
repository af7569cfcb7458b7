"""Notifications of alarms: who is told, and what people have done about an alarm so far."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.conditions.occurrence import Occurrence
from heatpump_twin.twin_engine.notifications.letter import LetterWriter
from heatpump_twin.twin_engine.notifications.notifier import Attention, Notifier
from heatpump_twin.twin_engine.notifications.outbox import Outbox
from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner

TWIN_NAME = "Digital twin"


def build_signer(foundation: Foundation) -> LinkSigner | None:
    """Return the signer of links that acknowledge; None: the site wants none."""
    settings = foundation.site.notifications
    if settings.acknowledge_url is None:
        return None
    allowed = {receiver.name for receiver in settings.receivers if receiver.acknowledges}
    return LinkSigner(foundation.data.link_key, settings.acknowledge_url, allowed)


def build_notifier(
    foundation: Foundation,
    conditions: ConditionStore,
    health: TwinHealth,
    signer: LinkSigner | None,
) -> Notifier:
    """Return the notifier of a site. Nothing is sent before it runs."""
    site = foundation.site
    zone = ZoneInfo(site.site.timezone)
    names = {pump.id: pump.name for pump in site.heat_pumps} | {TWIN: TWIN_NAME}
    notifier = Notifier(
        site.notifications,
        Outbox(foundation.data.notifications),
        LetterWriter(site.site.name, names, zone, signer),
        partial(attention, conditions),
        zone,
        foundation.clock,
    )
    health.watch("notification_delay", lambda: notifier.delay)
    return notifier


def attention(conditions: ConditionStore, key: str, raised: int) -> Attention:
    """Return what people have done about the occurrence of an alarm that was raised then. [µs]"""
    if not conditions.is_loaded:
        return Attention(acknowledged=None)
    state = conditions.known.get(key)
    if state is None:
        return Attention()
    found = state.raised_at(raised)
    return Attention(
        acknowledged=_seen(state.trunk, raised) if found is None else found.acked,
        hushed=state.hushed,
    )


def _seen(trunk: Occurrence, raised: int) -> bool:
    """Tell whether an occurrence that is not on record needs nobody's attention any more."""
    # One that came before the present one is over and acknowledged, or it were a branch. One behind
    # it goes on from it, where it is still active, and else is not on record yet: an
    # acknowledgement would be.
    return trunk.raised > raised or (trunk.active and trunk.acked)
