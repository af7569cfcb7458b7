"""All parameters of a heat pump by functional group, with a filter that runs in the browser."""

from __future__ import annotations

from html import escape

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.pages.markup import bar, live
from heatpump_twin.hmi.presentation import number_text

_ORDER = ("Operational", "Configuration", "Statistics", "Diagnostics", "Maintenance",
          "Prediction", "Identification")  # fmt: skip

# A counter or a code has no normal range, only limits of its register.
_WITHOUT_RANGE = {"Statistics", "Diagnostics", "Identification"}


def parameter_table(unit: HeatPumpModel) -> None:
    """Build the table; the page's script keeps values, qualities and times up to date."""
    groups: dict[str, list[Variable]] = {name: [] for name in _ORDER}
    for variable in unit.variables.values():
        groups.setdefault(variable.group or texts.OTHER_GROUP, []).append(variable)
    head = "".join(f"<th>{escape(title)}</th>" for title in texts.COLUMNS)
    bodies = "".join(_group(name, members) for name, members in groups.items() if members)
    ui.html(
        f'<header class="bar-row"><h2>{texts.PARAMETERS}</h2>'
        f'<input type="search" id="filter" placeholder="{texts.FILTER}" '
        f'aria-label="{texts.FILTER}" oninput="hmi.filter(this.value)"></header>'
        f'<table class="parameters"><thead><tr>{head}</tr></thead>{bodies}</table>',
        sanitize=False,
    ).classes("panel parameters-panel")


def _group(name: str, variables: list[Variable]) -> str:
    rows = "".join(map(_row, variables))
    columns = len(texts.COLUMNS)
    return (
        f'<tbody data-group="{escape(name)}"><tr class="group"><th colspan="{columns}">'
        f'<button type="button" onclick="hmi.fold(this)">{escape(name)} '
        f"<small>{len(variables)}</small></button></th></tr>{rows}</tbody>"
    )


def _row(variable: Variable) -> str:
    words = f"{variable.title} {variable.name} {variable.group} {variable.text}".lower()
    predicted = f" <mark>{texts.PREDICTED}</mark>" if variable.provenance else ""
    return (
        f'<tr data-words="{escape(words)}" title="{escape(variable.text)}">'
        f"<td>{escape(variable.title)}{predicted}</td>"
        f'<td class="value">{live(variable, unit=False)}</td>'
        f'<td class="u">{escape(variable.unit)}</td>'
        f'<td class="range">{_range(variable)}</td>'
        f'<td class="quality" data-quality="{escape(variable.key)}"></td>'
        f'<td class="time" data-time="{escape(variable.key)}"></td></tr>'
    )


def _range(variable: Variable) -> str:
    if variable.span is None or not variable.unit or variable.group in _WITHOUT_RANGE:
        return ""
    low, high = (number_text(limit, 0 if limit == int(limit) else 1) for limit in variable.span)
    return f"{bar(variable)}<small>{low} … {high}</small>"
