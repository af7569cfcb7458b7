"""Limits of what clients may ask: the same numbers are enforced and published."""

from __future__ import annotations

from dataclasses import dataclass

from asyncua.common.connection import TransportLimits

CHUNK = 65_535
"""Largest message chunk. [B]"""
MAX_CHUNKS = 64
MAX_MESSAGE = MAX_CHUNKS * CHUNK
"""Largest request, 4 MB: some 20,000 monitored items. [B]"""
MAX_MESSAGE_BEFORE_LOGIN = CHUNK
"""Nobody needs more than one chunk to log in. [B]"""

SMALL_REQUEST = 1_024
"""A longer request waits for its turn before it is decoded; some 25 nodes to read. [B]"""

MAX_PENDING_MESSAGES = 100
"""A client that sends faster than it is served is read no further before its queue takes memory."""
MAX_PENDING_SIZE = 4 * CHUNK
"""The same, of the size of what waits; an unfinished message comes on top of it. [B]"""
RESPONSES_WAITING = 1_000_000
"""A client is served no more while it has more than this to take. [B]"""
SLOW_READER_TIME = 30.0
"""A connection whose client takes no responses is closed after this time. [s]"""
LOGIN_TIME = 10.0
"""A connection that has had no activated session for this time is closed. [s]"""
SPARE_CONNECTIONS = 20
"""Connections beyond the sessions, for discovery and for clients that come back."""

MAX_CHANNEL_LIFETIME = 3_600_000
MIN_CHANNEL_LIFETIME = 10_000
"""Limits of the lifetime of a security token. [ms]"""

# A tenth of the default poll period: below it a client gains nothing.
MIN_PUBLISHING_INTERVAL = 100.0
MAX_PUBLISHING_INTERVAL = 3_600_000.0
"""Limits of the publishing interval of a subscription. [ms]"""
# The lifetime has to be at least three times as long (OPC 10000-4, 5.14.2.2).
MAX_KEEP_ALIVE = 10_000
MAX_LIFETIME = 30_000
MAX_SUBSCRIPTIONS_PER_SESSION = 20
MAX_MONITORED_ITEMS_PER_SUBSCRIPTION = 20_000
# Notifications per monitored item. What a vanished client leaves behind is bounded by this, times
# its items, until the lifetime of its subscription ends.
MAX_QUEUE = 1_000
MAX_QUEUED_VALUES = 1_000_000
"""Values that the queues of all items of a subscription can hold together, of 32 B each."""
MAX_QUEUED_IN_ALL = 6_000_000
"""The same of all subscriptions of named users; those of anonymous clients have half as many."""
MAX_MONITORED_POINTS = 400_000
"""Monitored points of all subscriptions; anonymous clients add none to the second half."""
MAX_KEPT_SUBSCRIPTIONS = 100
"""Subscriptions of one user that have no session and may be transferred."""
MAX_SELECT_CLAUSES = 1_000
"""Fields that an event filter selects; the largest event type has some 60."""
MAX_NOTIFICATIONS_PER_PUBLISH = 10_000
MAX_EVENTS_PER_PUBLISH = 1_000
"""Notifications in one message, whatever a client asks for: it must fit into 4 MB."""
# Of a day: what changes less often is not watched but read.
MAX_SAMPLING_INTERVAL = 86_400_000.0
"""Limit of the sampling interval of a monitored item. [ms]"""
MAX_PUBLISH_REQUESTS = 100
MAX_ACKNOWLEDGEMENTS = 2_000
"""Acknowledgements in one Publish request: of all messages that are kept for a session."""

MAX_REMEMBERED_READS = 500_000
"""Read requests that a session's memory holds: some 12,000 nodes. [B]"""
MAX_HEARD_READS = 1_000
"""Read requests that a session's memory recognizes when they come a second time."""
READ_AT_ONCE = 32_768
"""A longer remembered Read waits for its turn; some 800 nodes, half a millisecond's work. [B]"""

MAX_REFERENCES = 1_000
"""References of one node in one Browse response."""
MAX_BROWSE_CONTINUATION_POINTS = 100
"""Continuation points of Browse that a session can have."""
MAX_HISTORY_VALUES = 10_000
"""Values per node in one HistoryRead response."""
MAX_HISTORY_DELETED = 100_000
"""Values that one update deletes: each is on record, and the writer must not wait for long."""
MAX_AHEAD = 60.0
"""What is written into the history may be ahead of our clock by this much. [s]"""
MAX_HISTORY_EVENTS = 1_000
"""Events per node in one HistoryRead response."""
MAX_HISTORY_TIMES = 1_000
"""Values per node in one response, where a client says at which times."""
MAX_HISTORY_ISSUES = 100
"""Forecasts per node in one response: each is an array of some hundred values."""
MAX_HISTORY_CONTINUATION_POINTS = 100
"""Continuation points of HistoryRead that a session can have."""


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """Operations in one request (OPC 10000-5, 6.3.11). Exceeding them is BadTooManyOperations."""

    nodes_per_read: int = 10_000
    nodes_per_write: int = 1_000
    nodes_per_method_call: int = 100
    nodes_per_browse: int = 2_000
    nodes_per_translate: int = 2_000
    nodes_per_register: int = 2_000
    nodes_per_history_read: int = 100
    nodes_per_history_update: int = 100
    monitored_items_per_call: int = 10_000


def transport_limits() -> TransportLimits:
    """Return the transport limits that the server's Acknowledge message states."""
    return TransportLimits(
        max_recv_buffer=CHUNK,
        max_send_buffer=CHUNK,
        max_chunk_count=MAX_CHUNKS,
        max_message_size=MAX_MESSAGE,
    )
