"""Go through a stretch: let rules, events and settings look where something can have changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heatpump_twin.rules.sight import Sight, Told
from heatpump_twin.rules.stretch import Stretch


def reviewed(
    stretch: Stretch,
    sights: Sequence[Sight],
    now: int,
    attempt: Callable[[Sight, int], Sequence[Told]],
) -> list[Told]:
    """Return all that is told after a time until the end of a stretch. [µs]

    Where several have to look at one moment they do so in their order.

    Parameters
    ----------
    attempt : callable
        Lets one look at a moment; returns what it tells.
    """
    found: list[Told] = []
    following = [sight.next(now) for sight in sights]
    while (moment := min(following)) <= stretch.end:
        stretch.show(moment)
        for place, sight in enumerate(sights):
            # Asked again: an alarm before it may have been raised, which explains it.
            if following[place] <= moment or (sight.depends and sight.next(now) <= moment):
                found += attempt(sight, moment)
                following[place] = sight.next(moment)
        for place, sight in enumerate(sights):
            if sight.depends:
                following[place] = sight.next(moment)
        now = moment
    stretch.leave()
    for sight in sights:
        sight.leave()
    return found
