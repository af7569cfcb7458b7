"""The stratified hot water tank: layers, a coil in its lower half, draws, an immersion heater."""

from __future__ import annotations

from dataclasses import dataclass

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.noise import channel, uniform
from heatpump_twin.drivers.plant.physics.water_loop import WATER_HEAT

# With fewer than five the model's own mixing would blur the layers that draws and coil make.
_LAYERS = 6
_COIL_LAYERS = (3, 4, 5)
_SENSOR_LAYER = 2
_HEATER_LAYER = 1
_COMFORT = 40.0
"""What people mix their water to. [°C]"""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class TankParameters:
    """The parameters of a hot water tank."""

    litres: float = 180.0
    loss: float = 1.7
    """Standing loss to the plant room, 1.5 kWh per day at 45 K. [W/K]"""
    conduction: float = 4.0
    """Conductance between neighbouring layers, with the wall's share. [W/K]"""
    heater_power: float = 2000.0
    """Power of the immersion heater. [W]"""


@dataclass(frozen=True, slots=True)
class Draw:
    """Hot water that people take every day, at 40 °C."""

    hour: float
    litres: float
    rate: float
    """[l/min]"""


DAILY_DRAWS = (
    Draw(7.0, 45.0, 8.0),
    Draw(7.7, 8.0, 4.0),
    Draw(12.8, 12.0, 4.0),
    Draw(14.2, 10.0, 5.0),
    Draw(19.8, 12.0, 5.0),
    Draw(21.2, 45.0, 8.0),
)
"""Three people, about the size M of EN 16147; hours are solar time."""


class DrawProfile:
    """The hot water that people draw: about the same hours and litres every day."""

    def __init__(
        self, seed: int, longitude: float, *, people: float = 1.0, hours_later: float = 0.0
    ) -> None:
        self._people = people
        self._later = hours_later * 3600.0
        self._when = channel(seed, "draw.when")
        self._how_much = channel(seed, "draw.litres")
        self._shift = longitude / 360.0 * _DAY
        self._today: tuple[float, tuple[tuple[float, float, float], ...]] = (-1.0, ())

    def flow(self, time: int) -> float:
        """Return the flow of mixed water at 40 °C at a time in µs. [l/s]"""
        # Solar time, so that it needs no time zone and no summer time.
        day, second = divmod(time / MICROSECONDS + self._shift, _DAY)
        if day != self._today[0]:
            self._today = day, self._draws_of(int(day))
        return sum(flow for begin, end, flow in self._today[1] if begin <= second < end)

    def _draws_of(self, day: int) -> tuple[tuple[float, float, float], ...]:
        """Return begin and end in s and flow in l/s of each draw of a day since the epoch."""
        drawn = []
        for number, draw in enumerate(DAILY_DRAWS):
            place = day * len(DAILY_DRAWS) + number
            begin = draw.hour * 3600.0 + self._later
            begin += 1800.0 * (uniform(self._when, place) - 0.5)
            litres = self._people * draw.litres * (0.6 + 0.8 * uniform(self._how_much, place))
            drawn.append((begin, begin + 60.0 * litres / draw.rate, draw.rate / 60.0))
        return tuple(drawn)


@dataclass(slots=True)
class TankFluxes:
    """Heat during the last step. [W]"""

    drawn: float = 0.0
    lost: float = 0.0
    heater: float = 0.0


