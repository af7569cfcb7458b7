"""Model cards: what a model was trained and tested on, beside the model itself."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from heatpump_twin.config.durable_file import move_into_place, write_private
from heatpump_twin.twin_engine.provenance import Provenance

HORIZON = 4 * 3600.0
"""A heat-up that takes longer than this is not a heat-up; training leaves it out. [s]"""

LEAST_COVERAGE = 0.6
"""An 80 % interval that holds fewer held-out runs than this promises too much."""


class ModelError(Exception):
    """A model cannot be used; the message names the file and the remedy."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feature(_Part):
    """One input: a point of the catalogue, known at the time of prediction."""

    point: str
    unit: str
    low: float
    high: float
    """Span of the training data; outside it the model extrapolates."""


class Score(_Part):
    """Errors on data that the model was not trained on. [min]"""

    mae: float
    rmse: float
    p90_absolute: float


class Baseline(_Part):
    """What somebody without this model would predict, on the same held-out runs."""

    name: str
    score: Score


class TimeSpan(_Part):
    """A part of the data."""

    start: str
    end: str
    runs: int


class ModelCard(_Part):
    """Everything that a user must know before trusting a prediction."""

    name: str
    version: str
    sha256: str
    target: str
    unit: str
    definition: str
    reached: float
    """The setpoint counts as reached when the water is within this. [K]"""
    heat_pump_model: str
    features: tuple[Feature, ...]
    source: str
    training: TimeSpan
    held_out: TimeSpan
    score: Score
    baselines: tuple[Baseline, ...]
    interval: tuple[float, float]
    """Relative errors (10 % and 90 % quantile) of out-of-fold predictions on the training runs."""
    interval_coverage: float
    """Share of held-out runs inside the interval; 0.8 is what it promises."""
    runs_left_out: dict[str, int]
    limits: str
    software: dict[str, str]

    @property
    def shortcoming(self) -> str | None:
        """Why nobody should rely on this model; None: it has proved itself on held-out runs."""
        # Against the best of them: a model that loses to the median of five mornings is only more
        # work.
        best = min(self.baselines, key=lambda baseline: baseline.score.mae)
        if self.score.mae >= best.score.mae:
            return (
                f"its mean error on held-out runs is {self.score.mae:.1f} min, and that of the "
                f"{best.name} is {best.score.mae:.1f} min"
            )
        if self.interval_coverage < LEAST_COVERAGE:
            return (
                f"only {self.interval_coverage:.0%} of the held-out runs are inside its 80 % "
                "interval"
            )
        return None

    @property
    def provenance(self) -> Provenance:
        """What the predicted points say of their origin."""
        return Provenance(
            model=self.name,
            version=self.version,
            sha256=self.sha256,
            training_start=self.training.start,
            training_end=self.training.end,
            training_source=self.source,
            horizon=HORIZON,
        )


def card_path(model: Path) -> Path:
    """Return where the card of a model lies: beside it."""
    return model.with_suffix(".card.json")


def save_model(content: bytes, card: ModelCard, path: Path) -> None:
    """Write a model and its card so that a power cut leaves the old pair or the new one.

    The new card waits under a name of its own until the model is there: it is the model's own card
    that `read_card` then takes.
    """
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"
    write_private(_next_card(path), text)
    write_private(path, content)
    move_into_place(_next_card(path), card_path(path))


def read_card(model: Path) -> ModelCard:
    """Read a card and check that it belongs to the model file.

    A pair whose replacing was broken off is mended: see `save_model`.
    """
    try:
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{model}: {error.strerror}; train the model again") from error
    waiting = _next_card(model)
    if waiting.exists():
        with suppress(ModelError):
            if _parse(waiting).sha256 == digest:
                move_into_place(waiting, card_path(model))
    card = unchecked_card(model)
    # A card of another model would vouch for numbers that were never tested.
    if digest != card.sha256:
        raise ModelError(
            f"{model}: sha256 {digest} is not the one on its card ({card.sha256}); "
            "the file was changed: train the model again or restore it"
        )
    return card


def _next_card(model: Path) -> Path:
    return model.with_suffix(".card.json.next")


def unchecked_card(model: Path) -> ModelCard:
    """Read a card without looking at its model."""
    return _parse(card_path(model))


def _parse(path: Path) -> ModelCard:
    try:
        return ModelCard.model_validate(json.loads(path.read_text("utf-8")))
    # RecursionError: a file of nothing but opening brackets.
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{path}: not a usable model card: {reason}; train the model again, or restore it"
        ) from error
