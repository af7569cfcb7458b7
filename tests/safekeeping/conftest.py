"""A data directory, and the import of tables into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from table_import import Import

from heatpump_twin.config.data_directory import DataDirectory


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    return DataDirectory.open(tmp_path / "data")


@pytest.fixture
def imports(capsys, data: DataDirectory, tmp_path: Path) -> Import:
    return Import(capsys, data, tmp_path)
