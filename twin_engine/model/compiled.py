"""Compile functions over numbers and arrays to machine code.

A year in steps of a minute is 525,600 decisions in a row: one call of NumPy in each takes half the
time that the whole year may (docs/adr/0027-simulation-is-compiled.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
T = TypeVar("T")


def compiled(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function as machine code, made at its first call and kept for as long as we run.

    As Python it stays reachable by `py_func`. Nothing is kept on disk: the key of numba's cache
    does not know of functions that are called, and would give an old one after an upgrade.
    """
    return cast("Callable[P, T]", numba.njit(error_model="numpy")(function))
