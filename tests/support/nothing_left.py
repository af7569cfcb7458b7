"""A pytest plugin: no process of a run outlives it, whether it passes, fails or is killed."""

from __future__ import annotations

import pytest
from janitor import Janitor
from processes import die_with_parent
from warm_start import SERVERS

JANITOR = pytest.StashKey[Janitor]()


def pytest_configure(config: pytest.Config) -> None:
    """Have a janitor for the run; of xdist's workers see to it that they die with it."""
    if hasattr(config, "workerinput"):
        die_with_parent()
    else:
        config.stash[JANITOR] = Janitor()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """End what was kept warm for the tests of this process."""
    SERVERS.end()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Kill what is left of the run, and say what it was."""
    if JANITOR in config.stash:
        for left in config.stash[JANITOR].finish():
            print(f"left behind and killed: {left}")
