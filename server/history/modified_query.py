"""Queries of corrected samples: a range given by start, end and count (OPC 10000-11, 6.5.3.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from asyncua import ua

from heatpump_twin.config.catalogue import Point
from heatpump_twin.drivers.status import is_bad
from heatpump_twin.server import limits
from heatpump_twin.server.history.raw_query import RawQuery
from heatpump_twin.server.services.attribute_service import with_timestamps
from heatpump_twin.server.space.point_values import VARIANT_TYPES, to_datetime, typed_value
from heatpump_twin.server.space.ua_values import status_code, timed_value
from heatpump_twin.twin_engine.correction import HistoryEditor, ModifiedSamples
from heatpump_twin.twin_engine.history import Samples

CODES = ua.StatusCodes
EXTRA_DATA = 0x0408
"""Bits of a status: there is more about this value (OPC 10000-4, 7.39.1)."""


@dataclass(frozen=True, slots=True)
class ModifiedQuery:
    """The corrected samples of one point that are still to be returned."""

    span: RawQuery
    done: int = 0
    """How many of them were returned."""

    @classmethod
    def parse(cls, key: str, details: ua.ReadRawModifiedDetails) -> ModifiedQuery | int:
        """Return the query of a request, or why it is refused."""
        if details.ReturnBounds:
            return int(CODES.BadInvalidArgument)
        span = RawQuery.parse(key, details, limits.MAX_HISTORY_VALUES)
        return int(CODES.BadHistoryOperationInvalid) if span is None else cls(span)

    async def read(self, editor: HistoryEditor) -> tuple[ModifiedSamples, ModifiedQuery | None]:
        """Read the next page; return it with the query for the rest (None: no more)."""
        span = self.span
        found = await editor.read_modified(span.key, span.low, span.high)
        time = found.samples.time
        # Stable: of one time, the newest correction stays the first.
        order = np.argsort(-time if span.reverse else time, kind="stable")
        left = len(order) if span.total is None else min(span.total, len(order))
        page = order[self.done : min(self.done + span.page, left)]
        done = self.done + len(page)
        rest = replace(self, done=done) if done < left else None
        return _taken(found, page), rest


def modified_data(
    found: ModifiedSamples, point: Point, wanted: ua.TimestampsToReturn
) -> ua.HistoryModifiedData:
    """Return corrected samples with who corrected them, when and how."""
    answer = ua.HistoryModifiedData()
    samples = found.samples
    for time, value, status in zip(
        samples.time.tolist(), samples.value.tolist(), samples.status.tolist(), strict=True
    ):
        variant = ua.Variant()
        if not is_bad(status):
            variant = ua.Variant(typed_value(point, value), VARIANT_TYPES[point.spec.kind])
        moment = to_datetime(time)
        shown = timed_value(variant, status_code(status), moment, moment)
        answer.DataValues.append(with_timestamps(shown, wanted, moment))
    for moment, change, user in zip(
        found.moment.tolist(), found.change.tolist(), found.user.tolist(), strict=True
    ):
        info = ua.ModificationInfo()
        info.ModificationTime, info.UserName = to_datetime(moment), user
        info.UpdateType = ua.HistoryUpdateType(change)
        answer.ModificationInfos.append(info)
    return answer


async def marked(samples: Samples, key: str, editor: HistoryEditor) -> Samples:
    """Return raw samples with a mark at those that were corrected."""
    if not len(samples) or not editor.has_modified(key):
        return samples
    low, high = int(samples.time.min()), int(samples.time.max())
    found = await editor.read_modified(key, low, high + 1)
    extra = np.isin(samples.time, found.samples.time) * np.uint32(EXTRA_DATA)
    return Samples(samples.value, samples.status | extra, samples.time)


def _taken(found: ModifiedSamples, which: np.ndarray) -> ModifiedSamples:
    return ModifiedSamples(
        found.samples[which],
        found.change[which],
        found.moment[which],
        found.user[which],
    )
