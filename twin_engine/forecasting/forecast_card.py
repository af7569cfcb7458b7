"""The card of a heat pump's forecasts: which method is shown, why, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.baselines import NAIVE
from heatpump_twin.twin_engine.forecasting.rolling_origin import JudgedTarget
from heatpump_twin.twin_engine.forecasting.targets import ForecastTarget

FOLDER = "forecast"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MethodScores(_Part):
    """Scores of one method on forecasts that were over; null: none was."""

    loss: float | None
    """Mean pinball loss of the quantiles. [the target's unit]"""
    mae: float | None
    coverage: float | None
    offsets: tuple[tuple[float | None, ...], ...]
    """What is added to the quantiles (rows) of each span of leads (columns)."""


class TargetCard(_Part):
    """One target: what was found about it."""

    chosen: str
    """The method that is shown."""
    loss: float | None
    mae: float | None
    coverage: float | None
    """Scores of what would have been shown, as of the methods."""
    skill: float | None
    """Share of the seasonal naive's loss that is saved. [-]"""
    methods: dict[str, MethodScores]


class ForecastCard(_Part):
    """What is known about forecasts of one heat pump."""

    heat_pump: str
    made: str
    """ISO 8601, UTC."""
    software: str
    start: str
    end: str
    """Span of the record, ISO 8601, UTC."""
    forecasts: int
    """How many were made again and judged."""
    targets: dict[str, TargetCard]

    def offsets(self, target: ForecastTarget, method: str) -> Values | None:
        """Return the offsets of a method, shape (3, spans); None: it was not judged."""
        known = self.targets.get(target.point)
        scored = None if known is None else known.methods.get(method)
        return None if scored is None else np.array(scored.offsets, dtype=np.float64)


def target_cards(judged: Mapping[ForecastTarget, JudgedTarget]) -> dict[str, TargetCard]:
    """Return what a card says of each target."""
    return {target.point: _target_card(one) for target, one in judged.items()}


def _target_card(judged: JudgedTarget) -> TargetCard:
    methods = {}
    for name, method in judged.methods.items():
        found = judged.scores(name)
        offsets = tuple(tuple(_number(x) for x in row) for row in method.offsets.tolist())
        methods[name] = MethodScores(
            loss=_number(found.loss),
            mae=_number(found.mae),
            coverage=_number(found.coverage),
            offsets=offsets,
        )
    shown = judged.scores()
    return TargetCard(
        chosen=judged.chosen,
        loss=_number(shown.loss),
        mae=_number(shown.mae),
        coverage=_number(shown.coverage),
        skill=_number(skill_of(judged)),
        methods=methods,
    )


def skill_of(judged: JudgedTarget) -> float:
    """Return the share of the seasonal naive's loss that is saved where both are known. [-]"""
    naive = judged.methods.get(NAIVE)
    if naive is None:
        return np.nan
    both = np.isfinite(naive.loss)
    shown = judged.scores().loss
    usual = float(naive.loss[both].mean()) if both.any() else np.nan
    return 1.0 - shown / usual if usual > 0.0 else np.nan


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def forecast_card_path(models: Path, heat_pump: str) -> Path:
    """Return where the card of a heat pump lies."""
    return models / FOLDER / f"{heat_pump}.json"


def write_forecast_card(models: Path, card: ForecastCard) -> None:
    """Write a card, whole or not at all."""
    path = forecast_card_path(models, card.heat_pump)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, card.model_dump_json(indent=1) + "\n")


def read_forecast_card(models: Path, heat_pump: str) -> ForecastCard | None:
    """Return the card of a heat pump; None: there is none.

    Raises
    ------
    ForecastError
        It cannot be read.
    """
    path = forecast_card_path(models, heat_pump)
    try:
        return ForecastCard.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ForecastError(
            f"{path} cannot be used: {reason}; hptwin evaluate --keep makes another"
        ) from error
