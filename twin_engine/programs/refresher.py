"""Write overridden settings again and again, where the device falls back by itself."""

from __future__ import annotations

from collections.abc import Mapping

from heatpump_twin.drivers.clock import MICROSECONDS, Clock
from heatpump_twin.drivers.protocol import RefreshDuty
from heatpump_twin.twin_engine.programs.override_book import OverrideBook


class Refresher:
    """Refresher of the overrides of devices that keep a value for a time only.

    Such as SG Ready and PV surplus inputs, which expect a sign of life of the energy manager. What
    is released, or brought back by hand, is left alone from then on. After a restart of the twin an
    override is written anew as soon as the wear of the device allows.
    """

    def __init__(self, overrides: OverrideBook, clock: Clock) -> None:
        self._overrides = overrides
        self._clock = clock
        self._duties: dict[str, RefreshDuty] = {}
        self._first_seen: dict[str, int] = {}
        """When an override of an earlier run was found, by key. [µs since the Unix epoch]"""

    def add(self, duties: Mapping[str, RefreshDuty]) -> None:
        """Add duties, by ``asset.point``."""
        self._duties.update(duties)

    def remove(self, asset: str) -> None:
        """Remove the duties of a heat pump."""
        for key in [key for key in self._duties if key.startswith(f"{asset}.")]:
            del self._duties[key]
            self._first_seen.pop(key, None)

    async def tick(self) -> None:
        """Write what is due. Called about once a second."""
        for key, duty in list(self._duties.items()):
            if not self._overrides.holds(key):
                self._first_seen.pop(key, None)
            # The clock may have been set back: that must not silence it until it is late again.
            elif abs(self._clock.now() - self._last(key, duty)) >= duty.every * MICROSECONDS:
                await self._overrides.refresh(key)

    def _last(self, key: str, duty: RefreshDuty) -> int:
        """Return when a value was written last, as far as the wear of the device is concerned."""
        last = self._overrides.last_write(key)
        if last is not None:
            return last
        # When the run before wrote it is not known: no sooner than the device's memory allows.
        first_seen = self._first_seen.setdefault(key, self._clock.now())
        return first_seen - round((duty.every - duty.wear) * MICROSECONDS)
