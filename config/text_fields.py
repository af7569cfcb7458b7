"""Pydantic fields for texts of checked files, each with its context of translation."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from heatpump_twin.config.phrase import Context, Text

PointText = Annotated[str, AfterValidator(partial(Text, context=Context.POINTS))]
StateText = Annotated[str, AfterValidator(partial(Text, context=Context.STATES))]
UnitText = Annotated[str, AfterValidator(partial(Text, context=Context.UNITS))]
AlarmText = Annotated[str, AfterValidator(partial(Text, context=Context.ALARMS))]
