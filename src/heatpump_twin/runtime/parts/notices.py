"""Notifications of alarms: who is told, and what people have done about an alarm so far."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import TWIN
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.parts.twin_health import TwinHealth
from heatpump_twin.twin_engine.conditions.condition_store import ConditionStore
from heatpump_twin.twin_engine.notifications.letter import LetterWriter
from heatpump_twin.twin_engine.notifications.notifier import Attention, Notifier
from heatpump_twin.twin_engine.notifications.outbox import Outbox
from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner

TWIN_NAME = "Digital twin"


def build_signer(foundation: Foundation) -> LinkSigner | None:
    """Return the signer of links that acknowledge; None: the site wants none."""
    url = foundation.site.notifications.acknowledge_url
    return None if url is None else LinkSigner(foundation.data.link_key, url)


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
        lambda key: _attention(conditions, key),
        zone,
        foundation.clock,
    )
    health.watch("notification_delay", lambda: notifier.delay)
    return notifier


def _attention(conditions: ConditionStore, key: str) -> Attention:
    state = conditions.known.get(key)
    if state is None:
        return Attention()
    return Attention(acknowledged=state.trunk.acked, hushed=not state.enabled or state.quiet)
