"""What kind of alarm a rule raises, by what its condition compares (OPC 10000-9, 5.8)."""

from __future__ import annotations

from collections.abc import Iterator

from heatpump_twin.config.catalogue import CATALOGUE, TWIN, PointRole
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.rules.grammar.parser import POINTS
from heatpump_twin.twin_engine.alarm import AlarmForm

WITH_LIMITS = (
    AlarmForm.EXCLUSIVE_LIMIT,
    AlarmForm.NON_EXCLUSIVE_LIMIT,
    AlarmForm.RATE_OF_CHANGE,
    AlarmForm.DISCREPANCY,
    AlarmForm.CERTIFICATE_EXPIRATION,
)
"""Those that have a value and something that it is compared with."""
OF_VALUES = frozenset(("abs", "min", "max", "mean", "ewma"))
"""Functions that give a value of the kind that they take."""
SHOULD_BE = (PointRole.SETPOINT, PointRole.EXPECTED, PointRole.PREDICTED)


def form_of(when: Expression) -> AlarmForm:
    """Return the kind of alarm that a condition raises."""
    off_normal = AlarmForm.OFF_NORMAL
    if "unreachable(" in when.text or set(when.points) <= CATALOGUE[TWIN].keys():
        off_normal = AlarmForm.SYSTEM_OFF_NORMAL
    if not when.compared:
        return off_normal
    first = when.compared[0]
    if first.calls == {"trend"} and not first.targets:
        return AlarmForm.RATE_OF_CHANGE
    # How often, or how long, is no value of the input.
    if not first.calls <= OF_VALUES:
        return off_normal
    if next(targets_of(when), ""):
        return AlarmForm.DISCREPANCY
    return off_normal if first.targets else AlarmForm.EXCLUSIVE_LIMIT


def targets_of(when: Expression) -> Iterator[str]:
    """Yield the points that say what the compared value should be."""
    for one in when.compared[:1]:
        for point in (*one.targets, *one.inputs[1:]):
            if POINTS[point].role in SHOULD_BE:
                yield point
