"""What a part of a condition remembers: arrays with one row for each asset."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.rules.grammar.logic import Array

Marks = NDArray[np.bool_]
Times = NDArray[np.int64]
"""[µs]"""
Arrays = Mapping[str, NDArray[Any]]

BRIDGED = 120 * MICROSECONDS
"""An unknown state of so long a time at most is taken for the one before. [µs]"""


BEAT = 60 * MICROSECONDS
"""How often what remembers is looked at, where no input changes. [µs]"""


class Memory:
    """Memory of one part of a condition, over all assets of a rule: arrays of shape (n, …).

    `look` is called with all inputs whenever one of them changes, and by a beat in between. From
    one call to the next, each input is what it was then: what is not known adds nothing.
    """

    def __init__(self, assets: int) -> None:
        self._assets = assets
        # A list and no array: it is not kept over a restart, as what is between is not known.
        self._held: list[Array] = []

    @property
    def beat(self) -> int:
        """How often it has to be looked at where no input changes. [µs]"""
        return BEAT

    def look(self, elapsed: int, *inputs: Array) -> Array:
        """Return the value now, after a time with the inputs of before. [µs]"""
        if elapsed:
            unknown = np.full(self._assets, np.nan)
            self._pass(elapsed, self._held or [unknown for _ in inputs])
        self._held = [np.broadcast_to(x, self._assets) for x in inputs]
        self._become(self._held)
        return self._value()

    def scan(self, elapsed: Times, *inputs: Array) -> Array:
        """Return what `look` would at many moments one after the other: shape (moments, n).

        Parameters
        ----------
        elapsed : array
            Time before each moment, in which the inputs are those of the moment before. [µs]
        inputs : array
            Of shape (moments, n), or one for all.
        """
        held = self._held or [np.full(self._assets, np.nan) for _ in inputs]
        shape = len(elapsed), self._assets
        rows = [
            np.vstack((h, np.broadcast_to(x, shape))) for h, x in zip(held, inputs, strict=True)
        ]
        value = self._scan(elapsed, rows)
        self._held = [x[-1].copy() for x in rows]
        return value

    def _scan(self, elapsed: Times, rows: Sequence[Array]) -> Array:
        """Do so with inputs whose first row is that of the look before."""
        raise NotImplementedError

    def _pass(self, elapsed: int, held: Sequence[Array]) -> None:
        """Let time pass in which the inputs are ``held``. [µs]"""
        raise NotImplementedError

    def _become(self, inputs: Sequence[Array]) -> None:
        """Take the change from the inputs of before to others."""

    def _value(self) -> Array:
        raise NotImplementedError

    def copy(self) -> Self:
        """Return another memory that remembers the same."""
        other = copy.copy(self)
        for name, array in self.state.items():
            setattr(other, name, array.copy())
        return other

    def forget_inputs(self) -> None:
        """Take the inputs for unknown from now on until the next look: nobody has looked."""
        self._held = []

    def keep(self, kept: Marks) -> None:
        """Keep the rows of some assets only."""
        self._assets = int(kept.sum())
        self._held = [x[kept] for x in self._held]
        for name, array in self.state.items():
            setattr(self, name, array[kept])

    @property
    def state(self) -> Arrays:
        """All that is remembered, by name."""
        return {name: x for name, x in vars(self).items() if isinstance(x, np.ndarray)}

    def recall(self, rows: NDArray[np.int64], state: Arrays) -> bool:
        """Take what some assets remembered before a restart; tell whether it fits.

        Parameters
        ----------
        rows : array
            Row of each asset of ``state``.
        """
        own = self.state
        if own.keys() != state.keys() or any(
            state[name].shape != (len(rows), *array.shape[1:]) or state[name].dtype != array.dtype
            for name, array in own.items()
        ):
            return False
        for name, array in own.items():
            array[rows] = state[name]
        return True


def as_truth(x: Array) -> tuple[Marks, Marks]:
    """Return where a condition is true, and where it is known."""
    known = ~np.isnan(x)
    return known & (x != 0), known
