"""What can be changed in an installation, by name: ``curve.shift=-3``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from heatpump_twin.twin_engine.errors import EngineError
from heatpump_twin.twin_engine.model.simulation.household import Household
from heatpump_twin.twin_engine.model.simulation.machine_map import Machine
from heatpump_twin.twin_engine.model.simulation.simulate import Case, Installation


class ChangeError(EngineError):
    """A change cannot be understood: the message says which can."""


Apply = Callable[[Installation, float], Installation]
MachineOf = Callable[[str], Machine]
"""Finds another heat pump by its name or file; raises `ChangeError`."""


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """One thing that can be changed."""

    text: str
    unit: str
    low: float
    high: float
    apply: Apply


def _control(name: str, more: bool = False) -> Apply:
    def apply(one: Installation, value: float) -> Installation:
        own = getattr(one.control, name) if more else 0.0
        return replace(one, control=replace(one.control, **{name: own + value}))

    return apply


def _home(name: str) -> Apply:
    def apply(one: Installation, value: float) -> Installation:
        changed: dict[str, Any] = {name: value}
        return replace(one, household=replace(one.household, **changed))

    return apply


def _night(end: int) -> Apply:
    def apply(one: Installation, value: float) -> Installation:
        night = list(one.household.night)
        night[end] = value
        home: Household = replace(one.household, night=(night[0], night[1]))
        return replace(one, household=home)

    return apply


def _hot_water_factor(one: Installation, value: float) -> Installation:
    home = one.household
    return replace(one, household=replace(home, litres=home.litres * value))


def _emitters(one: Installation, value: float) -> Installation:
    circuit = one.circuit
    larger = replace(
        circuit, emitter_power=circuit.emitter_power * value, capacity=circuit.capacity * value
    )
    return replace(one, circuit=larger)


def _insulation(one: Installation, value: float) -> Installation:
    house = one.envelope
    # Airing stays: what is insulated are the walls.
    return replace(one, envelope=replace(house, loss=house.loss * value))


def _tank(name: str) -> Apply:
    def apply(one: Installation, value: float) -> Installation:
        return replace(one, tank=replace(one.tank, **{name: value}))

    return apply


def _circuit(name: str) -> Apply:
    def apply(one: Installation, value: float) -> Installation:
        return replace(one, circuit=replace(one.circuit, **{name: value}))

    return apply


OUTDOOR, PRICE, MACHINE = "outdoor.shift", "tariff.price", "machine"
"""These are of the weather, of the tariff, and no number."""
KINDS: Mapping[str, ChangeKind] = MappingProxyType(
    {
        "curve.shift": ChangeKind(
            "Raise the heating curve", "K", -15, 15, _control("shift", more=True)
        ),
        "curve.cold": ChangeKind(
            "Water on the coldest day of the curve", "°C", 20, 75, _control("water_high")
        ),
        "curve.mild": ChangeKind(
            "Water at its mild end", "°C", 15, 60, _control("water_low")
        ),
        "heating.limit": ChangeKind(
            "Outdoor air above which rooms are not heated", "°C", 5, 30, _control("summer_limit")
        ),
        "backup.below": ChangeKind(
            "Outdoor air below which the backup heater may help", "°C", -40, 20,
            _control("backup_below"),
        ),
        "room.setpoint": ChangeKind("Room temperature", "°C", 10, 28, _home("room_setpoint")),
        "room.setback": ChangeKind(
            "How much lower it is at night", "K", 0, 10, _home("room_setback")
        ),
        "night.setback": ChangeKind(
            "How much lower the curve is at night", "K", 0, 20, _home("setback")
        ),
        "night.from": ChangeKind("Begin of the night", "h", 0, 24, _night(0)),
        "night.to": ChangeKind("End of the night", "h", 0, 24, _night(1)),
        "tank.setpoint": ChangeKind("Hot water", "°C", 30, 70, _home("tank_setpoint")),
        "tank.disinfection": ChangeKind(
            "Hot water on Sundays; 0: never", "°C", 0, 75, _home("disinfection")
        ),
        "tank.litres": ChangeKind("Size of the tank", "l", 50, 2000, _tank("litres")),
        "tank.loss": ChangeKind("Standing loss of the tank", "W/K", 0.2, 10, _tank("loss")),
        "hot_water.factor": ChangeKind(
            "Hot water drawn, of what is drawn now", "1", 0, 5, _hot_water_factor
        ),
        "emitters.factor": ChangeKind(
            "Heat of the emitters at the same water, of what they give now", "1", 0.3, 5, _emitters
        ),
        "emitters.exponent": ChangeKind(
            "Exponent of the emitters: radiators 1.3, floors 1.1", "1", 1, 1.6,
            _circuit("exponent"),
        ),
        "buffer.litres": ChangeKind(
            "Buffer in the return", "l", 0, 2000, _circuit("buffer_litres")
        ),
        "house.loss_factor": ChangeKind(
            "Heat loss of the house, of what it is now", "1", 0.1, 3, _insulation
        ),
    }
)  # fmt: skip
"""What can be changed, by name."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes that are made together."""

    values: tuple[tuple[str, float], ...] = ()
    machine: Machine | None = None
    outdoor: float = 0.0
    """Warmer air. [K]"""
    price: float | None = None
    """Of a kWh, in place of the tariff's."""
    words: tuple[str, ...] = ()
    """As somebody wrote them."""

    def applied(self, case: Case) -> Case:
        """Return the case with these changes."""
        one = case.installation
        for name, value in self.values:
            one = KINDS[name].apply(one, value)
        if self.machine is not None:
            one = replace(one, machine=self.machine)
        return replace(case, installation=one)


def changes_of(words: Iterable[str], machine_of: MachineOf) -> Changes:
    """Return the changes that are meant by words such as ``curve.shift=-3``.

    Raises
    ------
    ChangeError
        One is unknown, no number, or beyond what can be.
    """
    found, given = Changes(), tuple(words)
    for word in given:
        name, equals, text = word.partition("=")
        name = name.strip()
        if not equals:
            raise ChangeError(f"{word!r} is no change: write for example curve.shift=-3")
        if name == MACHINE:
            found = replace(found, machine=machine_of(text.strip()))
            continue
        value = _number(name, text)
        if name == OUTDOOR:
            found = replace(found, outdoor=value)
        elif name == PRICE:
            found = replace(found, price=value)
        else:
            found = replace(found, values=(*found.values, (name, value)))
    return replace(found, words=given)


def known_changes() -> list[tuple[str, str, str]]:
    """Return what can be changed: name, unit and meaning."""
    return [
        *((name, kind.unit, kind.text) for name, kind in KINDS.items()),
        (OUTDOOR, "K", "Warmer air"),
        (PRICE, "1/kWh", "One price in place of the tariff"),
        (MACHINE, "", "Another heat pump: a file with its plate"),
    ]


def _number(name: str, text: str) -> float:
    limits = {OUTDOOR: (-20.0, 20.0), PRICE: (-100.0, 1e6)}
    if name not in KINDS and name not in limits:
        known = ", ".join(name for name, _, _ in known_changes())
        raise ChangeError(f"{name!r} cannot be changed; there are: {known}")
    try:
        value = float(text)
    except ValueError as error:
        raise ChangeError(f"{name}: {text.strip()!r} is no number") from error
    low, high = limits[name] if name in limits else (KINDS[name].low, KINDS[name].high)
    if not low <= value <= high:
        raise ChangeError(f"{name}: {value:g} is outside {low:g} to {high:g}")
    return value
