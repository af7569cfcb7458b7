"""How rooms answer to heat, weather, sun and people."""

from __future__ import annotations

import numpy as np

from heatpump_twin.twin_engine.model.compiled import compiled
from heatpump_twin.twin_engine.model.house.envelope import Floats


@compiled
def answered(a: Floats, b: Floats, start: Floats, forced: Floats) -> Floats:
    """Return the mean air temperature over each step of each house, shape (m, n). [°C]

    Parameters
    ----------
    a, b : array
        Exact transitions over a step, (m, 3, 3) and (m, 3, 4), as `discretised` returns them.
    start : array
        Temperatures at the beginning, (m, 3). [°C]
    forced : array
        Outdoor air [°C], heat, sun and people [W] over each step, (m, n, 4).
    """
    houses, steps = forced.shape[0], forced.shape[1]
    found = np.empty((houses, steps))
    now, after = np.empty(3), np.empty(3)
    for m in range(houses):
        now[:] = start[m]
        for k in range(steps):
            for i in range(3):
                total = 0.0
                for j in range(3):
                    total += a[m, i, j] * now[j]
                for j in range(4):
                    total += b[m, i, j] * forced[m, k, j]
                after[i] = total
            found[m, k] = 0.5 * (now[0] + after[0])
            now[:] = after
    return found
