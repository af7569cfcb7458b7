"""What the fault codes of a maker mean, as a device profile states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from heatpump_twin.config.text_fields import AlarmText


class FaultCode(BaseModel):
    """Meaning of one code, in the words in which an alarm tells it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: AlarmText = Field(
        min_length=1, description="the code as the maker writes it, and what it is"
    )
    cause: AlarmText = Field(min_length=1)
    action: AlarmText = Field(min_length=1)
    severity: int = Field(700, ge=1, le=1000, description="OPC UA severity")


def _one_line_each(value: object) -> object:
    """Read the short form ``62: [text, cause, action, severity]`` as well."""
    if not isinstance(value, Mapping):
        return value
    keys = ("text", "cause", "action", "severity")
    return {
        code: dict(zip(keys, said, strict=False)) if isinstance(said, list) else said
        for code, said in value.items()
    }


FaultCodes = Annotated[dict[int, FaultCode], BeforeValidator(_one_line_each)]
"""Fault codes by the value of the point ``error_code``."""
