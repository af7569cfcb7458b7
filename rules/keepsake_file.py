"""The file in which what rules remember outlives the process."""

from __future__ import annotations

from pathlib import Path

import structlog

from heatpump_twin.config.durable_file import write_private
from heatpump_twin.rules.keepsake import Keepsake

log = structlog.stdlib.get_logger(__name__)


class KeepsakeFile:
    """A file of a `Keepsake`, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failed = False

    def read(self) -> Keepsake | None:
        """Return what was written last; None: nothing, or nothing that can be read."""
        try:
            return Keepsake.unpacked(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning(
                "what rules remembered cannot be read; they begin anew",
                file=str(self._path),
                error=str(error),
            )
            return None

    def write(self, keepsake: Keepsake) -> None:
        """Write it, or log once that it cannot be written."""
        try:
            write_private(self._path, keepsake.packed())
        except OSError as error:
            if not self._failed:
                log.warning("what rules remember cannot be kept", error=str(error))
            self._failed = True
        else:
            self._failed = False
