"""Login and logout pages: plain HTML forms."""

from __future__ import annotations

from contextlib import suppress
from html import escape
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from heatpump_twin.config.settings import Site
from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import assets, person_units, texts
from heatpump_twin.hmi.errors import HmiError, LoginDelayedError, LoginRefusedError
from heatpump_twin.hmi.people import People
from heatpump_twin.hmi.person_units import UNITS, units_of
from heatpump_twin.hmi.spoken import COOKIE, KEPT, SpokenLanguages
from heatpump_twin.hmi.taste import Taste

TOKEN = "person"  # noqa: S105  the name of the cookie's entry
_SEE_OTHER = 303

# No NiceGUI here: to strangers neither scripts nor a web socket are served.
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="{icon}"><link rel="stylesheet" href="{css}">
{theme}
</head><body class="login"><main><form method="post" action="/login" class="panel">
<h1>{title}</h1>
<p class="message {kind}" role="alert">{message}</p>
<label>{user_label}<input name="user" value="{user}" autocomplete="username" required
 autofocus autocapitalize="none" spellcheck="false"></label>
<label>{password_label}<input name="password" type="password" required
 autocomplete="current-password"></label>
<button class="primary">{login}</button>
</form></main></body></html>"""


def add_login(app: FastAPI, site: Site, people: People, spoken: SpokenLanguages) -> None:
    """Add the routes ``/login``, ``/logout``, ``/language`` and ``/units``."""

    @app.get("/login")
    def form(request: Request, why: str = "") -> Response:
        return _form(site, spoken.of(request), texts.FAREWELL.get(why, ""), kind="calm")

    @app.post("/login")
    async def log_in(request: Request) -> Response:
        if not _same_origin(request):
            return Response(status_code=403)
        fields = await request.form()
        language = spoken.of(request)
        user, password = str(fields.get("user", "")), str(fields.get("password", ""))
        try:
            # The server judges name and password, and locks out who guesses: there is no second
            # list of users.
            taste = Taste(language, units_of(request))
            token = await people.log_in(user, password, _browser(request), taste)
        except HmiError as error:
            # 401 only for a wrong login: a twin that is away is not the person's fault.
            status = 401 if isinstance(error, LoginRefusedError) else 503
            page = _form(site, language, error.text, kind="wrong", user=user, status=status)
            if isinstance(error, LoginDelayedError):
                page.status_code, page.headers["Retry-After"] = 429, str(error.wait)
            return page
        await people.log_out(request.session.get(TOKEN))
        request.session.clear()
        request.session[TOKEN] = token
        return RedirectResponse("/", _SEE_OTHER)

    @app.post("/logout")
    async def log_out(request: Request) -> Response:
        if not _same_origin(request):
            return Response(status_code=403)
        await people.log_out(request.session.get(TOKEN), "bye")
        request.session.clear()
        return RedirectResponse("/login?why=bye", _SEE_OTHER)

    @app.post("/language")
    async def speak(request: Request) -> Response:
        code = str((await request.form()).get("code", ""))
        language = spoken.find(code)
        taste = None if language is None else Taste(language, units_of(request))
        return await _suited(request, taste, COOKIE, code)

    @app.post("/units")
    async def measure(request: Request) -> Response:
        code = str((await request.form()).get("code", ""))
        units = UNITS.get(code)
        taste = None if units is None else Taste(spoken.of(request), units)
        return await _suited(request, taste, person_units.COOKIE, code)

    async def _suited(request: Request, taste: Taste | None, cookie: str, code: str) -> Response:
        """Suit a taste, have the browser keep what was chosen, and go back to the page."""
        if not _same_origin(request):
            return Response(status_code=403)
        fields = await request.form()
        back = RedirectResponse(_own_path(str(fields.get("page", ""))), _SEE_OTHER)
        if taste is None:
            return back
        # A twin that is away just now is asked so at the next log-in.
        with suppress(HmiError):
            await people.suit(request.session.get(TOKEN), taste)
            back.set_cookie(
                cookie, code, max_age=KEPT, samesite="lax", httponly=True,
                secure=site.hmi.over_https,
            )  # fmt: skip
        return back


def _own_path(page: str) -> str:
    """Return a path of this site, whatever a form says."""
    return page if page.startswith("/") and not page.startswith(("//", "/\\")) else "/"


def _browser(request: Request) -> str:
    # uvicorn takes X-Forwarded-For from a proxy on this machine, and from nobody else.
    return request.client.host if request.client else "unknown"


def _form(
    site: Site, language: Language, message: str, *, kind: str, user: str = "", status: int = 200
) -> HTMLResponse:
    page = _PAGE.format(
        language=language.code,
        title=escape(site.site.name),
        icon=assets.url("icon.svg"),
        css=assets.url("hmi.css"),
        theme=assets.THEME,
        kind=kind,
        message=escape(language.words(message)),
        user_label=language.words(texts.USER),
        user=escape(user),
        password_label=language.words(texts.PASSWORD),
        login=language.words(texts.LOGIN),
    )
    # Not stored: the back button must not show the name of who was here.
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def _same_origin(request: Request) -> bool:
    """Tell whether a form comes from our own pages and not from another site."""
    # Browsers send Origin with each form; programs without one carry no cookie of a person.
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
