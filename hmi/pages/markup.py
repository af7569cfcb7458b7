"""Pieces of HTML for live values, which the page's script updates by their key."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable

Say = Callable[[str], str]
"""Returns one of `texts` in the language of whoever looks at the page."""


def live(variable: Variable, *, unit: bool = True, tag: str = "span") -> str:
    """Return the HTML of a live value: number, quality mark, unit."""
    # Plain HTML with a key, and no element of the framework for each value: a page has hundreds,
    # and each element lives on the server too.
    symbol = f'<span class="u">{escape(variable.unit)}</span>' if unit and variable.unit else ""
    return (
        f'<{tag} class="v pending" data-key="{escape(variable.key)}" '
        f'data-title="{escape(variable.title)}">'
        f'<b class="n">{texts.LOADING}</b>'
        # A button, so that the reason of a mark is there for keyboard and finger, too.
        f'<button type="button" class="q" tabindex="-1"></button>{symbol}</{tag}>'
    )


def bar(variable: Variable, marker: Variable | None = None) -> str:
    """Return the HTML of a bar: the value within its normal range, and its setpoint."""
    if variable.span is None:
        return ""
    low, high = variable.span
    mark = f'<s data-mark="{escape(marker.key)}"></s>' if marker else ""
    return (
        f'<div class="bar" data-bar="{escape(variable.key)}" data-low="{low}" data-high="{high}" '
        f'aria-hidden="true"><em></em>{mark}</div>'
    )


def figure(
    unit: HeatPumpModel, identifier: str, label: str, marker: str = "", *, with_bar: bool = False
) -> str:
    """Return a labelled live value, or nothing if this heat pump has no such point."""
    variable = unit.variables.get(identifier)
    if variable is None:
        return ""
    place = bar(variable, unit.variables.get(marker)) if with_bar else ""
    return (
        f'<div class="figure"><span class="l">{escape(label)}</span>{live(variable)}{place}</div>'
    )
