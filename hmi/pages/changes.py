"""The log of changes: who changed what, when, from where, and what became of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from asyncua import ua
from nicegui import Client, ui
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.config.phrase import Text
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.data_table import TableColumns, data_table
from heatpump_twin.hmi.elements.markup import choice, field
from heatpump_twin.hmi.endpoint import status_name
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.journal.change_log import (
    Change,
    change_events,
    changes_of,
    may_read_audit,
)
from heatpump_twin.hmi.journal.days import days_between
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.presentation import date_time_text, epoch_ms, told_text

_DAYS = 7
"""Which are shown until somebody chooses other ones."""
_COLUMNS = TableColumns(
    "changeTable",
    (
        ("time", {"flex": 2, "minWidth": 115}),
        ("who", {"flex": 2, "minWidth": 100}),
        ("origin", {"flex": 2, "minWidth": 165}),
        ("unit", {"flex": 2, "minWidth": 115, "field": "unitName"}),
        ("what", {"flex": 4, "minWidth": 190}),
        ("old", {"flex": 2, "minWidth": 90}),
        ("new", {"flex": 2, "minWidth": 90}),
        ("result", {"flex": 5, "minWidth": 220, "field": "done"}),
    ),
    frozenset(("time", "who", "what", "result", "card")),
    {"time": "ms"},
)


def add_changes_page(shell: Shell) -> None:
    """Add the page ``/changes``."""

    @ui.page("/changes")
    def changes_page(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        page = shell.page(person, request, person.say(texts.CHANGES), ())
        with page, ui.element("div").classes("panel changes-panel"):
            ui.html(_head(person), sanitize=False)
            with ui.element("div").props("id=change-list"):
                table = data_table(person.say, "changes.js", _options(person))
            ui.html('<p id="change-none" class="calm" role="status"></p>', sanitize=False)
        client = ui.context.client
        client.run_javascript(f"changeTable.begin({table.id}, {_words(person)})")
        reader = ChangeReader(person, shell.zone, client)
        ui.on("change-range", lambda event: reader.choose(*map(str, event.args)))
        ui.timer(0, reader.begin, once=True)
        return None


class ChangeReader:
    """Reader of the changes of the days that a page has chosen."""

    def __init__(self, person: Person, zone: ZoneInfo, client: Client) -> None:
        self._person, self._zone, self._client = person, zone, client
        self._busy = asyncio.Lock()
        self._units = {unit.id: unit.name for unit in person.units}

    async def begin(self) -> None:
        """Read for the first time."""
        first = self._person.now().astimezone(self._zone).date() - timedelta(days=_DAYS - 1)
        self._client.run_javascript(
            f"document.querySelector('[data-filter=from]').value ||= '{first}'"
        )
        await self.choose(str(first), "")

    async def choose(self, first: str, last: str) -> None:
        """Read the days from one to another, both included; empty: as far as there are any."""
        async with self._busy:
            self._say("change-note", texts.CHANGES_READING)
            try:
                self._say("change-note", await self._read(first, last))
            except ua.UaStatusCodeError as error:
                self._fail(texts.reason(status_name(error.code)))
            except (TwinUnreachableError, OSError, TimeoutError, ua.UaError):
                self._fail(texts.TWIN_UNREACHABLE)

    async def _read(self, first: str, last: str) -> str:
        """Show the changes of some days; return what is to be said about them."""
        person = self._person
        client, start_of_session = person.client, person.logged_in
        audit = start_of_session is not None and await may_read_audit(client, start_of_session)
        self._say("change-right", "" if audit else texts.AUDIT_NOT_YOURS)
        found = await change_events(client, *days_between(first, last, person.now(), self._zone))
        changes = changes_of(found.events, audit=audit)
        points = await person.points.learn(client, [change.node for change in changes])
        rows = [
            self._row(number, change, points.get(change.node))
            for number, change in enumerate(changes)
        ]
        self._client.run_javascript(f"changeTable.show({orjson.dumps(rows).decode()})")
        if found.complete or not found.events:
            return ""
        return texts.changes_from(date_time_text(found.events[-1]["Time"], self._zone))

    def _row(self, number: int, change: Change, variable: Variable | None) -> dict[str, Any]:
        asset = change.node.partition(".")[0]
        return {
            "id": str(number),
            "ms": epoch_ms(change.time),
            "time": date_time_text(change.time, self._zone),
            "kind": change.kind,
            "who": change.who,
            "origin": change.origin.removeprefix("-"),
            "unit": asset if asset in self._units else "",
            "unitName": self._units.get(asset, ""),
            "what": self._about(change, variable),
            "about": "" if variable else change.node,
            "old": self._value(variable, change.old),
            "new": self._value(variable, change.new),
            "done": change.done,
            "said": self._person.say(said) if (said := _known_words(change)) else "",
            "message": change.message,
            "why": change.why,
        }

    def _about(self, change: Change, variable: Variable | None) -> str:
        """Return what a change is about, in the person's language where it has a name in it."""
        if variable is not None:
            return variable.title
        alarms = {str(a.condition.Identifier): a.name for a in self._person.alarms.rows()}
        return alarms.get(change.node, "")

    def _value(self, variable: Variable | None, value: object) -> str:
        if isinstance(value, int | float) and variable is not None:
            return told_text(variable, float(value), self._person.language.decimal)
        return "" if value is None else str(value)

    def _fail(self, why: str) -> None:
        self._say("change-note", texts.changes_failed(self._person.say(why)))

    def _say(self, place: str, text: str) -> None:
        words = orjson.dumps(self._person.say(text)).decode()
        self._client.run_javascript(f"document.getElementById('{place}').textContent = {words}")


