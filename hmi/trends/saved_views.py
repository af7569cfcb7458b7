"""Saved views: what each person calls a trend that they want to see again."""

from __future__ import annotations

import json
from pathlib import Path

import structlog

from heatpump_twin.config.durable_file import write_private

logger = structlog.stdlib.get_logger(__name__)

MOST_VIEWS = 50
"""Of one person."""
MOST_LETTERS = 60
"""Of a name."""
_MOST_PEOPLE = 1_000


class SavedViews:
    """Saved views of all people, in one file of the HMI's part of the data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, person: str) -> dict[str, str]:
        """Return a person's views: the query of the address by name, in order of names."""
        return dict(sorted(self._all().get(person, {}).items()))

    def save(self, person: str, name: str, query: str) -> bool:
        """Save a view under a name, in place of the one that has it; False: there is no room.

        Raises
        ------
        OSError
            The disk is full or read-only; what was saved is as it was.
        """
        name = " ".join(name.split())[:MOST_LETTERS]
        people = self._all()
        own = people.setdefault(person, {})
        if not name or (name not in own and len(own) >= MOST_VIEWS) or len(people) > _MOST_PEOPLE:
            return False
        own[name] = query
        self._write(people)
        return True

    def forget(self, person: str, name: str) -> None:
        """Forget a view.

        Raises
        ------
        OSError
            The disk is full or read-only; what was saved is as it was.
        """
        people = self._all()
        if people.get(person, {}).pop(name, None) is not None:
            self._write(people)

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
            return {
                str(person): {str(name): str(query) for name, query in views.items()}
                for person, views in found.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            # Names of views are a convenience: the page works without them, and says nothing wrong.
            logger.warning("saved_views_unreadable", path=str(self._path), error=repr(error))
            return {}

    def _write(self, people: dict[str, dict[str, str]]) -> None:
        write_private(self._path, json.dumps(people, ensure_ascii=False, indent=1) + "\n")
