"""A house stepped by Euler's method on the equations as they are written, to compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

from heatpump_twin.twin_engine.model.house.envelope import Envelope


@dataclass
class EulerHouse:
    """A house without interior mass; temperatures in °C, heat in W."""

    house: Envelope = field(default_factory=Envelope)
    air: float = 20.0
    wall: float = 18.0

    def live(
        self, seconds: float, outdoor: float, heat: float, sun: float = 0.0, people: float = 0.0,
        window: float = 0.0,
    ) -> float:  # fmt: skip
        """Live so long with constant inputs and an open window (W/K); return the air."""
        h, step = self.house, 5.0
        direct = h.loss * h.direct_share + window
        outer = 1.0 / (1.0 / (h.loss * (1.0 - h.direct_share)) - 1.0 / h.envelope_coupling)
        for _ in range(round(seconds / step)):
            inward = h.envelope_coupling * (self.wall - self.air)
            gains = h.heat_to_air * heat + h.sun_to_air * sun + h.people_to_air * people
            kept = heat + sun + people - gains
            to_air = direct * (outdoor - self.air) + inward + gains
            to_wall = outer * (outdoor - self.wall) - inward + kept
            self.air += step * to_air / h.air_capacity
            self.wall += step * to_wall / h.envelope_capacity
        return self.air
