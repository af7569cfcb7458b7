"""The worked examples of OPC 10000-13, Annex A, of which the values are known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from heatpump_twin.twin_engine.aggregates.aggregate_records import BY_NAME
from heatpump_twin.twin_engine.aggregates.periods.intervals import Range
from heatpump_twin.twin_engine.aggregates.series.rules import Rules
from heatpump_twin.twin_engine.aggregates.series.series import Series
from heatpump_twin.twin_engine.history import Samples

SECOND = 1_000_000
NOON = 1_760_011_200 * SECOND
STATUS = {"G": 0, "Q": 0x4000_0000, "U": 0x40A4_0000, "B": 0x8000_0000, "N": 0x809B_0000}
BITS = {"c": 1, "i": 2, "p": 4, "m": 16}
WORD = re.compile(r"([-\d.]*)([GQUBN])([cipm]*)(?:@([\d.]+))?$")

SECOND_HISTORIAN = [2, 25, 28, 39, 42, 48, 52, 72, 77, 83, 86, 90]
HISTORIANS = {
    1: ([10, 20, 30, 40, 50, 60, 70, 80, 90], [10, 20, 30, None, 50, 60, 70, 80, 90], 70),
    2: (SECOND_HISTORIAN, [10, 20, 25, 30, None, 40, 50, 60, 70, 70, 80, 90], 77),
    3: (SECOND_HISTORIAN, [10, 20, 25, 30, None, 40, 50, 60, 70, 70, 80, 90], 77),
    4: (SECOND_HISTORIAN, [1, 0, 1, 1, None, 1, 0, 0, 1, 1, 0, 1], 77),
    5: (SECOND_HISTORIAN, [10, 20, 10, 30, None, 30, 50, 30, 70, 70, 80, 70], 77),
}
"""Seconds and values of samples; at one second the sample is Uncertain."""
RULES = {
    1: Rules(treat_uncertain_as_bad=False),
    2: Rules(sloped_extrapolation=True),
    3: Rules(stepped=True, percent_bad=50, percent_good=50),
    4: Rules(stepped=True),
    5: Rules(treat_uncertain_as_bad=False),
}


def historian(number: int) -> Series:
    seconds, values, uncertain = HISTORIANS[number]
    # Each archive begins with the entry that its point was created.
    status = [STATUS["N"]]
    for second, value in zip(seconds, values, strict=True):
        status.append(STATUS["B" if value is None else "Q" if second == uncertain else "G"])
    samples = Samples(
        np.array([np.nan, *(np.nan if v is None else v for v in values)]),
        np.array(status, dtype=np.uint32),
        NOON + np.array([0, *seconds], dtype=np.int64) * SECOND,
    )
    return Series.of(samples, RULES[number], begins=True, ends=True)


def examples() -> Iterator[tuple[str, int, int, str]]:
    for line in (Path(__file__).parent / "part13_examples.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            head, expected = line.split(": ")
            name, number, length = head.split()
            yield name, int(number), int(length), expected


def results(name: str, number: int, length: int, *, begin: int = 0, end: int = 100) -> Samples:
    asked = Range.of(NOON + begin * SECOND, NOON + end * SECOND, length * SECOND)
    return BY_NAME[name].of(historian(number), asked.part(0, len(asked)))


def said(found: Samples, row: int, begin: int) -> tuple[object, ...]:
    value = None if np.isnan(found.value[row]) else round(float(found.value[row]), 3)
    code = int(found.status[row])
    return value, hex(code), (int(found.time[row]) - NOON) / SECOND


def meant(word: str, begin: int) -> tuple[object, ...]:
    match = WORD.match(word)
    assert match is not None, word
    value, status, letters, at = match.groups()
    bits = sum(BITS[letter] for letter in letters)
    code = STATUS[status] | (bits | 0x400 if bits else 0)
    return round(float(value), 3) if value else None, hex(code), float(at or begin)


@pytest.mark.parametrize(
    ("name", "number", "length", "expected"),
    [pytest.param(*example, id=f"{example[0]}-{example[1]}") for example in examples()],
)
def test_example(name: str, number: int, length: int, expected: str) -> None:
    found = results(name, number, length)
    words = expected.split()
    assert [said(found, row, row * length) for row in range(len(words))] == [
        meant(word, row * length) for row, word in enumerate(words)
    ]
