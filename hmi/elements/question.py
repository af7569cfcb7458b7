"""A question before something is done, with a comment of whoever does it."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.elements.markup import Say


async def ask_why(say: Say, about: str, ways: Mapping[str, str]) -> tuple[str, str] | None:
    """Ask in which way something is to be done, and for a comment; None: it was cancelled.

    ``ways`` are the words of the buttons by way.
    """
    with ui.dialog() as dialog, ui.element("div").classes("panel dialog"):
        ui.label(say(about))
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
        # Also when nobody answers: dialogs would pile up. One of a page that is gone, went with it.
        if not dialog.is_deleted:
            dialog.delete()
    return None if answer is None else (str(answer[0]), str(answer[1]))
