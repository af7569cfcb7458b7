"""A figure of periods: declared once, it is a point of each span that it is made for.

A point of a span holds one value for each period, with the time at which the period begins: its
history is the table, and its newest value is that of the running period so far.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from heatpump_twin.config.phrase import SEPARATOR, Context, Text, joined
from heatpump_twin.config.text_fields import PointText


class CalendarSpan(StrEnum):
    """What is added up over: an hour, a day, a month or a year on the clock of the site."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


SPAN_NAMES = MappingProxyType(
    {
        CalendarSpan.HOUR: Text("hour", Context.POINTS),
        CalendarSpan.DAY: Text("day", Context.POINTS),
        CalendarSpan.MONTH: Text("month", Context.POINTS),
        CalendarSpan.YEAR: Text("year", Context.POINTS),
    }
)
SPAN_TEXTS = MappingProxyType(
    {
        CalendarSpan.HOUR: Text(
            "One value for each hour, at its begin; the newest is the hour so far", Context.POINTS
        ),
        CalendarSpan.DAY: Text(
            "One value for each day, at its begin; the newest is the day so far", Context.POINTS
        ),
        CalendarSpan.MONTH: Text(
            "One value for each month, at its begin; the newest is the month so far",
            Context.POINTS,
        ),
        CalendarSpan.YEAR: Text(
            "One value for each year, at its begin; the newest is the year so far", Context.POINTS
        ),
    }
)
_GROUPS = {
    CalendarSpan.HOUR: "HourlyFigures",
    CalendarSpan.DAY: "DailyFigures",
    CalendarSpan.MONTH: "MonthlyFigures",
    CalendarSpan.YEAR: "YearlyFigures",
}


class PeriodFigure(BaseModel):
    """The declaration of a figure of periods in the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: PointText
    text: PointText
    unit: str | None = None
    currency: bool = False
    sums: bool = True
    """Whether the figure of a day is the sum of its hours, and that of a site of its heat pumps."""
    site: bool = True
    """Whether a site has it too."""
    spans: dict[CalendarSpan, tuple[float, float]]
    """By span: what it normally is of a heat pump."""

    def point(self, span: CalendarSpan, *, site: bool) -> dict[str, Any]:
        """Return the declaration of its point of a span."""
        group = _GROUPS[span]
        own = {"section": group.lower()} if site else {}
        return {
            "unit": self.unit,
            "currency": self.currency,
            "range": self.spans[span],
            "role": "tallied",
            "group": group,
            "span": span,
            "sums": self.sums,
            "stepped": True,
            **own,
        }

    def title_of(self, span: CalendarSpan) -> Text:
        """Return the title of its point of a span."""
        return joined(SEPARATOR, (self.title, SPAN_NAMES[span]))

    def text_of(self, span: CalendarSpan) -> Text:
        """Return the meaning of its point of a span."""
        return joined(". ", (self.text, SPAN_TEXTS[span]))


def point_of(figure: str, span: CalendarSpan) -> str:
    """Return the id of a figure's point of a span: ``electricity_heating_month``."""
    return f"{figure}_{span.value}"
