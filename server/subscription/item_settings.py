"""What monitored items are asked for: checked, and revised to what is done (OPC 10000-4, 7.21)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from asyncua import ua

# What the decoder makes; `ua.DataChangeFilter` is a subclass of it, for clients to build.
from asyncua.ua.uaprotocol_auto import DataChangeFilter

from heatpump_twin.server import limits
from heatpump_twin.server.space.data_encoding import encoding_problem
from heatpump_twin.server.space.index_range import parsed

CODES = ua.StatusCodes
_MAX_BAND = 1e300


class SpoiltFilter:
    """A filter that cannot be decoded, as an enumeration in it has no such value."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """What is known of an attribute that is to be monitored."""

    numeric: bool
    """Whether it has numbers, or has no value just now."""
    span: float | None = None
    """Width of its EURange."""
    fastest: float = 0.0
    """MinimumSamplingInterval; 0: not known. [ms]"""
    is_value: bool = True
    """Whether the attribute is Value."""
    kind: int = 0
    """Built-in type of a point's value."""


class ItemSettings(NamedTuple):
    """The parameters of a monitored item, revised."""

    handle: int
    sampling: float
    """Revised sampling interval. [ms]"""
    exact: bool
    """Whether every value that comes is a sample: it comes no faster than it may be sampled."""
    size: int
    oldest: bool
    """Whether a full queue loses its oldest value, not its newest."""
    trigger: ua.DataChangeTrigger = ua.DataChangeTrigger.StatusValue
    band: float = 0.0
    """Dead band in the unit of the value; 0: none."""
    percent: float = 0.0
    """The same as a share of the range, where it was asked for so. [%]"""

    @property
    def gap(self) -> float:
        """The least time between two samples; 0: every value is one. [s]"""
        return 0.0 if self.exact else self.sampling / 1000.0


def settings(
    wanted: ua.MonitoringParameters, about: Monitored, publishing: float, room: int
) -> ItemSettings | int:
    """Return the settings of an item for data changes, or the code of what is wrong.

    ``publishing`` is the publishing interval [ms], ``room`` the samples that may still be queued.
    """
    filter_ = filter_of(wanted)
    code = _filter_problem(filter_, about)
    if code is not None:
        return code
    sampling = revised_sampling(wanted.SamplingInterval, about.fastest, publishing)
    trigger, band, percent = ua.DataChangeTrigger.StatusValue, 0.0, 0.0
    if filter_ is not None:
        trigger, band = filter_.Trigger, _band(filter_, about)
        if filter_.DeadbandType == ua.DeadbandType.Percent:
            percent = float(filter_.DeadbandValue)
        # With a dead band a new time alone is no news (OPC 10000-4, 7.22.2).
        if filter_.DeadbandType and trigger is ua.DataChangeTrigger.StatusValueTimestamp:
            trigger = ua.DataChangeTrigger.StatusValue
    return ItemSettings(
        handle=wanted.ClientHandle,
        sampling=sampling,
        exact=about.fastest > 0.0 and sampling <= about.fastest,
        size=revised_size(wanted.QueueSize, room),
        oldest=bool(wanted.DiscardOldest),
        trigger=trigger,
        band=band,
        percent=percent,
    )


def revised_sampling(requested: float, fastest: float, publishing: float) -> float:
    """Return the sampling interval that is done: 0 asks for the fastest, -1 for the publishing.

    What is no number asks for nothing in particular: for the publishing interval, too. [ms]
    """
    asked = requested if requested >= 0.0 else publishing
    least = fastest or limits.MIN_PUBLISHING_INTERVAL
    return min(max(asked, least), max(limits.MAX_SAMPLING_INTERVAL, least))


def revised_size(requested: int, room: int) -> int:
    """Return the size of a queue of values; 0 and 1 both ask for the latest value only."""
    return max(1, min(int(requested), limits.MAX_QUEUE, room))


def filter_of(wanted: ua.MonitoringParameters) -> Any:
    """Return the filter of a request; an empty ExtensionObject is None."""
    filter_ = wanted.Filter
    # One of an unknown type is a filter, which is not supported.
    empty = isinstance(filter_, ua.ExtensionObject) and filter_.TypeId.is_null()
    return None if empty else filter_


def target_problem(target: ua.ReadValueId) -> int | None:
    """Return what is wrong with the index range or the encoding that an item names."""
    if target.IndexRange and parsed(target.IndexRange) is None:
        return int(CODES.BadIndexRangeInvalid)
    if not target.DataEncoding.Name:
        return None
    return encoding_problem(target.DataEncoding, target.AttributeId) or None


def _filter_problem(wanted: Any, about: Monitored) -> int | None:
    if wanted is None:
        return None
    if isinstance(wanted, ua.EventFilter):
        return int(CODES.BadFilterNotAllowed)
    if isinstance(wanted, SpoiltFilter):
        return int(CODES.BadMonitoredItemFilterInvalid)
    if not isinstance(wanted, DataChangeFilter):
        return int(CODES.BadMonitoredItemFilterUnsupported)
    kind = wanted.DeadbandType
    if kind not in tuple(ua.DeadbandType):
        return int(CODES.BadDeadbandFilterInvalid)
    if kind == ua.DeadbandType.None_:
        return None
    if not about.numeric or not about.is_value:
        return int(CODES.BadFilterNotAllowed)
    percent = kind == ua.DeadbandType.Percent
    if percent and about.span is None:
        return int(CODES.BadMonitoredItemFilterUnsupported)
    # Also false for NaN, with which every change would pass.
    if not 0.0 <= wanted.DeadbandValue <= (100.0 if percent else _MAX_BAND):
        return int(CODES.BadDeadbandFilterInvalid)
    return None


def _band(wanted: DataChangeFilter, about: Monitored) -> float:
    if wanted.DeadbandType == ua.DeadbandType.Percent and about.span is not None:
        return float(wanted.DeadbandValue / 100.0 * about.span)
    return float(wanted.DeadbandValue) if wanted.DeadbandType else 0.0


def span_of(value_range: Any) -> float | None:
    """Return the width of an EURange; None: it has none."""
    width = value_range.High - value_range.Low if isinstance(value_range, ua.Range) else math.nan
    return float(width) if math.isfinite(width) and width >= 0.0 else None
