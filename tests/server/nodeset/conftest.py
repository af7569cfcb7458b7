"""The official nodesets and ours as one graph, read once."""

from __future__ import annotations

import pytest
from nodeset_space import Space


@pytest.fixture(scope="session")
def space() -> Space:
    return Space()
