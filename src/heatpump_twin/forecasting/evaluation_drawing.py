"""An evaluation as a drawing: whether quantiles hold what they promise, and how errors grow."""

from __future__ import annotations

import io

import numpy as np

from heatpump_twin.config.catalogue import CATALOGUE, HEAT_PUMP
from heatpump_twin.forecasting.evaluation import Evaluation
from heatpump_twin.simulating.simulation_drawing import empty_figure
from heatpump_twin.twin_engine.forecasting.quarter_hours import LEVELS, STEPS


def drawn_evaluation(one: Evaluation) -> bytes:
    """Return the drawing as PNG.

    Raises
    ------
    TwinError
        The library for it is not installed.
    """
    figure = empty_figure((11.0, 2.6 * len(one.judged)))
    axes = figure.subplots(len(one.judged), 2, squeeze=False)
    hours = (np.arange(STEPS) + 1) / 4.0
    for (calibration, errors), (target, judged) in zip(axes, one.judged.items(), strict=True):
        came = judged.truth[:, np.newaxis, :]
        known = np.isfinite(came) & np.isfinite(judged.shown)
        below = (came <= judged.shown).sum(axis=(0, 2), where=known)
        seen = below / np.maximum(known.sum(axis=(0, 2)), 1)
        calibration.plot([0, 1], [0, 1], color="#999999", linewidth=1.0)
        calibration.plot(LEVELS, seen, "o-", color="#4a6fa5")
        calibration.set_ylabel(CATALOGUE[HEAT_PUMP][target.point].title.removesuffix(" forecast"))
        for name, method in (*judged.methods.items(), ("shown", None)):
            said = judged.shown if method is None else method.online
            apart = np.abs(judged.truth - said[:, 1])
            count = np.isfinite(apart).sum(axis=0)
            mean = np.nansum(apart, axis=0) / np.maximum(count, 1)
            width = 2.0 if method is None else 0.8
            errors.plot(hours[count > 0], mean[count > 0], label=name, linewidth=width)
        errors.grid(visible=True, alpha=0.3)
    axes[0, 0].set_title("came below the quantile (share), by its level")
    axes[0, 1].set_title("mean absolute error by lead [h]")
    axes[0, 1].legend(fontsize="small")
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()
