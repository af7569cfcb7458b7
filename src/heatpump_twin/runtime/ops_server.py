"""Serve health and metrics over HTTP: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from heatpump_twin.config.settings import OpsSettings
from heatpump_twin.errors import PortInUseError
from heatpump_twin.web.descriptors import share_of_descriptors
from heatpump_twin.web.door import Door

CONNECTIONS = 64
"""Watchdogs and Prometheus keep one connection each."""
_SHARE = 8
"""Of all descriptors an eighth at most: the others are for OPC UA, devices and the database."""
_NOT_HERE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Not found</title></head>
<body><h1>There is no such page</h1>
<p>There are <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a> and
<a href="/metrics">/metrics</a>.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """Health of one part of the twin: whether it works, with a detail for a person."""

    ready: bool
    detail: str
    optional: bool = False
    """The twin is ready without it, and says that it is not there."""


AddRoutes = Callable[[web.UrlDispatcher], None]
"""Adds pages of others."""
ReadinessLook = Callable[[], Mapping[str, PartHealth]]


class OpsServer:
    """HTTP server of health for watchdogs and of metrics for Prometheus."""

    def __init__(
        self,
        settings: OpsSettings,
        readiness: ReadinessLook,
        registry: CollectorRegistry,
        more: AddRoutes | None = None,
    ) -> None:
        self._more = more
        self._settings = settings
        self._readiness = readiness
        self._registry = registry
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None

    async def start(self) -> None:
        """Start listening; raise `PortInUseError` if the port is taken."""
        # Once, however often: a filter that is there already is not added again.
        logging.getLogger("aiohttp.server").addFilter(_ours)
        app = web.Application(middlewares=[_way_back])
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        if self._more is not None:
            self._more(app.router)
        # No signal handlers of the library: `until_stopped` has them. No access log: a probe
        # every few seconds is no event.
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        assert self._runner.server is not None  # noqa: S101 (it has been set up)
        room = share_of_descriptors(CONNECTIONS, _SHARE)
        self._door = Door("ops", self._runner.server, room)
        try:
            self._door.open(self._settings.host, self._settings.port)
        except OSError as error:
            raise PortInUseError(
                f"{self._settings.host}:{self._settings.port} (ops.port) cannot be used: "
                f"{error.strerror or error}; choose another with --set ops.port=PORT"
            ) from error

    async def stop(self) -> None:
        """Stop the HTTP server."""
        if self._door is not None:
            await self._door.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        # Answering at all is the test: the event loop turns.
        return web.json_response({"status": "alive"})

    async def _readyz(self, _: web.Request) -> web.Response:
        components = self._readiness()
        ready = all(component.ready or component.optional for component in components.values())
        body = {
            "ready": ready,
            "components": {
                name: {"ready": c.ready, "detail": c.detail}
                | ({"optional": True} if c.optional else {})
                for name, c in components.items()
            },
        }
        # 503 and not 200 with a word in it: load balancers and watchdogs read the status alone.
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def _ours(record: logging.LogRecord) -> bool:
    """Pass what went wrong with us, and not the traceback of what a stranger has sent.

    The library has answered that with 400, and there is nothing that we could mend.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | web.RequestPayloadError)


@web.middleware
async def _way_back(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer an unknown path with a page that names those that exist."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return web.Response(status=404, text=_NOT_HERE, content_type="text/html")
