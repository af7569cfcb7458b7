"""Measures of fault detection: what was found, what was false, and F0.5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

TRUE_WITHOUT_A_FAULT = frozenset(("legionella_missed",))
"""Alarms that are right on a machine without a fault: nobody disinfects the tank of that site."""
_WEEK = 7 * 86_400.0
"""[s]"""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm of a month without a fault."""

    rule: str
    month: int
    after: float
    """From the begin of the month. [s]"""
    returned: bool = False


def once(raised: Sequence[Raised]) -> list[Raised]:
    """Return alarms without those that stood already at the end of the month before.

    Each month is lived by a machine of its own, which does not know of what stands.
    """
    standing = {(alarm.rule, alarm.month) for alarm in raised if not alarm.returned}
    return [
        alarm for alarm in raised if alarm.returned or (alarm.rule, alarm.month - 1) not in standing
    ]


def false_alarms(raised: Sequence[Raised]) -> list[Raised]:
    """Return the alarms that tell of something that is not."""
    return [alarm for alarm in once(raised) if alarm.rule not in TRUE_WITHOUT_A_FAULT]


def normal_weeks(year: Mapping[str, Sequence[Raised]], days: int) -> tuple[int, int]:
    """Return how many whole weeks there were in months of some days, and in how many all was right.

    A week in which a false alarm was raised is not.
    """
    weeks = int(days * 86_400.0 // _WEEK)
    wrong = {
        (climate, alarm.month, int(alarm.after // _WEEK))
        for climate, raised in year.items()
        for alarm in false_alarms(raised)
        if alarm.after < weeks * _WEEK
    }
    total = weeks * 12 * len(year)
    return total, total - len(wrong)


@dataclass(frozen=True, slots=True)
class Score:
    """How well the faults of one degree were found."""

    faults: int
    found: int
    """With an alarm that names the fault."""
    told: int
    """With any alarm."""
    misdiagnosed: int
    """Whose first alarm names something else."""
    false: int
    delay: float | None
    """Median time to the alarm that names the fault. [s]"""

    @classmethod
    def of(cls, cases: Sequence[tuple[Sequence[str], Mapping[str, float]]], false: int) -> Score:
        """Return the score of faults: names of their alarms, and what was raised after how long."""
        delays = []
        told = misdiagnosed = 0
        for names, alarms in cases:
            right = [after for rule, after in alarms.items() if rule in names]
            delays += [min(right)] if right else []
            told += bool(alarms)
            misdiagnosed += bool(alarms) and min(alarms, key=alarms.__getitem__) not in names
        middle = median(delays) if delays else None
        return cls(len(cases), len(delays), told, misdiagnosed, false, middle)

    @property
    def f_half(self) -> float:
        """F0.5 of faults as events: precision counts twice as much as recall."""
        if not self.found:
            return 0.0
        precision, recall = self.found / (self.found + self.false), self.found / self.faults
        return 1.25 * precision * recall / (0.25 * precision + recall)