def _known_words(change: Change) -> Text | None:
    """Return what was recorded as a text of ours; None: it can be shown as recorded only."""
    # That it was refused stands in the result already.
    return texts.AUDIT_WORDS.get(change.message.removesuffix(" refused"))


def _head(person: Person) -> str:
    say, label = person.say, texts.CHANGE_FILTERS
    kinds = {"": say(texts.ALL_CHANGES), "settings": say(texts.SETTINGS_ONLY)}
    kinds |= {kind: say(words) for kind, words in texts.CHANGE_KINDS.items()}
    units = {"": say(texts.ALL_UNITS), **{unit.id: unit.name for unit in person.units}}
    return (
        f'<header class="bar-row"><h1>{escape(say(texts.CHANGES))}</h1></header>'
        f'<form class="filters" onsubmit="return false">'
        f"{choice('kind', say(label['kind']), kinds)}{choice('unit', say(label['unit']), units)}"
        f"{field('text', say(label['text']), 'search')}"
        f"{field('from', say(label['from']), 'date')}{field('to', say(label['to']), 'date')}"
        f'</form><div class="bar-row"><p id="change-right" class="calm"></p>'
        f'<span class="grow"></span><span id="change-count" class="calm"></span>'
        f'<button type="button" class="quiet" onclick="changeTable.exportCsv()">'
        f"{escape(say(texts.EXPORT))}</button></div>"
        f'<p id="change-note" class="calm" role="status"></p>'
    )


def _options(person: Person) -> dict[str, Any]:
    columns = _COLUMNS.definitions(person.say, texts.CHANGE_COLUMNS, texts.CHANGES)
    columns[0] |= {"sort": "desc"}
    return {
        "columnDefs": columns,
        ":getRowId": "changeTable.idOf",
        ":isExternalFilterPresent": "() => true",
        ":doesExternalFilterPass": "changeTable.passes",
    }


def _words(person: Person) -> str:
    say = person.say
    words = {
        "columns": {name: say(text) for name, text in texts.CHANGE_COLUMNS.items()},
        "kinds": {kind: say(text) for kind, text in texts.CHANGE_KINDS.items()},
        "done": say(texts.CHANGE_DONE), "refused": say(texts.CHANGE_REFUSED),
        "seen": say(texts.CHANGE_SEEN), "nobody": say(texts.NOT_KNOWN_WHO),
        "none": say(texts.NO_CHANGES), "nonePasses": say(texts.NO_CHANGE_PASSES),
        "shown": say(texts.CHANGES_SHOWN),
    }  # fmt: skip
    return orjson.dumps(words).decode()
