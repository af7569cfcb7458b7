"""A simulation as a drawing: baseline and change over time, with their intervals."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from heatpump_twin.errors import TwinError
from heatpump_twin.simulating.simulated_site import Answer
from heatpump_twin.simulating.simulation_tables import TITLES, UNITS
from heatpump_twin.twin_engine.model.whatif.comparison import SHOWN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = {"baseline": "#4a6fa5", "changed": "#d1603d"}
_SIZE = (11.0, 12.0)
_EXTRA = "drawings need matplotlib: pip install 'heatpump-twin[charts]'"


def empty_figure(size: tuple[float, float]) -> Figure:
    """Return a figure of a size in inches.

    Raises
    ------
    TwinError
        The library for it is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TwinError(_EXTRA) from error
    return Figure(figsize=size, layout="constrained")


def drawn(answer: Answer, form: str) -> bytes:
    """Return the drawing as ``png`` or ``svg``.

    Raises
    ------
    TwinError
        The library for it is not installed.
    """
    figure = empty_figure(_SIZE)
    found = answer.comparison
    moments = found.time.astype("datetime64[us]")
    axes = figure.subplots(len(SHOWN), sharex=True)
    for axis, name in zip(axes, SHOWN, strict=True):
        for side in ("baseline", "changed"):
            low, value, high = getattr(found, side).values[name]
            colour = _COLOURS[side]
            axis.fill_between(moments, low, high, color=colour, alpha=0.2, linewidth=0)
            axis.plot(moments, value, color=colour, linewidth=1.0, label=side)
        axis.set_ylabel(f"{TITLES[name]}\n[{UNITS[name]}]")
        axis.grid(visible=True, alpha=0.3)
    axes[0].legend(loc="upper right", ncols=2)
    changes = ", ".join(answer.question.changes) or "as it is"
    figure.suptitle(f"Simulated: {answer.pump.name}, {changes} (UTC; bands: 90 %)")
    out = io.BytesIO()
    # Without the date of today: the same question gives the same bytes.
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    figure.savefig(out, format=form, dpi=110, metadata=metadata)
    return out.getvalue()
