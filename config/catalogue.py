"""The point catalogue: declarations of all points, and the point table of a site."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from heatpump_twin.config.period_figure import CalendarSpan, PeriodFigure, point_of
from heatpump_twin.config.phrase import SEPARATOR, Context, Text, joined
from heatpump_twin.config.quick_yaml import quick_load
from heatpump_twin.config.text_fields import PointText, StateText, UnitText

Span = tuple[float, float]

HEAT_PUMP = "heat_pump"
"""Asset type of every heat pump."""
SITE = "site"
"""Asset type of the site, and the id of its only asset."""
TWIN = "twin"
"""Asset type of the twin itself, whose points tell how its own parts are; id of its only asset."""


class PointRole(StrEnum):
    """Where the value of a point comes from."""

    MEASURED = "measured"
    SETPOINT = "setpoint"
    DERIVED = "derived"
    EXPECTED = "expected"
    """What a fault-free machine would show, as its shadow says."""
    COMPARED = "compared"
    """What the shadow makes of measured beside expected values."""
    PREDICTED = "predicted"
    JUDGED = "judged"
    """What is told of the sensors themselves."""
    TALLIED = "tallied"
    """What the ledger makes of recorded history."""


class Group(StrEnum):
    """The DI FunctionalGroup that organizes a point (OPC 10000-100, 5.4)."""

    IDENTIFICATION = "Identification"
    OPERATIONAL = "Operational"
    CONFIGURATION = "Configuration"
    MAINTENANCE = "Maintenance"
    DIAGNOSTICS = "Diagnostics"
    STATISTICS = "Statistics"
    PREDICTION = "Prediction"
    HOURLY = "HourlyFigures"
    DAILY = "DailyFigures"
    MONTHLY = "MonthlyFigures"
    YEARLY = "YearlyFigures"


OWN_GROUPS = frozenset({Group.PREDICTION, Group.HOURLY, Group.DAILY, Group.MONTHLY, Group.YEARLY})
"""Those that DI has no name for."""


class Section(StrEnum):
    """The part of the site that a point of the asset type ``site`` belongs to."""

    TOTALS = "totals"
    WEATHER = "weather"
    TARIFF = "tariff"
    ALARMS = "alarms"
    HOURLY = "hourlyfigures"
    DAILY = "dailyfigures"
    MONTHLY = "monthlyfigures"
    YEARLY = "yearlyfigures"


class Relation(StrEnum):
    """Relation of a point to the point that its key of this name in the catalogue names."""

    EXPECTED_OF = "expected_of"
    """What a fault-free machine would show in the same conditions."""
    RESIDUAL_OF = "residual_of"
    """The measured less the expected value."""
    FORECAST_OF = "forecast_of"
    """What a model predicts of it."""
    LOWER_OF = "lower_of"
    """Lower end of its prediction interval."""
    UPPER_OF = "upper_of"
    """Upper end of its prediction interval."""


class EngineeringUnit(BaseModel):
    """An engineering unit with its UNECE code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    symbol: str
    code: str
    unit_id: int
    name: UnitText


class PointKind(StrEnum):
    """Kind of a value: it decides the OPC UA type and how the HMI shows it."""

    ANALOG = "analog"
    TWO_STATE = "two_state"
    MULTI_STATE = "multi_state"


