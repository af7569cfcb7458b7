"""Places for sessions: how many there are for whom, and who gives way (OPC 10000-4, 5.7.2).

A session that vanished clients left behind, or a host that opens as many as it can, must not keep
anybody else out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Protocol, TypeVar

from asyncua import ua
from asyncua.common.utils import ServiceError


class Guest(IntEnum):
    """Who a session is for, the least first."""

    ANONYMOUS = 0
    NAMED = 1
    HMI = 2


class Placed(Protocol):
    """A session that has a place."""

    @property
    def guest(self) -> Guest:
        """Who it is for."""
        ...

    @property
    def host(self) -> str:
        """Where its client is."""
        ...

    @property
    def abandoned(self) -> bool:
        """Whether its connection is gone."""
        ...

    @property
    def silent_since(self) -> float:
        """When its client was last heard, of a monotonic clock. [s]"""
        ...


P = TypeVar("P", bound=Placed)


class Places:
    """The places of all sessions that are activated.

    Three in ten are kept for named users, one in ten of all for the HMI alone.
    """

    def __init__(self, total: int) -> None:
        self._most = {
            Guest.ANONYMOUS: total - total * 3 // 10,
            Guest.NAMED: total - total // 10,
            Guest.HMI: total,
        }

    def giving_way(self, guest: Guest, host: str, sessions: Sequence[P]) -> P | None:
        """Return the session that gives way to a new one; None: there is a place.

        First those without a connection, then those of lesser guests, then, among anonymous ones,
        one of the host that has the most.

        Raises
        ------
        ServiceError
            BadTooManySessions: there is no place, and nobody who would give way.
        """
        rivals = [session for session in sessions if session.guest <= guest]
        if len(rivals) < self._most[guest]:
            return None
        ranked = sorted(rivals, key=lambda s: (s.guest, s.silent_since))
        found = next((s for s in ranked if s.abandoned), None)
        found = found or next((s for s in ranked if s.guest < guest), None)
        if found is None and guest is Guest.ANONYMOUS:
            found = _of_greediest(ranked, host)
        if found is None:
            raise ServiceError(ua.StatusCodes.BadTooManySessions)
        return found


def _of_greediest(ranked: Sequence[P], host: str) -> P | None:
    """Return the first session of the host that has the most; None: the newcomer's has as many."""
    greediest = greediest_host(session.host for session in ranked)
    own = sum(session.host == host for session in ranked)
    if sum(session.host == greediest for session in ranked) <= own + 1:
        return None
    return next(session for session in ranked if session.host == greediest)


def greediest_host(hosts: Iterable[str]) -> str:
    """Return the host that is named most often; the first one of several."""
    return Counter(hosts).most_common(1)[0][0]
