"""Memory of a process that makes pages: what is free goes back to the system."""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
"""Parameters of mallopt(3)."""
_PAGE_OF_HTML = 65_536
"""Blocks of this size and more are given back as soon as they are free. [B]"""


def return_free_memory() -> None:
    """Have large blocks returned to the system when they are free, where the C library can.

    glibc by itself raises its thresholds as soon as a large block is freed once, and keeps what
    comes free after that between blocks that live.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _PAGE_OF_HTML)
        mallopt(_TRIM_THRESHOLD, 2 * _PAGE_OF_HTML)
