"""The alarm page: list and journal in one table, filters, and what people do about alarms."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import orjson
from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.alarm_acts import AlarmAct
from heatpump_twin.hmi.alarms.condition_report import PRIORITIES, Alarm
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.elements.data_table import TableColumns, data_table
from heatpump_twin.hmi.elements.markup import Say, choice, field
from heatpump_twin.hmi.elements.question import ask_why
from heatpump_twin.hmi.pages.journal_reader import JournalReader
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person

_MOST = 1_000
"""Alarms about which something is done at once."""
_COLUMNS = TableColumns(
    "alarmTable",
    (
        ("priority", {"width": 118}),
        ("state", {"flex": 2, "minWidth": 130}),
        ("time", {"flex": 2, "minWidth": 120}),
        ("source", {"flex": 2, "minWidth": 115}),
        ("message", {"flex": 5, "minWidth": 220}),
        ("acknowledged", {"flex": 3, "minWidth": 145}),
        ("returned", {"flex": 2, "minWidth": 120}),
        ("acts", {"width": 150, "sortable": False}),
    ),
    frozenset(("priority", "state", "time", "message", "acknowledged", "acts")),
    {"priority": "severity", "time": "raised"},
)


def add_alarms_page(shell: Shell) -> None:
    """Add the page ``/alarms``."""

    @ui.page("/alarms")
    def alarms_page(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        say = person.say
        page = shell.page(person, request, say(texts.ALARMS), (), with_acts=True)
        with page, ui.element("div").classes("panel alarms-panel"):
            ui.html(_head(person), sanitize=False)
            with ui.element("div").props("id=alarm-list"):
                table = data_table(say, "alarms.js", _options(say))
            ui.html('<p id="alarm-none" class="calm" role="status"></p>', sanitize=False)
        client = ui.context.client
        client.run_javascript(f"alarmTable.begin({table.id}, {_words(say)})")
        reader = JournalReader(person, shell.zone, client)
        ui.on("alarm-act", lambda event: _act(person, event))
        ui.on("alarm-range", lambda event: reader.choose(*map(str, event.args)))
        ui.timer(0, reader.begin, once=True)
        ui.timer(1.0, reader.follow)
        return None


def _head(person: Person) -> str:
    say = person.say
    states = {"present": texts.PRESENT, "all": texts.ALL_STATES, **texts.ALARM_STATE}
    units = {"": say(texts.ALL_UNITS), **{unit.id: unit.name for unit in person.units}}
    priorities = {"": texts.ALL_PRIORITIES}
    priorities |= {name: texts.PRIORITY[name] for _, name in PRIORITIES}
    label = texts.ALARM_FILTERS
    return (
        f'<header class="bar-row"><h1>{escape(say(texts.ALARMS))}</h1>'
        f'<a href="/alarms/performance">{escape(say(texts.PERFORMANCE))}</a></header>'
        f'<form class="filters" onsubmit="return false">'
        f"{choice('state', say(label['state']), {k: say(v) for k, v in states.items()})}"
        f"{choice('unit', say(label['unit']), units)}"
        f"{choice('priority', say(label['priority']), {k: say(v) for k, v in priorities.items()})}"
        f"{field('text', say(label['text']), 'search')}"
        f'<span id="alarm-range" hidden>{field("from", say(label["from"]), "date")}'
        f"{field('to', say(label['to']), 'date')}</span></form>"
        f'<div class="bar-row"><div id="alarm-acts" class="control bar-row"></div>'
        f'<span class="grow"></span><span id="alarm-count" class="calm"></span>'
        f'<button type="button" class="quiet" id="alarm-export" onclick="alarmTable.exportCsv()">'
        f"{escape(say(texts.EXPORT))}</button></div>"
        f'<p id="journal-note" class="calm" role="status"></p>'
    )


def _options(say: Say) -> dict[str, Any]:
    columns = _COLUMNS.definitions(say, texts.ALARM_COLUMNS, texts.ALARMS)
    # Sorted by what nobody sees, until a person chooses a column.
    rank = {
        "colId": "rank", "hide": True, "sort": "asc", ":comparator": "alarmTable.order",
        "field": "raised",
    }  # fmt: skip
    return {
        "columnDefs": [*columns, rank],
        ":getRowId": "alarmTable.idOf",
        ":isExternalFilterPresent": "() => true",
        ":doesExternalFilterPass": "alarmTable.passes",
        ":rowClassRules": "alarmTable.rules",
        "rowSelection": {
            "mode": "multiRow",
            "selectAll": "filtered",
            "enableClickSelection": False,
        },
        ":onSelectionChanged": "alarmTable.selected",
    }


def _words(say: Say) -> str:
    def each(of: dict[str, Any]) -> dict[str, str]:
        return {name: say(text) for name, text in of.items()}

    words = {
        "states": each(texts.ALARM_STATE), "columns": each(texts.ALARM_COLUMNS),
        "acts": each(texts.ALARM_ACTS), "priority": each(texts.PRIORITY),
        "first": say(texts.FIRST_OUT), "until": say(texts.SHELVED_UNTIL),
        "selectFirst": say(texts.SELECT_FIRST), "mayNothing": say(texts.MAY_NOTHING),
        "nothing": say(texts.NOTHING_FOR_THESE), "nonePasses": say(texts.NONE_PASSES),
        "none": say(texts.NO_ALARMS), "unknown": say(texts.ALARMS_UNKNOWN),
        "shown": say(texts.ALARMS_SHOWN),
    }  # fmt: skip
    return orjson.dumps(words).decode()


async def _act(person: Person, event: GenericEventArguments) -> None:
    act, keys = str(event.args[0]), [str(key) for key in event.args[1]][:_MOST]
    # Looked up and checked again here: what a browser sends is a wish, and rights are not a
    # matter of which buttons it shows.
    about = [alarm for key in keys if (alarm := person.alarms.find(key)) is not None]
    about = [alarm for alarm in about if act in person.may(alarm)]
    if not about:
        return
    ways = texts.SHELVING_WAYS if act == "shelve" else {act: texts.ALARM_ACTS[act]}
    title = about[0].message if len(about) == 1 else texts.several(len(about))
    answer = await ask_why(person.say, title, ways)
    if answer is None:
        return
    wish = AlarmAct(act, comment=answer[1], way=answer[0])
    _tell(person, [await person.act(alarm, wish) for alarm in _latest(person, about, act)])


def _latest(person: Person, about: Iterable[Alarm], act: str) -> list[Alarm]:
    """Return alarms as they are now: while a person was writing, they have gone on."""
    now = [person.alarms.find(alarm.key) for alarm in about]
    return [alarm for alarm in now if alarm is not None and act in person.may(alarm)]


def _tell(person: Person, outcomes: list[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if not outcome.done]
    if len(outcomes) == 1:
        words = person.say(outcomes[0].message)
    else:
        why = person.say(refused[0].message) if refused else ""
        words = person.say(texts.acted(len(outcomes) - len(refused), len(refused), why))
    ui.notify(words, type="negative" if refused else None, position="bottom")
