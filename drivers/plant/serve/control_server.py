"""The control port of emulated devices: look behind the sensors, set values, break things.

::

    GET    /state                     true values, energies and balances of every heat pump
    GET    /clock                     the time that passes here, and how fast
    GET    /forecast                  of the weather here, as a weather service makes it
    GET    /values?gateway=…&unit=…   what every device shows
    POST   /values                    {"values": {"supply_temperature": 47.5, "room_temperature":
                                       "absent", "dhw_temperature": "auto"}}, of devices that are
                                       emulated by their profile alone
    GET    /faults                    what is broken, and what can be
    POST   /faults                    {"name": "latency", "seconds": 2}, {"gateway":
                                       "hp1.controller", "name": "exception", "point":
                                       "supply_setpoint"} or {"heat_pump": "hp1",
                                       "name": "strainer_clogged", "magnitude": 0.5}
    DELETE /faults?heat_pump=hp1&name=sensor_offset&point=supply_temperature
    DELETE /faults?gateway=hp1.controller&name=latency
    DELETE /faults                    repair everything
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.plant.devices.emulated_heat_pump import EmulatedHeatPump
from heatpump_twin.drivers.plant.devices.shown_values import ShownValues, Wish
from heatpump_twin.drivers.plant.errors import DisturbanceError, FaultError
from heatpump_twin.drivers.plant.faults.device_faults import DeviceFault
from heatpump_twin.drivers.plant.faults.fault_board import DEVICE_FAULTS, FaultBoard
from heatpump_twin.drivers.plant.physics.disturbances import KINDS
from heatpump_twin.drivers.plant.serve.control_port import ControlPort, body_of, query_of


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    heat_pump: str | None = None
    name: str
    magnitude: float | None = None
    severity: float | None = None
    point: str | None = None


class ControlServer(ControlPort):
    """Serve the control port of gateways, and of the heat pumps behind them, if there are any."""

    def __init__(
        self,
        port: int,
        board: FaultBoard,
        heat_pumps: Mapping[str, EmulatedHeatPump],
        remedy: str,
        more: Iterable[web.RouteDef] = (),
    ) -> None:
        routes = [
            *more,
            web.get("/state", self._state),
            web.get("/clock", self._clock),
            web.get("/values", self._values),
            web.post("/values", self._set_values),
            web.get("/faults", self._faults),
            web.post("/faults", self._start_fault),
            web.delete("/faults", self._stop_faults),
        ]
        super().__init__(port, routes, remedy)
        self._heat_pumps = heat_pumps
        self._board = board
        self._shown = ShownValues(board.gateways)
        self._device_fault: TypeAdapter[DeviceFault] = TypeAdapter(DeviceFault)

    async def _state(self, _: web.Request) -> web.Response:
        heat_pumps = {name: _state_of(x) for name, x in self._heat_pumps.items()}
        return web.json_response({"heat_pumps": heat_pumps})

    async def _clock(self, _: web.Request) -> web.Response:
        clock = self._board.clock
        return web.json_response({"time": clock.now(), "speed": clock.speed})

    async def _values(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown.all(**query_of(request, "gateway", "unit")))

    async def _set_values(self, request: web.Request) -> web.Response:
        self._shown.set(Wish.model_validate(await body_of(request)))
        return web.json_response(self._shown.all())

    async def _faults(self, _: web.Request) -> web.Response:
        return web.json_response(self._active())

    async def _start_fault(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        # One command for faults of the devices and of the machine; a gateway or the name tells.
        if isinstance(body, dict) and ("gateway" in body or body.get("name") in DEVICE_FAULTS):
            await self._board.start(self._device_fault.validate_python(body))
        else:
            self._disturb(_Wanted.model_validate(body))
        return web.json_response(self._active(), status=201)

    async def _stop_faults(self, request: web.Request) -> web.Response:
        query = query_of(request, "heat_pump", "gateway", "name", "unit", "point")
        if "name" in query:
            self._require(query["name"])
        of_one, of_device = query.pop("heat_pump", None), "gateway" in query
        # Devices belong to gateways, disturbances to heat pumps: what names one leaves the other.
        if of_one is None:
            await self._board.stop(**query)
        if not of_device and query.get("name") not in DEVICE_FAULTS:
            for heat_pump in self._chosen(of_one):
                heat_pump.disturbances.stop(query.get("name"), query.get("point"))
        return web.json_response(self._active())

    def _active(self) -> dict[str, Any]:
        disturbances = [
            {"heat_pump": name, **_finite(asdict(disturbance))}
            for name, x in self._heat_pumps.items()
            for disturbance in x.disturbances
        ]
        return {
            "active": [*disturbances, *self._board.active()],
            "disturbances": {
                name: _finite(asdict(kind)) for name, kind in KINDS.items() if self._heat_pumps
            },
            "device_faults": DEVICE_FAULTS,
            "heat_pumps": list(self._heat_pumps),
            "gateways": list(self._board.gateways),
        }

    def _disturb(self, wanted: _Wanted) -> None:
        self._require(wanted.name)
        for heat_pump in self._chosen(wanted.heat_pump):
            heat_pump.disturb(wanted.name, wanted.magnitude, wanted.point, wanted.severity)

    def _require(self, name: str) -> None:
        known = (*KINDS, *DEVICE_FAULTS) if self._heat_pumps else DEVICE_FAULTS
        if name not in known:
            raise DisturbanceError(f"no fault {name!r}; there are: {', '.join(known)}")

    def _chosen(self, name: str | None) -> Sequence[EmulatedHeatPump]:
        """Return one heat pump, or all."""
        if name is None:
            return list(self._heat_pumps.values())
        if name not in self._heat_pumps:
            known = ", ".join(self._heat_pumps)
            raise FaultError(f"no heat pump {name!r}; there are: {known}")
        return [self._heat_pumps[name]]


def _state_of(x: EmulatedHeatPump) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(x.time / MICROSECONDS, UTC).isoformat(),
        "truth": x.truth(),
        "ledger_kwh": x.ledger_kwh(),
        "residual_j": asdict(x.residual),
        "disturbances": [_finite(asdict(disturbance)) for disturbance in x.disturbances],
    }


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with None for NaN, which JSON does not have."""
    return {key: None if value != value else value for key, value in values.items()}
