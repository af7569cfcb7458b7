"""Page shell: header, alarm banner, and a push of news as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from nicegui import Client, background_tasks, ui
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from heatpump_twin.config.settings import Site
from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.pages.left_pages import LeftPages
from heatpump_twin.hmi.pages.login import TOKEN
from heatpump_twin.hmi.pages.news import News
from heatpump_twin.hmi.people import RELOAD, People
from heatpump_twin.hmi.person import Person, TwinLink
from heatpump_twin.hmi.person_units import UNITS
from heatpump_twin.hmi.presentation import date_time_text
from heatpump_twin.hmi.spoken import SpokenLanguages

_BREATH = 0.1
"""Between two pushes: what comes together is sent together. [s]"""
_SEE_OTHER = 303
_SILENT_INTERVALS = 3
"""Without an unchanged value for so many of the longest intervals, something did not record."""
QUASAR: dict[str, Any] = {"en": "en-US"}
"""Languages of Quasar's own texts that have another name there."""
_NAVIGATION = (
    ("/", texts.OVERVIEW),
    ("/trends", texts.TRENDS),
    ("/alarms", texts.ALARMS),
    ("/changes", texts.CHANGES),
)


class Shell:
    """Shell of all pages for people who are logged in."""

    def __init__(self, site: Site, people: People, spoken: SpokenLanguages) -> None:
        self.site = site
        self.zone = ZoneInfo(site.site.timezone)
        # Known from the site file: OPC UA does not tell how often an unchanged value is recorded.
        self.silence = round(_SILENT_INTERVALS * site.historian.max_interval * 1000)
        """Two samples further apart than this are a gap. [ms]"""
        self._people = people
        self._spoken = spoken
        self._left = LeftPages()

    def to_login(self, request: Request) -> Response:
        """Return the redirect to the login page, with the reason if there is one."""
        why = self._people.farewell(request.session.get(TOKEN))
        return RedirectResponse(f"/login?why={why}" if why else "/login", _SEE_OTHER)

    def who(self, request: Request) -> Person | None:
        """Return the person who asks; None: they must log in first (`to_login`)."""
        person = self._people.find(request.session.get(TOKEN))
        if person is not None:
            self._people.touch(person)
        return person

    @contextmanager
    def page(
        self,
        person: Person,
        request: Request,
        title: str,
        variables: Iterable[Variable],
        *,
        with_acts: bool = False,
    ) -> Iterator[News]:
        """Open a page with its header; what is built inside the context is its content.

        ``with_acts``: whether it tells all of an alarm, and what can be done about it.
        """
        _speak(ui.context.client, person.language.code)
        _head(person)
        ui.page_title(f"{title} · {self.site.site.name}")
        ui.html(self._header(person, request.url.path), sanitize=False).classes("hmi-top")
        news = News(person, list(variables), self.zone, with_acts=with_acts)
        # The library has a main element around all of the page, the header too.
        ui.query("main.q-page").props("role=presentation")
        with ui.element("main").classes("hmi-main"):
            yield news
        # The browser tells of keys and clicks: a page that is only open is no sign of a person.
        ui.on("activity", lambda: self._people.touch(person))
        client = ui.context.client
        # One push for the whole page in place of bindings for each value, which would cost
        # quadratically.
        pushing = background_tasks.create(_push(client, person, news), name="push")
        client.on_delete(lambda: pushing.cancel())
        self._left.watch(person, client)

    def _header(self, person: Person, path: str) -> str:
        links = "".join(
            f'<a href="{href}"{" aria-current=page" if href == path else ""}>'
            f"{escape(person.say(text))}</a>"
            for href, text in _NAVIGATION
        )
        theme, sound = escape(person.say(texts.THEME)), escape(person.say(texts.SOUND))
        return (
            f'<header class="hmi-header" role="banner">'
            f'<a class="site" href="/">{escape(self.site.site.name)}</a>'
            f'{self._emulation(person)}<nav>{links}</nav><span class="grow"></span>'
            f'<span id="link" data-link="connected"><i></i><span></span></span>'
            f'<time id="clock">{texts.NO_VALUE}</time>'
            f'<button type="button" id="sound" class="quiet" title="{sound}" '
            f'aria-label="{sound}" aria-pressed="false" onclick="hmi.toggleSound()">♪</button>'
            f'<button type="button" class="quiet" title="{theme}" aria-label="{theme}" '
            f'onclick="hmi.toggleTheme()">◐</button>'
            f"{self._languages(person, path)}{_units(person, path)}"
            f'<form method="post" action="/logout"><span class="user">{escape(person.name)}</span>'
            f'<button class="quiet">{escape(person.say(texts.LOG_OUT))}</button></form></header>'
            f'<div id="stale" role="alert" hidden></div>'
            f'<section id="banner" class="calm" aria-label="{escape(person.say(texts.ALARMS))}">'
            f'<div class="line"></div><div class="list" hidden></div></section>'
            f'<div id="why" role="status" hidden></div>'
        )

    def _languages(self, person: Person, path: str) -> str:
        """Return the choice of a language."""
        names = {code: texts.NAMES_OF_LANGUAGES.get(code, code) for code in self._spoken.codes}
        label, own = person.say(texts.LANGUAGE), person.language.code
        return _taste("language", label, path, names, own, speaks=True)

    def _emulation(self, person: Person) -> str:
        """Return the mark of a site with emulated devices; else nothing."""
        if not any(unit.emulated for unit in person.units):
            return ""
        said = [person.say(texts.EMULATED_DEVICES)]
        ends = [unit.simulated_until for unit in person.units if unit.simulated_until is not None]
        if ends:
            said.append(person.say(texts.simulated_until(date_time_text(max(ends), self.zone))))
        tip = escape(" ".join(said))
        return f'<mark id="emulated" title="{tip}">{escape(person.say(texts.EMULATED))}</mark>'


