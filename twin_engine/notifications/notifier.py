"""Tell the receivers of a site of alarms: what is to be told waits on disk until it was taken."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from heatpump_twin.config.languages import Languages
from heatpump_twin.config.notifications.notification_settings import (
    NotificationSettings,
    Receiver,
)
from heatpump_twin.drivers.clock import MICROSECONDS, Clock, real_period
from heatpump_twin.twin_engine.alarm import AlarmTransition
from heatpump_twin.twin_engine.notifications.delivery import DeliveryError, Send, deliver
from heatpump_twin.twin_engine.notifications.hook import Hook
from heatpump_twin.twin_engine.notifications.letter import LetterWriter
from heatpump_twin.twin_engine.notifications.mail import Mail
from heatpump_twin.twin_engine.notifications.note import Note, NoteKind
from heatpump_twin.twin_engine.notifications.outbox import Outbox, is_damage
from heatpump_twin.twin_engine.notifications.quiet_time import ready_at

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")

_LOOK = 1.0
"""How often it is looked for what may be told. [s of the site's clock, at most of real time]"""
_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
"""Between two attempts to reach a receiver. [s]"""
_LAST_MOMENT = 2.0
"""What is on its way at a stop has so long to arrive. [s]"""
_REMEMBERED = 30 * 86_400 * MICROSECONDS
"""What was told is remembered so long, so that it is not told again. [µs]"""
_MOST_WAITING = 10_000
"""Notes that wait in memory for the disk."""


@dataclass(frozen=True, slots=True)
class Attention:
    """What people have done about an alarm so far."""

    acknowledged: bool | None = False
    """None: it is not known yet."""
    hushed: bool = False
    """Disabled, shelved, suppressed or out of service: nobody is to be bothered."""


Look = Callable[[str, int], Attention]
"""Returns what was done about the alarm with a key that was raised at a time. [µs]"""


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to a receiver."""

    name: str
    """Under which what is to be told waits."""
    receiver: Receiver
    send: Send


class Notifier:
    """Notifications of one site. `take` never blocks; everything else is done by `run`.

    Parameters
    ----------
    pause : float
        Before a receiver that took nothing is tried again for the first time. [s]
    """

    def __init__(
        self,
        settings: NotificationSettings,
        outbox: Outbox,
        writer: LetterWriter,
        look: Look,
        zone: ZoneInfo,
        clock: Clock,
        pause: float = _PAUSE,
    ) -> None:
        self._pause = pause
        self._settings, self._outbox, self._writer = settings, outbox, writer
        self._look, self._zone, self._clock = look, zone, clock
        self._languages = Languages.packaged()
        self._ways = {
            way.name: way for receiver in settings.receivers for way in _ways(receiver, settings)
        }
        self._fresh: list[Note] = []
        self._delivering: dict[str, asyncio.Task[None]] = {}
        self._disk_failing = False
        self._settled: set[int] = set()
        """Notes that are over, which the disk does not know yet."""
        self._sending: set[asyncio.Task[bool]] = set()
        self.late: dict[str, int] = {}
        """Ways by which nothing is taken now, each with when the oldest was to be told. [µs]"""

    @property
    def delay(self) -> float:
        """How long the oldest message waits that nobody takes. [s]"""
        waits = (self._clock.now() - since for since in self.late.values())
        return max(0, *waits, 0) / MICROSECONDS

    def take(self, transition: AlarmTransition) -> None:
        """Have the receivers told of an alarm that was raised or returned to normal."""
        if not self._ways or self._look(transition.alarm.key, transition.time).hushed:
            return
        fresh = [*self._told(transition), *self._escalated(transition)]
        if len(self._fresh) + len(fresh) > _MOST_WAITING:
            log.error("notifications are lost: the disk takes none", lost=len(fresh))
            return
        self._fresh += fresh

    def _told(self, transition: AlarmTransition) -> list[Note]:
        kind = NoteKind.RAISED if transition.active else NoteKind.RETURNED
        return [
            Note.of(transition, way.name, kind, self._ready(transition, way.receiver))
            for way in self._ways.values()
            if not way.receiver.only_escalated
            and (transition.active or way.receiver.returns)
            and _concerns(transition, way.receiver)
        ]

    def _escalated(self, transition: AlarmTransition) -> list[Note]:
        severity = transition.alarm.severity
        steps = [
            step
            for step in self._settings.escalation
            if transition.active and severity >= step.severity
        ]
        # Quiet hours do not hold them back: somebody else's have let the alarm lie.
        return [
            Note.of(
                transition, way.name, NoteKind.ESCALATED, transition.time + round(step.after * 1e6)
            )
            for step in steps
            for way in self._ways.values()
            if way.receiver.name in step.to
        ]

    def _ready(self, transition: AlarmTransition, receiver: Receiver) -> int:
        return ready_at(transition.time, transition.alarm.severity, receiver.quiet, self._zone)

    # ── what is to be told ────────────────────────────────────────────────────────────────────────
    async def run(self) -> None:
        """Keep what is to be told, and deliver what may be, for ever."""
        if not self._ways:
            return
        period = real_period(_LOOK, self._clock.speed)
        try:
            while True:
                await self._step()
                await asyncio.sleep(period)
        finally:
            await self._end()

    async def _end(self) -> None:
        """Let what is on its way arrive, and keep the rest for the next start."""
        # Serving goes first, so that nothing more is sent; what is being sent has a moment, or it
        # would be sent again at the next start although it had been taken.
        await _end_all(list(self._delivering.values()))
        if self._sending:
            await asyncio.wait(self._sending, timeout=_LAST_MOMENT)
        await _end_all(list(self._sending))
        with suppress(OSError, sqlite3.Error):
            self._keep()

    async def _step(self) -> None:
        kept = await self._of_disk(self._keep)
        waiting = await self._of_disk(self._outbox.next_ready)
        if waiting is None:
            return
        self._disk_failing &= kept is None
        now = self._clock.now()
        for name, ready in waiting.items():
            way = self._ways.get(name)
            task = self._delivering.get(name)
            group = 0 if way is None else round(way.receiver.group * MICROSECONDS)
            if ready + group <= now and (task is None or task.done()):
                self._delivering[name] = asyncio.create_task(self._serve(name, way))

    async def _of_disk(self, work: Callable[[], T]) -> T | None:
        """Return what work on the disk returns; None: the disk fails."""
        try:
            return await asyncio.to_thread(work)
        except (OSError, sqlite3.Error) as error:
            await self._disk_fails(error)
            return None

    async def _disk_fails(self, error: Exception) -> None:
        if is_damage(error):
            with suppress(OSError):
                aside = await asyncio.to_thread(self._outbox.set_aside)
                self._settled.clear()
                log.error("notifications that waited are lost: their file is damaged", file=aside)
        else:
            self._say_disk_fails(error)
        self._disk_failing = True

    def _say_disk_fails(self, error: Exception) -> None:
        if not self._disk_failing:
            log.warning("notifications wait: the disk takes none", error=str(error))
        self._disk_failing = True

    def _keep(self) -> bool:
        """Write what is new to the disk, and what is over."""
        if fresh := self._fresh[:]:
            self._outbox.put(fresh)
            del self._fresh[: len(fresh)]
        self._keep_settled()
        return True

    def _keep_settled(self) -> None:
        if numbers := frozenset(self._settled):
            self._outbox.settle(numbers, self._clock.now())
            self._settled -= numbers

    async def _settle(self, notes: Sequence[Note]) -> None:
        """Have notes not told again: at once, and for ever as soon as the disk takes it."""
        self._settled.update(note.number for note in notes)
        try:
            await asyncio.to_thread(self._keep_settled)
        except (OSError, sqlite3.Error) as error:
            self._say_disk_fails(error)

    async def _serve(self, name: str, way: _Way | None) -> None:
        """Tell a receiver all that may be told, trying until it is taken."""
        pause = self._pause
        while True:
            try:
                done = await self._serve_once(name, way)
            except (OSError, sqlite3.Error) as error:
                self._say_disk_fails(error)
                done = False
            if done is None:
                return
            if done:
                pause = self._pause
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _serve_once(self, name: str, way: _Way | None) -> bool | None:
        """Tell a receiver what may be told, and whether it was taken; None: nothing waits."""
        now = self._clock.now()
        notes = await asyncio.to_thread(self._outbox.ready, name, now, frozenset(self._settled))
        over = [note for note in notes if way is None or not self._matters(note, now)]
        if over:
            await self._settle(over)
        notes = [note for note in notes if note not in over and not self._held(note)]
        if not notes or way is None:
            self.late.pop(name, None)
            await asyncio.to_thread(self._outbox.forget, now - _REMEMBERED)
            return None
        taken = await self._send(way, notes)
        if not taken:
            self.late.setdefault(name, notes[0].ready)
        return taken

    def _matters(self, note: Note, now: int) -> bool:
        """Tell whether a note is still to be told."""
        if now - note.ready > round(self._settings.keep * MICROSECONDS):
            receiver, _, _address = note.receiver.partition(" ")
            log.error("a notification is given up", receiver=receiver, alarm=note.key)
            return False
        if note.kind is NoteKind.ESCALATED:
            attention = self._look(note.key, note.time)
            return not attention.acknowledged and not attention.hushed
        return True

    def _held(self, note: Note) -> bool:
        """Tell whether it is not known yet if a note is to be told."""
        escalated = note.kind is NoteKind.ESCALATED
        return escalated and self._look(note.key, note.time).acknowledged is None

    async def _send(self, way: _Way, notes: Sequence[Note]) -> bool:
        """Deliver notes and settle them, also if whoever waits for it is cancelled meanwhile."""
        sending = asyncio.create_task(self._deliver(way, notes))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        return await asyncio.shield(sending)

    async def _deliver(self, way: _Way, notes: Sequence[Note]) -> bool:
        receiver = way.receiver
        language = self._languages[receiver.language]
        try:
            letter = self._writer.write(notes, receiver, language)
            await deliver(way.send, letter)
        except DeliveryError as error:
            # Said once for a receiver that is away, and not at each attempt.
            say = log.debug if way.name in self.late else log.warning
            say("a receiver of notifications takes none", receiver=receiver.name, reason=str(error))
            return False
        await self._settle(notes)
        log.info("notified", receiver=receiver.name, alarms=len(notes))
        self.late.pop(way.name, None)
        return True


async def _end_all(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _ways(receiver: Receiver, settings: NotificationSettings) -> list[_Way]:
    """Return the ways to a receiver: each address has its own, as one may be refused alone."""
    if receiver.webhook is not None:
        return [_Way(receiver.name, receiver, Hook(receiver.webhook).send)]
    assert settings.smtp is not None  # noqa: S101 (checked with the settings)
    first, *others = dict.fromkeys(receiver.email)
    names = {first: receiver.name} | {to: f"{receiver.name} {to}" for to in others}
    return [_Way(name, receiver, Mail(settings.smtp, to).send) for to, name in names.items()]


def _concerns(transition: AlarmTransition, receiver: Receiver) -> bool:
    alarm = transition.alarm
    wanted = not receiver.assets or alarm.asset in receiver.assets
    return wanted and alarm.severity >= receiver.severity
