"""An asyncua by which the packaged type nodes were not made."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def another_asyncua(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that, ahead on the path, makes the installed asyncua another version."""
    path = tmp_path_factory.mktemp("path")
    about = path / "asyncua-2.1.99.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: asyncua\nVersion: 2.1.99\n")
    return path
