"""Places for sessions: who gives way to whom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError

from heatpump_twin.server.channel.places import Guest, Places


@dataclass
class Session:
    """A session as `Places` sees it."""

    guest: Guest
    host: str = "one"
    abandoned: bool = False
    silent_since: float = 0.0


ANONYMOUS, NAMED, HMI = Guest


def sessions(*groups: tuple[int, Session]) -> list[Session]:
    return [
        Session(s.guest, s.host, s.abandoned, s.silent_since + i)
        for count, s in groups
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("guest", "present"),
    [
        (ANONYMOUS, {ANONYMOUS: 6, NAMED: 3, HMI: 1}),
        (NAMED, {ANONYMOUS: 7, NAMED: 1, HMI: 2}),
        (HMI, {ANONYMOUS: 6, NAMED: 3}),
    ],
)
def test_where_there_is_a_place_nobody_gives_way(guest: Guest, present: dict[Guest, int]) -> None:
    others = sessions(*((count, Session(kind)) for kind, count in present.items()))
    assert Places(10).giving_way(guest, "one", others) is None


@pytest.mark.parametrize(
    ("guest", "present"),
    [(ANONYMOUS, {ANONYMOUS: 7}), (NAMED, {NAMED: 9}), (HMI, {HMI: 10})],
)
def test_places_are_kept_for_better_guests(guest: Guest, present: dict[Guest, int]) -> None:
    others = sessions(*((count, Session(kind)) for kind, count in present.items()))
    with pytest.raises(ServiceError) as refused:
        Places(10).giving_way(guest, "one", others)
    assert refused.value.code == ua.StatusCodes.BadTooManySessions


@pytest.mark.parametrize(
    ("guest", "present", "leaves"),
    [
        # Who is gone leaves first, anonymous before named, the longest silent before others.
        (
            NAMED,
            [(6, Session(ANONYMOUS)), (3, Session(NAMED, abandoned=True, silent_since=-9.0))],
            (NAMED, "one", -9.0),
        ),
        (
            NAMED,
            [(1, Session(ANONYMOUS, abandoned=True)), (8, Session(NAMED, abandoned=True))],
            (ANONYMOUS, "one", 0.0),
        ),
        (ANONYMOUS, [(7, Session(ANONYMOUS, abandoned=True, silent_since=3))], (0, "one", 3)),
        # Who is there leaves for a better guest only …
        (NAMED, [(6, Session(ANONYMOUS)), (3, Session(NAMED))], (ANONYMOUS, "one", 0.0)),
        (HMI, [(4, Session(NAMED)), (6, Session(HMI))], (NAMED, "one", 0.0)),
        # … or, of the host with the most, for another host.
        (
            ANONYMOUS,
            [(2, Session(ANONYMOUS, "two")), (5, Session(ANONYMOUS, "three", silent_since=5))],
            (ANONYMOUS, "three", 5.0),
        ),
    ],
)
def test_who_gives_way(
    guest: Guest, present: list[tuple[int, Session]], leaves: tuple[Guest, str, float]
) -> None:
    found = Places(10).giving_way(guest, "newcomer", sessions(*present))
    assert found is not None
    assert (found.guest, found.host, found.silent_since) == leaves


def test_a_host_takes_no_place_from_one_that_has_as_many() -> None:
    present = sessions((3, Session(ANONYMOUS, "two")), (4, Session(ANONYMOUS, "three")))
    with pytest.raises(ServiceError):
        Places(10).giving_way(ANONYMOUS, "two", present)
