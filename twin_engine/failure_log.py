"""Log a recurring failure once, and again only after the failing thing had worked."""

from __future__ import annotations

import structlog

log = structlog.stdlib.get_logger(__name__)


class FailureLog:
    """Record of which points, sinks or rules fail now, so that each failure is logged once.

    Parameters
    ----------
    event : str
        Log event: ``a point cannot be computed``.
    kind : str
        Log key of the name: ``point``, ``sink``, ``asset``.
    """

    def __init__(self, event: str, kind: str) -> None:
        self._event = event
        self._kind = kind
        self.failing: set[str] = set()
        """Names of what failed the last time. Where it is empty, `worked` need not be called."""

    def failed(self, name: str) -> None:
        """Log the exception that is being handled, unless ``name`` failed the last time as well."""
        # One traceback is enough: at a frame a second the same one would fill the disk overnight.
        if name not in self.failing:
            self.failing.add(name)
            log.exception(self._event, **{self._kind: name})

    def worked(self, name: str) -> None:
        """Note a success: the next failure is logged again."""
        if name in self.failing:
            self.failing.remove(name)
            log.info(f"{self._event}: over", **{self._kind: name})
