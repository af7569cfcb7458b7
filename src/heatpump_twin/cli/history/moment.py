"""Moments as a person writes them at the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError

_YEARS = range(1970, 2200)


def moment_of(text: str | None, option: str, zone: ZoneInfo) -> int | None:
    """Return the time that was given, without an offset that of the site."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if aware.year in _YEARS:
            return round(aware.astimezone(UTC).timestamp() * MICROSECONDS)
    except (ValueError, OverflowError) as error:
        raise TwinError(
            f"{option} {text}: write an ISO time, for example 2026-01-15T06:00:00+01:00"
        ) from error
    raise TwinError(f"{option} {text}: write a time from {_YEARS.start} to {_YEARS.stop - 1}")
