"""Currencies of ISO 4217."""

from __future__ import annotations

from importlib.resources import files
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from heatpump_twin.config.quick_yaml import quick_load


class Currency(BaseModel):
    """One currency in circulation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    """The three-digit numeric code."""
    name: str
    digits: int = 2
    """Digits after the decimal separator of the minor unit."""


def _packaged() -> dict[str, Currency]:
    text = files("heatpump_twin.config").joinpath("currencies.yaml").read_text("utf-8")
    entries: dict[str, object] = quick_load(text)
    return {code: Currency.model_validate(entry) for code, entry in entries.items()}


CURRENCIES = MappingProxyType(_packaged())
"""Currencies by their three-letter code. Read-only."""
