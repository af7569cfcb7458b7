"""Session of one person who is logged in: an OPC UA session for all their browser tabs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import structlog
from asyncua import Client, ua

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.alarm_acts import AlarmAct
from heatpump_twin.hmi.alarms.alarm_feed import AlarmFeed
from heatpump_twin.hmi.alarms.alarm_list import AlarmList
from heatpump_twin.hmi.alarms.condition_report import Alarm
from heatpump_twin.hmi.browsing.address_reader import AddressReader
from heatpump_twin.hmi.browsing.method_reader import allowed_methods
from heatpump_twin.hmi.browsing.point_book import PointBook
from heatpump_twin.hmi.browsing.shared_units import KnownUnits, SharedUnits
from heatpump_twin.hmi.browsing.site_browser import SiteBrowser
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.calls import call as call_method
from heatpump_twin.hmi.endpoint import Credentials, Endpoint, hang_up
from heatpump_twin.hmi.errors import LoginRefusedError, TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import (
    HeatPumpModel,
    HeatPumpSummary,
    MethodModel,
    SiteModel,
)
from heatpump_twin.hmi.live import LiveValues
from heatpump_twin.hmi.taste import Taste

logger = structlog.stdlib.get_logger(__name__)

_HEARTBEAT = 1.0
_HEARTBEAT_TIMEOUT = 2.5
_MISSES = 3
_RETRY_FIRST, _RETRY_LAST = 0.5, 5.0
_FAILURES = (OSError, TimeoutError, ua.UaError)


class TwinLink(StrEnum):
    """State of the link between this person's session and the twin."""

    CONNECTED = "connected"
    LOST = "lost"
    CLOSED = "closed"


class View(Protocol):
    """Protocol of what lives on a session and is set up again on the next one."""

    async def attach(self, client: Client) -> None:
        """Set the view up on a fresh session; return when it shows what is so now."""
        ...

    def detach(self) -> None:
        """Forget the session, which is gone."""
        ...

    @property
    def is_broken(self) -> bool:
        """Whether it hears nothing any more, although the session lives."""
        ...


