"""The plant's control port: look behind the sensors, and break things. Loopback only.

::

    GET    /state                     true values, energies and balances of every heat pump
    GET    /faults                    what is broken, and what can be
    POST   /faults                    {"heat_pump": "hp1", "name": "strainer_clogged",
                                       "magnitude": 0.5} or {"gateway": "hp1.controller",
                                       "name": "latency", "seconds": 2}
    DELETE /faults?heat_pump=hp1&name=sensor_offset&point=supply_temperature
    DELETE /faults?gateway=hp1.controller&name=latency
    DELETE /faults                    repair everything
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.modbus.emulator import EmulatedGateway
from heatpump_twin.drivers.plant import device_faults
from heatpump_twin.drivers.plant.device_faults import DeviceFault
from heatpump_twin.drivers.plant.disturbances import KINDS
from heatpump_twin.drivers.plant.errors import DisturbanceError, PortTakenError
from heatpump_twin.drivers.plant.heat_pump_plant import EmulatedHeatPump
from heatpump_twin.drivers.plant.plant import Plant

_LOOPBACK = "127.0.0.1"
_DEVICE_FAULTS = ("silence", "latency", "garbage", "offline", "exception")
_T = TypeVar("_T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    heat_pump: str
    name: str
    magnitude: float | None = None
    point: str | None = None


class ControlServer:
    """Serves the control port."""

    def __init__(self, port: int, plant: Plant, gateways: Mapping[str, EmulatedGateway]) -> None:
        self._port = port
        self._plant = plant
        self._gateways = gateways
        self._device_fault: TypeAdapter[DeviceFault] = TypeAdapter(DeviceFault)
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{_LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Listen, or raise `PortTakenError`. Port 0 takes a free one."""
        app = web.Application(middlewares=[_errors_as_json])
        app.router.add_get("/state", self._state)
        app.router.add_get("/faults", self._faults)
        app.router.add_post("/faults", self._start_fault)
        app.router.add_delete("/faults", self._stop_faults)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _LOOPBACK, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise PortTakenError(
                f"the plant's control port {_LOOPBACK}:{self._port} cannot be opened "
                f"({error.strerror}); stop the program that uses it, or choose another with "
                "--set plant.control_port=PORT"
            ) from error
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"heat_pumps": {name: _state_of(x) for name, x in self._plant.heat_pumps.items()}}
        )

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response(self._active())

    async def _start_fault(self, request: web.Request) -> web.Response:
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError as error:
            raise _refuse(web.HTTPBadRequest, f"the body is not JSON: {error}") from error
        try:
            if isinstance(body, dict) and "gateway" in body:
                fault = self._device_fault.validate_python(body)
                device_faults.start(fault, self._gateway(fault.gateway))
            else:
                wanted = _Wanted.model_validate(body)
                self._heat_pump(wanted.heat_pump).disturbances.start(
                    wanted.name, wanted.magnitude, wanted.point
                )
        except ValidationError as error:
            raise _refuse(web.HTTPBadRequest, _plainly(error)) from error
        except DisturbanceError as error:
            raise _refuse(web.HTTPBadRequest, str(error)) from error
        return web.json_response(self._active(), status=201)

    async def _stop_faults(self, request: web.Request) -> web.Response:
        query = request.query
        unknown = query.keys() - {"heat_pump", "gateway", "name", "point"}
        if unknown:
            raise _refuse(web.HTTPBadRequest, f"unknown parameters: {', '.join(sorted(unknown))}")
        name = query.get("name")
        if "gateway" in query:
            if name not in (None, *_DEVICE_FAULTS):
                raise _refuse(
                    web.HTTPBadRequest,
                    f"no device fault {name!r}; there are: {', '.join(_DEVICE_FAULTS)}",
                )
            device_faults.stop(self._gateway(query["gateway"]), name)
        elif "heat_pump" in query:
            try:
                self._heat_pump(query["heat_pump"]).disturbances.stop(name, query.get("point"))
            except DisturbanceError as error:
                raise _refuse(web.HTTPBadRequest, str(error)) from error
        elif query:
            raise _refuse(web.HTTPBadRequest, "say of which heat_pump or gateway")
        else:
            for gateway in self._gateways.values():
                gateway.faults.clear()
            for heat_pump in self._plant.heat_pumps.values():
                heat_pump.disturbances.stop()
        return web.json_response(self._active())

    def _active(self) -> dict[str, Any]:
        disturbances = [
            {"heat_pump": name, **_finite(asdict(disturbance))}
            for name, x in self._plant.heat_pumps.items()
            for disturbance in x.disturbances
        ]
        devices = [
            fault
            for name, gateway in self._gateways.items()
            for fault in device_faults.active(name, gateway)
        ]
        known = {name: _finite(asdict(kind)) for name, kind in KINDS.items()}
        return {
            "active": [*disturbances, *devices],
            "disturbances": known,
            "device_faults": _DEVICE_FAULTS,
            "heat_pumps": list(self._plant.heat_pumps),
            "gateways": list(self._gateways),
        }

    def _heat_pump(self, name: str) -> EmulatedHeatPump:
        return _found(self._plant.heat_pumps, name, "heat pump")

    def _gateway(self, name: str) -> EmulatedGateway:
        return _found(self._gateways, name, "gateway")


def _found(things: Mapping[str, _T], name: str, what: str) -> _T:
    if name not in things:
        raise _refuse(web.HTTPNotFound, f"no {what} {name!r}; there are: {', '.join(things)}")
    return things[name]


def _state_of(x: EmulatedHeatPump) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(x.time / MICROSECONDS, UTC).isoformat(),
        "truth": x.truth(),
        "ledger_kwh": x.ledger_kwh(),
        "residual_j": asdict(x.residual),
        "disturbances": [_finite(asdict(disturbance)) for disturbance in x.disturbances],
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: where no number is meant, there is none."""
    return {key: None if value != value else value for key, value in values.items()}


def _plainly(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, part['loc'])) or 'body'}: {part['msg']}" for part in error.errors()
    )


def _refuse(kind: type[web.HTTPException], message: str) -> web.HTTPException:
    return kind(text=json.dumps({"error": message}), content_type="application/json")


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.content_type == "application/json":
            raise
        known = "there are GET /state and GET, POST, DELETE /faults"
        return web.json_response({"error": f"{error.reason}; {known}"}, status=error.status)
