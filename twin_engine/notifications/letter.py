"""Write what a receiver is told: subject and text in their language, and the same as data."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any
from zoneinfo import ZoneInfo

from heatpump_twin.config.notifications.notification_settings import Receiver
from heatpump_twin.config.phrase import Context, Phrase, Text
from heatpump_twin.config.translations import Language
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.twin_engine.alarm import priority
from heatpump_twin.twin_engine.notifications.note import Note, NoteKind
from heatpump_twin.twin_engine.notifications.signed_link import LinkSigner, Permit

STATES = {
    NoteKind.RAISED: Text("raised", Context.MESSAGES),
    NoteKind.RETURNED: Text("back to normal", Context.MESSAGES),
    NoteKind.ESCALATED: Text("not acknowledged", Context.MESSAGES),
}
PRIORITY_TEXTS = {
    "urgent": Text("Urgent", Context.MESSAGES),
    "high": Text("High", Context.MESSAGES),
    "medium": Text("Medium", Context.MESSAGES),
    "low": Text("Low", Context.MESSAGES),
}
SUBJECT = "[$site] $priority: $alarm ($asset)"
LINE = "$time  $priority, $state: $asset: $message"
CAUSE = Text("Likely cause", Context.MESSAGES)
CONSEQUENCE = Text("If nothing is done", Context.MESSAGES)
ACKNOWLEDGE = Text("Acknowledge", Context.MESSAGES)
ACTION = Text("What to do", Context.MESSAGES)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one receiver."""

    id: str
    """The same for the same notes: a receiver that gets it twice can tell."""
    subject: str
    text: str
    data: Mapping[str, Any]
    """What a webhook is posted."""


class LetterWriter:
    """The writer of messages of one site.

    Parameters
    ----------
    names : mapping
        Names of the assets by their ids.
    signer : LinkSigner or None
        Of links that acknowledge; default: there are none.
    """

    def __init__(
        self, site: str, names: Mapping[str, str], zone: ZoneInfo, signer: LinkSigner | None = None
    ) -> None:
        self._site, self._names, self._zone = site, names, zone
        self._signer = signer

    def write(self, notes: Sequence[Note], receiver: Receiver, language: Language) -> Letter:
        """Return the message that tells a receiver of some notes, at least one, in that order."""
        worst = max(notes, key=lambda note: (note.kind is not NoteKind.RETURNED, note.severity))
        said = self._fields(worst, language) | {"count": str(len(notes))}
        subject = Template(receiver.subject or SUBJECT).substitute(said)
        if len(notes) > 1:
            more = Phrase("and {n} more", n=len(notes) - 1)
            subject = f"{subject}, {language.words(more)}"
        parts = [self._part(note, receiver, language) for note in notes]
        text = "\n".join(parts)
        data = {
            "site": self._site,
            "receiver": receiver.name,
            "subject": _line(subject),
            "text": text,
            "alarms": [self._data(note, receiver, language) for note in notes],
        }
        marks = [f"{n.receiver} {n.key} {n.kind} {n.time} {n.ready}" for n in notes]
        number = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:32]
        return Letter(number, _line(subject), text, {"id": number, **data})

    def _fields(self, note: Note, language: Language) -> dict[str, str]:
        return {
            "site": self._site,
            "asset": self._names.get(note.asset, note.asset),
            "alarm": language.words(note.title),
            "state": language.words(STATES[note.kind]),
            "priority": language.words(PRIORITY_TEXTS[priority(note.severity)]),
            "severity": str(note.severity),
            "time": self._time(note.time).isoformat(" ", "seconds"),
            "message": language.words(note.message),
            "cause": language.words(note.cause),
            "consequence": language.words(note.consequence),
            "action": language.words(note.action),
        }

    def _part(self, note: Note, receiver: Receiver, language: Language) -> str:
        said = self._fields(note, language)
        lines = [Template(receiver.line or LINE).substitute(said | {"count": "1"})]
        # Who writes the line has said what is to be in it.
        if receiver.line is None and note.kind is not NoteKind.RETURNED:
            advice = ((CAUSE, "cause"), (CONSEQUENCE, "consequence"), (ACTION, "action"))
            lines += [
                f"    {language.words(title)}: {said[name]}" for title, name in advice if said[name]
            ]
        if link := self._link(note, receiver):
            lines.append(f"    {language.words(ACKNOWLEDGE)}: {link}")
        return "\n".join(lines)

    def _link(self, note: Note, receiver: Receiver) -> str | None:
        """Return the address at which a receiver acknowledges; None: there is nothing to."""
        if self._signer is None or not receiver.acknowledges or note.kind is NoteKind.RETURNED:
            return None
        return self._signer.link(Permit(receiver.name, note.key, note.time))

    def _data(self, note: Note, receiver: Receiver, language: Language) -> dict[str, object]:
        said = self._fields(note, language)
        return {
            "key": note.key,
            "asset": note.asset,
            "asset_name": said["asset"],
            "rule": note.rule,
            "state": note.kind.value,
            "time": self._time(note.time).isoformat(),
            "severity": note.severity,
            "class": note.category,
            "acknowledge": self._link(note, receiver),
            **{
                name: said[name]
                for name in ("alarm", "priority", "message", "cause", "consequence", "action")
            },
        }

    def _time(self, time: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(time / MICROSECONDS, self._zone)


def _line(text: str) -> str:
    """Return a text as one line: a header has no others, whatever somebody named a heat pump."""
    return " ".join(text.split())
