"""What is told of an alarm that is raised or returns to normal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE
from heatpump_twin.config.phrase import Phrase, joined
from heatpump_twin.drivers.fault_codes import FaultCode
from heatpump_twin.rules.grammar.logic import Array
from heatpump_twin.rules.grammar.parser import Inputs
from heatpump_twin.rules.schema import Limits, Rule
from heatpump_twin.twin_engine.alarm import AlarmDefinition, AlarmTransition
from heatpump_twin.twin_engine.wording import value_text

Shown = Mapping[str, float]
"""Values of one asset by the ids of its points, as they came."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An alarm of one asset that turns."""

    rule: Rule
    alarm: AlarmDefinition
    place: int
    """Of the asset in the arrays of the inputs."""
    active: bool
    """Whether it is raised, and does not return to normal."""
    time: int
    """[µs]"""

    def told(
        self, inputs: Inputs, shown: Shown, faults: Mapping[int, FaultCode]
    ) -> AlarmTransition:
        """Return what is told of it; ``faults`` are the meanings of the asset's fault codes."""
        alarm = _decoded(self.rule, self.alarm, shown, faults)
        value, limit = self._compared(inputs)
        main = self.rule.inputs[0]
        if not self.rule.compared:
            value = _number(inputs.value[main][self.place])
        status = int(inputs.status[main][self.place])
        message = self._message(alarm, shown)
        return AlarmTransition(alarm, self.active, self.time, message, value, limit, status)

    def _message(self, alarm: AlarmDefinition, shown: Shown) -> Phrase:
        said = joined(", ", [alarm.fault] if alarm.fault else self._values(shown))
        if self.active:
            return Phrase("{alarm} ({values})", alarm=alarm.title, values=said)
        return Phrase("{alarm}: back to normal ({values})", alarm=alarm.title, values=said)

    def _values(self, shown: Shown) -> list[Phrase]:
        """Return the inputs with their names, without states that only repeat their name."""
        specs = CATALOGUE[self.rule.asset]
        said = {point: value_text(specs[point], value) for point, value in shown.items()}
        # "Fault Fault" says no more than the title of the alarm does.
        telling = [point for point in said if said[point] != specs[point].title] or list(said)
        return [
            Phrase("{point} {value}", point=specs[point].title, value=said[point])
            for point in telling
        ]

    def _compared(self, inputs: Inputs) -> tuple[float | None, float | None]:
        """Return the value and the limit that it is beyond, or was."""
        found: tuple[float | None, float | None] = None, None
        count = len(inputs.value[self.rule.inputs[0]])
        for one in self.rule.compared:
            with np.errstate(divide="ignore", invalid="ignore"):
                value, limit = (
                    float(np.broadcast_to(term(inputs), count)[self.place])
                    for term in (one.subject, one.limit)
                )
            beyond = value > limit if one.above else value < limit
            if beyond or found == (None, None):
                found = _number(value), _number(limit)
        return found


def fixed_limits(rule: Rule, parameters: Mapping[str, Array], count: int) -> Iterator[Limits]:
    """Yield the low and the high limit of each asset, where they never change."""
    fixed = [one for one in rule.compared if not one.targets]
    plate = Inputs(parameters, {})
    limits = {one.above: np.broadcast_to(one.limit(plate), count) for one in fixed}
    for i in range(count):
        low, high = (limits[a][i] if a in limits else None for a in (False, True))
        yield _number(low), _number(high)


def _decoded(
    rule: Rule, alarm: AlarmDefinition, shown: Shown, faults: Mapping[int, FaultCode]
) -> AlarmDefinition:
    """Return an alarm as the fault code of now has it."""
    if rule.decodes is None:
        return alarm
    code = shown[rule.decodes]
    known = faults.get(int(code)) if math.isfinite(code) else None
    if known is None:
        return alarm
    return replace(
        alarm,
        cause=known.cause,
        action=known.action,
        severity=known.severity,
        fault=known.text,
    )


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
