"""Every text of the pages that does not come from the address space: the place to translate."""

from __future__ import annotations

LANGUAGE = "en"

# ── login ────────────────────────────────────────────────────────────────────────────────────────
LOGIN = "Log in"
USER = "User"
PASSWORD = "Password"  # noqa: S105  a label
WRONG_LOGIN = "Wrong user or password."
TWIN_UNREACHABLE = "The twin does not answer. It may be starting; try again in a moment."
FAREWELL = {
    "idle": "Logged out because nobody used the page for a while.",
    "again": "The connection ended and could not be rebuilt. Please log in again.",
    "bye": "You are logged out.",
}
LOG_OUT = "Log out"


def refused_by_twin(status: str) -> str:
    """Return why a connection failed though a server answered."""
    if status in _LOGIN_REASONS:
        return _LOGIN_REASONS[status]
    return f"The twin refuses the connection ({status})."


_LOGIN_REASONS = {
    "BadTooManyOperations": "Too many failed attempts. Wait a minute, then try again.",
    "BadResourceUnavailable": "Too many failed attempts. Wait a minute, then try again.",
    "BadTooManySessions": "Too many people are logged in. Close another session first.",
    "BadSecurityChecksFailed": "The twin does not trust this HMI's certificate. "
    "Ask an administrator to trust it: `hptwin cert list`.",
    "BadCertificateUntrusted": "The twin does not trust this HMI's certificate. "
    "Ask an administrator to trust it: `hptwin cert list`.",
}

# ── shell ────────────────────────────────────────────────────────────────────────────────────────
OVERVIEW = "Overview"
ALARMS = "Alarms"
LINK = {"connected": "Connected", "lost": "No connection", "closed": "Logged out"}
THEME = "Light or dark"
NO_ALARMS = "No active alarms"
STALE = "No news from the twin: the values shown are old"
NO_VALUE = "—"
LOADING = "…"
QUALITY = {"good": "Good", "uncertain": "Uncertain", "bad": "Bad", "stale": "Stale"}
NOT_FOUND = "There is no such heat pump."
NO_UNITS = "The twin has no heat pumps yet."

# ── heat pump ────────────────────────────────────────────────────────────────────────────────────
STATE = "State"
SUPPLY = "Supply"
RETURN = "Return"
POWER = "Power"
HEAT = "Heat"
FLOW = "Flow"
COP = "COP"
SETPOINT = "Setpoint"
OUTDOOR = "Outdoor"
ROOM = "Room"
HOT_WATER = "Hot water"
OUTDOOR_UNIT = "Outdoor unit"
EXCHANGER = "Condenser"
COMPRESSOR = "Compressor"
PRESSURE = "Pressure"
HUMIDITY = "Humidity"
TODAY = "Today"
ELECTRICITY = "Electricity"
BUILDING = "Building"
DEFROST = "Defrost"
HEATER = "Backup heater"
PARAMETERS = "Parameters"
FILTER = "Filter by name, group or state"
COLUMNS = ("Parameter", "Value", "Unit", "Normal range", "Quality", "Source time")
OTHER_GROUP = "Other"

# ── control ──────────────────────────────────────────────────────────────────────────────────────
CONTROL = "Control"
READ_ONLY = "You may look, but not change anything here. An operator can."
NEW_VALUE = "New value"
OUTSIDE = "Outside the limits"
WRITE = "Write"
CONFIRM = "Confirm"
CANCEL = "Cancel"
WRITING = "Writing, then reading back …"
DONE = "Done."
NO_ANSWER = "No answer from the twin. Whether the command arrived is not known: check the value."
ACTIONS = {"Start": "Start", "Stop": "Stop", "ResetFault": "Reset fault"}


def limits(low: str, high: str, unit: str) -> str:
    """Return the limits of an input."""
    return f"{low} to {high} {unit}".rstrip()


def ask(what: str, heat_pump: str) -> str:
    """Return the question before a command that starts, stops or switches a machine."""
    return f"{what}: {heat_pump}?"


