"""What a device of the site does otherwise than its profile says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from heatpump_twin.config.quantities import Duration

ByteOrWordOrder = Literal["big", "little"]


class Adaptation(BaseModel):
    """The keys of a profile that are otherwise on one device.

    Many pumps have the word order as a setting, and gateways of one kind differ in what they take.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    word_order: ByteOrWordOrder | None = None
    byte_order: ByteOrWordOrder | None = None
    limits: dict[Literal["registers", "bits", "gap"], int] = Field(default_factory=dict)
    pause: Duration | None = Field(None, ge=0)
    absent: tuple[int | float, ...] = Field(
        (), description="marks of points that have none in the profile and whose type holds them"
    )
    points: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="keys of single points, by their name in the profile; a name that it does not "
        "have is a new point, with all its keys",
    )
