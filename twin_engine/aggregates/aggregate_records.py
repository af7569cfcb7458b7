"""The aggregates that are served: one record each (OPC 10000-13, 5.4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from heatpump_twin.twin_engine.aggregates.functions.of_bounded_extremes import (
    bounded_span,
    extreme_with_bounds,
)
from heatpump_twin.twin_engine.aggregates.functions.of_bounds import (
    bound,
    bound_delta,
    interpolative,
)
from heatpump_twin.twin_engine.aggregates.functions.of_extremes import extreme_sample, span
from heatpump_twin.twin_engine.aggregates.functions.of_quality import (
    worst_quality,
    worst_quality_with_bounds,
)
from heatpump_twin.twin_engine.aggregates.functions.of_time import (
    in_state,
    lasting,
    simple,
    straight,
)
from heatpump_twin.twin_engine.aggregates.functions.of_values import (
    Aggregate,
    average,
    delta,
    deviation,
    good_count,
    one_sample,
    transitions,
    variance,
)
from heatpump_twin.twin_engine.aggregates.periods.intervals import Intervals
from heatpump_twin.twin_engine.aggregates.series.series import BAD_LEVEL, GOOD_LEVEL, Series
from heatpump_twin.twin_engine.history import Samples


class ResultType(Enum):
    """The data type of an aggregate's results."""

    SOURCE = auto()
    """That of the point."""
    DOUBLE = auto()
    INT32 = auto()
    STATUS = auto()
    """A StatusCode, as a number."""


@dataclass(frozen=True, slots=True)
class AggregateRecord:
    """An aggregate: its NodeId in the OPC UA namespace, its name, its function, its data type."""

    number: int
    name: str
    function: Aggregate
    type: ResultType

    def of(self, series: Series, intervals: Intervals) -> Samples:
        """Return a result for each interval, in the order of the request."""
        found = self.function(series, intervals).samples(series, intervals)
        if not intervals.backwards:
            return found
        return found[::-1]


_LOW, _HIGH = np.fmin, np.fmax
_S, _D, _I, _Q = ResultType.SOURCE, ResultType.DOUBLE, ResultType.INT32, ResultType.STATUS

RECORDS = tuple(
    AggregateRecord(*record)
    for record in (
        (2341, "Interpolative", interpolative, _S),
        (2342, "Average", average, _D),
        (2343, "TimeAverage", straight(total=False), _D),
        (11285, "TimeAverage2", simple(total=False), _D),
        (2344, "Total", straight(total=True), _D),
        (11304, "Total2", simple(total=True), _D),
        (2346, "Minimum", extreme_sample(_LOW, actual_time=False), _S),
        (2347, "Maximum", extreme_sample(_HIGH, actual_time=False), _S),
        (2348, "MinimumActualTime", extreme_sample(_LOW, actual_time=True), _S),
        (2349, "MaximumActualTime", extreme_sample(_HIGH, actual_time=True), _S),
        (2350, "Range", span, _D),
        (11286, "Minimum2", extreme_with_bounds(_LOW, actual_time=False), _S),
        (11287, "Maximum2", extreme_with_bounds(_HIGH, actual_time=False), _S),
        (11305, "MinimumActualTime2", extreme_with_bounds(_LOW, actual_time=True), _S),
        (11306, "MaximumActualTime2", extreme_with_bounds(_HIGH, actual_time=True), _S),
        (11288, "Range2", bounded_span, _D),
        (2352, "Count", good_count, _I),
        (11307, "DurationInStateZero", in_state(zero=True), _D),
        (11308, "DurationInStateNonZero", in_state(zero=False), _D),
        (2355, "NumberOfTransitions", transitions, _I),
        (2357, "Start", one_sample(last=False), _S),
        (2358, "End", one_sample(last=True), _S),
        (2359, "Delta", delta, _D),
        (11505, "StartBound", bound(at_end=False), _S),
        (11506, "EndBound", bound(at_end=True), _S),
        (11507, "DeltaBounds", bound_delta, _D),
        (2360, "DurationGood", lasting(GOOD_LEVEL), _D),
        (2361, "DurationBad", lasting(BAD_LEVEL), _D),
        (2362, "PercentGood", lasting(GOOD_LEVEL, percent=True), _D),
        (2363, "PercentBad", lasting(BAD_LEVEL, percent=True), _D),
        (2364, "WorstQuality", worst_quality, _Q),
        (11292, "WorstQuality2", worst_quality_with_bounds, _Q),
        (11426, "StandardDeviationSample", deviation(sample=True), _D),
        (11428, "VarianceSample", variance(sample=True), _D),
        (11427, "StandardDeviationPopulation", deviation(sample=False), _D),
        (11429, "VariancePopulation", variance(sample=False), _D),
    )
)
BY_NUMBER = {record.number: record for record in RECORDS}
BY_NAME = {record.name: record for record in RECORDS}
