"""Parameter table of a heat pump by functional group, with a filter in the browser."""

from __future__ import annotations

from html import escape

from nicegui import ui

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import bar, live
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, Variable
from heatpump_twin.hmi.presentation import decimals, number_text

_FIGURES = ("DailyFigures", "MonthlyFigures", "YearlyFigures", "HourlyFigures")
_ORDER = ("Operational", "Configuration", "Statistics", *_FIGURES, "Diagnostics", "Maintenance",
          "Prediction", "Identification")  # fmt: skip

# A counter or a code has no normal range, only limits of its register.
_WITHOUT_RANGE = {"Statistics", "Diagnostics", "Identification", *_FIGURES}


def parameter_table(unit: HeatPumpModel, language: Language) -> None:
    """Build the parameter table; the page's script updates values, qualities and times."""
    say = language.words
    # What is looked at daily comes first; groups that we do not know come last, and are not lost.
    groups: dict[str, list[Variable]] = {name: [] for name in _ORDER}
    for variable in unit.variables.values():
        groups.setdefault(variable.group, []).append(variable)
    head = "".join(f"<th>{escape(say(title))}</th>" for title in texts.COLUMNS)
    titles = {"": say(texts.OTHER_GROUP), **unit.groups}
    bodies = "".join(
        _group(name, titles.get(name, name), members, language)
        for name, members in groups.items()
        if members
    )
    hint = escape(say(texts.FILTER))
    ui.html(
        f'<header class="bar-row"><h2>{say(texts.PARAMETERS)}</h2>'
        f'<input type="search" id="filter" placeholder="{hint}" '
        f'aria-label="{hint}" oninput="hmi.filter(this.value)"></header>'
        f'<table class="parameters"><thead><tr>{head}</tr></thead>{bodies}</table>',
        sanitize=False,
    ).classes("panel parameters-panel")


def _group(name: str, title: str, variables: list[Variable], language: Language) -> str:
    rows = "".join(_row(variable, title, language) for variable in variables)
    columns = len(texts.COLUMNS)
    return (
        f'<tbody data-group="{escape(name)}"><tr class="group"><th colspan="{columns}">'
        f'<button type="button" onclick="hmi.fold(this)">{escape(title)} '
        f"<small>{len(variables)}</small></button></th></tr>{rows}</tbody>"
    )


def _row(variable: Variable, group: str, language: Language) -> str:
    # The words for the filter are in the row: it searches while one types, without the server.
    words = f"{variable.title} {variable.name} {group} {variable.text}".lower()
    predicted = f" <mark>{language.words(texts.PREDICTED)}</mark>" if variable.provenance else ""
    return (
        f'<tr data-words="{escape(words)}" title="{escape(variable.text)}">'
        f'<td><button type="button" class="point" data-faceplate="{escape(variable.key)}" '
        f'data-title="{escape(variable.title)}">{escape(variable.title)}</button>{predicted}</td>'
        f'<td class="value">{live(variable, unit=False)}</td>'
        f'<td class="u">{escape(variable.unit)}</td>'
        f'<td class="range">{_range(variable, language.decimal)}</td>'
        f'<td class="quality" data-quality="{escape(variable.key)}"></td>'
        f'<td class="time" data-time="{escape(variable.key)}"></td></tr>'
    )


def _range(variable: Variable, decimal: str) -> str:
    if variable.span is None or not variable.unit or variable.group in _WITHOUT_RANGE:
        return ""
    low, high = (number_text(limit, decimals(variable), decimal) for limit in variable.span)
    return f"{bar(variable)}<small>{low} … {high}</small>"
