"""Times on the clock of the site, in the words of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.presentation import aware


@dataclass(frozen=True, slots=True)
class SiteClock:
    """Clock of the site, for times as text: ``Mon 07:00``."""

    zone: ZoneInfo
    language: Language

    def text(self, time: datetime | None) -> str:
        """Return a time of the coming days with its weekday."""
        if time is None:
            return texts.NO_VALUE
        local = aware(time).astimezone(self.zone)
        return f"{self.language.weekday(local)} {local:%H:%M}"

    def date_text(self, time: datetime) -> str:
        """Return a time of the last weeks with its date."""
        local = aware(time).astimezone(self.zone)
        return f"{self.language.weekday(local)} {local:%Y-%m-%d %H:%M}"
