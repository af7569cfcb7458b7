"""Estimators of scikit-learn as one ONNX model: an input for each target, an output for each level.

Heavy, and needed by nobody who only runs models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from onnx import GraphProto, ModelProto, checker, helper
from skl2onnx import to_onnx

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.forecasting.remainder.features import FEATURES
from heatpump_twin.twin_engine.forecasting.remainder.remainder_card import OPSET


class Estimator(Protocol):
    """What is used of an estimator of scikit-learn, which says no types."""

    def fit(self, features: Values, target: Values, /) -> object:
        """Learn from rows of features and what came."""
        ...

    def predict(self, features: Values, /) -> Values:
        """Return what is expected of rows of features."""
        ...


def joined(estimators: Mapping[str, Sequence[Estimator]]) -> bytes:
    """Return one model of all estimators; of each target one for each level.

    The input is named as its target, the outputs ``TARGET/0``, ``TARGET/1``, … by level.
    """
    whole = GraphProto(name="remainder")
    opsets: dict[str, int] = {}
    for target, levels in estimators.items():
        for level, estimator in enumerate(levels):
            part: ModelProto = to_onnx(
                estimator, np.zeros((1, len(FEATURES)), np.float32), target_opset=OPSET
            )
            opsets |= {one.domain: one.version for one in part.opset_import}
            _add(whole, part.graph, target, level)
    model = helper.make_model(
        whole, opset_imports=[helper.make_opsetid(d, v) for d, v in sorted(opsets.items())]
    )
    # Of the day of the software, and not of the day on which it ran: same record, same bytes.
    model.ir_version = 8
    checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _add(whole: GraphProto, part: GraphProto, target: str, level: int) -> None:
    """Add the graph of an estimator, under names that no other has."""
    (entry,), (end,) = part.input, part.output
    names = {entry.name: target, end.name: f"{target}/{level}"}

    def renamed(name: str) -> str:
        return names.get(name, f"{target}/{level}/{name}") if name else name

    for node in part.node:
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
        node.name = f"{target}/{level}/{node.name}"
        whole.node.append(node)
    for constant in part.initializer:
        constant.name = renamed(constant.name)
        whole.initializer.append(constant)
    if not level:
        entry.name = target
        whole.input.append(entry)
    end.name = f"{target}/{level}"
    whole.output.append(end)
