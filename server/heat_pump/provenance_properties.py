"""Properties of a predicted variable: the model that it comes from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from asyncua import ua

from heatpump_twin.twin_engine.provenance import Provenance

STRING, UTC_TIME, DURATION = ua.ObjectIds.String, ua.ObjectIds.DateTime, ua.ObjectIds.Duration


def provenance_properties(origin: Provenance) -> tuple[tuple[str, int, Any, str], ...]:
    """Return name, data type, value and description of the properties that describe a model."""
    return (
        ("ModelName", STRING, origin.model, "Name of the model"),
        ("ModelVersion", STRING, origin.version, "Version of the model"),
        # Two models may have one name and version; the digest tells them apart.
        ("ModelSha256", STRING, origin.sha256, "SHA-256 of the model's file"),
        ("TrainingSource", STRING, origin.training_source, "Where the training data is from"),
        ("TrainingStart", UTC_TIME, _instant(origin.training_start), "First training sample"),
        ("TrainingEnd", UTC_TIME, _instant(origin.training_end), "Last training sample"),
        ("Horizon", DURATION, origin.horizon * 1000.0, "How far it looks ahead"),
    )


def _instant(iso: str) -> dt.datetime:
    instant = dt.datetime.fromisoformat(iso)
    # Model cards state times in ISO 8601; without a zone they are meant as UTC.
    return instant.astimezone(dt.UTC) if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
