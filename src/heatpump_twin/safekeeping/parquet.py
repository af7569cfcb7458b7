"""Parquet files: history for notebooks and data platforms, with units in the schema.

The library is large and few need it, so that it is an extra and imported where it is used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.errors import TwinError
from heatpump_twin.twin_engine.history import Samples

LONG = ("time", "point", "value", "status", "origin")
"""Columns of a table with one value in a row."""
_TICKS = {"s": 1, "ms": 1000, "us": MICROSECONDS, "ns": 1000 * MICROSECONDS}
"""In a second, by the unit of a column of times."""


def library(path: Path) -> Any:
    """Return the library of Parquet; raise `TwinError` where it is not installed."""
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise TwinError(
            f"{path}: Parquet needs the package {error.name}: install heatpump-twin[parquet]"
        ) from error
    return pyarrow


class LongTable:
    """Writer of samples, one in a row: time (UTC), point, value, status and origin."""

    def __init__(self, path: Path, units: Mapping[str, str]) -> None:
        self._arrow = arrow = library(path)
        # Words of a dictionary: the key of a point takes no room in each row.
        words = arrow.dictionary(arrow.int32(), arrow.string())
        kinds = (arrow.timestamp("us", tz="UTC"), words, arrow.float64(), arrow.uint32(), words)
        fields = [arrow.field(name, kind) for name, kind in zip(LONG, kinds, strict=True)]
        self._schema = arrow.schema(fields, metadata={"units": json.dumps(units)})
        self._file = _opened(arrow, path, self._schema)

    def write(self, key: str, samples: Samples, origins: Sequence[str]) -> None:
        """Write samples of a point as a row group."""
        if not len(samples):
            return
        arrow, (time, words, *_) = self._arrow, self._schema.types
        point = arrow.DictionaryArray.from_arrays(np.zeros(len(samples), np.int32), [key])
        table = arrow.table(
            [
                arrow.array(samples.time, type=time),
                point.cast(words),
                _numbers(arrow, samples.value),
                arrow.array(samples.status),
                arrow.array(origins, arrow.string()).dictionary_encode(),
            ],
            schema=self._schema,
        )
        self._file.write_table(table)

    def close(self) -> None:
        """Write the end of the file."""
        self._file.close()


def write_wide(
    path: Path, times: Sequence[int], columns: Mapping[str, Samples], units: Mapping[str, str]
) -> None:
    """Write a column for each point; its unit is in the metadata of its field."""
    arrow = library(path)
    fields = [arrow.field("time", arrow.timestamp("us", tz="UTC"))]
    fields += [arrow.field(key, arrow.float64(), metadata={"unit": units[key]}) for key in columns]
    schema = arrow.schema(fields)
    arrays = [arrow.array(np.array(times, np.int64), type=fields[0].type)]
    arrays += [_numbers(arrow, samples.value) for samples in columns.values()]
    with _closing(_opened(arrow, path, schema)) as file:
        file.write_table(arrow.table(arrays, schema=schema))


def read_rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield number and cells of all rows as text, the names of columns first."""
    arrow = library(path)
    try:
        with arrow.parquet.ParquetFile(path) as file:
            yield 1, file.schema_arrow.names
            number = 1
            for batch in file.iter_batches():
                columns = [_texts(arrow, column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield number, cells
    except (arrow.ArrowException, OSError) as error:
        raise TwinError(f"{path}: {str(error).splitlines()[0]}") from error


def _texts(arrow: Any, column: Any) -> Sequence[str]:
    kind = column.type
    if arrow.types.is_timestamp(kind):
        # As numbers: the library refuses to show nanoseconds, and zones that it does not know.
        epoch = datetime(1970, 1, 1, tzinfo=UTC if kind.tz else None)
        ticks = column.cast(arrow.int64()).to_pylist()
        return [_shown(number, _TICKS[kind.unit], epoch) for number in ticks]
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _shown(number: int | None, ticks: int, epoch: datetime) -> str:
    if number is None:
        return ""
    try:
        return (epoch + timedelta(microseconds=number * MICROSECONDS // ticks)).isoformat()
    except OverflowError:
        return f"{number} / {ticks} s"


def _numbers(arrow: Any, values: np.ndarray) -> Any:
    # What is not known is null, as in every other table.
    return arrow.array(values, mask=np.isnan(values))


def _opened(arrow: Any, path: Path, schema: Any) -> Any:
    try:
        return arrow.parquet.ParquetWriter(path, schema, compression="zstd")
    except OSError as error:
        raise TwinError(f"{path}: {error.strerror or error}") from error


@contextmanager
def _closing(file: Any) -> Iterator[Any]:
    try:
        yield file
    finally:
        file.close()
