"""An HTTP port on loopback: JSON in, JSON out, and mistakes answered with what to do about them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from heatpump_twin.drivers.plant.errors import FaultError, PlantError, PortTakenError

# No other address: nobody is asked who they are, and whoever can connect can break the plant.
_LOOPBACK = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlPort:
    """Serve HTTP routes on loopback."""

    def __init__(self, port: int, routes: Iterable[web.RouteDef], remedy: str) -> None:
        self.port = port
        self._routes = list(routes)
        self._remedy = remedy
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The address at which the port listens."""
        return f"http://{_LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen, or raise `PortTakenError`. Port 0 takes a free one."""
        app = web.Application(middlewares=[self._errors_as_json])
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _LOOPBACK, self.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise PortTakenError(
                f"the plant's control port {_LOOPBACK}:{self.port} cannot be opened "
                f"({error.strerror}); stop the program that uses it, or choose another with "
                f"{self._remedy}"
            ) from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _errors_as_json(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer errors of the plant, and of HTTP, with their message as JSON."""
        # Anything else is a bug: aiohttp answers 500 and logs the traceback.
        try:
            return await handler(request)
        except ValidationError as error:
            return refusal(400, _plainly(error))
        except FaultError as error:
            return refusal(404, str(error))
        except PlantError as error:
            return refusal(400, str(error))
        except web.HTTPException as error:
            if error.content_type == "application/json":
                raise
            known = ", ".join(f"{route.method} {route.path}" for route in self._routes)
            return refusal(error.status, f"{error.reason}; there are {known}")


def refusal(status: int, message: str) -> web.Response:
    """Return the response that says what is wrong with a request."""
    return web.json_response({"error": message}, status=status)


async def body_of(request: web.Request) -> Any:
    """Return the JSON body of a request."""
    try:
        return json.loads(await request.text())
    except json.JSONDecodeError as error:
        message = json.dumps({"error": f"the body is not JSON: {error}"})
        raise web.HTTPBadRequest(text=message, content_type="application/json") from error


def query_of(request: web.Request, *known: str) -> dict[str, str]:
    """Return the parameters of a request, which must be known ones."""
    if unknown := sorted(request.query.keys() - set(known)):
        message = f"unknown parameters: {', '.join(unknown)}; there are: {', '.join(known)}"
        text = json.dumps({"error": message})
        raise web.HTTPBadRequest(text=text, content_type="application/json")
    return dict(request.query)


def _plainly(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, part['loc'])) or 'body'}: {part['msg']}" for part in error.errors()
    )
