"""How the alarms behave: the figures of ISA-18.2, now and over a while."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from asyncua import ua
from nicegui import background_tasks, ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.condition_report import Alarm
from heatpump_twin.hmi.elements.bars import bar_chart
from heatpump_twin.hmi.elements.markup import Say, live
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.journal.aggregates import MAXIMUM, TIME_IN_STATE, read_aggregates
from heatpump_twin.hmi.journal.alarm_journal import AlarmJournal, alarm_events
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import date_time_text, number_text

_PART = "Alarms"
_RECORDED = {
    "peak": ("site.alarms_in_ten_minutes", MAXIMUM),
    "flooded": ("site.alarm_flood", TIME_IN_STATE),
    "stale": ("site.stale_alarms", MAXIMUM),
    "chattering": ("site.chattering_alarms", MAXIMUM),
}
"""Figures of a while that follow from recorded ones: variable and aggregate."""
_LIMITS = {"alarms_a_day": 150.0, "peak": 10.0, "flooded": 1.0, "stale": 4.0, "chattering": 0.0}
"""What ISA-18.2 (table 16.1 and the text beside it) takes for manageable, at most."""
_MOST_FREQUENT = 10
_DAY = 86_400_000.0


def add_alarm_performance(shell: Shell) -> None:
    """Add the page ``/alarms/performance``."""

    @ui.page("/alarms/performance")
    def performance_page(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        say, figures = person.say, person.site.part(_PART)
        with shell.page(person, request, say(texts.PERFORMANCE), figures):
            with ui.element("section").classes("panel facts-panel"):
                rows = "".join(_now_row(variable.id, live(variable), variable.title, say)
                               for variable in figures)  # fmt: skip
                ui.html(
                    f'<header class="bar-row"><h1>{escape(say(texts.PERFORMANCE))}</h1>'
                    f'<span class="grow"></span>'
                    f'<a href="/alarms">{escape(say(texts.TO_ALARMS))}</a>'
                    f"</header><h2>{escape(say(texts.NOW_FIGURES))}</h2>"
                    f"{_table(say, texts.BEHAVIOUR_COLUMNS[:3], rows)}",
                    sanitize=False,
                )
            with ui.element("section").classes("panel facts-panel"):
                PastFigures(person, shell.zone)
                ui.html(f'<p class="calm">{escape(say(texts.BY_ISA))}</p>', sanitize=False)
        return None


class PastFigures:
    """Figures of a while that a person chooses."""

    def __init__(self, person: Person, zone: ZoneInfo) -> None:
        self._person, self._zone = person, zone
        self._reading: asyncio.Task[None] | None = None
        self._days = ui.toggle(texts.SPANS, value=7, on_change=self._start)
        self._days.props("unelevated no-caps dense")
        self._place = ui.html("", sanitize=False).classes("of-record")
        self._place.props("id=past-figures aria-live=polite")
        ui.timer(0, self._start, once=True)
        ui.context.client.on_delete(self._stop)

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    def _start(self) -> None:
        self._stop()
        self._place.content = escape(self._person.say(texts.FIGURES_READING))
        # In the background: reading takes longer than the page builder may.
        self._reading = background_tasks.create(self._read(int(self._days.value)), name="figures")

    async def _read(self, days: int) -> None:
        say, end = self._person.say, self._person.now()
        start = end - timedelta(days=days)
        try:
            client = self._person.client
            found = await alarm_events(client, start, end)
            figures = await self._recorded(start, end)
        except ua.UaStatusCodeError as error:
            why = say(texts.reason(status_name(error.code)))
            self._place.content = escape(say(texts.journal_failed(why)))
            return
        except (TwinUnreachableError, OSError, TimeoutError, ua.UaError):
            self._place.content = escape(say(texts.journal_failed(say(texts.TWIN_UNREACHABLE))))
            return
        journal = AlarmJournal()
        journal.take(reversed(found.events))
        note = ""
        if not found.complete:
            # Less than what was asked for is counted, and said.
            start = found.events[-1]["Time"].replace(tzinfo=end.tzinfo)
            note = say(texts.journal_from(date_time_text(start, self._zone)))
        raised = journal.raised(start, end)
        figures = {"alarms_a_day": len(raised) / ((end - start) / timedelta(days=1)), **figures}
        self._place.content = self._shown(figures, raised, start, end) + f"<p>{escape(note)}</p>"

    async def _recorded(self, start: datetime, end: datetime) -> dict[str, float | None]:
        """Return the figures that follow from recorded ones; None: nothing is recorded."""
        known = self._person.site.variables
        wanted = {name: of for name, of in _RECORDED.items() if of[0] in known}
        wishes = [(known[key], aggregate) for key, aggregate in wanted.values()]
        span = (end - start).total_seconds() * 1000
        series = await read_aggregates(self._person.client, wishes, start, end, span)
        found = {
            name: values[0].value if values else None
            for name, values in zip(wanted, series, strict=True)
        }
        flooded = found.get("flooded")
        # From a time to the share of the whole. [%]
        return {**found, "flooded": None if flooded is None else 100 * flooded / span}

    def _shown(
        self, figures: dict[str, float | None], raised: list[Alarm], start: datetime, end: datetime
    ) -> str:
        person, say = self._person, self._person.say
        rows = "".join(self._row(name, figures.get(name)) for name in texts.SPAN_FIGURES)
        chart = bar_chart(person.language, self._zone, [a.raised for a in raised], (start, end))
        return (
            f"{_table(say, texts.BEHAVIOUR_COLUMNS, rows)}"
            f"<h2>{escape(say(texts.RAISED_BY_TIME))}</h2>{chart}"
            f"<h2>{escape(say(texts.MOST_FREQUENT))}</h2>{self._frequent(raised)}"
        )

    def _row(self, name: str, value: float | None) -> str:
        say, decimal = self._person.say, self._person.language.decimal
        met = None if value is None else value <= _LIMITS[name]
        unit = " %" if name == "flooded" else ""
        places = 1 if name in ("alarms_a_day", "flooded") else 0
        if value is None:
            text, sign = texts.NO_VALUE, f"<small>{escape(say(texts.NOTHING_RECORDED))}</small>"
        else:
            text, sign = number_text(value, places, decimal) + unit, ""
        mark = {True: "✓", False: "▲", None: "?"}[met]
        return (
            f'<tr data-figure="{name}" class="{"missed" if met is False else ""}">'
            f"<td>{escape(say(texts.SPAN_FIGURES[name]))}</td><td>{text} {sign}</td>"
            f"<td>{escape(say(texts.MANAGEABLE[name]))}</td>"
            f"<td>{mark} {escape(say(texts.VERDICTS[met]))}</td></tr>"
        )

    def _frequent(self, raised: list[Alarm]) -> str:
        say, decimal = self._person.say, self._person.language.decimal
        counts = Counter((alarm.name, alarm.source) for alarm in raised)
        if not counts:
            return f'<p class="calm">{escape(say(texts.NONE_RAISED))}</p>'
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(source)}</td><td>{count}</td>"
            f"<td>{number_text(100 * count / len(raised), 0, decimal)} %</td></tr>"
            for (name, source), count in counts.most_common(_MOST_FREQUENT)
        )
        return _table(say, texts.FREQUENT_COLUMNS, rows)


def _now_row(name: str, value: str, title: str, say: Say) -> str:
    manageable = say(texts.MANAGEABLE[name]) if name in texts.MANAGEABLE else ""
    return f"<tr><td>{escape(title)}</td><td>{value}</td><td>{escape(manageable)}</td></tr>"


def _table(say: Say, columns: tuple[str, ...], rows: str) -> str:
    head = "".join(f"<th>{escape(say(column))}</th>" for column in columns)
    return f'<table class="facts"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
