"""Present a value as text with its quality and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from asyncua import ua

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.measure import Measure

_DECIMALS = {
    "°C": 1, "°F": 1, "K": 1, "Δ°F": 1, "W": 0, "BTU/h": 0, "VA": 0, "var": 0, "V": 0, "A": 1,
    "kWh": 1, "Hz": 1, "%": 0, "l/min": 1, "bar": 2, "m³": 1, "min": 0, "r/min": 0,
}  # fmt: skip
_GROUPS_OF_CODES = {"Diagnostics", "Identification"}
_COUNTS_TO = 100.0
"""A pure number that may come so far is a count, and no ratio."""
_GOOD, _UNCERTAIN, _SEVERITY = 0, 1, 30


@dataclass(frozen=True, slots=True)
class DisplayedValue:
    """Value with status and source time, as the server sent it, in the person's unit."""

    value: float | None
    """None where there is none to use: Bad, or not a finite number."""
    status: int
    time: datetime | None
    """Source time, UTC."""

    @classmethod
    def of(cls, data: ua.DataValue, measure: Measure) -> DisplayedValue:
        """Return the displayed value of a DataValue; a Bad one has no value."""
        status = data.StatusCode.value if data.StatusCode is not None else 0
        raw = data.Value.Value if data.Value is not None else None
        number = float(raw) if isinstance(raw, int | float) and not status >> 31 else math.nan
        shown = measure.shown(number) if math.isfinite(number) else None
        return cls(shown, status, data.SourceTimestamp)

    @property
    def quality(self) -> str:
        """Return ``good``, ``uncertain`` or ``bad``: the severity bits (OPC 10000-4, 7.39)."""
        severity = self.status >> _SEVERITY
        # Good without a finite number cannot be shown as one: it counts as Bad.
        if severity == _GOOD:
            return "good" if self.value is not None else "bad"
        return "uncertain" if severity == _UNCERTAIN else "bad"


def value_text(variable: Variable, value: float | None, decimal: str) -> str:
    """Return the value as a person reads it, without its unit; ``decimal`` is their sign."""
    if value is None:
        return texts.NO_VALUE
    if variable.states:
        # An unknown code is shown as its number: firmware may be newer than the profile.
        return variable.states.get(round(value), f"{value:g}")
    return number_text(value, decimals(variable), decimal)


def quantity_text(variable: Variable, value: float | None, decimal: str) -> str:
    """Return the value as a person reads it, with its unit."""
    text = value_text(variable, value, decimal)
    return text if value is None else f"{text} {variable.unit}".rstrip()


def told_text(variable: Variable, value: float | None, decimal: str) -> str:
    """Return a value of the server, which was read by itself, as a person reads it."""
    shown = None if value is None else variable.measure.shown(value)
    return quantity_text(variable, shown, decimal)


def span_text(variable: Variable, span: tuple[float, float], language: Language) -> str:
    """Return the two ends of what a variable may be, with its unit."""
    low, high = (number_text(end, decimals(variable), language.decimal) for end in span)
    return language.words(texts.limits(low, high, variable.unit))


def number_text(value: float, places: int, decimal: str) -> str:
    """Return a number with a thin space between thousands and a real minus sign."""
    text = f"{value:,.{places}f}".replace(",", "\u202f").replace(".", decimal)
    # -0.04 rounds to -0.0: a minus before nothing makes people think of a fault.
    if text.strip(f"-0{decimal}\u202f") == "":
        text = text.removeprefix("-")
    return text.replace("-", "−")


def decimals(variable: Variable) -> int:
    """Return how many decimals mean something: those of the device, if the server knows them.

    Pure numbers are ratios such as COP, counts, or codes.
    """
    if variable.decimals is not None:
        return variable.decimals
    if variable.unit:
        return _DECIMALS.get(variable.unit, 1)
    counts = variable.span is not None and variable.span[1] >= _COUNTS_TO
    return 0 if counts or variable.group in _GROUPS_OF_CODES else 2


def message(
    variable: Variable, sample: DisplayedValue, zone: ZoneInfo, decimal: str
) -> list[object]:
    """Return a value for the page's script: text, quality, status, time, number, ms."""
    time = sample.time
    return [
        value_text(variable, sample.value, decimal),
        sample.quality,
        status_name(sample.status),
        clock_text(time, zone) if time else texts.NO_VALUE,
        sample.value,
        epoch_ms(time) if time else None,
    ]


def duration_text(length: timedelta) -> str:
    """Return a length of time in minutes, and in hours from one on: ``2 h 10 min``."""
    minutes = round(length / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours}\u202fh"] if hours else []
    return " ".join([*parts, f"{rest}\u202fmin"] if rest or not hours else parts)


def clock_text(time: datetime, zone: ZoneInfo) -> str:
    """Return the time of day at the site."""
    return aware(time).astimezone(zone).strftime("%H:%M:%S")


def date_time_text(time: datetime, zone: ZoneInfo) -> str:
    """Return date and time of day at the site."""
    return aware(time).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def epoch_ms(time: datetime) -> int:
    """Return ms since the Unix epoch."""
    return round(aware(time).timestamp() * 1000)


def aware(time: datetime) -> datetime:
    """Return a time with its zone; asyncua may hand out UTC without saying so."""
    return time if time.tzinfo else time.replace(tzinfo=ZoneInfo("UTC"))
