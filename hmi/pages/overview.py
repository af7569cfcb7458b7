"""The site at a glance: totals, weather, tariff, and a tile for each heat pump, the worst first."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Mapping, Sequence
from html import escape
from typing import Any

import orjson
from nicegui import Client, background_tasks, ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.day_ahead import day_ahead
from heatpump_twin.hmi.elements.markup import Say, live
from heatpump_twin.hmi.elements.site_tiles import SiteTiles, groups_of
from heatpump_twin.hmi.elements.spark import Sparks
from heatpump_twin.hmi.heat_pump_model import HeatPumpSummary, SiteModel, Variable
from heatpump_twin.hmi.pages.shell import Shell

_CODES = {"running": [2, 3, 4, 5], "standby": [0, 1], "fault": [6, 7]}
"""Codes of the operating state (`config/catalogue.yaml`) by what is counted."""
_UNFOLDED_UP_TO = 24
"""Heat pumps of a site whose groups are open at first: more than these fill no screen."""
_STRIP = (
    (texts.NOW, (
        ("electrical_power", texts.POWER), ("thermal_power", texts.HEAT), ("cop", texts.COP),
    )),
    (texts.TODAY, (
        ("electrical_energy_today", texts.ELECTRICITY), ("heat_energy_today", texts.HEAT),
        ("cop_today", texts.COP), ("electricity_cost_today", texts.COST), ("co2_today", texts.CO2),
    )),
    (texts.THIS_MONTH, (
        ("electricity_month", texts.ELECTRICITY), ("spf_h4_month", texts.SPF),
        ("spf_h4_expected_month", texts.EXPECTED_SPF), ("electricity_cost_month", texts.COST),
        ("co2_month", texts.CO2),
    )),
    (texts.TARIFF, (
        ("electricity_price", texts.PRICE), ("next_electricity_price", texts.NEXT_PRICE),
        ("electricity_price_change", texts.PRICE_CHANGE),
    )),
    (texts.WEATHER, (
        ("outdoor_temperature", texts.OUTDOOR), ("outdoor_humidity", texts.HUMIDITY),
        ("forecast_temperature", texts.FORECAST_NOW),
    )),
)  # fmt: skip
"""Figures of the site by what they are about; those that it does not have are left out."""
_AHEAD = ("forecast_temperature",)
"""Points of the site whose future is drawn: those that are forecast with an interval."""


def add_overview(shell: Shell) -> None:
    """Add the page ``/``."""

    @ui.page("/")
    def overview(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        say, units = person.say, person.units
        # Of all heat pumps by what they are counted; of those in view what is shown besides.
        always = [variable for unit in units for variable in unit.variables.values()]
        always += _figures_of(person.site)
        for name in ("tables.js", "site.js"):
            ui.add_head_html(f'<script src="{assets.url(name)}"></script>')
        ui.add_head_html(f'<link rel="stylesheet" href="{assets.url("site.css")}">')
        with shell.page(person, request, say(texts.OVERVIEW), always) as news:
            with ui.element("div").classes("panel site-strip"):
                ui.html(_strip(person.site, say), sanitize=False).classes("sections")
                day_ahead(person, _ahead(person.site), shell.zone)
            none = "" if units else f"<p>{escape(say(texts.NO_UNITS))}</p>"
            tiles_of_all = (
                f'{_tools(units, say)}{none}<div id="tiles">{groups_of(units, say)}</div>'
                f'<p id="site-none" class="calm" hidden>{escape(say(texts.NO_UNIT_PASSES))}</p>'
            )
            # The library keeps it for as long as the page is open: one string for all pages in
            # one language, a quarter of a megabyte for 250 heat pumps.
            ui.html(sys.intern(tiles_of_all), sanitize=False)
        client = ui.context.client
        words = {name: say(text) for name, text in texts.DOING.items()}
        begin = {"codes": _CODES, "words": words, "folded": len(units) > _UNFOLDED_UP_TO}
        client.run_javascript(f"site.begin({orjson.dumps(begin).decode()})")
        sparks = Sparks(person, client)
        tiles = SiteTiles(person, client, sparks, lambda some: news.watch([*always, *some]))
        ui.on("tiles-in-view", lambda event: tiles.look(event.args))
        _while_open(client, tiles.run(), "tiles")
        _while_open(client, sparks.run(), "sparks")
        return None


def _while_open(client: Client, work: Coroutine[Any, Any, None], name: str) -> None:
    """Run something until the page is closed."""
    task = background_tasks.create(work, name=name)
    client.on_delete(lambda: task.cancel())


def _strip(site: SiteModel, say: Say) -> str:
    known = _by_id(site)
    groups = "".join(
        f"<section><h2>{escape(say(title))}</h2>{found}</section>"
        for title, figures in _STRIP
        if (found := "".join(_figure(known.get(name), say(label)) for name, label in figures))
    )
    buttons = "".join(
        f'<button type="button" data-doing-count="{name}" aria-pressed="false" '
        f'onclick="site.choose(this)"><b>{texts.LOADING}</b><span>{escape(say(label))}</span>'
        f"</button>"
        for name, label in texts.DOING.items()
    )
    return (
        f"<section><h2>{escape(say(texts.HEAT_PUMPS))}</h2>"
        f'<div class="doing">{buttons}</div></section>{groups}'
    )


def _ahead(site: SiteModel) -> list[Variable]:
    known = _by_id(site)
    return [known[name] for name in _AHEAD if name in known]


def _tools(units: Sequence[HeatPumpSummary], say: Say) -> str:
    label = escape(say(texts.FIND_UNIT))
    groups = sorted({unit.group for unit in units})
    names = {name: name or say(texts.WITHOUT_GROUP) for name in groups}
    # Nobody chooses between one group and all.
    group = _choice(names, say) if len(groups) > 1 else ""
    return (
        f'<div class="bar-row site-tools"><input type="search" id="site-filter" '
        f'placeholder="{label}" aria-label="{label}" oninput="site.look()" '
        f'onkeydown="site.enter(event)">'
        f'{group}<output id="site-shown" for="site-filter"></output></div>'
    )


def _choice(groups: Mapping[str, str], say: Say) -> str:
    """Return the choice of a group; the names are by what the tiles have."""
    options = "".join(
        f'<option value="{escape(group)}">{escape(name)}</option>' for group, name in groups.items()
    )
    return (
        f'<select id="site-group" class="quiet" aria-label="{escape(say(texts.GROUP))}" '
        f'onchange="site.look()"><option data-all>{escape(say(texts.ALL_GROUPS))}</option>'
        f"{options}</select>"
    )


def _figure(variable: Variable | None, label: str) -> str:
    if variable is None:
        return ""
    return f'<div class="figure"><span class="l">{escape(label)}</span>{live(variable)}</div>'


def _figures_of(site: SiteModel) -> list[Variable]:
    wanted = {name for _, figures in _STRIP for name, _ in figures}
    return [variable for variable in site.variables.values() if variable.id in wanted]


def _by_id(site: SiteModel) -> dict[str, Variable]:
    return {variable.id: variable for variable in site.variables.values()}
