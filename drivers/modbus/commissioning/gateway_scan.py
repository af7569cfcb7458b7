"""Scan a gateway: which units answer and which profile fits each, by reading only, and politely.

One request at a time, of one value each, with a pause after every response, within a limit of
requests and of time.

A unit *answers* when anything comes back that only a device can have sent: data, or an exception
other than those that gateways send themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from heatpump_twin.drivers.modbus.commissioning.answering_pattern import (
    WILD,
    SampledWords,
    any_address,
    noise,
    pattern,
)
from heatpump_twin.drivers.modbus.commissioning.device_access import RegisterSpan, read_words
from heatpump_twin.drivers.modbus.commissioning.profile_fit import Fit, sampled, spread
from heatpump_twin.drivers.modbus.profile.profile import Profile, ProfilePoint, Space
from heatpump_twin.drivers.modbus.wire.link import ModbusLink, NotSentError, is_unreachable
from heatpump_twin.drivers.modbus.wire.request import ModbusExceptionError
from heatpump_twin.drivers.protocol import LinkError

_FIRST_LOOK = 4
"""A profile of whose first points the device has none is not looked at further."""
_ILLEGAL_FUNCTION = 1
"""Exception code (Application Protocol V1.1b3, 7)."""
_AGAIN = 8
"""Places that are read a second time, to tell a random server."""
_RECONNECT = 1.0
"""Time that a gateway gets to take a new connection after it dropped one. [s]"""


@dataclass(slots=True)
class UnitReport:
    """The report on one unit id: whether it answers, and the profiles that fit it, best first."""

    unit: int
    answers: bool
    said: str
    fits: list[Fit] = field(default_factory=list)
    strange: str = ""
    """Why nothing can be told from what it answers."""

    @property
    def recognized(self) -> list[Fit]:
        """The profiles that can be the right one, best first; none: it cannot be told."""
        return [] if self.strange else [fit for fit in self.fits if fit.is_good]


@dataclass(slots=True)
class ScanReport:
    """The report of a scan: what it has found so far."""

    units: list[UnitReport] = field(default_factory=list)
    ended: str = ""
    """Why the scan did not come to its end."""
    requests: int = 0
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)
    """What was odd about the line, in sentences."""

    @property
    def answering(self) -> list[UnitReport]:
        """The units that answer."""
        return [unit for unit in self.units if unit.answers]


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """The limits of a scan: most requests, longest time, and the pause between requests."""

    timeout: float
    """Longest time to a response. [s]"""
    pause: float
    """Silence after a response. [s]"""
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ScanStep:
    """How far a scan has come."""

    doing: str
    done: int
    total: int


class _RequestsSpentError(Exception):
    """The scan has made as many requests as it may."""


class Scan:
    """One scan of one link. `report` holds what is known, also while it runs."""

    def __init__(
        self,
        link: ModbusLink,
        units: Sequence[int],
        profiles: Mapping[str, Profile],
        limits: ScanLimits,
        tell: Callable[[ScanStep], None],
    ) -> None:
        self.report = ScanReport()
        self._link = link
        self._units = units
        self._profiles = profiles
        self._limits = limits
        self._tell = tell

    async def run(self) -> None:
        """Look for units, then for the profiles that fit them.

        Raises `NotSentError` if nothing listens at all.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        # However it ends, the report holds what is known: a scan may have taken minutes.
        try:
            async with asyncio.timeout(self._limits.seconds):
                await self._look()
        except _RequestsSpentError:
            self.report.ended = f"it has made the {self._limits.requests} requests that it may"
        except TimeoutError:
            self.report.ended = f"the {self._limits.seconds:g} s that it may take are over"
        except NotSentError as error:
            if not self.report.units:
                raise
            self.report.ended = str(error)
        finally:
            self.report.seconds = loop.time() - began
            self.report.remarks = self._link.oddities.remarks()

    async def _look(self) -> None:
        # All units before any profile: who answers is the first question, and quickly told.
        for done, unit in enumerate(self._units):
            self._tell(ScanStep(f"looking for unit {unit}", done, len(self._units)))
            self.report.units.append(await self._probe(unit))
        for found in self.report.answering:
            await _Fitting(found, self._profiles, self._ask, self._tell).run()

    async def _probe(self, unit: int) -> UnitReport:
        """Ask a unit for holding register 0 and, if it is silent, for input register 0.

        A gateway that says that it does not reach a unit need not be asked twice.
        """
        # Any answer of the device will do, also that it has no register 0: exception 1 or 2 shows
        # that it is there.
        said = ""
        for space in (Space.HOLDING, Space.INPUT):
            try:
                await self._ask(unit, RegisterSpan(space, 0, 1))
            except ModbusExceptionError as answer:
                if answer.of_gateway:
                    return UnitReport(unit, False, str(answer))
                return UnitReport(unit, True, f"{space} register 0: {answer}")
            except LinkError as error:
                if is_unreachable(error):
                    raise
                said = str(error).removeprefix(f"{self._link.name}: ")
            else:
                return UnitReport(unit, True, f"{space} register 0 can be read")
        return UnitReport(unit, False, said)

    async def _ask(self, unit: int, place: RegisterSpan) -> SampledWords:
        """Read one place of a unit; a gateway that lived and takes no connection is tried twice."""
        if self.report.requests >= self._limits.requests:
            raise _RequestsSpentError
        try:
            words = await self._read(unit, place)
        except NotSentError as error:
            # Nothing was ever sent: nobody listens there. Or it was, as a probe of the link.
            if not self.report.requests or not is_unreachable(error):
                raise
            # After a time-out the link has dropped the connection. Some gateways take one at a time
            # and need a moment to notice.
            await asyncio.sleep(_RECONNECT)
            words = await self._read(unit, place)
        return words

    async def _read(self, unit: int, place: RegisterSpan) -> SampledWords:
        before = self._link.requests  # counts what is really sent, probes of the link included
        try:
            return await read_words(
                self._link, unit, place, self._limits.timeout, self._limits.pause
            )
        finally:
            self.report.requests += self._link.requests - before


