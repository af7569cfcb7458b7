"""The controller's cut-outs: they stop the compressor, show an error code, and try again later."""

from __future__ import annotations

from dataclasses import dataclass

NO_ERROR = 0
FLOW_SWITCH = 62
LOW_PRESSURE = 63
HIGH_PRESSURE = 64
BROKEN_SENSOR = 65
_RETRY = 600.0
"""A tripped cut-out lets the compressor try again after this. [s]"""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A cut-out: it trips when its condition lasts as long as its delay."""

    code: int
    delay: float
    """[s]"""


# The delays bridge what is normal for a moment, such as no flow while the pump is starting.
CUT_OUTS = (
    CutOut(FLOW_SWITCH, 30.0),
    CutOut(LOW_PRESSURE, 60.0),
    CutOut(HIGH_PRESSURE, 5.0),
    CutOut(BROKEN_SENSOR, 10.0),
)


class Protection:
    """Watch flow and pressures, and keep the error code of the cut-out that has tripped."""

    def __init__(self) -> None:
        self.code = NO_ERROR
        self._lasting = {cut_out.code: 0.0 for cut_out in CUT_OUTS}
        self._retry_in = 0.0

    def reset(self) -> None:
        """Let the compressor try again at once; a condition that still lasts trips once more."""
        self.code, self._retry_in = NO_ERROR, 0.0
        self._lasting = dict.fromkeys(self._lasting, 0.0)

    def step(
        self,
        dt: float,
        *,
        no_flow: bool,
        evaporating: float,
        condensing: float,
        coldest: float,
        external: int,
    ) -> None:
        """Check the conditions of the cut-outs over dt seconds.

        Parameters
        ----------
        no_flow : bool
            The pump runs and the flow switch is open.
        evaporating, condensing : float
            Saturation temperatures of the measured pressures. [°C]
        coldest : float
            The lowest of the temperatures that the controller regulates by. [°C]
        external : int
            An error that has another cause; 0: none.
        """
        # With R410A −38 °C are 1.9 bar and 67 °C are 44 bar, absolute.
        present = {
            FLOW_SWITCH: no_flow,
            LOW_PRESSURE: evaporating < -38.0,
            HIGH_PRESSURE: condensing > 67.0,
            BROKEN_SENSOR: coldest < -45.0,
        }
        self._retry_in = max(self._retry_in - dt, 0.0)
        for cut_out in CUT_OUTS:
            code = cut_out.code
            self._lasting[code] = self._lasting[code] + dt if present[code] else 0.0
            if self._lasting[code] >= cut_out.delay:
                self.code, self._retry_in = code, _RETRY
        # An error with a cause outside of the model holds as long as the cause; nothing to retry.
        if external:
            self.code, self._retry_in = external, 0.0
        elif self._retry_in == 0.0:
            self.code = NO_ERROR
