"""File descriptors: how many this process may have, and the share that a web port takes."""

from __future__ import annotations

import resource
from contextlib import suppress

_ENOUGH = 65_536
"""More are of no use, and some libraries walk through all there may be."""


def raise_descriptor_limit() -> None:
    """Raise the limit of open files to what the system allows us without asking anybody."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Where it is refused after all, the ports take a share of the fewer there are.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def share_of_descriptors(wanted: int, parts: int) -> int:
    """Return ``wanted``, or the ``parts``-th part of all descriptors if that is less."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(8, min(wanted, soft // parts))
