"""Log people in and out; each has a token in the browser's signed cookie."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from heatpump_twin.config.translations import Language
from heatpump_twin.hmi import texts
from heatpump_twin.hmi.endpoint import Credentials, Endpoint
from heatpump_twin.hmi.errors import LoginRefusedError
from heatpump_twin.hmi.person import Person, TwinLink

logger = structlog.stdlib.get_logger(__name__)

_TOKEN_BYTES = 32
_SWEEP = 5.0
_LONGEST = 1_024
"""Of a name and a password together. [characters]"""


class People:
    """People who are logged in; one who is idle for too long is logged out.

    Parameters
    ----------
    language
        What the pages speak to strangers, and to people.
    """

    def __init__(self, endpoint: Endpoint, idle_timeout: float, language: Language) -> None:
        self.language = language
        self._endpoint = endpoint
        self._idle_timeout = idle_timeout
        self._people: dict[str, Person] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def log_in(self, user: str, password: str, browser: str) -> str:
        """Open a session as this person, at a browser's address; return the browser's token.

        Raises
        ------
        LoginRefusedError, TwinUnreachableError
            With a sentence for the login page.
        """
        # Neither can have been given to anybody, and the server could not be asked about them.
        if "\0" in user + password or len(user) + len(password) > _LONGEST:
            raise LoginRefusedError(texts.WRONG_LOGIN)
        person = Person(self._endpoint, Credentials(user, password, browser), self.language)
        await person.log_in(on_end=self._forget)
        # A new one for each login and nothing about the person in it: a stolen cookie is worth
        # nothing after the log-out.
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._people[token] = person
        self.touch(person)
        logger.info("logged_in", user=user)
        return token

    def find(self, token: str | None) -> Person | None:
        """Return the person of a token; None: not logged in any more."""
        person = self._people.get(token or "")
        return person if person and person.link is not TwinLink.CLOSED else None

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
                if loop.time() - person.last_active > self._idle_timeout:
                    await self.log_out(token, "idle")
