"""A doubt whether the next response of a unit is the one to the next request."""

from __future__ import annotations

from heatpump_twin.drivers.modbus.wire.request import Request


class Doubt:
    """A request whose response may still come, and what to ask until it cannot any more.

    ``answered`` is a read that the unit has answered before.
    """

    def __init__(self, lost: Request, answered: Request | None = None) -> None:
        first, second, last = lost.probes(lost.table, lost.address)
        if answered is not None:
            # The registers of the lost request may be those that the unit never answers.
            second = lost.probes(answered.table, answered.address)[0]
        self.probes = [first, second, last]
        """Reads whose responses cannot be taken for that to the lost request."""
        self._lost = lost

    def is_dispelled_by(self, response: bytes, probe: Request) -> bool:
        """Tell whether a response is certainly the one to a probe."""
        return self._lost.tells_apart(response, probe)
