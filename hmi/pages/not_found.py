"""The page for an address that does not exist, with a way back."""

from __future__ import annotations

from html import escape

from fastapi import FastAPI
from nicegui import app as pages
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from heatpump_twin.config.settings import Site
from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import assets, texts
from heatpump_twin.hmi.errors import TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel
from heatpump_twin.hmi.person import Person
from heatpump_twin.hmi.spoken import SpokenLanguages

_NOT_FOUND = 404
LONGEST_READING = 20.0
"""Of all that a heat pump has, from a twin that is busy. [s]"""
UNAVAILABLE = 503
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{icon}"><link rel="stylesheet" href="{css}">
{theme}
</head><body class="login"><main><div class="panel">
<h1>{title}</h1>
<p class="message calm">{message}</p>
<a class="button" href="/">{back}</a>
</div></main></body></html>"""


def add_not_found(app: FastAPI, site: Site, spoken: SpokenLanguages) -> None:
    """Answer every unknown address with a page in our style."""

    async def not_found(request: Request, _: Exception) -> Response:
        # The same for everybody: it says nothing that only those who are logged in may know.
        return missing(site, spoken.of(request), texts.NO_SUCH_PAGE)

    # In both applications: NiceGUI's own, which all unknown addresses end in, makes a client and a
    # line in the log for each.
    for application in (app, pages):
        application.add_exception_handler(404, not_found)


def missing(site: Site, language: Language, message: str, status: int = _NOT_FOUND) -> Response:
    """Return the page that says what there is not."""
    page = _PAGE.format(
        language=language.code,
        title=escape(site.site.name),
        icon=assets.url("icon.svg"),
        css=assets.url("hmi.css"),
        theme=assets.THEME,
        message=escape(language.words(message)),
        back=escape(language.words(texts.TO_OVERVIEW)),
    )
    return HTMLResponse(page, status)


async def unit_or_page(person: Person, site: Site, identifier: str) -> HeatPumpModel | Response:
    """Return all of a heat pump, or the page that says that it is not there or not known now."""
    try:
        unit = await person.open_unit(identifier)
    except TwinUnreachableError as error:
        return missing(site, person.language, error.text, UNAVAILABLE)
    # One that went with a reload, or a wrong address.
    return missing(site, person.language, texts.NOT_FOUND) if unit is None else unit
