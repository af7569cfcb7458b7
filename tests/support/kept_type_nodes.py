"""Type nodes of an earlier test run: importing them takes seconds, and is tested on its own.

The server checks whether they fit, as at every start; if not, it imports and these are replaced.
"""

from __future__ import annotations

from pathlib import Path

from places import ROOT

from heatpump_twin.config.data_directory import DataDirectory, write_private

KEPT = ROOT / "build" / "tests" / "type-nodes.cache"


def lend(data: Path) -> None:
    """Put them into a data directory that has none."""
    file = DataDirectory(data).type_nodes
    if KEPT.exists() and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, KEPT.read_bytes())


def keep(data: Path) -> None:
    """Keep those that a server has used or made."""
    content = DataDirectory(data).type_nodes.read_bytes()
    if not KEPT.exists() or KEPT.read_bytes() != content:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        write_private(KEPT, content)
