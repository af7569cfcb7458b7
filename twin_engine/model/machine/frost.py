"""Ice on the outdoor coil: how it grows from humid air, relative to what starts a defrost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatpump_twin.drivers.frame import Values
from heatpump_twin.twin_engine.model.machine.humid_air import humidity_ratio, saturation_ratio

_THAW = 0.65
"""What still air melts in an hour at 1 °C, as grams per kilogram that grow in one: 60 W/K on the
coil of a machine of 5 kW. [h g/(kg h K)]"""
FULL = 1.0
"""More ice than what usually starts a defrost is a wrong estimate, and not believed. [-]"""
_MOST = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class CoilFrost:
    """Growth of ice on the coil of machines; each field a number, or an array of shape (k,).

    The air that touches the coil leaves saturated at the coil's temperature: what it leaves behind
    is in proportion to the humidity deficit w(air) − w_sat(coil), while the coil is below 0 °C
    (bypass-factor method). Below freezing frost insulates the fins and grows more slowly.
    """

    approach: Values | float = 4.5
    """Air less coil temperature without ice. [K]"""
    per_ice: Values | float = 2.5
    """What a coil full of ice adds to it. [K]"""
    damping: Values | float = 0.05
    """Growth that is missing for each kelvin of air below freezing. [1/K]"""
    threshold: Values | float = 1.5
    """Humidity deficit times running time that starts a defrost. [h g/kg]"""

    def growth(self, level: Values, outdoor: Values, humidity: Values) -> Values:
        """Return how fast ice grows on the running coil, as a share of what starts a defrost. [1/h]

        Parameters
        ----------
        level : array-like
            Ice on the coil, as a share of what starts a defrost. [-]
        outdoor : array-like
            Air that enters. [°C]
        humidity : array-like
            Its humidity ratio. [g/kg]
        """
        coil = outdoor - self.approach - self.per_ice * np.minimum(level, _MOST)
        deficit = np.maximum(humidity - saturation_ratio(coil), 0.0) * (coil < 0.0)
        slower = np.exp(self.damping * np.minimum(outdoor, 0.0))
        return np.asarray(deficit * slower / self.threshold)

    def advance(
        self,
        level: Values,
        hours: Values | float,
        outdoor: Values,
        humidity: Values,
        running: Values,
        defrosting: Values,
    ) -> Values:
        """Return the ice after some hours, in which the machine ran or defrosted for a share.

        A defrost leaves a clean coil; air above 0.5 °C thaws that of a machine at rest.
        """
        grown = level + hours * running * self.growth(level, outdoor, humidity)
        melts = np.where(outdoor > 0.5, _THAW * outdoor / self.threshold, 0.0)
        grown = grown - hours * (1.0 - running) * melts
        clean = np.where(np.asarray(defrosting) > 0.0, 0.0, grown)
        return np.clip(clean, 0.0, _MOST)


def levels(
    frost: CoilFrost,
    hours: float,
    outdoor: Values,
    relative: Values,
    running: Values,
    defrosting: Values,
) -> Values:
    """Return the ice at the end of each of n steps of so many hours: (n,), or (n, k) of k coils.

    Parameters
    ----------
    outdoor, relative : arrays of shape (n,)
        Air that enters, and its relative humidity. Where they are not known, ice stays. [°C], [%]
    running, defrosting : arrays of shape (n,)
        Share of each step. [-]
    """
    level = np.zeros(np.shape(frost.threshold))
    known = np.isfinite(outdoor) & np.isfinite(relative) & np.isfinite(running)
    air = humidity_ratio(outdoor, relative)
    found = np.empty((len(outdoor), *level.shape))
    for i in range(len(outdoor)):
        if known[i]:
            level = frost.advance(level, hours, outdoor[i], air[i], running[i], defrosting[i])
        found[i] = level
    return found
