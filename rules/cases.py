"""Run the cases of a rule pack, the rules' own tests, for `hptwin check` and the test suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, TWIN, PointTable
from heatpump_twin.config.errors import Problem
from heatpump_twin.config.load import load_site
from heatpump_twin.config.settings import Site
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_NO_COMMUNICATION, GOOD
from heatpump_twin.rules.engine import RuleEngine
from heatpump_twin.rules.event_rule import EventCase, EventRule, EventStep
from heatpump_twin.rules.fields import Given
from heatpump_twin.rules.grammar.parser import PARAMETERS
from heatpump_twin.rules.pack import Pack
from heatpump_twin.rules.ruled_asset import AssetKind
from heatpump_twin.rules.schema import Case, CaseStep, Rule
from heatpump_twin.twin_engine.happening import PhaseChange

_OFTEN = 900 * MICROSECONDS
"""Live, samples come all the time; where none comes for long, nothing is known. [µs]"""
_LOOKS = 500
"""Looks in a case, where nothing changes."""
_RAMP = 60
"""Steps of a value that goes along a line."""


def run_cases(pack: Pack) -> list[Problem]:
    """Run every case of every rule; return those that fail, with their file and line.

    Numbers of the plate that a case does not give are those of the default site, whose devices are
    polled every second.
    """
    problems = []
    for number, rule in enumerate(pack.rules):
        for index, case in enumerate(rule.cases):
            failure = _run(rule, case, pack)
            if failure:
                location = ("rules", number, "cases", index)
                problems.append(pack.source.problem(location, f"{rule.id}: {failure}"))
    for number, event in enumerate(pack.events):
        for index, example in enumerate(event.cases):
            failure = _run_event(event, example, pack)
            if failure:
                location = ("events", number, "cases", index)
                problems.append(pack.source.problem(location, f"{event.id}: {failure}"))
    return problems


def _run(rule: Rule, case: Case, pack: Pack) -> str | None:
    """Return why a case of a rule fails; None: it passes."""
    if mistake := _strange(case.given, case.steps, rule.points):
        return mistake
    site = _site(case.given)
    table = _table(rule, site)
    # No slots: what a step gives counts from its beginning on.
    length = round(sum(step.after for step in case.steps) * MICROSECONDS)
    packs = [Pack((rule,), pack.source)]
    engine = RuleEngine(packs, site, table, slot=1, beat=length // _LOOKS)
    now, active, known = MICROSECONDS, False, dict(case.given)
    for step in case.steps:
        known |= step.given
        for moment, values in _course(step, now, known):
            engine.take(_frame(table, values, moment))
            for change in engine.advance(moment):
                active = change.active
        known |= step.to
        now += round(step.after * MICROSECONDS)
        if step.active not in (None, active):
            state = "active" if active else "not active"
            return f"after {step.after:g} s of {step.given} the alarm is {state}"
        now += 1  # a sample at the same time would be late
    return None


def _run_event(event: EventRule, case: EventCase, pack: Pack) -> str | None:
    """Return why a case of an event fails; None: it passes."""
    if mistake := _strange(case.given, case.steps, event.points):
        return mistake
    site = _site(case.given)
    table = _table(event, site)
    engine = RuleEngine([Pack((), pack.source, (event,))], site, table, slot=1)
    now, known = MICROSECONDS, dict(case.given)
    for step in case.steps:
        known |= step.given
        for moment, values in _course(CaseStep(given=step.given, after=step.after), now, known):
            engine.take(_frame(table, values, moment))
            engine.advance(moment)
        now += round(step.after * MICROSECONDS) + 1
        told = [
            "begins" if change.begins else "ends"
            for change in engine.happened()
            if isinstance(change, PhaseChange)
        ]
        if told != [step.told] * (step.told is not None):
            return f"in {step.after:g} s of {step.given} it is told: {', '.join(told) or 'nothing'}"
    return None


def _strange(
    given: Given, steps: Iterable[CaseStep | EventStep], points: Iterable[str]
) -> str | None:
    """Return what a case gives that nobody looks at, or leaves out."""
    needed = set(points)
    for step in steps:
        # A name that is not used is a typing error: the case would pass and test nothing.
        named = {*step.given, *(step.to if isinstance(step, CaseStep) else ())}
        if unknown := sorted(named - needed - set(PARAMETERS)):
            return f"the rule does not look at {', '.join(unknown)}"
    if missing := sorted(needed - given.keys()):
        return f"the case gives no value for {', '.join(missing)}"
    return None


def _table(rule: Rule | EventRule, site: Site) -> PointTable:
    asset = site.heat_pumps[0].id if rule.asset is AssetKind.HEAT_PUMP else TWIN
    specs = CATALOGUE[rule.asset]
    return PointTable.build((asset, point, specs[point], None) for point in rule.points)


def _course(step: CaseStep, begin: int, known: Given) -> Iterator[tuple[int, Given]]:
    """Yield what is told during a step, and when: all points at least each quarter of an hour."""
    length = round(step.after * MICROSECONDS)
    parts = max(length // _OFTEN, _RAMP if step.to else 1)
    # To its end, at which the alarm is looked at.
    for k in range(parts + 1):
        share = k / parts
        moved: Given = {
            point: float(known[point]) + (end - float(known[point])) * share
            for point, end in step.to.items()
        }
        yield begin + length * k // parts, {**known, **moved}


@cache
def _example() -> Site:
    # No environment: a setting of whoever runs the tests must not decide them.
    return load_site(environment={})


def _site(given: Given) -> Site:
    site = _example()
    pump = site.heat_pumps[0]
    parameters = {name: value for name, value in given.items() if name in PARAMETERS}
    plate = pump.plate.model_copy(update=parameters)
    return site.model_copy(update={"heat_pumps": [pump.model_copy(update={"plate": plate})]})


def _frame(table: PointTable, given: Mapping[str, bool | float | str], now: int) -> Frame:
    points = [point for point in table if point.id in given]
    value = [np.nan if given[p.id] == "bad" else float(given[p.id]) for p in points]
    status = [BAD_NO_COMMUNICATION if given[p.id] == "bad" else GOOD for p in points]
    return Frame.of([point.index for point in points], value, status, now)