def written(value: str, unit: str) -> str:
    """Return what the device reads back after a write."""
    return f"Reads back {value} {unit}".rstrip()


def reason(status: str) -> str:
    """Return why a command failed."""
    return _REASONS.get(status, f"The twin refused: {status}.")


_REASONS = {
    "BadUserAccessDenied": "You are not allowed to do this.",
    "BadOutOfRange": "The value is outside the limits. Nothing was written.",
    "BadInvalidArgument": "The value is not valid. Nothing was written.",
    "BadTypeMismatch": "The value is not valid. Nothing was written.",
    "BadNoCommunication": "The device cannot be reached. Check its connection and try again.",
    "BadTimeout": "The device did not answer in time. Check the value, then try again.",
    "BadDeviceFailure": "The device reports a failure.",
    "BadNotWritable": "The device does not accept writes to this value.",
    "BadNotExecutable": "This action is not available now.",
    "BadConditionBranchAlreadyAcked": "Somebody else acknowledged it already.",
    "BadEventIdUnknown": "The alarm has changed meanwhile. Look again, then acknowledge.",
}

# ── what the twin does by itself ─────────────────────────────────────────────────────────────────
PROGRAMS = "Overrides and programs"
NO_PROGRAMS = "Nothing is overridden, scheduled or under way."
PROGRAM_METHODS = {
    "ReleaseOverride": "Release override", "CancelSchedule": "Cancel schedule",
    "ScheduleReady": "Water ready at a time", "StartDhwBoost": "Hot water boost",
}  # fmt: skip
READY_AT = "Ready at"
TARGET = "Target"
START_PROGRAM = "Start"
TANK_PROGRAMS = {1: "Hot water boost", 2: "Disinfection"}


def overridden(title: str, before: str) -> str:
    """Return what a release gives back."""
    return f"{title} is overridden; a release returns it to {before}."


def scheduled(target: str, ready_at: str, start_at: str) -> str:
    """Return what is scheduled, and when it will start."""
    start = f", starts about {start_at}" if start_at else ""
    return f"Water at {target} scheduled for {ready_at}{start}."


def tank_program(what: str, target: str, until: str) -> str:
    """Return what is under way in the tank."""
    return f"{what} to {target}, until {until} at the latest."


# ── prediction ───────────────────────────────────────────────────────────────────────────────────
PREDICTED = "predicted"
PREDICTION = "Prediction"
PROVENANCE = {
    "ModelName": "Model",
    "ModelVersion": "version",
    "TrainingSource": "trained on",
    "TrainingStart": "from",
    "TrainingEnd": "to",
    "Horizon": "looks ahead",
}
ISSUED = "issued"


def interval(low: str, high: str, unit: str) -> str:
    """Return the span in which 8 of 10 outcomes are expected."""
    return f"80 % between {low} and {high} {unit}"


# ── trend ────────────────────────────────────────────────────────────────────────────────────────
TREND = "Trend"
POINTS = "Points"
RANGES = {1: "1 h", 6: "6 h", 24: "24 h", 168: "7 d"}
TREND_EMPTY = "Nothing recorded in this span"
TREND_READING = "Reading history …"
TREND_FAILED = "History cannot be read: "
TREND_RESET = "Whole span"

# ── alarms ───────────────────────────────────────────────────────────────────────────────────────
PRIORITY = {"urgent": "Urgent", "high": "High", "medium": "Medium", "low": "Low"}
PRIORITY_SHAPE = {"urgent": "■", "high": "▲", "medium": "▼", "low": "◆"}
ALARM_STATE = {
    "unacknowledged": "Active, not acknowledged",
    "acknowledged": "Active, acknowledged",
    "returned": "Returned, not acknowledged",
    "normal": "Back to normal",
}
ALARM_COLUMNS = {
    "priority": "Priority", "state": "State", "time": "Time", "source": "Source",
    "message": "Message", "cause": "Likely cause", "action": "What to do",
}  # fmt: skip
ACKNOWLEDGE = "Acknowledge"
COMMENT = "Comment"
SHOW_RETURNED = "Show what returned to normal since login"
