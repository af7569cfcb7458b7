"""Read tables row by row: of text, with encoding, separator and lines, and of Parquet."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from heatpump_twin.errors import TwinError
from heatpump_twin.safekeeping.importing.import_map import TableFormat
from heatpump_twin.safekeeping.parquet import read_rows

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ";\t,|"
Row = tuple[int, Sequence[str]]
"""Line and cells."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table in a file, whose first line names its columns."""

    path: Path
    format: TableFormat
    name: str
    """What its user calls it."""

    def read(self, done: Callable[[int], None] = lambda _bytes: None) -> Iterator[Row]:
        """Yield all rows, the names of columns first; ``done`` is told how many bytes were read.

        Raises
        ------
        TwinError
            The file cannot be read, or is not what the map says.
        """
        if self.path.suffix == ".parquet":
            yield from read_rows(self.path)
            return
        encoding = self.format.encoding or self._encoding()
        try:
            # Lines end where the file ends them: U+0085 and others are characters of a cell.
            with self.path.open("rb") as raw, TextIOWrapper(raw, encoding, newline="") as file:
                yield from self._rows(file, lambda: done(raw.tell()))
        except UnicodeError as error:
            reason = getattr(error, "reason", error)
            raise TwinError(
                f"{self.name} is not {encoding} ({reason}): name its encoding in the map, "
                "for example format: {encoding: cp1252}"
            ) from error
        except OSError as error:
            raise TwinError(f"{self.name}: {error.strerror}") from error

    def _encoding(self) -> str:
        try:
            with self.path.open("rb") as file:
                begin = file.read(4)
        except OSError as error:
            raise TwinError(f"{self.name}: {error.strerror}") from error
        return next((name for mark, name in _MARKS if begin.startswith(mark)), "utf-8")

    def _rows(self, file: Iterable[str], told: Callable[[], None]) -> Iterator[Row]:
        lines = _lines(file)
        blank, first = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, ""))
        if not first:
            raise TwinError(f"{self.name} is empty")
        separator = self.format.separator or max(_SEPARATORS, key=first.count)
        reader = csv.reader(_again(first, lines), delimiter=separator, strict=True)
        try:
            for cells in reader:
                if cells:
                    told()
                    yield blank + reader.line_num, cells
        except csv.Error as error:
            raise TwinError(f"{self.name}:{blank + reader.line_num}: {error}") from error


def _lines(file: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(file):
        # Of UTF-16 the decoder takes the mark away, of a file named UTF-8 nobody does.
        yield line.removeprefix("\ufeff") if number == 0 else line


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
