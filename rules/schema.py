"""The shape of a rule pack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import Field, model_validator

from heatpump_twin.config.phrase import Context, Text
from heatpump_twin.config.quantities import Duration
from heatpump_twin.config.settings import Identifier
from heatpump_twin.config.text_fields import AlarmText
from heatpump_twin.rules.alarm_form import WITH_LIMITS, form_of, targets_of
from heatpump_twin.rules.event_rule import EventRule
from heatpump_twin.rules.fields import Delay, DelayField, Given, RuleCondition, Section
from heatpump_twin.rules.grammar.comparison import Comparison
from heatpump_twin.rules.grammar.expression import Expression
from heatpump_twin.rules.grammar.remembering import Recipe
from heatpump_twin.rules.ruled_asset import AssetKind
from heatpump_twin.twin_engine.alarm import AlarmClass, AlarmDefinition, AlarmForm, Health

Limits = tuple[float | None, float | None]


class CaseStep(Section):
    """Inputs that stay the same for a while, and whether the alarm is active at its end."""

    given: Given = Field(
        default_factory=dict, description="point or plate number → value, or `bad`"
    )
    to: dict[str, float] = Field(
        default_factory=dict, description="point → value that it goes to meanwhile, in a line"
    )
    after: Duration = Field(ge=0)
    active: bool | None = Field(None, description="left out: not looked at")


class Repetition(Section):
    """Steps that come again and again, such as starts and stops."""

    repeat: int = Field(ge=1, le=10_000)
    steps: list[CaseStep] = Field(min_length=1)


class Case(CaseStep):
    """An example that the rule must get right. It starts with an alarm that is not active."""

    then: list[CaseStep | Repetition] = Field(
        default_factory=list, description="what follows; inputs not given stay"
    )

    @property
    def steps(self) -> Iterator[CaseStep]:
        """All steps in their order, those that come again as often as they do."""
        yield self
        for part in self.then:
            if isinstance(part, Repetition):
                yield from part.steps * part.repeat
            else:
                yield part

    @model_validator(mode="after")
    def _looks(self) -> Case:
        if all(step.active is None for step in self.steps):
            raise ValueError("state `active` of one step at least: else nothing is tried")
        return self


class Rule(Section):
    """One alarm of every asset that has its inputs."""

    id: Identifier
    asset: AssetKind = Field(AssetKind.HEAT_PUMP, description="kind of asset that it watches")
    title: AlarmText = Field(min_length=1)
    when: RuleCondition = Field(description="becomes active when this has been true for `delay`")
    during: RuleCondition | None = Field(
        None, description="only while this is true; otherwise back to normal at once"
    )
    suppressed_by: Identifier | None = Field(
        None, description="rule of the same asset of which this alarm is only a consequence"
    )
    clear: RuleCondition | None = Field(
        None,
        description="back to normal when this has been true for `off_delay`; default: not `when`",
    )
    delay: DelayField = Delay()
    off_delay: DelayField = Delay()
    decodes: Identifier | None = Field(
        None,
        description="point with a fault code: where the device's profile knows it, the alarm has "
        "its text, cause, action and severity",
    )
    confirm: bool = Field(
        False, description="after the acknowledgement somebody confirms that it is done"
    )
    latch: bool = Field(
        False,
        description="back to normal only when somebody resets it, after its condition is over",
    )
    repeat_after: Duration = Field(
        0.0,
        ge=0,
        description="raised again, to be acknowledged anew, when it has been active for so long; "
        "default: never",
    )
    form: AlarmForm | None = Field(
        None,
        alias="type",
        description="kind of alarm (OPC 10000-9); default: by what `when` compares",
    )
    severity: int = Field(ge=1, le=1000, description="OPC UA severity")
    health: Health = Field(
        Health.OFF_SPEC, description="device health while it is active (NAMUR NE 107)"
    )
    category: AlarmClass = Field(
        AlarmClass.EQUIPMENT, alias="class", description="what is at stake (ISA-18.2)"
    )
    cause: AlarmText = Field(min_length=1)
    consequence: AlarmText = Field(
        Text("", Context.ALARMS), description="what follows if nothing is done"
    )
    action: AlarmText = Field(min_length=1)
    # At least one: a rule that was never seen to act is a guess.
    cases: list[Case] = Field(min_length=1)

    @model_validator(mode="after")
    def _inputs_are_of_the_asset(self) -> Rule:
        if self.suppressed_by == self.id:
            raise ValueError(f"{self.id} cannot be a consequence of itself (`suppressed_by`)")
        if self.decodes is not None and self.decodes not in self.points:
            raise ValueError(f"{self.decodes} is no point that the rule looks at (`decodes`)")
        known = {*self.asset.points, *self.asset.parameters}
        if strange := sorted({*self.points, *self.parameters} - known):
            raise ValueError(
                f"{', '.join(strange)}: not of an asset of the kind {self.asset}; "
                "`asset` says what the rule watches"
            )
        return self

    @cached_property
    def raises(self) -> Expression:
        """The condition that raises the alarm, with all that it depends on."""
        if self.during is None:
            return self.when
        return Expression.parse(f"({self.when.text}) and ({self.during.text})")

    @cached_property
    def clears(self) -> Expression | None:
        """The condition by which it returns to normal; None: when it would not be raised."""
        if self.during is None or self.clear is None:
            return self.clear
        return Expression.parse(f"({self.clear.text}) or not ({self.during.text})")

    @property
    def points(self) -> tuple[str, ...]:
        """Ids of all points that the rule looks at, those of ``when`` first."""
        return _merged(self.raises.points, self.clears.points if self.clears else ())

    @property
    def parameters(self) -> tuple[str, ...]:
        """Numbers of the plate that the rule uses."""
        return _merged(self.raises.parameters, self.clears.parameters if self.clears else ())

    @property
    def recipes(self) -> Mapping[str, Recipe]:
        """How its calls remember, by their text: the same one for both conditions."""
        return {**(self.clears.recipes if self.clears else {}), **self.raises.recipes}

    @property
    def compared(self) -> tuple[Comparison, ...]:
        """What the alarm compares with what; none: it is about states."""
        return self.when.compared if self.form in (None, *WITH_LIMITS) else ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Points that the rule looks at, those of the compared value first."""
        return _merged(*(one.inputs for one in self.compared[:1]), self.points)

    def definition(
        self, asset: str, poll: float = 0.0, limits: Limits = (None, None)
    ) -> AlarmDefinition:
        """Return the alarm of an asset whose slowest device is polled every ``poll`` seconds.

        ``limits`` are the low and the high limit of its value, where they never change.
        """
        form = self.form or form_of(self.when)
        return AlarmDefinition(
            asset,
            self.id,
            self.title,
            self.severity,
            self.cause,
            self.action,
            self.inputs,
            self.health,
            self.consequence,
            self.category,
            confirms=self.confirm,
            latches=self.latch,
            on_delay=self.delay.of(poll),
            off_delay=self.off_delay.of(poll),
            repeat_after=self.repeat_after,
            form=form,
            low_limit=limits[0],
            high_limit=limits[1],
            target=next(targets_of(self.when), "") if form is AlarmForm.DISCREPANCY else "",
        )


class RulePack(Section):
    """A file of rules, and of events that are no alarms."""

    title: str
    rules: list[Rule] = Field(default_factory=list)
    events: list[EventRule] = Field(default_factory=list)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> RulePack:
        # Within one file it is a mistake; across packs the later one is meant to replace
        # (`RuleEngine`).
        for what, entries in (("rules", self.rules), ("events", self.events)):
            ids = [entry.id for entry in entries]
            if twice := sorted({name for name in ids if ids.count(name) > 1}):
                raise ValueError(f"{what} with the same id: {', '.join(twice)}")
        if not self.rules and not self.events:
            raise ValueError("a pack has `rules`, or `events`, or both")
        return self


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule pack, for editors."""
    return RulePack.model_json_schema()


def _merged(*some: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in some for name in names))
