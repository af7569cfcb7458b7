"""Draw what is forecast of the next day, small: the middle dashed, and the band around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import decimals, epoch_ms, number_text
from heatpump_twin.hmi.trends.decimation import TrendPoint
from heatpump_twin.hmi.trends.forecast_ahead import Band

LENGTH = timedelta(hours=24)
_WIDTH, _HEIGHT = 480, 44
_EVERY = 6
"""Hours between two marks of the clock."""


@dataclass(frozen=True, slots=True)
class Window:
    """The day that lies ahead."""

    start: datetime
    zone: ZoneInfo

    def x(self, time: int) -> float:
        """Return the place of a time. [ms since the epoch]"""
        share = (time - epoch_ms(self.start)) / (LENGTH / timedelta(milliseconds=1))
        return _WIDTH * share

    def hours(self) -> list[datetime]:
        """Return the whole hours of the site's clock that are marked."""
        first = self.start.astimezone(self.zone).replace(minute=0, second=0, microsecond=0)
        # By the clock, also through its change: six in the morning stays that.
        every = (first + timedelta(hours=hour) for hour in range(1, 26))
        return [time for time in every if time.hour % _EVERY == 0 and time < self.start + LENGTH]


def strip(variable: Variable, band: Band, window: Window, language: Language) -> str:
    """Return the strip of one forecast with its lowest and highest value; empty: there is none."""
    middle, lower, upper = (_known(part, window) for part in (band.middle, band.lower, band.upper))
    if not middle:
        return ""
    title = escape(variable.title)
    values = [value for _, value in (*middle, *lower, *upper)]
    low, high = min(values), max(values)
    least = abs(variable.span[1] - variable.span[0]) / 20 if variable.span else 0.0
    # Noise must not look like a swing: the drawing spans a twentieth of the normal range.
    centre, half = (low + high) / 2, max((high - low) / 2, least / 2, 1e-9)

    def y(value: float) -> float:
        return _HEIGHT / 2 - (value - centre) / half * (_HEIGHT / 2 - 2)

    def path(points: Sequence[tuple[int, float]]) -> str:
        return " ".join(f"{window.x(time):.1f},{y(value):.1f}" for time, value in points)

    least_value, most = (
        number_text(end, decimals(variable), language.decimal) for end in _ends(middle)
    )
    said = language.words(texts.limits(least_value, most, variable.unit))
    marks = "".join(f'<path d="M{window.x(epoch_ms(t)):.1f} 0V{_HEIGHT}"/>' for t in window.hours())
    return (
        f'<div class="ahead"><span class="l">{title}</span>'
        f'<svg class="forecast-strip" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="{title}: {escape(said)}">{marks}'
        f'<polygon points="{path(lower)} {path(upper[::-1])}"/>'
        f'<polyline points="{path(middle)}"/></svg><small>{escape(said)}</small></div>'
    )


def clock(window: Window) -> str:
    """Return the hours beneath the strips."""
    hours = "".join(
        f'<span style="left:{100 * window.x(epoch_ms(time)) / _WIDTH:.1f}%">{time:%H:%M}</span>'
        for time in window.hours()
    )
    return f'<div class="ahead-clock" aria-hidden="true">{hours}</div>'


def _known(points: Sequence[TrendPoint], window: Window) -> list[tuple[int, float]]:
    first, last = epoch_ms(window.start), epoch_ms(window.start + LENGTH)
    return [(t, value) for t, value in points if value is not None and first <= t <= last]


def _ends(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    values = [value for _, value in points]
    return min(values), max(values)
