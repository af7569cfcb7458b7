"""Electricity tariff of the site: prices by time of day and day of the week, and currencies."""

from __future__ import annotations

import math
import re
from array import array
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from heatpump_twin.config.quick_yaml import quick_load


class Currency(BaseModel):
    """One currency in circulation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    """The three-digit numeric code."""
    name: str
    digits: int = 2
    """Digits after the decimal separator of the minor unit."""


def _packaged() -> dict[str, Currency]:
    text = files("heatpump_twin.config").joinpath("currencies.yaml").read_text("utf-8")
    entries: dict[str, object] = quick_load(text)
    return {code: Currency.model_validate(entry) for code, entry in entries.items()}


CURRENCIES = MappingProxyType(_packaged())
"""Currencies by their three-letter code. Read-only."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 1440
_WEEK = len(DAYS) * MINUTES_PER_DAY
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def _minute(value: object) -> int:
    """Return the minute of the day of ``"06:30"``."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    minute = int(match[1]) * 60 + int(match[2]) if match else None
    if minute is None or minute > MINUTES_PER_DAY:
        raise ValueError('write a time of day such as "06:30"; the end of the day is "24:00"')
    return minute


TimeOfDay = Annotated[
    int,
    BeforeValidator(_minute),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$"}),
]
"""A local time of day, as its minute."""


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} is not a currency of ISO 4217 such as EUR, GBP or USD")
    return code


Price = Annotated[float, Field(ge=-10_000, le=1_000_000, allow_inf_nan=False)]
"""Of a kilowatt hour, in the tariff's currency; below zero where the customer is paid."""


class PricePeriod(BaseModel):
    """A price that holds at certain times of certain days, in the site's local time."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    price: Price = Field(description="of a kWh, in the tariff's currency")
    start: TimeOfDay = Field(alias="from", description='local time, "06:30"')
    end: TimeOfDay = Field(
        alias="to", description="local time, not included; before `from`: on the day after"
    )
    days: tuple[Day, ...] = Field(
        DAYS, min_length=1, description="on which the period begins; default: every day"
    )

    @model_validator(mode="after")
    def _has_a_length(self) -> PricePeriod:
        if self.start % MINUTES_PER_DAY == self.end:
            raise ValueError("`from` and `to` are the same; the whole day is from 00:00 to 24:00")
        if self.start == MINUTES_PER_DAY:
            raise ValueError('the day begins at "00:00"')
        return self

    def minutes(self) -> list[int]:
        """Return the minutes of the week (Monday 00:00 is 0) in which this price holds."""
        # Modulo, so that 22:00 to 06:00 is eight hours over midnight; 0 can only be the whole
        # day.
        length = (self.end - self.start) % MINUTES_PER_DAY or MINUTES_PER_DAY
        starts = [DAYS.index(day) * MINUTES_PER_DAY + self.start for day in self.days]
        return [minute % _WEEK for start in starts for minute in range(start, start + length)]


class Tariff(BaseModel):
    """The site's electricity tariff: one price, or prices by time of day and day of the week.

    Taxes and fees are in it if the prices have them in. Public holidays are not known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, AfterValidator(_currency)] = Field(
        description="ISO 4217 code of the currency, for example EUR"
    )
    price: Price | None = Field(
        None, description="of a kWh, whenever no period says otherwise; alone: a flat tariff"
    )
    periods: tuple[PricePeriod, ...] = Field((), description="times with a price of their own")
    co2: float | None = Field(
        None, ge=0, le=5000, description="carbon dioxide of a kWh of electricity [g]"
    )

    @model_validator(mode="after")
    def _every_minute_has_one_price(self) -> Tariff:
        # Minute by minute over a week: 10,080 cells say more surely than any case analysis which
        # periods meet, midnight and week's end included.
        taken: dict[int, int] = {}
        for number, period in enumerate(self.periods):
            minutes = period.minutes()
            first = next((minute for minute in minutes if minute in taken), None)
            if first is not None:
                raise ValueError(
                    f"periods {taken[first]} and {number} (counted from 0) overlap on "
                    f"{_when(first)}"
                )
            taken.update(dict.fromkeys(minutes, number))
        if self.price is None and len(taken) < _WEEK:
            free = next(minute for minute in range(_WEEK) if minute not in taken)
            raise ValueError(
                f"there is no price on {_when(free)}: add a period, or `price` for all other times"
            )
        return self

    @property
    def varies(self) -> bool:
        """Whether there is more than one price."""
        return len(set(self.week())) > 1

    def week(self) -> array[float]:
        """Return the price of every minute of a week, from Monday 00:00 local time."""
        # No NumPy: whoever only reads the settings, such as the web pages, does without its memory.
        prices = array("d", [math.nan if self.price is None else self.price]) * _WEEK
        for period in self.periods:
            for minute in period.minutes():
                prices[minute] = period.price
        return prices


def _when(minute: int) -> str:
    day, rest = divmod(minute, MINUTES_PER_DAY)
    return f"{DAYS[day]} {rest // 60:02d}:{rest % 60:02d}"
