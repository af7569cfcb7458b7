"""``hptwin import`` of a table and a map that stand beside a data directory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hptwin import Ran, here
from stored_samples import stored

from heatpump_twin.config.data_directory import DataDirectory
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.database.tables import BLOCK

SUPPLY = "hp1.supply_temperature"


class Import:
    """A table and a map beside a data directory, and the command."""

    def __init__(self, capsys, data: DataDirectory, folder: Path) -> None:
        self.capsys, self.data, self.folder = capsys, data, folder
        self.file, self.map = folder / "table.csv", folder / "map.yaml"

    def run(self, table: str | bytes, map_: str = "", *options: str) -> Ran:
        content = table.encode() if isinstance(table, str) else table
        self.file.write_bytes(content)
        self.map.write_text(map_, encoding="utf-8")
        arguments = [self.file, *(["--map", self.map] if map_ else []), *options]
        return here(self.capsys, "import", *arguments, "--data", self.data.root)

    def good(self, table: str | bytes, map_: str = "", *options: str) -> str:
        ran = self.run(table, map_, *options)
        assert ran.code == 0, ran.out + ran.err
        return ran.out

    def samples(self, key: str = SUPPLY) -> list[tuple[str, float | None]]:
        found = stored(self.data.database, key)
        return [
            (
                datetime.fromtimestamp(time / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                None if np.isnan(value) else value,
            )
            for time, value in zip(found.time.tolist(), found.value.tolist(), strict=True)
        ]

    @property
    def blocks(self) -> list[tuple[object, ...]]:
        engine = open_engine(f"sqlite:///{self.data.database}")
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(BLOCK.select())]
        engine.dispose()
        return sorted(found)
