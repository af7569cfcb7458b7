"""Format values, times and durations as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from heatpump_twin.config.catalogue import UNITS, PointSpec
from heatpump_twin.config.phrase import Context, Phrase, Text, joined
from heatpump_twin.drivers.clock import MICROSECONDS


def value_text(spec: PointSpec, value: float | None) -> str:
    """Return ``55 °C``, ``On``, ``Hot water`` or ``no value``."""
    if value is None or math.isnan(value):
        return Text("no value", Context.MESSAGES)
    if spec.unit is not None:
        symbol = UNITS[spec.unit].symbol
        shown = round(value, 2 if spec.decimals is None else spec.decimals)
        if not symbol:
            return Phrase("{value}", value=shown)
        return Phrase("{value} {unit}", value=shown, unit=symbol)
    return spec.codes.get(int(value), f"{value:g}")


def time_text(time: int, zone: ZoneInfo, now: int) -> str:
    """Return a time at the site: ``07:00``, or ``2026-01-15 07:00`` where it is not today's."""
    local, today = (
        datetime.fromtimestamp(t / MICROSECONDS, UTC).astimezone(zone) for t in (time, now)
    )
    # The site's own day decides, not that of UTC: 00:30 in Madrid is still today there.
    return local.strftime("%H:%M" if local.date() == today.date() else "%Y-%m-%d %H:%M")


def duration_text(seconds: float) -> str:
    """Return ``45 s``, ``30 min`` or ``2 h 15 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(filter(None, parts))


def sentences(parts: Sequence[str]) -> str:
    """Join sentences, each in whatever language it is told, and leave out the empty ones."""
    # A lone `Text` or `Phrase` is passed on as it is, and keeps its own translation.
    said = [part for part in parts if part]
    return said[0] if len(said) == 1 else joined(" ", said)
