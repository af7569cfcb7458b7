"""Pages that have lost their socket: how long each is kept for its browser to come back."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from nicegui import Client

from heatpump_twin.hmi.person import Person

_KEPT = 4
"""Pages of one person that are kept at a time. Who loses the network comes back to as many at once,
and loads the others again."""
_SOON = 1.0
"""How long the others are kept. [s]"""


class LeftPages:
    """Pages without a socket, by person.

    The library keeps each for as long as a browser may need to come back. Who goes from page to
    page, or loads one again and again, leaves one behind each time: within those seconds they
    would be as many as a person can load, some hundred kilobytes each.
    """

    def __init__(self) -> None:
        self._left: WeakKeyDictionary[Person, set[str]] = WeakKeyDictionary()

    def watch(self, person: Person, client: Client) -> None:
        """Decide about a page whenever it loses its socket."""
        client.on_disconnect(lambda: self._leave(person, client))
        client.on_connect(lambda: self._come_back(person, client))
        client.on_delete(lambda: self._come_back(person, client))

    def _leave(self, person: Person, client: Client) -> None:
        if client.has_socket_connection:
            return  # it was an old socket of a page that has come back
        left = self._left.setdefault(person, set())
        left.add(client.id)
        # None: as the library is told for all pages. This page's own: the shell has copied it.
        client.page.reconnect_timeout = None if len(left) <= _KEPT else _SOON

    def _come_back(self, person: Person, client: Client) -> None:
        self._left.get(person, set()).discard(client.id)
