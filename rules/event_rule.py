"""The shape of an event of a pack: something that begins and ends, and is no alarm."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from heatpump_twin.config.quantities import Duration
from heatpump_twin.config.settings import Identifier
from heatpump_twin.config.text_fields import AlarmText
from heatpump_twin.rules.fields import Delay, DelayField, Given, RuleCondition, Section
from heatpump_twin.rules.ruled_asset import AssetKind


class EventStep(Section):
    """Inputs that stay the same for a while, and what is told meanwhile."""

    given: Given = Field(
        default_factory=dict, description="point or plate number → value, or `bad`"
    )
    after: Duration = Field(ge=0)
    told: Literal["begins", "ends"] | None = Field(None, description="left out: nothing is told")


class EventCase(EventStep):
    """An example that an event must get right. Nothing is known at its start."""

    then: list[EventStep] = Field(default_factory=list, description="what follows")

    @property
    def steps(self) -> tuple[EventStep, ...]:
        """All steps in their order."""
        return (self, *self.then)


class EventRule(Section):
    """A state of an asset whose beginning and end are told: a run, a defrost."""

    id: Identifier
    asset: AssetKind = Field(AssetKind.HEAT_PUMP, description="kind of asset that it is about")
    holds: RuleCondition = Field(alias="while", description="true from its beginning to its end")
    begins: AlarmText = Field(min_length=1, description="what is said when it begins")
    ends: AlarmText = Field(min_length=1, description="what is said when it ends")
    delay: DelayField = Field(Delay(), description="how long it must hold before it has begun")
    shows: tuple[Identifier, ...] = Field(
        (), description="points whose values are told, where an asset has them"
    )
    cases: list[EventCase] = Field(min_length=1)

    @model_validator(mode="after")
    def _inputs_are_of_the_asset(self) -> EventRule:
        if self.holds.recipes:
            # What has begun is a matter of now; what was over hours is a rule's.
            raise ValueError("`while` of an event looks at what is now, and remembers nothing")
        known = {*self.asset.points, *self.asset.parameters}
        if strange := sorted({*self.points, *self.holds.parameters, *self.shows} - known):
            raise ValueError(
                f"{', '.join(strange)}: not of an asset of the kind {self.asset}; "
                "`asset` says what the event is about"
            )
        return self

    @property
    def points(self) -> tuple[str, ...]:
        """Ids of the points that it needs."""
        return self.holds.points
