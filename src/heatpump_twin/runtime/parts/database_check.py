"""Examine the database before anything opens it: a damaged one is set aside, and told."""

from __future__ import annotations

import structlog

from heatpump_twin.errors import TwinError
from heatpump_twin.runtime.parts.foundation import Foundation
from heatpump_twin.runtime.run_record import RunRecord
from heatpump_twin.twin_engine.historian.database.database_file import DatabaseFile

log = structlog.stdlib.get_logger(__name__)

_REMEDY = "stop the twin and restore a backup (`hptwin restore`) to have the old one back"


def examine_database(foundation: Foundation) -> str:
    """Set a damaged SQLite file aside; return why it is begun anew, or nothing.

    All of it is read only after a run that was cut off: on years of history that takes its time.
    A database of a server is the server's to examine.

    Raises
    ------
    TwinError
        It is damaged and cannot be renamed.
    """
    file = DatabaseFile.of(foundation.database)
    if file is None:
        return ""
    record = RunRecord.read(foundation.data)
    after = record.after if record is not None else "nothing"
    if file.is_empty:
        return _missing(file) if record is not None and record.database else ""
    problem = file.damage(thorough=after == "crash")
    if problem is None:
        return ""
    try:
        kept = file.set_aside(foundation.clock.now())
    except OSError as error:
        raise TwinError(
            f"{file.path} is damaged ({problem}) and cannot be set aside ({error.strerror}): move "
            "it away, or restore a backup with `hptwin restore`"
        ) from error
    told = (
        f"{file.path} is damaged ({problem}): it was set aside as {kept.name}, and history, audit "
        f"and programs begin anew; {_REMEDY}"
    )
    log.error(told)
    return told


def _missing(file: DatabaseFile) -> str:
    told = (
        f"{file.path} was there when the last run ended and is missing or empty: history, audit "
        f"and programs begin anew; {_REMEDY}"
    )
    log.error(told)
    return told
