"""Load modules quickly: a twin and its children load a thousand each before they are ready."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage meanwhile: modules are there to stay.

    CPython would look at all of them again and again, for a tenth of the time that they take.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
