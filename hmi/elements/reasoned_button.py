"""A button that says why it cannot be pressed, and the field of a number beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape

from nicegui import ui

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.measure import AS_SENT
from heatpump_twin.hmi.presentation import decimals, span_text


class ReasonedButton:
    """Button with a line beneath that says why it cannot be pressed now.

    Parameters
    ----------
    button
        Stands in a row; the line comes to the place where this is made.
    """

    def __init__(self, say: Say, button: ui.button) -> None:
        self._say, self._button = say, button
        self._line = ui.html("", sanitize=False).classes("why-not")
        button.props(f"aria-describedby={self._line.html_id}")

    def settle(self, reason: str) -> None:
        """Let the button be pressed where there is no reason against it; else say that."""
        self._button.set_enabled(not reason)
        self._line.content = escape(self._say(reason)) if reason else ""


class NumberField:
    """Field for a number of a variable: its decimals, its limits, what is wrong with an entry.

    Parameters
    ----------
    span
        What may be asked for, in the server's unit; None: what the quantity normally spans.
    """

    def __init__(
        self,
        language: Language,
        variable: Variable,
        span: tuple[float, float] | None,
        *,
        label: str,
        mark: str,
        on_change: Callable[[], None],
    ) -> None:
        self._language, say = language, language.words
        self._variable, self._places = variable, decimals(variable)
        if span is None and variable.span is not None:
            span = variable.measure.told_span(variable.span)
        self._low, self._high = span or (-math.inf, math.inf)
        # Not ui.number: it corrects a value outside its limits without a word.
        self._field = ui.input(
            label=say(label),
            on_change=on_change,
            validation=lambda _: say(self.problem) if self._text and self.problem else None,
        )
        self._field.props(
            f"type=number step={10**-self._places:.{self._places}f} inputmode=decimal "
            f'suffix="{variable.unit}" dense outlined hide-bottom-space {mark}'
        )

    @property
    def problem(self) -> str:
        """Why the entry cannot be taken; empty: it can."""
        entry = self._entry
        if entry is None:
            return texts.ENTER_VALUE
        if not self._low <= self._told(entry) <= self._high:
            return texts.OUTSIDE
        # What a button offers to write has to be what is written.
        return "" if round(entry, self._places) == entry else texts.TOO_FINE

    @property
    def value(self) -> float | None:
        """The entry in the server's unit, if it can be taken."""
        entry = self._entry
        return None if entry is None or self.problem else self._told(entry)

    @property
    def limits(self) -> str:
        """The limits in words; empty where there are none."""
        if not (math.isfinite(self._low) and math.isfinite(self._high)):
            return ""
        shown = self._variable.measure.shown_span((self._low, self._high))
        return span_text(self._variable, shown, self._language)

    def _told(self, entry: float) -> float:
        """Return the server's value of an entry."""
        measure = self._variable.measure
        # Steps of the device are none of another unit: the nearest one is taken, and is what the
        # button says.
        return entry if measure == AS_SENT else round(measure.told(entry), self._places)

    @property
    def _text(self) -> str:
        return str(self._field.value or "")

    @property
    def _entry(self) -> float | None:
        try:
            value = float(self._text)
        except ValueError:
            return None
        return value if math.isfinite(value) else None


def limits_line(field: NumberField) -> None:
    """Write the limits of a field where the page stands now."""
    if field.limits:
        ui.html(f'<p class="limits">{escape(field.limits)}</p>', sanitize=False)
