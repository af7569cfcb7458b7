"""Draw how often something happened, in hours or days of the site's own clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.presentation import aware

_HOURS_UP_TO = timedelta(days=2)
_WIDTH, _HEIGHT, _FOOT = 720, 140, 22
_LABELS = 8


def bar_chart(
    language: Language,
    zone: ZoneInfo,
    times: Iterable[datetime | None],
    span: tuple[datetime, datetime],
) -> str:
    """Return the SVG of a bar for each hour or day of a span, with how many times lie in it."""
    by_hours = span[1] - span[0] <= _HOURS_UP_TO
    starts = _starts(span, zone, by_hours=by_hours)
    counts = Counter(
        _start(aware(time), zone, by_hours=by_hours) for time in times if time is not None
    )
    most = max([counts[start] for start in starts], default=0) or 1
    width = _WIDTH / len(starts)
    form = "%H:00" if by_hours else "%d.%m."
    parts: list[str] = []
    for number, start in enumerate(starts):
        count, x = counts[start], number * width
        height = count / most * (_HEIGHT - 18)
        label = start.astimezone(zone).strftime(form)
        parts.append(
            f'<rect x="{x + 1:.1f}" y="{_HEIGHT - height:.1f}" width="{width - 2:.1f}" '
            f'height="{height:.1f}"><title>{label}: {count}</title></rect>'
        )
        if count:
            parts.append(
                f'<text class="n" x="{x + width / 2:.1f}" y="{_HEIGHT - height - 4:.1f}">'
                f"{count}</text>"
            )
        if number % max(1, len(starts) // _LABELS) == 0:
            parts.append(f'<text x="{x + width / 2:.1f}" y="{_HEIGHT + _FOOT - 6}">{label}</text>')
    name = escape(language.words(texts.RAISED_BY_TIME))
    return (
        f'<svg class="bars" viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" '
        f'aria-label="{name}: {sum(counts.values())}">'
        f'<path d="M0 {_HEIGHT}H{_WIDTH}"/>{"".join(parts)}</svg>'
    )


def _starts(span: tuple[datetime, datetime], zone: ZoneInfo, *, by_hours: bool) -> list[datetime]:
    """Return the begin of each hour or day in order, UTC: a day of the site may have 23 hours."""
    # Half a step is shorter than any of them: no day is left out where the clocks change.
    step = timedelta(minutes=30) if by_hours else timedelta(hours=12)
    found: dict[datetime, None] = {}
    time = span[0]
    while time < span[1]:
        found[_start(time, zone, by_hours=by_hours)] = None
        time += step
    found[_start(span[1], zone, by_hours=by_hours)] = None
    return list(found)


def _start(time: datetime, zone: ZoneInfo, *, by_hours: bool) -> datetime:
    if by_hours:
        return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = time.astimezone(zone)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
