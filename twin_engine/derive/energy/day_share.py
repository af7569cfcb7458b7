"""The energy since local midnight of a counter or a power, sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from heatpump_twin.drivers.status import GOOD, UNCERTAIN_SUB_NORMAL
from heatpump_twin.twin_engine.derive.energy.calendar import day_of
from heatpump_twin.twin_engine.derive.energy.counter_track import RECENT, Knot, NamedDoubt
from heatpump_twin.twin_engine.derive.energy.energy_curve import SEEN

_DAYS = 3
"""Midnights that are remembered: a clock that is set back may return to one."""


class EnergyTrack(Protocol):
    """What a counter or a power has given so far."""

    knots: list[Knot]
    doubts: list[NamedDoubt]

    @property
    def waiting(self) -> tuple[float, int] | None:
        """A reading that is not believed yet."""
        ...

    @property
    def waiting_energy(self) -> float:
        """The energy so far if it is right. [kWh]"""
        ...


class DayShare:
    """Share of the local day in the energy of a track; it forgets what is no longer needed."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._midnights: dict[int, tuple[float, bool]] = {}

    def of(self, track: EnergyTrack, time: int) -> tuple[float, int]:
        """Return the energy from midnight to a time, in kWh, with its status.

        Good where the midnight was seen and nothing since is doubtful.
        """
        start, _ = day_of(time, self._zone)
        knots = track.knots
        if track.waiting is not None:
            knots = [*knots, Knot(track.waiting[1], 0.0, track.waiting_energy)]
        base, certain = self._midnight(start, knots)
        certain &= track.waiting is None
        certain &= not any(d.until > start and d.since < time for d in track.doubts)
        self._forget(track, start)
        return max(knots[-1].energy - base, 0.0), GOOD if certain else UNCERTAIN_SUB_NORMAL

    def _midnight(self, start: int, knots: Sequence[Knot]) -> tuple[float, bool]:
        """Return the energy at a midnight, and whether somebody looked then."""
        # As long as a reading from before it may be taken back, it is computed anew.
        if knots[0].time <= start or start not in self._midnights:
            self._midnights[start] = energy_at(start, knots)
        return self._midnights[start]

    def _forget(self, track: EnergyTrack, start: int) -> None:
        del track.knots[:-RECENT]
        if len(self._midnights) > _DAYS:
            self._midnights = dict(sorted(self._midnights.items())[-_DAYS:])
            oldest = min(min(self._midnights), start)
            track.doubts = [doubt for doubt in track.doubts if doubt.until > oldest]


def energy_at(time: int, knots: Sequence[Knot]) -> tuple[float, bool]:
    """Return the energy at a time, in kWh, and whether somebody looked then.

    Energy of a time in which nobody looked is spread evenly over it.
    """
    if knots[0].time > time:
        return knots[0].energy, False
    before = next(knot for knot in reversed(knots) if knot.time <= time)
    after = next((knot for knot in knots if knot.time > time), before)
    if after.energy == before.energy:
        return before.energy, True
    share = (time - before.time) / (after.time - before.time)
    return before.energy + share * (after.energy - before.energy), time - before.time <= SEEN
