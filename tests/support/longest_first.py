"""A pytest plugin: of several workers none is left with a long file when the others have ended.

How long each file took is kept in pytest's cache. What has never run comes first, in the usual
order: it may be long.
"""

from __future__ import annotations

from collections import defaultdict
from math import inf

import pytest

KEPT = "longest_first/seconds"


def file_of(test: str) -> str:
    """Return the file of a test by its id."""
    return test.partition("::")[0]


def kept(config: pytest.Config) -> dict[str, float]:
    """Return the seconds of each file that are known; a run may be without a cache."""
    cache = getattr(config, "cache", None)
    return cache.get(KEPT, {}) if cache else {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, where there are workers: all have the same order."""
    if hasattr(config, "workerinput"):
        took = kept(config)
        items.sort(key=lambda item: -took.get(file_of(item.nodeid), inf))


def pytest_configure(config: pytest.Config) -> None:
    """Count the seconds of each file in the run itself, whose workers tell it of each test."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Count())


class Count:
    """Adds up what the tests of each file took."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep what was learnt; of files that did not run now, what is known of them."""
        cache = getattr(session.config, "cache", None)
        if cache and self._seconds:
            cache.set(KEPT, {**kept(session.config), **self._seconds})
