"""One heat-up of the record: what was promised, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from heatpump_twin.hmi.planner.ready_quantity import BY_NAME, ReadyQuantity


@dataclass(frozen=True, slots=True)
class HeatUp:
    """Heat-up as the twin has kept it; temperatures as the server has them."""

    quantity: ReadyQuantity
    begin: datetime
    ended: datetime
    """When it was warm, or was given up."""
    initial: float | None
    target: float
    """[°C]"""
    ready_at: datetime | None
    """None: nothing was promised."""
    probability: float | None
    """[0 to 1]"""
    outcome: str
    """Key of ``texts.HEAT_UP_OUTCOMES``."""
    held_energy: float | None
    """Electricity from when it was warm until it had to be. [Wh]"""

    @property
    def took(self) -> timedelta:
        """How long it took."""
        return self.ended - self.begin

    @property
    def early(self) -> timedelta | None:
        """How much before its time it was warm; negative: after it."""
        return None if self.ready_at is None else self.ready_at - self.ended


def heat_ups(records: Iterable[str] | None) -> list[HeatUp]:
    """Return the heat-ups of the variable ``HeatUps``, the latest first."""
    found = [_read(json.loads(record)) for record in records or ()]
    return [one for one in reversed(found) if one is not None]


def _read(fields: dict[str, Any]) -> HeatUp | None:
    quantity = BY_NAME.get(fields["quantity"])
    # Of a twin that can do more than these pages know.
    if quantity is None:
        return None
    ready_at = fields["ready_at"]
    return HeatUp(
        quantity,
        _time(fields["begin"]),
        _time(fields["ended"]),
        fields["initial"],
        fields["target"],
        None if ready_at is None else _time(ready_at),
        fields["probability"],
        fields["outcome"],
        fields["held_energy"],
    )


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC)
