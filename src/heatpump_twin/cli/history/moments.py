"""Times as a person gives them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError


def moment(text: str, option: str, zone: ZoneInfo) -> int:
    """Return a time in µs since the Unix epoch; without an offset it is that of the site."""
    try:
        given = datetime.fromisoformat(text)
        aware = given if given.tzinfo else given.replace(tzinfo=zone)
        return round(aware.astimezone(UTC).timestamp() * MICROSECONDS)
    except (ValueError, OverflowError) as error:
        raise TwinError(
            f"{option} {text}: write an ISO time, for example 2026-01-15T06:00:00+01:00"
        ) from error