def _units(person: Person, path: str) -> str:
    """Return the choice of units."""
    names = {code: units.name for code, units in UNITS.items()}
    return _taste("units", person.say(texts.UNITS), path, names, person.taste.units.code)


def _taste(
    route: str, label: str, path: str, names: Mapping[str, str], own: str, *, speaks: bool = False
) -> str:
    """Return a choice that suits the whole HMI to a person; codes that are languages are marked."""
    choices = "".join(
        f'<option value="{code}"{f" lang={code}" if speaks else ""}'
        f"{' selected' if code == own else ''}>{escape(name)}</option>"
        for code, name in names.items()
    )
    return (
        f'<form method="post" action="/{route}"><input type="hidden" name="page" '
        f'value="{escape(path)}"><select name="code" class="quiet" aria-label="{escape(label)}" '
        f'onchange="this.form.submit()">{choices}</select></form>'
    )


def _speak(client: Client, code: str) -> None:
    """Let the library speak a language on one page."""
    # A copy: the library has a language for each kind of page, and the person has theirs.
    client.page = copy(client.page)
    client.page.language = QUASAR.get(code, code)


def _head(person: Person) -> None:
    say = person.say

    def each(of: Mapping[str, str]) -> dict[str, str]:
        return {name: say(text) for name, text in of.items()}

    words: dict[str, Any] = {
        "link": each(texts.LINK), "stale": say(texts.STALE), "noAlarms": say(texts.NO_ALARMS),
        "alarmsUnknown": say(texts.ALARMS_UNKNOWN), "alarmsOld": say(texts.ALARMS_OLD),
        "quality": each(texts.QUALITY), "reasons": each(texts.QUALITY_REASONS),
        "priority": each(texts.PRIORITY),
        "shape": texts.PRIORITY_SHAPE, "alarmState": each(texts.ALARM_STATE),
        "empty": say(texts.TREND_EMPTY),
    }  # fmt: skip
    ui.add_head_html(
        f'<link rel="stylesheet" href="{assets.url("hmi.css")}">'
        f'<link rel="stylesheet" href="{assets.url("tables.css")}">{assets.THEME}'
        f"<script>window.hmiTexts = {orjson.dumps(words).decode()}</script>"
        f'<script src="{assets.url("hmi.js")}"></script>'
    )


async def _push(client: Client, person: Person, news: News) -> None:
    """Push news to a page when there are some, until it is closed."""
    news.open()
    try:
        await client.connected()
        # Checked here too: after a log-out in one tab the others must not go on to show values.
        while person.link is not TwinLink.CLOSED:
            message = news.take()
            if message is not None:
                client.run_javascript(f"hmi.update({orjson.dumps(message).decode()})")
            await asyncio.sleep(_BREATH)
            await news.wait()
        with client:
            if person.farewell == RELOAD:
                ui.navigate.reload()
            else:
                ui.navigate.to(f"/login?why={person.farewell or 'bye'}")
    finally:
        news.close()
