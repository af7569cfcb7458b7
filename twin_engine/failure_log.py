"""Log a failure that would come back with every frame once, and again only after it had worked."""

from __future__ import annotations

import structlog

log = structlog.stdlib.get_logger(__name__)


class FailureLog:
    """Remembers what of some like things fails now: points, sinks, rules.

    Parameters
    ----------
    event : str
        What is the matter, for the log: ``a point cannot be computed``.
    kind : str
        What the names are the names of: the key under which the log has them.
    """

    def __init__(self, event: str, kind: str) -> None:
        self._event = event
        self._kind = kind
        self.failing: set[str] = set()
        """Names of what failed the last time. Where it is empty, `worked` need not be called."""

    def failed(self, name: str) -> None:
        """Log the exception that is being handled, unless ``name`` failed the last time as well."""
        if name not in self.failing:
            self.failing.add(name)
            log.exception(self._event, **{self._kind: name})

    def worked(self, name: str) -> None:
        """Note a success: the next failure is logged again."""
        if name in self.failing:
            self.failing.remove(name)
            log.info(f"{self._event}: over", **{self._kind: name})
