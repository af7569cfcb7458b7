"""What the queues of all subscriptions may hold together: their memory is bounded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class QueueBudget:
    """What subscriptions of named users, or of anonymous clients, share.

    Each has one of its own, so that clients whom nobody knows leave the others their queues.
    """

    values: int
    """Values that all queues can hold, of some 32 B each."""
    items: int
    """Monitored points of the whole server, from which on no more are made."""
    used: int = 0
    """Values that the present queues can hold."""
    held: int = 0
    """Values that take as much memory as the events that wait; there may be as many of these."""

    @property
    def crowded(self) -> bool:
        """Whether too much is held: queues of events have no more room than they need."""
        return self.held > self.values

    @property
    def left(self) -> int:
        """Values that further queues can hold."""
        return max(0, self.values - self.used)
