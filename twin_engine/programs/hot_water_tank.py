"""Hot water tank of one heat pump: its values, the targets it takes and what a program writes."""

from __future__ import annotations

import math

from heatpump_twin.config.catalogue import Point, Span
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.status import (
    BAD_INVALID_STATE,
    BAD_OUT_OF_RANGE,
    is_bad,
    is_good,
)
from heatpump_twin.drivers.write_range import out_of_range
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.programs.tank_program import (
    SETPOINT,
    TankObservation,
    TankProgram,
    TankProgramKind,
    TankProgramPhase,
)
from heatpump_twin.twin_engine.smart_start.hot_water_wait import MODE, SWITCH
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text, value_text

TEMPERATURE = "dhw_temperature"
_ENABLED, _MODE, _UNIT = SWITCH, MODE, "unit_enabled"
USED = (SETPOINT, _ENABLED, _MODE)
"""What a program changes. A person who writes one of these takes it away from the program."""
_WITH_HOT_WATER = {0: 3, 1: 2, 5: 4}
"""The operating mode that adds hot water to one that has none."""
_WITHOUT_HOT_WATER = {2: 1}
"""The operating mode that heats as before, and no hot water."""
_LOWERED = 40.0
"""Hot water that waits is charged only from some kelvins below this. [°C]"""

DISINFECTION_TARGET: Span = (60.0, 70.0)
"""Legionella die within minutes from 60 °C on; above 70 °C water scalds in a second. [°C]"""
BOOST_TIMES: Span = (60.0, 12 * 3600.0)
HOLD_TIMES: Span = (60.0, 4 * 3600.0)
BOOST_TIME, HOLD_TIME = 2 * 3600.0, 1800.0
"""What holds where a caller asks for 0. [s]"""
HEAT_UP_LIMIT = 4 * 3600.0
"""A tank that is not hot after this will not be. [s]"""


