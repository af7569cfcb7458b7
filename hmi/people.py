"""Log people in and out; each has a token in the browser's signed cookie."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection

import structlog

from heatpump_twin.hmi import texts
from heatpump_twin.hmi.browsing.shared_units import SharedUnits
from heatpump_twin.hmi.endpoint import Credentials, Endpoint
from heatpump_twin.hmi.errors import LoginRefusedError
from heatpump_twin.hmi.person import Person, TwinLink
from heatpump_twin.hmi.taste import Taste

logger = structlog.stdlib.get_logger(__name__)

_TOKEN_BYTES, _RUN_BYTES = 32, 8
_DOT = "."
_SWEEP = 5.0
_LONGEST = 1_024
"""Of a name and a password together. [characters]"""

RELOAD = "reload"
"""Farewell to a session that another one has replaced: its pages have to be loaded again."""


class People:
    """People who are logged in; one who is idle for too long is logged out.

    Parameters
    ----------
    kiosk_users
        Names of those who stay, and may only look.
    """

    def __init__(
        self, endpoint: Endpoint, idle_timeout: float, kiosk_users: Collection[str] = ()
    ) -> None:
        self._endpoint, self._shared = endpoint, SharedUnits()
        # Part of each token: one of an earlier run of this process can be told from one that has
        # ended in this.
        self._run = secrets.token_urlsafe(_RUN_BYTES)
        self._idle_timeout, self._kiosk_users = idle_timeout, frozenset(kiosk_users)
        self._people: dict[str, Person] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def log_in(self, user: str, password: str, browser: str, taste: Taste) -> str:
        """Open a session as this person, at a browser's address; return the browser's token.

        Pages and server speak their language to them.

        Raises
        ------
        LoginRefusedError, TwinUnreachableError
            With a sentence for the login page.
        """
        # Neither can have been given to anybody, and the server could not be asked about them.
        if "\0" in user + password or len(user) + len(password) > _LONGEST:
            raise LoginRefusedError(texts.WRONG_LOGIN)
        person = Person(
            self._endpoint,
            self._shared,
            Credentials(user, password, browser),
            taste,
            looks_only=user in self._kiosk_users,
        )
        await person.log_in(on_end=self._forget)
        # A new one for each login and nothing about the person in it: a stolen cookie is worth
        # nothing after the log-out.
        token = f"{self._run}{_DOT}{secrets.token_urlsafe(_TOKEN_BYTES)}"
        self._people[token] = person
        self.touch(person)
        logger.info("logged_in", user=user)
        return token

    def find(self, token: str | None) -> Person | None:
        """Return the person of a token; None: not logged in any more."""
        person = self._people.get(token or "")
        return person if person and person.link is not TwinLink.CLOSED else None

    def farewell(self, token: str | None) -> str:
        """Return why a token is worth nothing: a key of `texts.FAREWELL`; empty: not known."""
        if not token:
            return ""
        return "" if token.startswith(self._run + _DOT) else "restarted"

    async def suit(self, token: str | None, taste: Taste) -> None:
        """Suit a person's taste from now on; their pages load themselves again.

        Raises
        ------
        LoginRefusedError, TwinUnreachableError
            They go on as before.
        """
        person = self.find(token)
        if person is None or token is None or person.taste.code == taste.code:
            return
        # A session of its own: the server has said all titles in the language of the one before,
        # and all that is known of it is in the units of before.
        again = person.with_taste(taste)
        await again.log_in(on_end=self._forget)
        self._people[token] = again
        self.touch(again)
        await person.close(RELOAD)

    def touch(self, person: Person) -> None:
        """Note that a person was active just now."""
        person.last_active = asyncio.get_running_loop().time()

    async def log_out(self, token: str | None, farewell: str = "") -> None:
        """Close a person's session; all their pages return to the login page."""
        person = self._people.pop(token or "", None)
        if person is not None:
            logger.info("logged_out", user=person.name)
            await person.close(farewell)

    def start(self) -> None:
        """Start to log out people who are idle."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Log everybody out."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        # Together: each may wait for a dead server, and the process has two seconds.
        await asyncio.gather(*(self.log_out(token) for token in list(self._people)))

    def _forget(self, person: Person) -> None:
        for token in [token for token, who in self._people.items() if who is person]:
            del self._people[token]

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(_SWEEP, self._idle_timeout / 4))
            for token, person in list(self._people.items()):
                idle = loop.time() - person.last_active > self._idle_timeout
                # Nobody touches a screen on a wall, and nobody can do anything there.
                if idle and not person.looks_only:
                    await self.log_out(token, "idle")
