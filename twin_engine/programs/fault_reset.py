"""Reset the fault of a controller and check on the fault point whether it is gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from heatpump_twin.config.catalogue import Point, PointTable
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.drivers.status import BAD_INVALID_STATE, GOOD, UNCERTAIN, is_bad
from heatpump_twin.twin_engine.commands.commands import CommandHandler
from heatpump_twin.twin_engine.image import Image
from heatpump_twin.twin_engine.verdict import Verdict
from heatpump_twin.twin_engine.wording import duration_text, sentences, value_text

RESET, FAULT, CODE = "fault_reset", "fault_active", "error_code"
PATIENCE = 10.0
"""How long a controller may take to clear a fault, polls included. [s]"""


class FaultReset:
    """Fault reset of every heat pump whose controller has a reset point."""

    def __init__(self, image: Image, commands: CommandHandler, patience: float = PATIENCE) -> None:
        self._image = image
        self._table: PointTable = image.table
        self._commands = commands
        self._patience = patience
        # One event for each request: two people may press the button of one heat pump at once.
        self._waiting: dict[asyncio.Event, int] = {}
        image.subscribe(self._note)

    def offered(self, asset: str) -> bool:
        """Tell whether a heat pump has a writable reset point and a fault point to check it by."""
        points = self._table.by_asset.get(asset, {})
        # Without the fault point nobody could tell whether the reset worked, and success would be
        # pretended: then the button is not offered.
        return RESET in points and points[RESET].limits is not None and FAULT in points

    async def reset(self, asset: str, *, user: str, origin: str) -> Verdict:
        """Write the reset point once and wait until the fault is gone, `PATIENCE` at most."""
        fault = self._table.by_asset[asset][FAULT]
        if self._value(fault) == 0.0:
            # The request is not sent: some controllers restart when they get it.
            return Verdict(
                GOOD, Text("There is no fault to reset.", Context.MESSAGES), read_back=0.0
            )
        result = await self._commands.write(f"{asset}.{RESET}", 1.0, user=user, origin=origin)
        if is_bad(result.status):
            return Verdict(result.status, result.message)
        active = await self._cleared(fault)
        if active == 0.0:
            return Verdict(GOOD, Text("The fault is cleared.", Context.MESSAGES), read_back=0.0)
        waited = duration_text(self._patience)
        # No value is not a failure: the controller may restart for the reset and be silent
        # meanwhile.
        if active is None:
            words = Phrase(
                "The reset was sent; whether the fault is gone is not known after {span}.",
                span=waited,
            )
            return Verdict(UNCERTAIN, words)
        words = Phrase(
            "The reset was sent, but the controller still reports a fault after {span}.",
            span=waited,
        )
        remedy = Text(
            "Its cause is still there, or it has to be reset at the unit.", Context.MESSAGES
        )
        return Verdict(
            BAD_INVALID_STATE, sentences([words, self._code(asset), remedy]), read_back=active
        )

    async def _cleared(self, fault: Point) -> float | None:
        """Wait until the fault point shows no fault or time is up; return its value then."""
        news = asyncio.Event()
        self._waiting[news] = fault.index
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    # The value is looked at before the first wait: a fast controller has cleared
                    # the fault while the write was read back, and no further frame need come.
                    while self._value(fault) != 0.0:
                        await news.wait()
                        news.clear()
        finally:
            del self._waiting[news]
        return self._value(fault)

    def _note(self, frame: Frame) -> None:
        for news, index in self._waiting.items():
            if index in frame.point:
                news.set()

    def _code(self, asset: str) -> str:
        point = self._table.by_asset[asset].get(CODE)
        value = self._value(point) if point else None
        if not point or not value:
            return ""
        return Phrase("Error code {code}.", code=value_text(point.spec, value))

    def _value(self, point: Point) -> float | None:
        index = point.index
        if is_bad(int(self._image.status[index])):
            return None
        return float(self._image.value[index])