class HotWaterTank:
    """One tank. The caller knows that its heat pump has the setpoint."""

    def __init__(self, image: Image, asset: str) -> None:
        self.asset = asset
        self._image = image
        self._points = image.table.by_asset[asset]

    @property
    def seen(self) -> TankObservation:
        """Tank temperature and setpoint, as a tank program looks at them."""
        return TankObservation(self.value(TEMPERATURE), self.value(SETPOINT))

    def value(self, point: str) -> float | None:
        """Return the value of a point; None where it is Bad, NaN or missing."""
        found = self._points.get(point)
        if found is None or is_bad(int(self._image.status[found.index])):
            return None
        value = float(self._image.value[found.index])
        return None if math.isnan(value) else value

    def confirmed(self, point: str, value: float) -> bool:
        """Tell whether the device shows a value now, with Good quality."""
        index = self._points[point].index
        return is_good(int(self._image.status[index])) and self.value(point) == value

    def text(self, value: float | None) -> str:
        """Return a temperature as a person reads it."""
        return value_text(self._points[SETPOINT].spec, value)

    def title(self, point: str) -> str:
        """Return the name of a point."""
        return self._points[point].spec.title

    def setting(self, point: str, value: float) -> str:
        """Return a point with its value for a message: ``Hot water setpoint 48 °C``."""
        shown = value_text(self._points[point].spec, value)
        return Phrase("{title} {value}", title=self.title(point), value=shown)

    def targets(self, kind: TankProgramKind) -> Span | None:
        """Return which targets a kind of program takes; None: it is not possible here."""
        limits = self._points[SETPOINT].limits
        if limits is None or TEMPERATURE not in self._points or kind is TankProgramKind.BOOST:
            return limits if TEMPERATURE in self._points else None
        # A controller that stops at 55 °C cannot kill legionella: the method is not offered,
        # rather than run for four hours and fail.
        low, high = DISINFECTION_TARGET
        low, high = max(limits[0], low), min(limits[1], high)
        return (low, high) if low <= high else None

    def wanted(self, target: float) -> dict[str, float]:
        """Return what has to be written so that the tank is heated to a target, in this order."""
        # Mode and switch first: the setpoint comes last, and its read-back is what a program is
        # compared with. The mode changes only where it lacks hot water: heating or cooling goes on.
        wanted: dict[str, float] = {}
        mode = self.value(_MODE)
        if self._writable(_MODE) and mode in _WITH_HOT_WATER:
            wanted[_MODE] = float(_WITH_HOT_WATER[int(mode)])
        if self._writable(_ENABLED) and self.value(_ENABLED) == 0.0:
            wanted[_ENABLED] = 1.0
        return {**wanted, SETPOINT: target}

    def lowered(self) -> dict[str, float]:
        """Return what has to be written so that only a cold tank is charged; nothing: it is low."""
        limits = self._points[SETPOINT].limits if SETPOINT in self._points else None
        now = self._settled(SETPOINT)
        if limits is None or now is None:
            return {}
        low = max(_LOWERED, limits[0])
        return {SETPOINT: low} if now > low else {}

    def switched_off(self) -> dict[str, float]:
        """Return what has to be written so that no tank is charged; nothing: it cannot be said."""
        if self._writable(_ENABLED):
            return {_ENABLED: 0.0} if self._settled(_ENABLED) == 1.0 else {}
        mode = self._settled(_MODE) if self._writable(_MODE) else None
        without = None if mode is None else _WITHOUT_HOT_WATER.get(int(mode))
        return {} if without is None else {_MODE: float(without)}

    def _settled(self, point: str) -> float | None:
        """Return a value that can be given back: a Good one, see `OverrideBook`, within limits."""
        found = self._points.get(point)
        if found is None or not is_good(int(self._image.status[found.index])):
            return None
        value = self.value(point)
        if value is None or found.limits is None or out_of_range(found.spec, found.limits, value):
            # The unit may have what is beyond them; the twin could never bring it back.
            return None
        return value

    def plan(
        self, kind: TankProgramKind, target: float, seconds: float, user: str, origin: str, now: int
    ) -> TankProgram:
        """Return the program that a request asks for, with what it has to bring back."""
        boost = kind is TankProgramKind.BOOST
        # The hold of a disinfection comes on top of the heat-up limit: a slow heat-up must not
        # eat it.
        lasting = (seconds or BOOST_TIME) if boost else HEAT_UP_LIMIT + (seconds or HOLD_TIME)
        # Taken before anything is written: afterwards the image shows the program's own values.
        before = {point: self.value(point) for point in self.wanted(target)}
        return TankProgram(
            asset=self.asset,
            kind=kind,
            phase=TankProgramPhase.HEATING,
            target=target,
            deadline=now + round(lasting * MICROSECONDS),
            hold=0.0 if boost else seconds or HOLD_TIME,
            held_for=0.0,
            setpoint=None,
            restore={point: value for point, value in before.items() if value is not None},
            outcome="",
            failed=False,
            user=user,
            origin=origin,
        )

    def mistake(self, kind: TankProgramKind, target: float, seconds: float) -> Verdict | None:
        """Return a refusal that names the wrong argument of a request; None: all are right."""
        limits = self.targets(kind) or (math.nan, math.nan)
        refusal = out_of_range(self._points[SETPOINT].spec, limits, target, "Target")
        if refusal is not None:
            return Verdict(refusal.status, refusal.message, "Target")
        boost = kind is TankProgramKind.BOOST
        name, times = ("MaxDuration", BOOST_TIMES) if boost else ("HoldTime", HOLD_TIMES)
        if seconds != 0.0 and not times[0] <= seconds <= times[1]:
            low, high = map(duration_text, times)
            words = Phrase("{name} takes {low} to {high}.", name=name, low=low, high=high)
            return Verdict(BAD_OUT_OF_RANGE, words, name)
        return None

    def obstacle(self) -> Verdict | None:
        """Return why no tank program can be started now; None: it can."""
        if self.value(_UNIT) == 0.0:
            off = Text("The heat pump is off: start it first.", Context.MESSAGES)
            return Verdict(BAD_INVALID_STATE, off)
        # What is not known before cannot be brought back afterwards.
        for point in (TEMPERATURE, *filter(self._writable, USED)):
            if self.value(point) is None:
                words = Phrase(
                    "{title} is not known now, so nothing was started.", title=self.title(point)
                )
                return Verdict(BAD_INVALID_STATE, words)
        return None

    def _writable(self, point: str) -> bool:
        found: Point | None = self._points.get(point)
        return found is not None and found.limits is not None
