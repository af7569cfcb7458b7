"""Hours in which only what cannot wait is told."""

from __future__ import annotations

from pydantic import Field, model_validator

from heatpump_twin.config.notifications.secret import NotificationSection
from heatpump_twin.config.tariff import DAYS, Day, TimeOfDay

URGENT = 900
"""OPC UA severity of what cannot wait."""


class QuietHours(NotificationSection):
    """Hours of the site's day in which only what cannot wait is told; the rest waits."""

    begin: TimeOfDay = Field(alias="from", description='local time, "22:00"')
    end: TimeOfDay = Field(alias="to", description="local time; before `from`: on the day after")
    days: tuple[Day, ...] = Field(
        DAYS, min_length=1, description="on which they begin; default: every day"
    )
    severity: int = Field(URGENT, ge=1, le=1001, description="told all the same; 1001: nothing is")

    @model_validator(mode="after")
    def _last(self) -> QuietHours:
        if self.begin == self.end:
            raise ValueError("from and to are the same time")
        return self