class _Fitting:
    """Try profiles on one unit; a place that was read for one of them is not read again."""

    def __init__(
        self,
        found: UnitReport,
        profiles: Mapping[str, Profile],
        ask: Callable[[int, RegisterSpan], Awaitable[SampledWords]],
        tell: Callable[[ScanStep], None],
    ) -> None:
        self._found = found
        self._profiles = profiles
        self._ask = ask
        self._tell = tell
        self._known: dict[RegisterSpan, SampledWords | None] = {}
        self._silent: set[RegisterSpan] = set()
        self._no_function: set[Space] = set()

    async def run(self) -> None:
        """Find the fits of the unit: a first look at each profile, then the promising ones."""
        total = 2 * len(self._profiles)
        promising = []
        for done, (name, profile) in enumerate(self._profiles.items()):
            self._tell(ScanStep(f"unit {self._found.unit}: first look at {name}", done, total))
            if (await self._tried(name, spread(sampled(profile), _FIRST_LOOK))).readable:
                promising.append(name)
        for done, name in enumerate(promising, total - len(promising)):
            self._tell(ScanStep(f"unit {self._found.unit}: trying {name}", done, total))
            fit = await self._tried(name, sampled(self._profiles[name]))
            fit.relate()
            self._found.fits.append(fit)
            self._found.fits.sort(key=lambda fit: -fit.score)
        for fit in self._found.fits:
            fit.unexplained = self._unexplained(self._profiles[fit.profile])
        self._found.strange = pattern(self._known)
        # Asked last and only if it matters: few scans find something that is no device.
        if self._found.recognized:
            self._found.strange = await self._strange()

    def _unexplained(self, profile: Profile) -> int:
        """Count the places that show something and lie outside all points of a profile."""
        mapped = {
            (point.space, address)
            for point in (*profile.points, *profile.unverified_points)
            for run in point.parts
            for address in run
        }
        return len(
            {
                (place.space, address)
                for place, words in self._known.items()
                for address, word in zip(
                    range(place.address, place.address + place.size), words or (), strict=False
                )
                if word
            }
            - mapped
        )

    async def _strange(self) -> str:
        """Ask at places where no device has anything, and once more for what was read."""
        wild: dict[RegisterSpan, SampledWords | None] = {}
        for place in WILD:
            wild[place] = await self._learn(place)
            if place in self._silent:  # each further one may take as long
                break
        if said := any_address(wild):
            return said
        shown = [(place, words) for place, words in self._known.items() if words and any(words)]
        again = spread(shown, _AGAIN)
        first: list[SampledWords] = []
        second: list[SampledWords] = []
        for place, words in again:
            repeated = await self._learn(place)
            if repeated is not None:
                first.append(words)
                second.append(repeated)
        return noise(first, second)

    async def _tried(self, name: str, points: Sequence[ProfilePoint]) -> Fit:
        """Try points of a profile; silence at one ends it, as each further one may take as long."""
        fit = Fit(name)
        profile = self._profiles[name]
        ended = False
        for point in points:
            words: list[int] = []
            for run in point.parts:
                place = RegisterSpan(point.space, run.start, len(run))
                if not ended and place not in self._known:
                    self._known[place] = await self._learn(place)
                ended = ended or place in self._silent
                words += () if ended else self._known[place] or ()
            if len(words) < sum(map(len, point.parts)):
                fit.refuse()
            else:
                fit.judge(profile, point, words)
        return fit

    async def _learn(self, place: RegisterSpan) -> SampledWords | None:
        """Read a place, or learn that it cannot be read: from an exception, or silence twice.

        Once may be a lost packet. A device that is busy has not answered either.
        """
        if place.space in self._no_function:
            return None
        for last in (False, True):
            try:
                return await self._ask(self._found.unit, place)
            except LinkError as error:
                if is_unreachable(error):
                    raise
                if isinstance(error, ModbusExceptionError) and error.concerns_addresses:
                    self._note_refusal(place, error)
                    return None
                if last:
                    self._silent.add(place)
        return None

    def _note_refusal(self, place: RegisterSpan, answer: ModbusExceptionError) -> None:
        """Remember a table that the device does not have at all."""
        # Exception 1 is about the function code, and with it the whole table; not so where the
        # same table has been read before.
        had = any(words and known.space is place.space for known, words in self._known.items())
        if answer.code == _ILLEGAL_FUNCTION and not had:
            self._no_function.add(place.space)
