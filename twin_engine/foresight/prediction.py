"""Compute predicted points by a packaged or site-trained ONNX model on the image."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import structlog
from numpy.typing import NDArray

from heatpump_twin.config.catalogue import PointTable
from heatpump_twin.config.settings import HeatPump
from heatpump_twin.drivers.clock import Clock
from heatpump_twin.drivers.frame import Frame, Values
from heatpump_twin.drivers.status import (
    BAD_INTERNAL_ERROR,
    BAD_NO_DATA,
    BAD_OUT_OF_SERVICE,
    UNCERTAIN,
    UNCERTAIN_SUB_NORMAL,
    is_bad,
)
from heatpump_twin.twin_engine.failure_log import FailureLog
from heatpump_twin.twin_engine.foresight.heat_up_inputs import FEATURES
from heatpump_twin.twin_engine.foresight.model_card import (
    ModelCard,
    ModelError,
    read_card,
    unchecked_card,
)
from heatpump_twin.twin_engine.image import Image

HEAT_UP = "heat_up_time"
PREDICTED = (HEAT_UP, f"{HEAT_UP}_lower", f"{HEAT_UP}_upper")

log = structlog.stdlib.get_logger(__name__)


class HeatUpModel:
    """Model of the heat-up time: minutes to the supply setpoint, if heating started now."""

    def __init__(self, path: Path) -> None:
        self.card: ModelCard = read_card(path)
        options = onnxruntime.SessionOptions()
        # One thread: a prediction takes less than starting others, and a pool for each of 250
        # heat pumps would fight with the polls for the cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session: _Session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises types of its own, without a common root
            raise ModelError(f"{path}: onnxruntime cannot load it: {error}") from error
        self._input = self._session.get_inputs()[0].name

    def predict(self, features: Values) -> Values:
        """Return the median heat-up time of each row of features (n, f). [min]"""
        (minutes,) = self._session.run(None, {self._input: features.astype(np.float32)})
        return np.asarray(minutes, dtype=np.float64).reshape(-1).clip(min=0.0)

    def reached(self, features: Values) -> bool:
        """Tell whether the water is at its setpoint already, so that there is nothing to heat."""
        known = {f.point: value for f, value in zip(self.card.features, features, strict=True)}
        lift = known["supply_setpoint"] - known["supply_temperature"]
        return bool(lift <= self.card.reached)

    def knows(self, features: Values) -> bool:
        """Tell whether a row of features lies within what the model was trained on."""
        return all(
            feature.low <= value <= feature.high
            for feature, value in zip(self.card.features, features, strict=True)
        )


def find_model(
    heat_pump: HeatPump, trained: Path | None, loaded: dict[Path, HeatUpModel] | None = None
) -> HeatUpModel | None:
    """Return the model for a heat pump: trained on this site, or packaged for its make, or none.

    Raises `ModelError` where the model is there and cannot be used.

    A packaged model is used only for the machine it was trained on: elsewhere its numbers would
    look like knowledge and be none. It is in ``loaded`` from then on, for the next heat pump: a
    session of onnxruntime takes 0.7 MB.
    """
    own = trained and trained / f"{HEAT_UP}-{heat_pump.id}.onnx"
    if own and own.is_file():
        return HeatUpModel(own)
    packaged = Path(str(files("heatpump_twin.models.onnx"))) / f"{HEAT_UP}.onnx"
    # By its card, before it is loaded: a damaged model of another machine concerns nobody here.
    if not packaged.is_file() or unchecked_card(packaged).heat_pump_model != heat_pump.plate.model:
        return None
    loaded = {} if loaded is None else loaded
    model = loaded.get(packaged) or HeatUpModel(packaged)
    loaded[packaged] = model
    return model


def predicted_points(
    model: HeatUpModel | bool | None, available: Collection[str]
) -> tuple[str, ...]:
    """Return the catalogue ids that a model feeds on a heat pump: none if an input is missing.

    ``True`` stands for a model that is damaged, so that nobody can ask it for its inputs.
    """
    # No node at all rather than one that is Bad for ever: a client should not build on it. That
    # of a damaged model is Bad until somebody has restored or trained it.
    if not model:
        return ()
    inputs = FEATURES if model is True else [feature.point for feature in model.card.features]
    return PREDICTED if set(inputs) <= set(available) else ()


class Forecaster:
    """Forecaster of all heat pumps: predicts from the image when the caller asks.

    ``models`` may change meanwhile: the next prediction is by the model that is there then. Where a
    heat pump has the points and no model, because that is damaged, they are BadOutOfService.
    """

    def __init__(
        self, table: PointTable, image: Image, models: Mapping[str, HeatUpModel], clock: Clock
    ) -> None:
        self._table = table
        self._image = image
        self._models = models
        self._clock = clock
        self._outputs: dict[str, list[int]] = {}
        self._failures = FailureLog("a prediction cannot be made", "asset")
        for asset in table.by_asset:
            self.add(asset)

    def add(self, asset: str) -> None:
        """Add a heat pump, if it has the points for a prediction."""
        points = self._table.by_asset.get(asset, {})
        if PREDICTED[0] in points:
            self._outputs[asset] = [points[point].index for point in PREDICTED]

    def remove(self, asset: str) -> None:
        """Remove a heat pump; only then its model may be removed."""
        self._outputs.pop(asset, None)

    def issue(self) -> None:
        """Compute every prediction once and ingest it: Uncertain, or Bad where an input is Bad.

        Where the model of a heat pump raises, its prediction is Bad and the log has the exception
        once; the others are made as ever.
        """
        now = self._clock.now()
        frames = [self._attempt(asset, outputs, now) for asset, outputs in self._outputs.items()]
        if frames:
            self._image.ingest(Frame.concat(frames))

    def _attempt(self, asset: str, outputs: list[int], now: int) -> Frame:
        model = self._models.get(asset)
        if model is None:
            return Frame.bad(outputs, BAD_OUT_OF_SERVICE, now)
        try:
            frame = self._evaluate(asset, model, outputs, now)
        except Exception:  # noqa: BLE001 (the boundary of one prediction: the others go on)
            self._failures.failed(asset)
            return Frame.bad(outputs, BAD_INTERNAL_ERROR, now)
        self._failures.worked(asset)
        return frame

    def _evaluate(self, asset: str, model: HeatUpModel, outputs: list[int], now: int) -> Frame:
        points = self._table.by_asset[asset]
        inputs = [points[feature.point].index for feature in model.card.features]
        if any(is_bad(int(status)) for status in self._image.status[inputs]):
            return Frame.bad(outputs, BAD_NO_DATA, now)
        features = self._image.value[inputs]
        # The model was never shown warm water, and would extrapolate to a few minutes.
        if model.reached(features):
            return Frame.of(outputs, 0.0, UNCERTAIN, now)
        minutes = float(model.predict(features[np.newaxis, :])[0])
        low, high = model.card.interval
        values = [minutes, minutes * (1 + low), minutes * (1 + high)]
        # A prediction is never Good: it is no measurement (ADR 6).
        status = UNCERTAIN if model.knows(features) else UNCERTAIN_SUB_NORMAL
        return Frame.of(outputs, values, status, now)


class _Session(Protocol):
    """What is used of a session of onnxruntime, which says no types."""

    def run(
        self, outputs: None, inputs: dict[str, NDArray[np.float32]], /
    ) -> list[NDArray[np.float32]]: ...

    def get_inputs(self) -> list[_Node]: ...


class _Node(Protocol):
    @property
    def name(self) -> str: ...
