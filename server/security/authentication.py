"""Authentication: check passwords in threads, and throttle guessing."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from weakref import WeakValueDictionary

import structlog

from heatpump_twin.server.security.users import User, UserStore

log = structlog.stdlib.get_logger(__name__)

FREE_ATTEMPTS = 5
FREE_ATTEMPTS_OF_A_HOST = 50
"""A host may be a gateway, behind which are many people."""

FIRST_DELAY = 1.0
MAX_DELAY = 300.0
FORGOTTEN_AFTER = 900.0
REMEMBERED = 4096
"""Keys that the brake remembers: bounds what an attacker can make it store."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class Throttle:
    """A throttle that counts failures per key: after a few, it waits 1 s, 2 s, 4 s … 5 min."""

    def __init__(self, free_attempts: int, monotonic: Callable[[], float]) -> None:
        self._free_attempts = free_attempts
        self._monotonic = monotonic
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, key: str) -> float:
        """Return how long a key has to wait until it may try to log in; 0: it may now. [s]"""
        entry = self._failures.get(key)
        if entry is None:
            return 0.0
        surplus = entry.count - self._free_attempts
        if surplus < 0:
            return 0.0
        # The exponent is bounded: 2.0 ** 1024 is an OverflowError.
        delay = min(FIRST_DELAY * 2.0 ** min(surplus, 16), MAX_DELAY)
        return max(delay - (self._monotonic() - entry.last), 0.0)

    def failed(self, key: str) -> None:
        """Count a failed login of a key."""
        now = self._monotonic()
        # Taken out and put back, so that the order is by the latest failure, and the oldest goes
        # first.
        entry = self._failures.pop(key, None)
        if entry is None or now - entry.last > FORGOTTEN_AFTER:
            entry = _Failures()
        entry.count += 1
        entry.last = now
        self._failures[key] = entry
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key after a login."""
        self._failures.pop(key, None)


class Authenticator:
    """The authenticator that checks user names and passwords for sessions."""

    def __init__(self, users: UserStore, monotonic: Callable[[], float]) -> None:
        self._users = users
        self._names = Throttle(FREE_ATTEMPTS, monotonic)
        self._hosts = Throttle(FREE_ATTEMPTS_OF_A_HOST, monotonic)
        # Two threads: checking is slow by design, and must leave the machine its other work.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="password")
        self._waiting = asyncio.Semaphore(32)
        self._one_by_one: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """What the attempts of a name from a host wait for, while there are any."""
        self._proven: OrderedDict[str, None] = OrderedDict()
        """Names that have logged in, each with its host."""
        self.failures = 0
        """Logins refused since the start."""

    async def login(self, name: str, password: str, host: str) -> User | None:
        """Return the user, or None: unknown, wrong password, or too many failures just now."""
        # A name counts per host: guessing elsewhere must not lock a person out of their desk. Nor
        # must guesses of other names at the same desk, once the person has logged in there.
        key = f"{name}@{host}"
        # Refused at once, with the password unread: who waits for a thread holds a connection.
        if self._waiting.locked() or self.wait(name, host) > 0.0:
            self._throttled(name, host)
            return None
        async with self._waiting, self._one_by_one.setdefault(key, asyncio.Lock()):
            # Those that came at once may have failed meanwhile: so many guesses are no fewer.
            if self.wait(name, host) > 0.0:
                self._throttled(name, host)
                return None
            user = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._users.verify, name, password
            )
            self._note(user, key, host)
        if user is None:
            self.failures += 1
            log.warning("login failed", user=name, host=host)
        return user

    def wait(self, name: str, host: str) -> float:
        """Return for how long attempts of a name at a host are refused unread; 0: not now. [s]"""
        # Worth nothing to who guesses: such a refusal comes at once, and a checked one does not.
        key = f"{name}@{host}"
        of_host = 0.0 if key in self._proven else self._hosts.wait(host)
        return max(self._names.wait(key), of_host)

    def _throttled(self, name: str, host: str) -> None:
        self.failures += 1
        log.warning("login throttled", user=name, host=host)

    def _note(self, user: User | None, key: str, host: str) -> None:
        if user is None:
            self._names.failed(key)
            self._hosts.failed(host)
            return
        # Only the name is forgiven. A host that guesses many names could use one login of its own
        # to begin anew.
        self._names.succeeded(key)
        self._prove(key)

    def _prove(self, key: str) -> None:
        self._proven[key] = None
        self._proven.move_to_end(key)
        if len(self._proven) > REMEMBERED:
            self._proven.popitem(last=False)

    def current(self, user: User) -> User | None:
        """Return a logged-in user as the user file has them now; None: removed."""
        return self._users.find(user.name)

    def close(self) -> None:
        """Stop the threads that check passwords."""
        self._threads.shutdown(wait=False, cancel_futures=True)
