"""A learnt remainder in use: ONNX, run by onnxruntime, with the card that vouches for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.errors import ForecastError
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import (
    RemainderCard,
    RemainderTarget,
)

_NOBODY = np.zeros((1, len(FEATURES)))


class RemainderModel:
    """Quantiles of what remains after a base, of all targets that it was learnt for.

    Raises
    ------
    ForecastError
        The model is not the one of its card, or cannot be run.
    """

    def __init__(self, content: bytes, card: RemainderCard) -> None:
        digest = hashlib.sha256(content).hexdigest()
        if digest != card.sha256:
            raise ForecastError(
                f"the learnt remainder of {card.heat_pump} has the sha256 {digest[:12]}…, and its "
                f"card says {card.sha256[:12]}…: it was changed; hptwin train makes another"
            )
        if tuple((one.name, one.unit) for one in card.features) != FEATURES:
            raise ForecastError(
                f"the learnt remainder of {card.heat_pump} was learnt from other features than "
                "this software makes; hptwin train makes another"
            )
        self.card = card
        options = onnxruntime.SessionOptions()
        # One thread: a run takes less than starting others.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: _Session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises types of its own, without a common root
            raise ForecastError(
                f"the learnt remainder of {card.heat_pump} cannot be run: {error}"
            ) from error

    def remainders(self, rows: Mapping[str, Values]) -> dict[str, Values]:
        """Return quantiles of what remains of targets, each of shape (3, n). [the target's unit]

        Parameters
        ----------
        rows : mapping to arrays of shape (n, features)
            By target; NaN: nothing is known, and nothing told.
        """
        known = {point: np.isfinite(table.sum(axis=1)) for point, table in rows.items()}
        asked = {point: table[known[point]] for point, table in rows.items()}
        # All in one run; of whom nothing is asked, something is told that nobody looks at.
        feeds = {
            point: _within(asked.get(point, _NOBODY), told)
            for point, told in self.card.targets.items()
        }
        outputs = [f"{point}/{k}" for point in rows for k in range(len(LEVELS))]
        said = iter(self._session.run(outputs, feeds))
        found = {}
        for point in rows:
            told = self.card.targets[point]
            values = np.full((len(LEVELS), len(known[point])), np.nan)
            for level in values:
                level[known[point]] = next(said).reshape(-1)[: len(asked[point])]
            found[point] = np.sort(np.clip(values, *told.bounds) * told.scale, axis=0)
        return found


def _within(rows: Values, told: RemainderTarget) -> NDArray[np.float32]:
    """Return features at the edge of what was learnt where they are beyond it."""
    asked = rows if len(rows) else _NOBODY
    return np.clip(asked, told.lows, told.highs).astype(np.float32)


def read_remainder_card(path: Path) -> RemainderCard:
    """Return the card of a file; raise `ForecastError` where it cannot be used."""
    try:
        return RemainderCard.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ForecastError(
            f"{path}: no card that can be used: {reason}; hptwin train makes another"
        ) from error


class _Session(Protocol):
    """What is used of a session of onnxruntime, which says no types."""

    def run(
        self, outputs: list[str], inputs: dict[str, NDArray[np.float32]], /
    ) -> list[NDArray[np.float32]]: ...
