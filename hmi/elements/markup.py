"""Pieces of HTML for live values, which the page's script updates by their key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpSummary, Variable

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


def deviation(variable: Variable, label: str) -> str:
    """Return the HTML of how far something is from what was expected: number, and bar from 0."""
    if variable.span is None:
        return ""
    most = max(abs(limit) for limit in variable.span)
    return (
        f'<div class="deviation"><span class="l">{escape(label)}</span>'
        f'<div class="scale" data-deviates="{escape(variable.key)}" data-most="{most}" '
        f'aria-hidden="true"><em></em></div>{live(variable)}</div>'
    )


def figure(
    unit: HeatPumpSummary, identifier: str, label: str, marker: str = "", *, with_bar: bool = False
) -> str:
    """Return a labelled live value, or nothing if this heat pump has no such point."""
    variable = unit.variables.get(identifier)
    if variable is None:
        return ""
    place = bar(variable, unit.variables.get(marker)) if with_bar else ""
    return (
        f'<div class="figure"><span class="l">{escape(label)}</span>{live(variable)}{place}</div>'
    )


def choice(name: str, label: str, of: Mapping[str, str]) -> str:
    """Return a choice for a filter of the page's script; ``of`` are the words by value."""
    options = "".join(
        f'<option value="{escape(value)}">{escape(words)}</option>' for value, words in of.items()
    )
    return f'<label>{escape(label)}<select data-filter="{name}">{options}</select></label>'


def field(name: str, label: str, kind: str) -> str:
    """Return a field for a filter of the page's script, of a kind that HTML knows."""
    return f'<label>{escape(label)}<input type="{kind}" data-filter="{name}"></label>'