class Person:
    """A person with an OPC UA session, kept alive until log-out."""

    def __init__(
        self,
        endpoint: Endpoint,
        shared: SharedUnits,
        credentials: Credentials,
        taste: Taste,
        *,
        looks_only: bool = False,
    ) -> None:
        self.name = credentials.user
        self.language = taste.language
        """What the pages, and the server, speak to this person."""
        self.taste = taste
        self.looks_only = looks_only
        """Whether they may do nothing, whatever their role is: a screen that nobody guards."""
        self.units: tuple[HeatPumpSummary, ...] = ()
        self.site = SiteModel()
        self.alarms = AlarmList()
        self.link = TwinLink.LOST
        self.farewell = ""
        """Why the session ended: a key of ``texts.FAREWELL``."""
        self.logged_in: datetime | None = None
        """When the present session was opened, by the server's clock; None: there was none yet."""
        self.beats = 0
        """Signs of life from the server; a page that sees none for 5 s greys its values."""
        self.last_active = 0.0
        self._endpoint, self._shared = endpoint, shared
        self._credentials = credentials
        self._client: Client | None = None
        self._feed = AlarmFeed(self.alarms)
        self.values = LiveValues()
        # Rows of alarms that name a variable are told again once it is known.
        self.points = PointBook(told=self.alarms.renew, read_as=taste.units.of)
        self._known: KnownUnits | None = None
        self._views: tuple[View, ...] = (self._feed, self.values, self.points)
        self._task: asyncio.Task[None] | None = None
        self._server_time: tuple[datetime, float] | None = None

    async def log_in(self, on_end: Callable[[Person], None]) -> None:
        """Open the session and keep it alive; ``on_end`` is called if it cannot be rebuilt.

        Raises
        ------
        LoginRefusedError, TwinUnreachableError
            Nothing was opened.
        """
        await self._connect()
        self._task = asyncio.create_task(self._stay_connected(on_end))

    def with_taste(self, taste: Taste) -> Person:
        """Return the same person, not logged in yet, who reads another language or other units."""
        return Person(
            self._endpoint, self._shared, self._credentials, taste, looks_only=self.looks_only
        )

    async def close(self, farewell: str = "") -> None:
        """Log out."""
        self.link, self.farewell = TwinLink.CLOSED, farewell
        if self._task is not None:
            self._task.cancel()
        client, self._client = self._client, None
        for view in self._views:
            view.detach()
        if client is not None:
            await _disconnect(client)

    def say(self, text: str) -> str:
        """Return a text of ours in this person's language."""
        return self.language.words(text)

    async def open_unit(self, identifier: str) -> HeatPumpModel | None:
        """Return all of a heat pump, with the methods that this person may call; None: no such.

        Raises
        ------
        TwinUnreachableError
            It cannot be asked for now.
        """
        summary = next((unit for unit in self.units if unit.id == identifier), None)
        if summary is None or self._known is None:
            return None
        reader = AddressReader(self.client)
        try:
            unit = self.taste.units.of_pump(await self._known.unit(reader, summary))
            methods = {} if self.looks_only else await allowed_methods(reader, unit.methods)
            return replace(unit, methods=methods)
        except _FAILURES as error:
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE) from error

    async def tiles(self, pumps: Sequence[HeatPumpSummary]) -> list[HeatPumpSummary]:
        """Return heat pumps with all that the site shows of them.

        Raises
        ------
        TwinUnreachableError
            They cannot be asked for now.
        """
        known = self._known
        try:
            return await known.tiles(AddressReader(self.client), pumps) if known else []
        except _FAILURES as error:
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE) from error

    def now(self) -> datetime:
        """Return the twin's own time, carried on since it was last heard."""
        if self._server_time is None:
            # Never this machine's clock: it may differ from the server's.
            return datetime.fromtimestamp(0, UTC)
        time, heard = self._server_time
        return time + timedelta(seconds=asyncio.get_running_loop().time() - heard)

    @property
    def client(self) -> Client:
        """Return the connected client.

        Raises
        ------
        TwinUnreachableError
            There is no connection just now.
        """
        if self._client is None or self.link is not TwinLink.CONNECTED:
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE)
        return self._client

    async def read(self, nodes: Mapping[str, ua.NodeId]) -> dict[str, Any]:
        """Read some variables once, by name; none while there is no connection."""
        try:
            values = await self.client.uaclient.read_attributes(
                list(nodes.values()), ua.AttributeIds.Value
            )
        except (TwinUnreachableError, *_FAILURES):
            return {}
        return {
            name: data.Value.Value if data.Value is not None else None
            for name, data in zip(nodes, values, strict=True)
        }

    async def call(self, method: MethodModel, *values: float | str | datetime) -> Outcome:
        """Call a method of a heat pump as this person."""
        # Not offered, and refused as well: what a browser sends is none of ours.
        if self.looks_only:
            return Outcome(False, texts.READ_ONLY)
        try:
            return await call_method(self.client, method, *values)
        except TwinUnreachableError as error:
            return Outcome(False, error.text)

    def may(self, alarm: Alarm) -> list[str]:
        """Return what this person can do about an alarm now: keys of ``texts.ALARM_ACTS``."""
        return [] if self.looks_only else self._feed.may(alarm)

    def is_known_what_may(self, alarm: Alarm) -> bool:
        """Tell whether `may` is all that there is: at first the server has not said it yet."""
        return self.looks_only or self._feed.is_known_what_may(alarm)

    async def act(self, alarm: Alarm, act: AlarmAct) -> Outcome:
        """Do something about an alarm as this person."""
        if self.looks_only:
            return Outcome(False, texts.READ_ONLY)
        try:
            return await self._feed.act(self.client, alarm, act)
        except TwinUnreachableError as error:
            return Outcome(False, error.text)

    async def find_put_away(self) -> None:
        """Have what nobody is told of in the list of alarms, too.

        Raises
        ------
        TwinUnreachableError, OSError, TimeoutError, ua.UaError
            It cannot be asked for now.
        """
        devices = [*(unit.node for unit in self.units), *self.site.devices]
        await self._feed.find_put_away(self.client, devices)

    async def _connect(self) -> None:
        client = await self._endpoint.connect(self._credentials, self.language.code)
        try:
            await self._look_around(AddressReader(client))
            for view in self._views:
                await view.attach(client)
            # Last: this sign of life is what makes pages fresh again, and by now they are.
            await self._hear(client)
        except _FAILURES as error:
            logger.warning("session_unusable", user=self.name, error=repr(error))
            for view in self._views:
                view.detach()
            await _disconnect(client)
            raise TwinUnreachableError(texts.TWIN_UNREACHABLE) from error
        except asyncio.CancelledError:
            # Whoever logs out meanwhile leaves no connection behind.
            hang_up(client)
            raise
        self._client, self.link, self.logged_in = client, TwinLink.CONNECTED, self.now()

    async def _look_around(self, reader: AddressReader) -> None:
        """Read what there is: the site as it is now, its heat pumps from what all sessions know."""
        browser = SiteBrowser(reader)
        pumps = await browser.pumps()
        site, folder = await browser.site()
        self.site = self.taste.units.of_site(site)
        mark = await browser.mark(pumps, folder)
        self._known = self._shared.of(mark, self.language.code)
        summaries = await self._known.summaries(reader, pumps)
        self.units = tuple(map(self.taste.units.of_pump, summaries))
        known = [
            *self.site.variables.values(),
            *(v for u in self.units for v in u.variables.values()),
        ]
        self.points.begin(known[0].node.NamespaceIndex if known else 0, known)

    async def _stay_connected(self, on_end: Callable[[Person], None]) -> None:
        try:
            while True:
                await self._listen()
                await self._lose()
                await self._reconnect()
        # The password was changed or the account removed meanwhile: trying again would lock it.
        except LoginRefusedError:
            self.link, self.farewell = TwinLink.CLOSED, "again"
            on_end(self)
        except Exception:
            logger.exception("session_failed", user=self.name)
            self.link, self.farewell = TwinLink.CLOSED, "again"
            on_end(self)

    async def _listen(self) -> None:
        """Read the server's clock every second; return when it has not answered three times."""
        misses = 0
        while misses < _MISSES:
            client = self._client
            if client is None or any(view.is_broken for view in self._views):
                return
            try:
                await self._hear(client)
                misses = 0
            # The connection itself is gone: there is no use in counting.
            except ConnectionError:
                return
            except _FAILURES:
                misses += 1
            await asyncio.sleep(_HEARTBEAT)

    async def _hear(self, client: Client) -> None:
        """Read the server's clock: the proof that it is alive and answers this session."""
        # One read proves connection, session and server at once, and gives the clock that pages
        # show.
        async with asyncio.timeout(_HEARTBEAT_TIMEOUT):
            node = client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime)
            time = await node.read_value()
        self._server_time = (
            time if time.tzinfo else time.replace(tzinfo=UTC),
            asyncio.get_running_loop().time(),
        )
        self.beats += 1

    async def _lose(self) -> None:
        logger.warning("session_lost", user=self.name)
        self.link = TwinLink.LOST
        client, self._client = self._client, None
        for view in self._views:
            view.detach()
        if client is not None:
            await _disconnect(client)

    async def _reconnect(self) -> None:
        delay = _RETRY_FIRST
        while True:
            await asyncio.sleep(delay)
            try:
                await self._connect()
            except TwinUnreachableError:
                # Quick at first, since a restart takes seconds; then slower, as many browsers may
                # be waiting.
                delay = min(2 * delay, _RETRY_LAST)
            else:
                logger.info("session_rebuilt", user=self.name)
                return


async def _disconnect(client: Client) -> None:
    """Close what can be closed of a session; a dead server must not hold us up."""
    try:
        async with asyncio.timeout(1.0):
            await client.disconnect()
    except _FAILURES as error:
        logger.debug("disconnect_incomplete", error=repr(error))
    finally:
        hang_up(client)
