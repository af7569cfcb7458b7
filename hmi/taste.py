"""Taste: in which language and in which units a person reads the pages."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi.person_units import AS_SENT_UNITS, PersonUnits


@dataclass(frozen=True)
class Taste:
    """What a person has chosen, kept by their browser."""

    language: Language
    units: PersonUnits = AS_SENT_UNITS

    @property
    def code(self) -> str:
        """What tells it from another one."""
        return f"{self.language.code} {self.units.code}"