def _texts(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    return tuple("None" if text is None else text for text in value)


def _enum_texts(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {code: "None" if text is None else text for code, text in value.items()}


def _combinations(flags: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """Give a code and a text for each set of flags that can be on at once: theirs, added up.

    Few clients can show the bits of an OptionSet; all of them show the text of a code.
    """
    yield 0, Text("None", Context.STATES)
    for count in range(1, len(flags) + 1):
        for chosen in combinations(sorted(flags), count):
            texts = [flags[code] for code in chosen]
            yield sum(chosen), texts[0] if count == 1 else joined(SEPARATOR, texts)


class PointSpec(BaseModel):
    """The declaration of one quantity in the catalogue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: PointText
    text: PointText
    unit: str | None = None
    currency: bool = False
    per: str | None = None
    states: Annotated[tuple[StateText, StateText] | None, BeforeValidator(_texts)] = None
    enum: Annotated[dict[int, StateText], BeforeValidator(_enum_texts)] = Field(
        default_factory=dict
    )
    flags: Annotated[dict[int, StateText], BeforeValidator(_enum_texts)] = Field(
        default_factory=dict, max_length=6
    )
    range: Span | None = None
    instrument_range: Span | None = None
    group: Group
    role: PointRole
    section: Section | None = None
    deadband: float = 0.0
    step: float | None = Field(None, gt=0)
    stepped: bool | None = None
    span: CalendarSpan | None = None
    """Of a figure of periods: how long each of them is."""
    sums: bool = False
    """And whether that of a site is the sum of its heat pumps."""
    expected_of: str | None = None
    residual_of: str | None = None
    forecast_of: str | None = None
    lower_of: str | None = None
    upper_of: str | None = None

    @property
    def kind(self) -> PointKind:
        """Kind of the point's value: analog, switch or enumeration."""
        if self.states:
            return PointKind.TWO_STATE
        return PointKind.MULTI_STATE if self.enum or self.flags else PointKind.ANALOG

    @cached_property
    def codes(self) -> dict[int, str]:
        """The codes that a value can have, with their texts; of an analog value there are none."""
        if self.flags:
            return dict(_combinations(self.flags))
        return dict(enumerate(self.states)) if self.states else {**self.enum}

    @property
    def is_stepped(self) -> bool:
        """Tell whether a value holds until the next sample, rather than lying on the line to it."""
        if self.stepped is not None:
            return self.stepped
        # A setting has the old value until it is changed: a sloped line between two setpoints
        # would show temperatures that nobody asked for.
        settings = (Group.CONFIGURATION, Group.IDENTIFICATION)
        return (
            self.kind is not PointKind.ANALOG
            or self.role is PointRole.SETPOINT
            or self.group in settings
        )

    @property
    def decimals(self) -> int | None:
        """How many decimals tell two neighbouring values apart; None: there is no known step.

        0.1 → 1, 0.25 → 2, 5 → 0.
        """
        if self.step is None:
            return None
        step = Fraction(repr(self.step)).limit_denominator(1_000_000)
        for places in range(6):
            if (step * 10**places).denominator == 1:
                return places
        # A step that no decimals show in full, such as a litre an hour in l/min.
        return max(0, math.ceil(-math.log10(self.step)))

    @property
    def relations(self) -> dict[Relation, str]:
        """The ids of the points of the same asset that this one is about."""
        named: dict[Relation, str | None] = {r: getattr(self, r) for r in Relation}
        return {relation: target for relation, target in named.items() if target is not None}

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> PointSpec:
        kinds = (self.unit is not None, self.currency, self.states is not None)
        # None of them leaves the OPC UA type open, two contradict each other.
        if sum((*kinds, bool(self.enum), bool(self.flags))) != 1:
            raise ValueError("state exactly one of unit, currency, states, enum and flags")
        if any(code <= 0 or code & (code - 1) for code in self.flags):
            raise ValueError("the codes of flags are powers of two: 1, 2, 4, …")
        # The range is the EURange of the node, the axis of the HMI and the test for odd values.
        if self.kind is PointKind.ANALOG and self.range is None:
            raise ValueError("a point with a unit or in a currency needs a range")
        if self.per is not None and not self.currency:
            raise ValueError("only what is in a currency is per something")
        for unit in (self.unit, self.per):
            if unit is not None and unit not in UNITS:
                raise ValueError(f"unknown unit {unit!r}; add it to units.yaml")
        return self


def _packaged(name: str) -> dict[str, dict[str, object]]:
    text = files("heatpump_twin.config").joinpath(name).read_text("utf-8")
    content: dict[str, dict[str, object]] = quick_load(text)
    return content


UNITS = MappingProxyType(
    {key: EngineeringUnit.model_validate(value) for key, value in _packaged("units.yaml").items()}
)
"""Engineering units by the name that the catalogue and the profiles use."""


def _asset_type(name: str, points: Mapping[str, object]) -> Mapping[str, PointSpec]:
    specs = {point: PointSpec.model_validate(spec) for point, spec in points.items()}
    for point, spec in specs.items():
        if (spec.section is None) == (name == SITE):
            raise ValueError(f"{name}.{point}: a section is stated of the site's points only")
        for relation, target in spec.relations.items():
            if target not in specs:
                raise ValueError(f"{name}.{point}: {relation} names {target!r}, which is no point")
            unit = specs[target].unit
            # A difference of temperatures is no temperature.
            if relation is Relation.RESIDUAL_OF and unit == "Cel":
                unit = "K"
            # A forecast may be of another quantity than the point: the heat-up time is in
            # minutes, of a temperature.
            if relation is not Relation.FORECAST_OF and unit != spec.unit:
                raise ValueError(f"{name}.{point}: {target!r} has another unit")
    return MappingProxyType(specs)


_DECLARED = _packaged("catalogue.yaml")
FIGURES = MappingProxyType(
    {name: PeriodFigure.model_validate(value) for name, value in _DECLARED.pop("figures").items()}
)
"""Figures of periods by id. Each is a point of every span that it is made for (`point_of`)."""


def _with_figures(asset: str, points: Mapping[str, PointSpec]) -> Mapping[str, PointSpec]:
    """Return the points of an asset type with those of the figures of periods."""
    if asset == TWIN:
        return points
    site = asset == SITE
    there = [
        (name, figure, span)
        for name, figure in FIGURES.items()
        for span in figure.spans
        if figure.site or not site
    ]
    specs = {
        point_of(name, span): PointSpec.model_validate(
            {"title": figure.title, "text": figure.text, **figure.point(span, site=site)}
            # Afterwards, as a checked text would no longer be made of two that are translated.
        ).model_copy(update={"title": figure.title_of(span), "text": figure.text_of(span)})
        for name, figure, span in there
    }
    return MappingProxyType({**points, **specs})


CATALOGUE = MappingProxyType(
    {name: _with_figures(name, _asset_type(name, points)) for name, points in _DECLARED.items()}
)
"""Point declarations by asset type, then by point id. Read-only."""


def pascal_case(identifier: str) -> str:
    """Return the OPC UA BrowseName of an id: ``supply_temperature`` → ``SupplyTemperature``."""
    return "".join(word[:1].upper() + word[1:] for word in identifier.split("_"))


@dataclass(frozen=True, slots=True)
class Point:
    """One quantity of one asset of this site.

    ``index`` is its place in every array of this run; ``key`` (``hp1.supply_temperature``) is its
    name for ever: historian, NodeIds and files use it.
    """

    index: int
    asset: str
    id: str
    spec: PointSpec
    limits: Span | None = None
    """What a write may ask for, in the point's unit; None: not writable."""

    @property
    def key(self) -> str:
        """The name of the point that survives restarts and re-ordering."""
        return f"{self.asset}.{self.id}"

    @property
    def browse_name(self) -> str:
        """The id in PascalCase."""
        return pascal_case(self.id)


PointEntry = tuple[str, str, PointSpec, Span | None]
"""Asset, point id, declaration and write limits of a point that has no index yet."""


class PointTable:
    """All points of a site, by index, by key and by asset.

    It only grows during a run, so that an index stays what it is: the points of a heat pump that
    went keep their rows, and one that comes, or comes back, has new ones at the end.
    """

    def __init__(self) -> None:
        self._points: list[Point] = []
        self.by_key: dict[str, Point] = {}
        """Points by ``asset.point``: the newest, where there were several."""
        self.by_asset: dict[str, dict[str, Point]] = {}
        """Points by asset, then by point id: likewise."""

    @classmethod
    def build(cls, entries: Iterable[PointEntry]) -> PointTable:
        """Build a table of points, numbered in this order."""
        table = cls()
        table.extend(entries)
        return table

    def extend(self, entries: Iterable[PointEntry]) -> None:
        """Append points to the table."""
        for entry in entries:
            point = Point(len(self._points), *entry)
            self._points.append(point)
            self._list(point)

    def renew(self, asset: str, entries: Iterable[PointEntry]) -> None:
        """Append the points of an asset in place of those it had before, which are unlisted."""
        # Unlisted but not removed: the rows of before stay, as their indices are in arrays (ADR
        # 8).
        for point in self.by_asset.pop(asset, {}).values():
            del self.by_key[point.key]
        self.extend(entries)

    def redeclare(self, point: Point, spec: PointSpec) -> None:
        """Replace the declaration of a point, such as by a wider range; its index stays."""
        # Same index: arrays and frames under way go on to mean this point.
        self._points[point.index] = replace(point, spec=spec)
        self._list(self._points[point.index])

    def _list(self, point: Point) -> None:
        self.by_key[point.key] = point
        self.by_asset.setdefault(point.asset, {})[point.id] = point

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def __getitem__(self, index: int) -> Point:
        return self._points[index]
