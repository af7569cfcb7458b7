"""Provenance of a predicted value: its model and the data that this was trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provenance:
    """The model behind a predicted point. The time of issue is the value's source time."""

    model: str
    version: str
    sha256: str
    training_start: str
    training_end: str
    """Span of the training data, ISO 8601."""
    training_source: str
    """For example ``emulated plant`` or ``site history``."""
    horizon: float
    """How far ahead it looks. [s]"""
