"""What an AggregateFilter asks for: checked, and revised to what is done (OPC 10000-4, 7.22.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asyncua import ua

from heatpump_twin.server import limits
from heatpump_twin.server.space.aggregate_wish import VARIANT_TYPES, aggregate_of, rules_of
from heatpump_twin.server.space.point_values import MIN_TIME, to_datetime, to_microseconds
from heatpump_twin.server.subscription.item_settings import (
    ItemSettings,
    Monitored,
    revised_sampling,
    revised_size,
)
from heatpump_twin.twin_engine.aggregates.aggregate_records import AggregateRecord
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals, Range
from heatpump_twin.twin_engine.aggregates.series.rules import Rules

CODES = ua.StatusCodes
MILLISECOND = 1_000
"""[µs]"""
FINEST = 5_000
"""Samples that an interval has at most: of longer ones they are taken less often."""
SPARE = 100
"""Samples beyond those of an interval that there is room for."""


@dataclass(frozen=True, slots=True)
class Source:
    """What aggregates are computed of."""

    about: Monitored
    type: ua.VariantType
    rules: Rules
    """Those that count where the client names no others."""
    recorded: bool
    """Whether there is a history of it."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregate, and the intervals that it is computed for, counted from ``start``. [µs]"""

    record: AggregateRecord
    type: ua.VariantType
    """Data type of the results."""
    rules: Rules
    start: int
    length: int
    room: int
    """Samples that may be kept."""

    def over(self, time: int) -> int:
        """Return how many intervals have ended at a time. [µs]"""
        return max(0, (time - self.start) // self.length)

    def begin(self, number: int) -> int:
        """Return when an interval begins. [µs]"""
        return self.start + number * self.length

    def intervals(self, first: int, behind: int) -> Intervals:
        """Return the intervals from a number on, up to that before another."""
        return Range(self.begin(0), self.begin(behind), self.length).part(first, behind - first)

    def result(self, wanted: ua.AggregateFilter) -> ua.AggregateFilterResult:
        """Return what a client is told of its filter."""
        configuration = ua.AggregateConfiguration(
            wanted.AggregateConfiguration.UseServerCapabilitiesDefaults,
            self.rules.treat_uncertain_as_bad,
            ua.Byte(self.rules.percent_bad),
            ua.Byte(self.rules.percent_good),
            self.rules.sloped_extrapolation,
        )
        return ua.AggregateFilterResult(
            to_datetime(self.start), self.length / MILLISECOND, configuration
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for an item with an AggregateFilter."""

    parameters: ua.MonitoringParameters
    filter: ua.AggregateFilter
    publishing: float
    """Publishing interval. [ms]"""
    room: int
    """Samples and values that may still be kept."""
    now: int
    """[µs]"""

    def revised(self, source: Source) -> tuple[ItemSettings, Aggregation] | int:
        """Return settings and aggregation, or the code of what is wrong."""
        record = aggregate_of(self.filter.AggregateType)
        if record is None:
            return int(CODES.BadAggregateNotSupported)
        rules = rules_of(source.rules, self.filter.AggregateConfiguration)
        if not rules.valid:
            return int(CODES.BadAggregateConfigurationRejected)
        sampling, interval = self._intervals(source.about)
        raw = math.ceil(interval / sampling) + SPARE
        if raw >= self.room:
            return int(CODES.BadTooManyMonitoredItems)
        size = revised_size(self.parameters.QueueSize, self.room - raw)
        length = round(interval * MILLISECOND)
        settings = ItemSettings(
            handle=self.parameters.ClientHandle,
            sampling=sampling,
            exact=source.about.fastest > 0.0 and sampling <= source.about.fastest,
            size=size,
            oldest=bool(self.parameters.DiscardOldest),
        )
        kind = VARIANT_TYPES.get(record.type) or source.type
        start = self._start(length, size if source.recorded else 0)
        return settings, Aggregation(record, kind, rules, start, length, raw)

    def _intervals(self, about: Monitored) -> tuple[float, float]:
        """Return sampling and processing interval: the latter at least twice the former. [ms]"""
        sampling = revised_sampling(
            self.parameters.SamplingInterval, about.fastest, self.publishing
        )
        asked = float(self.filter.ProcessingInterval)
        # The comparison also turns NaN and negative numbers into the shortest that there is.
        interval = asked if asked > 2 * sampling else 2 * sampling
        interval = min(interval, max(limits.MAX_SAMPLING_INTERVAL, 2 * sampling))
        # Whole microseconds, as times are.
        interval = round(interval * MILLISECOND) / MILLISECOND
        return max(sampling, interval / FINEST), interval

    def _start(self, length: int, past: int) -> int:
        """Return where intervals begin, on the grid that the client asks for. [µs]

        Of the past no more than so many, as what the queue does not hold would be thrown away. A
        time that is null asks for none of it, in whole intervals since 1601.
        """
        asked = to_microseconds(self.filter.StartTime) if self.filter.StartTime else MIN_TIME
        present = asked + (self.now - asked) // length * length
        return max(asked, present - (0 if asked <= MIN_TIME else past) * length)
