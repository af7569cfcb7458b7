"""Forecasts in a file, from the process that makes them to the twin that records them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from heatpump_twin.twin_engine.trajectory import Trajectory

NAME = "forecasts.npz"


def write_forecasts(folder: Path, issued: Sequence[Trajectory]) -> None:
    """Write forecasts that were issued together, of the same times and quantiles."""
    first = issued[0]
    np.savez(
        folder / NAME,
        issued=first.issued,
        time=first.time,
        quantiles=first.quantiles,
        keys=np.array([one.key for one in issued]),
        models=np.array([one.model for one in issued]),
        status=np.array([one.status for one in issued], dtype=np.uint32),
        values=np.stack([one.values for one in issued]),
    )


def read_forecasts(folder: Path) -> list[Trajectory]:
    """Return the forecasts of a file; none, if none could be made.

    Raises
    ------
    OSError, ValueError, KeyError
        The file cannot be read.
    """
    path = folder / NAME
    if not path.exists():
        return []
    with np.load(path, allow_pickle=False) as found:
        issued, time, quantiles = int(found["issued"]), found["time"], found["quantiles"]
        rows = zip(
            found["keys"].tolist(), found["models"].tolist(), found["status"].tolist(),
            found["values"], strict=True,
        )  # fmt: skip
        return [
            Trajectory(key, issued, time, quantiles, values, model, status)
            for key, model, status, values in rows
        ]
