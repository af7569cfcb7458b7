"""The alarm page: alarms with state, severity, cause and action; acknowledgement, shelving."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui
from nicegui.events import GenericEventArguments
from starlette.requests import Request
from starlette.responses import Response

from heatpump_twin.config.phrase import Text
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.alarm_feed import Shelving
from heatpump_twin.hmi.alarms.alarm_list import Alarm
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.pages.shell import Shell
from heatpump_twin.hmi.person import Person


def add_alarms_page(shell: Shell) -> None:
    """Add the page ``/alarms``."""

    @ui.page("/alarms")
    def alarms_page(request: Request) -> Response | None:
        person = shell.who(request)
        if person is None:
            return shell.to_login(request)
        say = person.say
        with shell.page(person, request, say(texts.ALARMS), ()):
            ui.html(
                f'<header class="bar-row"><h1>{say(texts.ALARMS)}</h1><label class="check">'
                f'<input type="checkbox" id="returned" onchange="hmi.renderAlarms()">'
                f"{say(texts.SHOW_RETURNED)}</label></header>"
                f'<div id="alarm-list"></div>',
                sanitize=False,
            ).classes("panel alarms-panel")
        ui.on("acknowledge", lambda event: _respond(person, event))
        ui.on("shelve", lambda event: _put_away(person, event))
        ui.on("unshelve", lambda event: _put_away(person, event))
        return None


async def _respond(person: Person, event: GenericEventArguments) -> None:
    # Looked up and checked again here: what a browser sends is a wish, and rights are not a
    # matter of which buttons it shows.
    alarm = person.alarms.find(str(event.args))
    if alarm is None or not person.may_respond(alarm):
        return
    answer = await _ask(person, alarm, {alarm.wants: texts.ALARM_ACTS[alarm.wants]})
    if answer is not None:
        _tell(person, await person.respond(alarm, answer[1]))


async def _put_away(person: Person, event: GenericEventArguments) -> None:
    alarm = person.alarms.find(str(event.args))
    if alarm is None or not person.may_put_away(alarm):
        return
    ways: Mapping[str, Text] = texts.SHELVING_WAYS
    if alarm.puts_away == "unshelve":
        ways = {"unshelve": texts.SHELVING_ACTS["unshelve"]}
    answer = await _ask(person, alarm, ways)
    if answer is not None:
        _tell(person, await person.put_away(alarm, Shelving(*answer)))


def _tell(person: Person, outcome: Outcome) -> None:
    words = person.say(outcome.message)
    ui.notify(words, type=None if outcome.done else "negative", position="bottom")


async def _ask(person: Person, alarm: Alarm, ways: Mapping[str, Text]) -> tuple[str, str] | None:
    """Ask what is to be done, and for a comment; return both. None: cancelled."""
    say = person.say
    with ui.dialog() as dialog, ui.element("div").classes("panel dialog"):
        ui.label(alarm.message)
        comment = ui.input(say(texts.COMMENT)).props("outlined dense autofocus data-comment")
        with ui.element("div").classes("bar-row end"):
            ui.button(say(texts.CANCEL), on_click=lambda: dialog.submit(None)).props("flat no-caps")
            for way, text in ways.items():
                button = ui.button(say(text))
                button.on_click(lambda way=way: dialog.submit((way, comment.value or "")))
                button.props(f"unelevated no-caps data-confirm={way}")
    try:
        answer = await dialog
    finally:
        # Also when the page is closed with the question open: dialogs would pile up.
        dialog.delete()
    return None if answer is None else (str(answer[0]), str(answer[1]))
