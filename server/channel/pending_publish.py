"""A Publish request that waits for something to tell."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from heatpump_twin.server.channel.session import TwinSession
from heatpump_twin.server.subscription.message import Answer


class ResponseChannel(Protocol):
    """The channel that the response goes to."""

    @property
    def closed(self) -> bool:
        """Whether the connection is gone."""
        ...

    @property
    def takes_more(self) -> bool:
        """Whether the client takes what it is sent."""
        ...

    @property
    def room(self) -> int:
        """How long a response may be that the client takes. [B]"""
        ...

    def send_encoded(self, response: bytes, handle: int, seqhdr: Any) -> None:
        """Send a response that is encoded already."""
        ...

    def send_fault(self, handle: int, seqhdr: Any, code: int) -> None:
        """Send a fault."""
        ...


@dataclass(slots=True)
class PendingPublish:
    """One Publish request, with the results of its acknowledgements."""

    channel: ResponseChannel
    session: TwinSession
    handle: int
    """The number that its client has given it."""
    timeout: int
    """How long its client waits; 0: no limit (OPC 10000-4, 7.33). [ms]"""
    seqhdr: Any
    results: Sequence[int]
    now: Callable[[], int]
    """The time. [µs]"""
    _came: float = field(default_factory=time.monotonic)

    @property
    def usable(self) -> bool:
        """Whether it can be answered now: its client takes its responses."""
        return self.channel.takes_more

    @property
    def room(self) -> int:
        """How long its response may be. [B]"""
        return self.channel.room

    @property
    def patience(self) -> float:
        """How long its client waits for it yet. [s]"""
        if not self.timeout:
            return math.inf
        return self._came + self.timeout / 1000.0 - time.monotonic()

    @property
    def expired(self) -> bool:
        """Whether its client does not wait for it any more."""
        return self.patience < 0.0 or self.channel.closed

    def answer(self, answer: Answer) -> None:
        """Send the response, its texts in the language of the session."""
        language = self.session.translator
        response = answer.encoded(self.handle, self.results, language, self.now())
        self.channel.send_encoded(response, self.handle, self.seqhdr)

    def refuse(self, code: int) -> None:
        """Send a fault, unless nobody is there to take it."""
        if not self.channel.closed:
            self.channel.send_fault(self.handle, self.seqhdr, code)
