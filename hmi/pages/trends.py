"""The trends page: any points of any heat pump, over any range, in panes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

import orjson
from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.elements.markup import Say
from heatpump_twin.hmi.elements.trend_chart import TrendChart
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.pages.news import News
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.pages.trend_marks import marked
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import epoch_ms, quantity_text
from heatpump_twin.hmi.trends.marks import read_marks
from heatpump_twin.hmi.trends.saved_views import MOST_LETTERS, SavedViews
from heatpump_twin.hmi.trends.trend_reader import read_figures
from heatpump_twin.hmi.trends.trend_view import (
    HOURS,
    MOST_PANES,
    Placed,
    TrendView,
    view_of,
)

_SITE = "site"
_LONGEST_QUERY = 8_000
"""Letters: sixteen long keys, and as much again."""


def add_trends_page(shell: Shell, saved: SavedViews) -> None:
    """Add the page ``/trends``."""

    @ui.page("/trends")
    def trends_page(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        page = shell.page(person, request, person.say(texts.TRENDS), ())
        with page as news, ui.element("div").classes("panel trends-panel"):
            for name in ("tables.js", "trends.js"):
                ui.add_head_html(f'<script src="{assets.url(name)}"></script>')
            ui.add_head_html(f'<link rel="stylesheet" href="{assets.url("trends.css")}">')
            ui.html(_tools(person), sanitize=False)
            TrendsPage(person, shell, saved, news)
            ui.html(_table(person.say), sanitize=False)
        return None


class TrendsPage:
    """Trends page of a person: its view, as the browser asks for it."""

    def __init__(self, person: Person, shell: Shell, saved: SavedViews, news: News) -> None:
        self._person, self._zone, self._saved, self._news = person, shell.zone, saved, news
        self._client: Client = ui.context.client
        self._chart = TrendChart(person, shell.zone, shell.silence, watcher=self)
        ui.on("trend-view", lambda event: self._chart.show(view_of(_text(event, 0), shell.zone)))
        ui.on("trend-points", lambda event: self._offer(_text(event, 0)))
        ui.on("trend-save", lambda event: self._save(_text(event, 0), _text(event, 1)))
        ui.on("trend-forget", lambda event: self._forget(_text(event, 0)))
        words = {name: person.say(text) for name, text in texts.TREND_WORDS.items()}
        self._run("trendPage.begin", words, shell.zone.key)
        self._run("trendPage.views", saved.of(person.name), "")

    def begin(self, view: TrendView, shown: Sequence[tuple[Placed, Variable]]) -> None:
        """Show what a view shows, in address, fields and table."""
        self._news.watch([variable for _, variable in shown])
        there = {point.key for point, _ in shown}
        missing = [point.key for point in view.points if point.key not in there]
        start, end = view.range(self._person.now())
        self._run("trendPage.show", {
            "query": view.query(self._zone),
            "start": epoch_ms(start),
            "end": epoch_ms(end),
            "missing": self._say(texts.not_in_trend(", ".join(missing))) if missing else "",
            "rows": [
                {"key": point.key, "name": self._chart.name(v), "pane": str(point.pane or "")}
                for point, v in shown
            ],
        })  # fmt: skip

    async def read(
        self, view: TrendView, variables: Sequence[Variable], start: datetime, end: datetime
    ) -> None:
        """Read what the lines were over the range, and what happened in it."""
        client = self._person.client
        numbers = [variable for variable in variables if not variable.states]
        figures = await read_figures(client, numbers, start, end)
        self._run("trendPage.figures", {
            variable.key: [self._written(variable, value) for value in found]
            for variable, found in zip(numbers, figures, strict=True)
        })  # fmt: skip
        if view.marks:
            owners = {variable.key.partition(".")[0] for variable in variables}
            found = await read_marks(client, owners, start, end)
            await self._person.points.learn(client, (change.node for change in found.changes))
            rows = marked(found, self._person, self._zone)
            said = texts.happened if found.complete else texts.happened_and_more
            self._run("trendPage.marks", rows, self._say(said(len(rows))))

    async def _offer(self, identifier: str) -> None:
        """Tell the browser which points a heat pump, or the site, has a history of."""
        try:
            unit = await self._person.open_unit(identifier)
        except TwinUnreachableError as error:
            self._tell(error.text, done=False)
            return
        groups: dict[str, list[tuple[str, str]]] = {}
        for variable in (unit.variables if unit else self._person.site.variables).values():
            if variable.has_history:
                title = unit.groups.get(variable.group, variable.group) if unit else variable.group
                groups.setdefault(title, []).append((variable.key, _titled(variable)))
        self._run("trendPage.points", identifier, list(groups.items()))

    def _save(self, name: str, query: str) -> None:
        view = view_of(query, self._zone).query(self._zone)
        try:
            done = self._saved.save(self._person.name, name, view)
        except OSError as error:
            self._tell(texts.view_not_written(str(error)), done=False)
            return
        self._tell(texts.VIEW_SAVED if done else texts.VIEW_NOT_SAVED, done=done)
        current = " ".join(name.split())[:MOST_LETTERS] if done else ""
        self._run("trendPage.views", self._saved.of(self._person.name), current)

    def _forget(self, name: str) -> None:
        try:
            self._saved.forget(self._person.name, name)
        except OSError as error:
            self._tell(texts.view_not_written(str(error)), done=False)
        self._run("trendPage.views", self._saved.of(self._person.name), "")

    def _written(self, variable: Variable, value: float | None) -> str:
        return quantity_text(variable, value, self._person.language.decimal)

    def _tell(self, text: str, *, done: bool) -> None:
        with self._client:
            ui.notify(self._say(text), type=None if done else "negative", position="bottom")

    def _say(self, text: str) -> str:
        return self._person.say(text)

    def _run(self, function: str, *arguments: Any) -> None:
        values = ",".join(orjson.dumps(argument).decode() for argument in arguments)
        self._client.run_javascript(f"{function}({values})")


def _text(event: GenericEventArguments, place: int) -> str:
    """Return what a browser sent: a wish, and never longer than one can be."""
    return str(event.args[place])[:_LONGEST_QUERY]


def _titled(variable: Variable) -> str:
    return f"{variable.title} [{variable.unit}]" if variable.unit else variable.title


def _tools(person: Person) -> str:
    say = person.say
    tool = {name: escape(say(text)) for name, text in texts.TREND_TOOLS.items()}
    hours = {str(h): say(texts.TREND_HOURS[h]) for h in HOURS} | {"own": say(texts.OWN_RANGE)}
    before = {"": say(texts.NO_EARLIER)} | {k: say(v) for k, v in texts.EARLIER.items()}
    units = {_SITE: say(texts.THE_SITE)} | {unit.id: unit.name for unit in person.units}
    first = person.units[0].id if person.units else _SITE

    def button(name: str, act: str, sign: str = "") -> str:
        label = f' aria-label="{tool[name]}" title="{tool[name]}"' if sign else ""
        return (
            f'<button type="button" class="quiet" id="trend-{name}-button"{label} '
            f'onclick="trendPage.{act}">{sign or tool[name]}</button>'
        )

    return (
        f'<header class="bar-row"><h1>{escape(say(texts.TRENDS))}</h1><span class="grow"></span>'
        f'<select id="trend-views" aria-label="{escape(say(texts.TREND_WORDS["views"]))}"></select>'
        f"{button('save', _opening('trend-save'))}"
        f'<button type="button" class="quiet" id="trend-forget" onclick="trendPage.forget()" '
        f"disabled>{tool['forget']}</button></header>"
        f'<form class="tools" onsubmit="return false">'
        f"{_select('trend-hours', tool['range'], hours)}"
        f"{button('back', 'shift(-1)', '◀')}"
        f'<label>{tool["from"]}<input type="datetime-local" id="trend-from"></label>'
        f'<label>{tool["to"]}<input type="datetime-local" id="trend-to"></label>'
        f"{button('on', 'shift(1)', '▶')}"
        f"{_select('trend-with', tool['with'], before)}"
        f'<label class="tick"><input type="checkbox" id="trend-ahead">{tool["ahead"]}</label>'
        f'<label class="tick"><input type="checkbox" id="trend-marks">{tool["marks"]}</label>'
        f'<span class="grow"></span>{button("add", "openAdd()")}'
        f"{button('csv', 'exportCsv()')}{button('png', 'exportPng()')}</form>"
        f'<p id="trend-missing" class="calm" role="status"></p>'
        f"{_adding(tool, units, first, say)}{_saving(tool, say)}"
    )


def _opening(dialog: str) -> str:
    return f"open('{dialog}')"


def _adding(tool: dict[str, str], units: dict[str, str], first: str, say: Say) -> str:
    panes = {"": say(texts.PANE_BY_UNIT)} | {str(n): str(n) for n in range(1, MOST_PANES + 1)}
    return (
        f'<dialog id="trend-add" class="panel" aria-labelledby="trend-add-title">'
        f'<form method="dialog"><h2 id="trend-add-title">{tool["add"]}</h2>'
        f"{_select('trend-unit', tool['unit'], units, first)}"
        f'<label>{tool["search"]}<input type="search" id="trend-search"></label>'
        f'<label>{tool["points"]}<select id="trend-points" multiple size="12"></select></label>'
        f"{_select('trend-pane', tool['pane'], panes)}"
        f'<div class="bar-row end"><button class="quiet">{escape(say(texts.CANCEL))}</button>'
        f'<button type="button" class="ack" id="trend-take" onclick="trendPage.add()">'
        f"{tool['add']}</button></div></form></dialog>"
    )


def _saving(tool: dict[str, str], say: Say) -> str:
    return (
        f'<dialog id="trend-save" class="panel" aria-labelledby="trend-save-title">'
        f'<form method="dialog" onsubmit="trendPage.save()">'
        f'<h2 id="trend-save-title">{tool["save"]}</h2>'
        f'<label>{tool["name"]}<input id="trend-name" maxlength="{MOST_LETTERS}" required></label>'
        f'<div class="bar-row end"><button class="quiet" type="button" '
        f"onclick=\"this.closest('dialog').close()\">{escape(say(texts.CANCEL))}</button>"
        f'<button class="ack">{tool["save"]}</button></div></form></dialog>'
    )


def _select(identifier: str, label: str, of: dict[str, str], chosen: str = "") -> str:
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(words)}</option>"
        for value, words in of.items()
    )
    return f'<label>{label}<select id="{identifier}">{options}</select></label>'


def _table(say: Say) -> str:
    columns = ("point", "cursor", "least", "average", "greatest", "pane", "remove")
    heads = "".join(
        f'<th scope="col">{escape(say(texts.TREND_WORDS[name]))}</th>' for name in columns
    )
    marks = escape(say(texts.TREND_TOOLS["marks"]))
    return (
        f'<p id="trend-none" class="calm">{escape(say(texts.NO_POINTS))}</p>'
        f'<table id="trend-lines" hidden><thead><tr>{heads}</tr></thead><tbody></tbody></table>'
        f'<details id="trend-marks-list" hidden><summary>{marks}</summary><ul></ul></details>'
    )
