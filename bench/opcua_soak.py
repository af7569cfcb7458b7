"""Subscriptions for minutes: nothing lost or doubled, nothing late, and memory that stays.

Every item is told every value, which is a number that grows by one each second; sequence numbers
grow by one, too. How late a message is, is counted within the cycle of its subscription, from the
earliest of its messages.
"""

from __future__ import annotations

import asyncio
import struct
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from client_certificate import make_client_certificate
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.listener import Listener
from bench.opcua_subscriptions import Fed, fed_server, points_of

INTERVAL = 1000.0
"""Of publishing. [ms]"""
QUEUE = 10
FED = 17
"""Heat pumps whose values change."""
URI = "urn:bench:client"
NOTIFICATION = np.dtype(
    [
        ("handle", "<u4"), ("mask", "u1"), ("type", "u1"), ("value", "<f8"), ("status", "<u4"),
        ("source", "<i8"), ("server", "<i8"),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Load:
    """Sessions, the subscriptions of all of them, and the items of each subscription."""

    name: str
    sessions: int
    subscriptions: int
    items: int
    encrypted: bool = False


LOADS = (
    Load("50 sessions, 225 subscriptions, 56,250 items", 50, 225, 250),
    Load("100 clients × 500 items", 100, 100, 500),
    Load("20 clients × 500 items, encrypted", 20, 20, 500, encrypted=True),
)


class Checker(Listener):
    """One session with subscriptions whose notifications are looked at one by one."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.wrong = 0
        """Values that are not the next one of their item."""
        self.times: dict[int, list[tuple[int, float]]] = {}
        """Number and time of arrival of each message, by subscription. [s]"""
        self._values: dict[int, NDArray[np.float64]] = {}
        self._numbers: dict[int, int] = {}

    async def subscribe(self, nodes: Sequence[ua.NodeId]) -> None:
        """Create one more subscription, with items."""
        wanted = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=INTERVAL, RequestedLifetimeCount=30_000,
            RequestedMaxKeepAliveCount=10_000, PublishingEnabled=True,
        )  # fmt: skip
        answer = await self.ask("CreateSubscription", wanted)
        number = self.subscription = answer.Parameters.SubscriptionId
        self._values[number] = np.full(len(nodes), np.nan)
        self._numbers[number] = 0
        self.times[number] = []
        await self.monitor(nodes, QUEUE)

    def look(self, response: bytes) -> list[ua.SubscriptionAcknowledgement]:
        """Look at a response; return what is to be acknowledged with the next request."""
        now = time.monotonic()
        subscription, available = struct.unpack_from("<Ii", response, 28)
        position = 36 + 4 * max(0, available) + 1
        number, _, parts = struct.unpack_from("<Iqi", response, position)
        if parts <= 0:
            return []
        (count,) = struct.unpack_from("<i", response, position + 25)
        told = np.frombuffer(response, NOTIFICATION, count, position + 29)
        self.notifications += count
        self.lost += number != self._numbers[subscription] + 1
        self._numbers[subscription] = number
        self.times[subscription].append((number, now))
        self._check(self._values[subscription], told)
        return [ua.SubscriptionAcknowledgement(subscription, number)]

    def _check(self, latest: NDArray[np.float64], told: NDArray[np.void]) -> None:
        order = np.argsort(told["handle"], kind="stable")
        handle, value = told["handle"][order], told["value"][order]
        first = np.concatenate(([True], handle[1:] != handle[:-1]))
        before = np.where(first, latest[handle], np.concatenate(([0.0], value[:-1])))
        # What an item had when it was made is where it begins.
        self.wrong += int(((value != before + 1.0) & ~np.isnan(before)).sum())
        latest[handle] = value

    def lateness(self) -> NDArray[np.float64]:
        """Return how late each message was. [s]

        Cycles without a value have no message, so it is the place within a cycle that counts.
        """
        late = []
        for times in self.times.values():
            # The first one has what there was when the items were made.
            arrived = np.array([when for _, when in times[1:]])
            if len(arrived):
                cycle = INTERVAL / 1000.0
                middle = arrived[len(arrived) // 2]
                place = (arrived - middle + cycle / 2.0) % cycle
                # Not from the very earliest: it may be one that was so late that it came round.
                late.append(np.maximum(place - np.percentile(place, 1), 0.0))
        return np.concatenate(late)


async def _checkers(fed: Fed, load: Load, nodes: Sequence[ua.NodeId], pki: Path) -> list[Checker]:
    checkers = []
    left = load.subscriptions
    files = make_client_certificate(pki, URI)
    for place in range(load.sessions):
        checker = Checker(fed.url)
        if load.encrypted:
            checker.client.application_uri = URI
            await checker.client.set_security(SecurityPolicyBasic256Sha256, *files)
        await checker.client.connect()
        mine = -(-left // (load.sessions - place))
        for _ in range(mine):
            await checker.subscribe(nodes[: load.items])
        left -= mine
        checkers.append(checker)
    return checkers


async def _soak(load: Load, seconds: int, folder: Path) -> dict[str, float]:
    async with fed_server(folder) as fed:
        async with Client(fed.url, timeout=60) as client:
            nodes = await points_of(client, FED, analog=True)
        pki = folder / "client"
        await fed.ask("count", 1, 0.0, FED)
        checkers = await _checkers(fed, load, nodes, pki)
        for checker in checkers:
            checker.listen()
        await fed.ask("count", 10, 1.0, FED)
        process = psutil.Process(fed.pid)
        memory, before = process.memory_info().rss, sum(process.cpu_times()[:2])
        told = sum(checker.notifications for checker in checkers)
        begin = time.monotonic()
        await fed.ask("count", seconds, 1.0, FED)
        await asyncio.sleep(3 * INTERVAL / 1000.0)
        span = time.monotonic() - begin
        used = sum(process.cpu_times()[:2]) - before
        late = np.concatenate([checker.lateness() for checker in checkers])
        result = {
            "expected": load.subscriptions * load.items * seconds,
            "told": sum(checker.notifications for checker in checkers) - told,
            "messages": float(len(late)),
            "lost": sum(checker.lost for checker in checkers),
            "wrong": sum(checker.wrong for checker in checkers),
            "p99": float(np.percentile(late, 99)) * 1000.0,
            "late": float(late.max()) * 1000.0,
            "cpu": used / span * 100.0,
            "grown": (process.memory_info().rss - memory) / 1e6,
        }
        for checker in checkers:
            await checker.close()
        return result


ROWS = (
    ("values to be told", "expected", ",.0f"),
    ("values told", "told", ",.0f"),
    ("messages", "messages", ",.0f"),
    ("messages lost or doubled", "lost", ".0f"),
    ("values lost, doubled or out of their order", "wrong", ".0f"),
    ("lateness p99 [ms]", "p99", ".0f"),
    ("lateness max [ms]", "late", ".0f"),
    ("share of one core, feeding included [%]", "cpu", ".0f"),
    ("memory grown [MB]", "grown", ".1f"),
)


def run(console: Console, seconds: float) -> None:
    """Run all loads one after the other, and print a table."""
    results = []
    for load in LOADS:
        with tempfile.TemporaryDirectory() as folder:
            results.append(asyncio.run(_soak(load, round(seconds), Path(folder))))
        console.print(load.name, results[-1])
    table = Table(f"{seconds:.0f} s", *(load.name for load in LOADS))
    for title, name, form in ROWS:
        table.add_row(title.replace("[", "\\["), *(format(r[name], form) for r in results))
    console.print(table)
