"""Compute the derived points of one heat pump in order; one that fails leaves the others alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from zoneinfo import ZoneInfo

from heatpump_twin.config.settings import Plate
from heatpump_twin.drivers.status import BAD_INTERNAL_ERROR
from heatpump_twin.twin_engine.derive.derivation import Derivation, DerivationStep
from heatpump_twin.twin_engine.derive.derived_inputs import LatestSamples
from heatpump_twin.twin_engine.derive.derived_point import MachineFacts, RecallingMemory
from heatpump_twin.twin_engine.derive.derived_records import heat_pump_derivation
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.sample import Sample


class AssetDeriver:
    """Deriver of one heat pump that has the points ``ids``.

    Where the computation of a point raises, that point is Bad, with what follows from it, and the
    log has the exception once. The others are computed as ever.

    Parameters
    ----------
    ids, plate, zone
        What the heat pump reports; its plate; where its midnight is.
    asset : str
        Its name, for the log.
    derivation : Derivation or None
        How derived points are computed; default: as `RECORDS` say.
    """

    def __init__(
        self,
        ids: frozenset[str],
        plate: Plate,
        zone: ZoneInfo,
        asset: str = "",
        derivation: Derivation | None = None,
    ) -> None:
        plan = (derivation or heat_pump_derivation()).plan(ids)
        self.points, self.inputs = plan.points, plan.inputs
        self._asset = asset
        self._failures = FailureLog("a derived point cannot be computed", "point")
        self._memories: dict[str, object] = {}
        facts = MachineFacts(plate, zone)
        self._work = [(step.record.id, self._ready(step, facts), step) for step in plan.steps]

    def update(self, samples: LatestSamples) -> dict[str, Sample]:
        """Return every derived point from the latest samples of the heat pump's points."""
        known, failing = dict(samples), self._failures.failing
        for point, compute, step in self._work:
            try:
                known[point] = compute(known)
            except Exception:  # noqa: BLE001 (the boundary of one point: the others go on)
                self._failures.failed(f"{self._asset}.{point}")
                # The time goes on: a Bad value with an old time would look like a point that is
                # merely slow.
                newest = max(known[used].time for used in step.points)
                known[point] = Sample(math.nan, BAD_INTERNAL_ERROR, newest)
            else:
                # Looked at once for each update, as a failure is rare and this runs for each
                # frame.
                if failing:
                    self._failures.worked(f"{self._asset}.{point}")
        return {point: known[point] for point in self.points}

    def recalling(self) -> Iterator[tuple[str, RecallingMemory]]:
        """Yield each memory that is restored at a start, with the inputs whose history it needs."""
        for point, _, step in self._work:
            memory = self._memories.get(point)
            if isinstance(memory, RecallingMemory):
                there = (point for point in step.record.recalls if point in step.points)
                yield from ((point, memory) for point in there)

    def _ready(
        self, step: DerivationStep, facts: MachineFacts
    ) -> Callable[[LatestSamples], Sample]:
        """Return the function that computes a point of this heat pump, with its own memory."""
        if step.record.memory is None:
            return step.compute
        try:
            memory = self._memories[step.record.id] = step.record.memory(facts)
        except Exception as error:  # noqa: BLE001 (told in `update`, from the first sample on)
            return partial(_fail, error)
        return partial(step.compute, memory)


def _fail(error: Exception, _: LatestSamples) -> Sample:
    raise RuntimeError("what it has to know of the machine could not be made") from error
