"""Where a prediction comes from, as the properties of its variable."""

from __future__ import annotations

import datetime as dt
from typing import Any

from asyncua import ua

from heatpump_twin.twin_engine.provenance import Provenance

STRING, UTC_TIME, DURATION = ua.ObjectIds.String, ua.ObjectIds.DateTime, ua.ObjectIds.Duration


def provenance_properties(origin: Provenance) -> tuple[tuple[str, int, Any, str], ...]:
    """Return name, data type, value and description of every property that a model decides."""
    return (
        ("ModelName", STRING, origin.model, "Name of the model"),
        ("ModelVersion", STRING, origin.version, "Version of the model"),
        ("ModelSha256", STRING, origin.sha256, "SHA-256 of the model's file"),
        ("TrainingSource", STRING, origin.training_source, "Where the training data is from"),
        ("TrainingStart", UTC_TIME, _instant(origin.training_start), "First training sample"),
        ("TrainingEnd", UTC_TIME, _instant(origin.training_end), "Last training sample"),
        ("Horizon", DURATION, origin.horizon * 1000.0, "How far it looks ahead"),
    )


def _instant(iso: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(iso)
    return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
