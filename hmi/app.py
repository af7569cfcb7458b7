"""Run the HMI process: a web server for people and an OPC UA client of the twin."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui
from nicegui.storage import Storage
from starlette.middleware.sessions import SessionMiddleware

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.config.languages import Languages
from heatpump_twin.config.settings import Site
from heatpump_twin.config.translations import English, Language
from heatpump_twin.hmi.assets import ICON, add_assets
from heatpump_twin.hmi.endpoint import Endpoint
from heatpump_twin.hmi.headers import SecurityHeaders
from heatpump_twin.hmi.identity import HmiIdentity
from heatpump_twin.hmi.pages.alarm_performance import add_alarm_performance
from heatpump_twin.hmi.pages.alarms import add_alarms_page
from heatpump_twin.hmi.pages.changes import add_changes_page
from heatpump_twin.hmi.pages.login import add_login
from heatpump_twin.hmi.pages.not_found import add_not_found
from heatpump_twin.hmi.pages.overview import add_overview
from heatpump_twin.hmi.pages.shell import QUASAR, Shell
from heatpump_twin.hmi.pages.trends import add_trends_page
from heatpump_twin.hmi.pages.unit import add_unit_page
from heatpump_twin.hmi.people import People
from heatpump_twin.hmi.planner.plan_page import add_plan_page
from heatpump_twin.hmi.socket_gate import SocketGate
from heatpump_twin.hmi.spoken import SpokenLanguages
from heatpump_twin.hmi.trends.saved_views import SavedViews
from heatpump_twin.hmi.web_server import BoundedServer
from heatpump_twin.web.free_memory import keep_returning_free_memory

logger = structlog.stdlib.get_logger(__name__)

_GRACE = 1
_LARGEST_MESSAGE = 1_048_576
"""Of what a page says over its socket: a few hundred bytes. [B]"""
_RECONNECT_TIMEOUT = 10.0


def run_hmi(site: Site, data: DataDirectory, language: Language | None = None) -> None:
    """Serve the web pages until SIGTERM or Ctrl-C, then return within two seconds.

    ``language`` is for browsers that ask for none that the pages speak; English by default.
    """
    # asyncua reports every step of a lost connection as an error; ours are logged by Person.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    # uvicorn stops on SIGTERM and then raises it again: with this handler, run_hmi just returns.
    signal.signal(signal.SIGTERM, lambda *_: None)
    secure = site.hmi.certificate is not None
    config = uvicorn.Config(
        build_app(site, data, language or English()),
        host=site.hmi.host,
        port=site.hmi.port,
        ws="wsproto",
        ws_max_size=_LARGEST_MESSAGE,
        ssl_certfile=site.hmi.certificate,
        ssl_keyfile=site.hmi.private_key,
        timeout_graceful_shutdown=_GRACE,
        log_level="warning",
        # Its lines go where ours go, and are as few.
        log_config=None,
        access_log=False,
        server_header=False,
    )
    scheme = "https" if secure else "http"
    logger.info("hmi_starting", url=f"{scheme}://{site.hmi.host}:{site.hmi.port}")
    BoundedServer(config).run()
    logger.info("hmi_stopped")


def build_app(site: Site, data: DataDirectory, language: Language) -> FastAPI:
    """Build the web application with all its pages."""
    identity = HmiIdentity.open(data)
    endpoint = Endpoint(site.opcua.url, data.pki / "own" / "certs", identity)
    people = People(endpoint, site.hmi.session_timeout, site.hmi.kiosk_users)
    spoken = SpokenLanguages(Languages.packaged(), language)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        people.start()
        closed = asyncio.Event()
        nicegui_app.on_delete(closed.set)
        returning = asyncio.create_task(keep_returning_free_memory(closed))
        yield
        returning.cancel()
        await people.close()

    # No generated pages of the interface: they load scripts from elsewhere, and tell strangers
    # what there is.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    # Each is put around those before it: the gate needs the session.
    app.add_middleware(SocketGate)
    app.add_middleware(
        SessionMiddleware,
        secret_key=identity.cookie_secret,
        # Cookies do not know ports: several twins on one machine must not log each other out.
        session_cookie=f"hptwin-hmi-{site.hmi.port}",
        # Until the browser closes: on a shared panel nobody finds the last shift's login.
        max_age=None,
        # "lax" and not "strict": a link to a page, in a mail about an alarm, must find the person
        # logged in.
        same_site="lax",
        https_only=site.hmi.over_https,
    )
    app.add_middleware(SecurityHeaders, strict_transport=site.hmi.strict_transport)
    add_assets(app)
    add_login(app, site, people, spoken)
    shell = Shell(site, people, spoken)
    add_overview(shell)
    add_unit_page(shell)
    add_plan_page(shell)
    add_trends_page(shell, SavedViews(data.hmi / "trend-views.json"))
    add_alarms_page(shell)
    add_alarm_performance(shell)
    add_changes_page(shell)
    add_not_found(app, site, spoken)
    # Beside the other secrets, not in whatever directory the process was started.
    Storage.path = data.hmi / "storage"
    ui.run_with(
        app,
        title=site.site.name,
        favicon=ICON,
        dark=None,
        tailwind=False,
        reconnect_timeout=_RECONNECT_TIMEOUT,
        show_welcome_message=False,
        # No polled bindings: news are pushed by the script, and hundreds of bound labels would
        # cost more than everything else.
        binding_refresh_interval=None,
        language=QUASAR.get(language.code, language.code),
    )
    return app