class StratifiedTank:
    """The temperatures of the tank's layers, top first. [°C]

    C dT_i/dt = ṁc(T_below − T_i) + k(T_i+1 − 2T_i + T_i−1) − UA(T_i − T_a) + Q_i, where cold water
    enters at the bottom; a layer warmer than the one above it mixes with it. C in J/K, ṁc, k and
    UA in W/K, Q in W.
    """

    def __init__(self, parameters: TankParameters, top: float, bottom: float) -> None:
        self._p = parameters
        fall = (top - bottom) / (_LAYERS - 1)
        self._t = [top - fall * i for i in range(_LAYERS)]
        self._capacity = parameters.litres / _LAYERS * 0.99 * WATER_HEAT
        self.fluxes = TankFluxes()

    @property
    def layers(self) -> tuple[float, ...]:
        """All layers, top first. [°C]"""
        return tuple(self._t)

    @property
    def around_coil(self) -> list[float]:
        """The layers that the coil heats. [°C]"""
        return self._t[_COIL_LAYERS[0] :]

    @property
    def sensor(self) -> float:
        """Temperature at the controller's sensor. [°C]"""
        return self._t[_SENSOR_LAYER]

    @property
    def stored(self) -> float:
        """Heat content above 0 °C. [J]"""
        return self._capacity * sum(self._t)

    def step(
        self,
        dt: float,
        *,
        coil_heat: float,
        coil_conductance: float,
        draw: float,
        cold: float,
        plant_room: float,
        heater: float,
    ) -> None:
        """Heat the tank, draw from it and mix its layers, over dt seconds.

        Parameters
        ----------
        coil_heat : float
            Heat from the coil, shared by how much colder than it each layer is. [W]
        coil_conductance : float
            Of the whole coil, which says how the heat is shared; 0: evenly. [W/K]
        draw : float
            Mixed water that people take at 40 °C. [l/s]
        cold : float
            Mains water. [°C]
        plant_room : float
            Air around the tank. [°C]
        heater : float
            Share of the immersion heater's power that is on. [-]
        """
        p, t = self._p, self._t
        source = [0.0] * _LAYERS
        self._share_coil_heat(source, coil_heat, coil_conductance)
        # The heater has a thermostat of its own, which opens at 75 °C.
        heating = p.heater_power * heater if t[_HEATER_LAYER] < 75.0 else 0.0
        source[_HEATER_LAYER] += heating

        # At the tap people mix to 40 °C: the hotter the tank, the less they take out of it.
        hot_share = min(max((_COMFORT - cold) / max(t[0] - cold, 1.0), 0.0), 1.0)
        stream = draw * hot_share * 0.99 * WATER_HEAT
        ua = p.loss / _LAYERS
        # Forward Euler is stable here: in a step of 60 s a draw is 8 l, and a layer holds 30 l.
        old = list(t)
        lost = 0.0
        above, pace = old[0], dt / self._capacity
        # Cold water follows the lowest layer; nothing is conducted into either end.
        for i, (here, below) in enumerate(zip(old, [*old[1:], cold], strict=True)):
            neighbour = here if i == _LAYERS - 1 else below
            loss = ua * (here - plant_room)
            lost += loss
            t[i] = here + pace * (
                stream * (below - here)
                + p.conduction * (above + neighbour - 2.0 * here)
                - loss
                + source[i]
            )
            above = here
        _mix_inversions(t)
        self.fluxes.drawn = stream * (old[0] - cold)
        self.fluxes.lost = lost
        self.fluxes.heater = heating

    def _share_coil_heat(self, source: list[float], heat: float, conductance: float) -> None:
        layers = self.around_coil
        mean = sum(layers) / len(layers)
        # What the conductance adds to a cold layer it takes from a warm one: the sum stays `heat`.
        for i, temperature in zip(_COIL_LAYERS, layers, strict=True):
            source[i] = (heat + conductance * (mean - temperature)) / len(layers)


def _mix_inversions(t: list[float]) -> None:
    """Mix layers, all of one size, until none is warmer than the one above it.

    From the top down, each layer joins the block above it while it is warmer than that block's
    mean (pool adjacent violators). The heat content stays the same.
    """
    if t == sorted(t, reverse=True):
        return
    blocks: list[tuple[float, int]] = []
    for temperature in t:
        total, count = temperature, 1
        while blocks and blocks[-1][0] / blocks[-1][1] < total / count:
            above, number = blocks.pop()
            total, count = total + above, count + number
        blocks.append((total, count))
    i = 0
    for total, count in blocks:
        t[i : i + count] = [total / count] * count
        i += count
