"""The map of an import: which column is which point, in which unit, and when."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from heatpump_twin.config.quantities import Duration
from heatpump_twin.config.yaml_source import YamlSource


def known_zone(name: str) -> str:
    """Return the name of a time zone; raise `ValueError` for one that there is not."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; write for example Europe/Madrid") from error
    return name


def _encoding(name: str) -> str:
    try:
        " ".encode(name or "utf-8")
    except (LookupError, ValueError) as error:
        raise ValueError(f"unknown encoding {name!r}; write for example cp1252") from error
    return name


_YEARS = ("%Y", "%y", "%G", "%c", "%x")


def _time_format(name: str) -> str:
    if name in _TIME_FORMATS:
        return name
    try:
        # A date without its year is none that could be recorded.
        if not any(year in name for year in _YEARS):
            raise ValueError("no year")
        dt.datetime.strptime("", name)  # noqa: DTZ007 (whether it can be read by at all)
    except (ValueError, re.error) as error:
        # That nothing is no time of the pattern is what every good one says.
        if "%" in name and "does not match" in str(error):
            return name
    raise ValueError(
        f"{name!r} is none of {', '.join(_TIME_FORMATS)}, and no pattern such as '%d.%m.%Y %H:%M'"
    )


_TIME_FORMATS = ("iso", "unix s", "unix ms", "clock")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableFormat(_Part):
    """How the file is written."""

    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        "", description="such as cp1252; empty: by the mark at the begin, UTF-8"
    )
    separator: str = Field("", max_length=1, description="empty: by the first line")
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    missing: tuple[str, ...] = ("", "-", "nan", "NaN", "null", "n/a")

    @model_validator(mode="after")
    def _told_apart(self) -> TableFormat:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


class TimeRule(_Part):
    """Where times are, and what they mean."""

    columns: tuple[str, ...] = Field(("time",), min_length=1, description="joined by a space")
    format: Annotated[str, AfterValidator(_time_format)] = Field(
        "iso", description="iso, unix s, unix ms, clock (a time of day) or a pattern of strptime"
    )
    zone: Annotated[str, AfterValidator(known_zone)] | None = Field(
        None, description="of times without an offset; default: that of the site"
    )
    begin: dt.date | None = Field(None, description="day of the first row, of times of day")
    weekdays: tuple[str, ...] = Field(
        (), description="names of the seven days from Monday on, before times of day"
    )
    ambiguous: Literal["order", "first", "second", "refuse"] = Field(
        "order", description="which of the two hours, when clocks are set back"
    )
    skipped: Literal["refuse", "later"] = Field(
        "refuse", description="times that no clock has shown, when it was set forward"
    )

    @model_validator(mode="after")
    def _whole(self) -> TimeRule:
        if (self.format == "clock") != (self.begin is not None):
            raise ValueError("format clock needs begin, the day of the first row, and only it does")
        if self.weekdays and (self.format != "clock" or len(set(self.weekdays)) != 7):
            raise ValueError("weekdays are seven names, with the format clock")
        return self


class LongRule(_Part):
    """Columns of a table with one value in a row."""

    point: str
    value: str
    unit: str = ""
    status: str = ""


class PointRule(_Part):
    """What a column, or a series of a long table, is."""

    point: str
    unit: str | None = Field(None, description="default: that of the point")
    scale: float = Field(1.0, allow_inf_nan=False)
    offset: float = Field(0.0, allow_inf_nan=False)
    states: dict[str, int] = Field({}, description="texts and the codes that they mean")


class ImportMap(_Part):
    """The map of an import."""

    format: TableFormat = TableFormat()
    time: TimeRule = TimeRule()
    long: LongRule | None = Field(None, description="one value in a row; default: wide")
    points: dict[str, PointRule | str] = {}
    ignore: tuple[str, ...] = Field((), description="columns or series that are left out")
    gap: Duration | None = Field(
        None, description="a series that pauses longer, or ends, has a gap there"
    )

    def rule(self, name: str) -> PointRule | None:
        """Return what a column or series is; None: nothing that is imported."""
        found = self.points.get(name)
        return PointRule(point=found) if isinstance(found, str) else found


EXPORTED = ImportMap(long=LongRule(point="point", value="value", unit="unit", status="status"))
"""Of what ``hptwin export`` writes: the series are the points."""


def read_map(path: Path) -> ImportMap:
    """Return the map of a file; raise `ConfigError` with all of its mistakes."""
    return YamlSource.read(path).validate(ImportMap)
