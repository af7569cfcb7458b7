"""What the twin engine raises.

The errors::

    EngineError
    ├── DerivationError     a record of a derived point does not fit the catalogue
    ├── SchemaError         the database belongs to another version of this software
    ├── DatabaseAway        the database cannot be reached now; later it may be
    ├── DamagedBlock        recorded samples are not what was written
    ├── TooManySamples      more samples in one interval than can be computed at once
    ├── HistoryLost         samples could neither be written nor kept for the next start
    ├── CopyError           a database cannot be copied, or a copy not be brought back
    ├── CalibrationError    a model cannot be calibrated, or not be used
    ├── ForecastError       what forecasts are made from or judged by cannot be used
    ├── AuditError          an audit row could not be made durable
    ├── ConditionStoreError the state of an alarm could not be made durable
    └── ProgramStoreError   what the twin is to do could not be made durable
"""

from __future__ import annotations

from collections.abc import Sequence


class EngineError(Exception):
    """Root of what the twin engine raises."""


class DerivationError(EngineError):
    """Records of derived points do not fit the catalogue, or each other."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes
        """One sentence each, beginning with the point."""


class SchemaError(EngineError):
    """The database belongs to another version of this software."""


class DatabaseAway(EngineError):  # noqa: N818 (it says what is the case, not that code is wrong)
    """The database cannot be reached now; later it may be."""


class DamagedBlock(EngineError):  # noqa: N818 (it says what is the case)
    """Recorded samples are not what was written: a bit of the medium has changed."""


class TooManySamples(EngineError):  # noqa: N818 (it says what is the case)
    """There are more samples in one interval than an aggregate computes at once."""


class HistoryLost(EngineError):  # noqa: N818 (it says what is the case)
    """Samples could neither be written to the database nor kept for the next start."""


class CopyError(EngineError):
    """A database cannot be copied, or a copy cannot be brought back."""


class CalibrationError(EngineError):
    """A model cannot be calibrated, or not be used; the message says what is missing."""


class ForecastError(EngineError):
    """What forecasts are made from, or judged by, cannot be used; the message says why."""


class AuditError(EngineError):
    """An audit row could not be made durable."""


class ConditionStoreError(EngineError):
    """What people did about an alarm could not be made durable or read."""


class ProgramStoreError(EngineError):
    """What the twin is to do, or to undo, could not be made durable or read."""
