"""Keep the values of all pages of a person up to date by one OPC UA subscription."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import DataChangeEvent, StatusChangeEvent, Subscription

from heatpump_twin.hmi.heat_pump_model import Variable
from heatpump_twin.hmi.presentation import DisplayedValue

logger = structlog.stdlib.get_logger(__name__)

PERIOD = 100.0
"""Publishing interval: the shortest that the server has. [ms]"""
_QUEUE = 40_000
_FIRST_VALUES = 10.0
"""For all values of all pages to come once, after a reconnect. [s]"""
_AGAIN = 2.0
"""Before what the server has refused is asked for again. [s]"""


class PageValues:
    """Values of one page, and which of them changed since the page last looked."""

    def __init__(self, variables: Iterable[Variable]) -> None:
        self.variables: Mapping[str, Variable] = _by_key(variables)
        self.woken = asyncio.Event()
        """Set when there is something to take."""
        self._changed: dict[str, DisplayedValue] = {}

    def put(self, key: str, value: DisplayedValue) -> None:
        """Note the newest value of a variable."""
        self._changed[key] = value
        self.woken.set()

    def drop(self, key: str) -> None:
        """Forget what has come of a variable that the page does not show any more."""
        self._changed.pop(key, None)

    def take(self) -> dict[str, DisplayedValue]:
        """Return the values that changed since the last call, the latest of each."""
        changed, self._changed = self._changed, {}
        self.woken.clear()
        return changed


class _Watched:
    """Variable that pages watch."""

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.pages: list[PageValues] = []
        self.latest: DisplayedValue | None = None


class LiveValues:
    """Live values of a person: a subscription whose items are shared by the pages.

    It outlives connections: whoever owns the session attaches it again after a reconnect. One for
    all pages, since a server gives a session some twenty subscriptions, and a person may open more
    pages than that.
    """

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._items: dict[str, int] = {}
        """Handles of the monitored items that the subscription has, by key."""
        self._spares: list[int] = []
        """Those that it has, and no page wants."""
        self._tasks: list[asyncio.Task[None]] = []
        self._wanted = asyncio.Event()
        self._unheard: set[str] = set()
        """Keys without a value on this session."""
        self._complete = asyncio.Event()

    def open(self, page: PageValues) -> None:
        """Watch the variables of a page; what is known of them is there at once."""
        self._add(page, page.variables)

    def turn(self, page: PageValues, variables: Iterable[Variable]) -> None:
        """Watch other variables of an open page; of those that stay nothing is told again."""
        before, page.variables = page.variables, _by_key(variables)
        # What stays is never without a page: its latest value would be lost, and of what does not
        # change comes no other.
        self._add(page, {k: v for k, v in page.variables.items() if k not in before})
        self._remove(page, [key for key in before if key not in page.variables])

    def close(self, page: PageValues) -> None:
        """Watch the variables of a page no longer, unless another page has them too."""
        self._remove(page, page.variables)

    async def attach(self, client: Client) -> None:
        """Subscribe on a fresh session, and wait until every open page has its values.

        Raises
        ------
        OSError, TimeoutError, ua.UaError
            What the pages show may be old.
        """
        self.detach()
        subscription = await client.create_subscription(PERIOD, queue_maxsize=_QUEUE)
        self._unheard = set(self._watched)
        if self._unheard:
            self._complete.clear()
        self._wanted.set()
        self._tasks = [
            # Before the items are made: their first values come with the next publish.
            asyncio.create_task(self._read(subscription)),
            asyncio.create_task(self._keep(client, subscription)),
        ]
        async with asyncio.timeout(_FIRST_VALUES):
            await self._complete.wait()

    def detach(self) -> None:
        """Forget the subscription of a session that is gone."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []
        self._items.clear()
        self._spares.clear()
        self._unheard.clear()
        self._complete.set()

    @property
    def is_broken(self) -> bool:
        """Whether the server has ended the subscription of a living session."""
        return any(task.done() for task in self._tasks)

    def _add(self, page: PageValues, variables: Mapping[str, Variable]) -> None:
        for key, variable in variables.items():
            watched = self._watched.setdefault(key, _Watched(variable))
            if page in watched.pages:
                continue
            watched.pages.append(page)
            if watched.latest is not None:
                page.put(key, watched.latest)
        self._wanted.set()

    def _remove(self, page: PageValues, keys: Iterable[str]) -> None:
        for key in keys:
            page.drop(key)
            watched = self._watched.get(key)
            if watched is None or page not in watched.pages:
                continue
            watched.pages.remove(page)
            if not watched.pages:
                del self._watched[key]
                self._spare(key)
                self._hear(key)
        self._wanted.set()

    async def _keep(self, client: Client, subscription: Subscription) -> None:
        """Keep the monitored items those that the pages need."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._unwatch(subscription)
                await self._watch(client, subscription)
            # No page stays without its values because the server was busy once.
            except (OSError, TimeoutError, ua.UaError) as error:
                logger.warning("items_not_made", error=repr(error))
                await asyncio.sleep(_AGAIN)
                self._wanted.set()

    async def _unwatch(self, subscription: Subscription) -> None:
        if self._spares:
            handles, self._spares = self._spares, []
            await subscription.unsubscribe(handles)

    def _spare(self, key: str) -> None:
        # At once: a page that wants it again wants an item of its own, which begins with the value
        # as it is then.
        if key in self._items:
            self._spares.append(self._items.pop(key))

    async def _watch(self, client: Client, subscription: Subscription) -> None:
        missing = {k: w for k, w in self._watched.items() if k not in self._items}
        if not missing:
            return
        nodes = [client.get_node(watched.variable.node) for watched in missing.values()]
        results = await subscription.subscribe_data_change(nodes, sampling_interval=ua.Double(0.0))
        for key, result in zip(missing, results, strict=True):
            if isinstance(result, ua.StatusCode):
                # Gone with a reload, or not for this person: that is what the page shows.
                self._put(key, DisplayedValue(None, result.value, None))
                continue
            self._items[key] = result
            # Wanted no more, or by another page than then.
            if self._watched.get(key) is not missing[key]:
                self._spare(key)
                self._wanted.set()

    async def _read(self, subscription: Subscription) -> None:
        async for event in subscription:
            if isinstance(event, StatusChangeEvent):
                logger.warning("subscription_ended", status=str(event.notification.Status))
                return
            if isinstance(event, DataChangeEvent):
                key = str(event.node.nodeid.Identifier)
                watched = self._watched.get(key)
                # None: of an item that is just being removed.
                if watched is not None:
                    data = event.data.monitored_item.Value
                    self._put(key, DisplayedValue.of(data, watched.variable.measure))

    def _put(self, key: str, value: DisplayedValue) -> None:
        watched = self._watched.get(key)
        # Of an item that is just being removed.
        if watched is None:
            return
        watched.latest = value
        for page in watched.pages:
            page.put(key, value)
        self._hear(key)

    def _hear(self, key: str) -> None:
        self._unheard.discard(key)
        if not self._unheard:
            self._complete.set()


def _by_key(variables: Iterable[Variable]) -> dict[str, Variable]:
    return {variable.key: variable for variable in variables}
