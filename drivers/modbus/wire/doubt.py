"""A doubt whether the next response of a unit is the one to the next request."""

from __future__ import annotations

from heatpump_twin.drivers.modbus.wire.request import Request


class Doubt:
    """A request whose response may still come, and what to ask until it cannot any more.

    ``answered`` is a read that the unit has answered before, where it has never answered the lost
    one: its registers may be those about which it keeps silent.
    """

    def __init__(self, lost: Request, answered: Request | None = None) -> None:
        place = answered or lost
        self.probes = lost.probes(place.table, place.address)
        if answered is not None:
            # Any answer from another table will do, also that there is none.
            self.probes.insert(0, self.probes.pop())
        """Reads whose responses cannot be taken for that to the lost request."""
        self._lost = lost

    def is_dispelled_by(self, response: bytes, probe: Request) -> bool:
        """Tell whether a response is certainly the one to a probe."""
        return self._lost.tells_apart(response, probe)
