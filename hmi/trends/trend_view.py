"""Trend view: which points, in which panes, over which range. It stands in a page's address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

MOST_POINTS = 16
MOST_PANES = 6
HOURS = (1, 6, 24, 168, 720, 8760)
"""Ranges that end now. [h]"""
DAYS_EARLIER = {"day": 1, "week": 7, "month": 28, "year": 364}
"""By how many days an earlier range lies before: whole weeks, so that Monday lies on Monday."""
_LONGEST = timedelta(days=3660)
_SHORTEST = timedelta(minutes=1)
_KEY = 200
"""Letters of the longest key of a point."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A point in a pane."""

    key: str
    pane: int = 0
    """From 1; 0: with the others of its unit."""


@dataclass(frozen=True, slots=True)
class TrendView:
    """What a trend shows."""

    points: tuple[Placed, ...] = ()
    hours: int = 24
    """Length of a range that ends now; of no meaning with a range of its own."""
    start: datetime | None = None
    end: datetime | None = None
    """A range of its own, aware; both or none."""
    earlier: str = ""
    """Key of `DAYS_EARLIER`: the same range before, drawn over it; empty: none."""
    ahead: bool = False
    """Whether what is forecast is drawn behind now."""
    marks: bool = False
    """Whether alarms and changes are marked."""

    def range(self, now: datetime) -> tuple[datetime, datetime]:
        """Return begin and end of what is shown; the end of one that follows the time is now."""
        if self.start is not None and self.end is not None:
            return self.start, self.end
        return now - timedelta(hours=self.hours), now

    def query(self, zone: ZoneInfo) -> str:
        """Return it as the query of an address; times are those of the site's clock."""
        pairs = [("p", p.key + (f"@{p.pane}" if p.pane else "")) for p in self.points]
        if self.start is not None and self.end is not None:
            pairs += [("from", _written(self.start, zone)), ("to", _written(self.end, zone))]
        else:
            pairs.append(("h", str(self.hours)))
        pairs += [("with", self.earlier)] if self.earlier else []
        pairs += [(name, "1") for name in ("ahead", "marks") if getattr(self, name)]
        return urlencode(pairs, safe=".@:")


def view_of(query: str, zone: ZoneInfo) -> TrendView:
    """Return the view that the query of an address asks for; what has no meaning is left out."""
    pairs = parse_qsl(query)
    asked = dict(pairs)
    start, end = _range(asked.get("from", ""), asked.get("to", ""), zone)
    hours = asked.get("h", "")
    return TrendView(
        points=_points(value for name, value in pairs if name == "p"),
        hours=int(hours) if hours in map(str, HOURS) else 24,
        start=start,
        end=end,
        earlier=asked["with"] if asked.get("with") in DAYS_EARLIER else "",
        ahead=asked.get("ahead") == "1",
        marks=asked.get("marks") == "1",
    )


def earlier_by(view: TrendView, time: datetime, zone: ZoneInfo) -> datetime:
    """Return the time of the earlier range that lies under one of the view's range.

    By the clock of the site: through a change of the clock seven in the morning stays that.
    """
    shown = time.astimezone(zone).replace(tzinfo=None)
    before = shown - timedelta(days=DAYS_EARLIER[view.earlier])
    return before.replace(tzinfo=zone).astimezone(UTC)


def _points(texts: Iterable[str]) -> tuple[Placed, ...]:
    found: dict[str, Placed] = {}
    for text in texts:
        key, _, pane = text.partition("@")
        place = int(pane) if pane in map(str, range(1, MOST_PANES + 1)) else 0
        if 0 < len(key) <= _KEY:
            found.setdefault(key, Placed(key, place))
    return tuple(found.values())[:MOST_POINTS]


def _range(first: str, last: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    start, end = _read(first, zone), _read(last, zone)
    if start is None or end is None or not _SHORTEST <= end - start <= _LONGEST:
        return None, None
    return start, end


def _read(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A field lets people type a year of one digit, before which OPC UA has no time.
    if not 1970 <= time.year < 9000:
        return None
    # UTC, so that differences are those of time and not of clocks.
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def _written(time: datetime, zone: ZoneInfo) -> str:
    return time.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
