"""Session of one person who is logged in: an OPC UA session for all their browser tabs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

import structlog
from asyncua import Client, ua

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.alarms.alarm_feed import AlarmFeed, Shelving
from heatpump_twin.hmi.alarms.alarm_list import Alarm, AlarmList
from heatpump_twin.hmi.calls import Outcome
from heatpump_twin.hmi.calls import call as call_method
from heatpump_twin.hmi.endpoint import Credentials, Endpoint
from heatpump_twin.hmi.errors import LoginRefusedError, TwinUnreachableError
from heatpump_twin.hmi.heat_pump_model import HeatPumpModel, MethodModel
from heatpump_twin.hmi.live import LiveValues
from heatpump_twin.hmi.site_browser import SiteBrowser

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

    def __init__(self, endpoint: Endpoint, credentials: Credentials, language: Language) -> None:
        self.name = credentials.user
        self.language = language
        """What the pages, and the server, speak to this person."""
        self.units: tuple[HeatPumpModel, ...] = ()
        self.alarms = AlarmList()
        self.link = TwinLink.LOST
        self.farewell = ""
        """Why the session ended: a key of ``texts.FAREWELL``."""
        self.beats = 0
        """Signs of life from the server; a page that sees none for 5 s greys its values."""
        self.last_active = 0.0
        self._endpoint = endpoint
        self._credentials = credentials
        self._client: Client | None = None
        self._feed = AlarmFeed(self.alarms)
        self.values = LiveValues()
        self._views: tuple[View, ...] = (self._feed, self.values)
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

    def speaking(self, language: Language) -> Person:
        """Return the same person, not logged in yet, who is spoken to in another language."""
        return Person(self._endpoint, self._credentials, language)

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

    def unit(self, identifier: str) -> HeatPumpModel | None:
        """Return a heat pump by its id."""
        return next((unit for unit in self.units if unit.id == identifier), None)

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

    async def call(self, method: MethodModel, *values: float | datetime) -> Outcome:
        """Call a method of a heat pump as this person."""
        try:
            return await call_method(self.client, method, *values)
        except TwinUnreachableError as error:
            return Outcome(False, error.text)

    def may_respond(self, alarm: Alarm) -> bool:
        """Tell whether this person can do now what an alarm wants."""
        return self._feed.may_respond(alarm)

    async def respond(self, alarm: Alarm, comment: str) -> Outcome:
        """Acknowledge, confirm or reset an alarm as this person: what it wants."""
        try:
            return await self._feed.respond(self.client, alarm, comment)
        except TwinUnreachableError as error:
            return Outcome(False, error.text)

    def may_put_away(self, alarm: Alarm) -> bool:
        """Tell whether this person can shelve an alarm now, or unshelve it."""
        return self._feed.may_put_away(alarm)

    async def put_away(self, alarm: Alarm, shelving: Shelving) -> Outcome:
        """Shelve an alarm as this person, or unshelve it."""
        try:
            return await self._feed.put_away(self.client, alarm, shelving)
        except TwinUnreachableError as error:
            return Outcome(False, error.text)

    async def _connect(self) -> None:
        client = await self._endpoint.connect(self._credentials, self.language.code)
        try:
            self.units = await SiteBrowser(client).units()
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
        self._client, self.link = client, TwinLink.CONNECTED

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
        time = await asyncio.wait_for(
            client.get_node(ua.ObjectIds.Server_ServerStatus_CurrentTime).read_value(),
            _HEARTBEAT_TIMEOUT,
        )
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
        await asyncio.wait_for(client.disconnect(), 1.0)
    except _FAILURES as error:
        logger.debug("disconnect_incomplete", error=repr(error))
        client.disconnect_socket()
