"""Every text of the pages that does not come from the address space, in English.

A page shows them through its person's :class:`Language`; their translations are in
`config/locales`, with those of the server.
"""

from __future__ import annotations

from functools import partial

from heatpump_twin.config.phrase import Context, Phrase, Text

_login = partial(Text, context=Context.HMI_LOGIN)
_login_phrase = partial(Phrase, context=Context.HMI_LOGIN)
_shell = partial(Text, context=Context.HMI_SHELL)
_shell_phrase = partial(Phrase, context=Context.HMI_SHELL)
_unit = partial(Text, context=Context.HMI_UNIT)
_control = partial(Text, context=Context.HMI_CONTROL)
_control_phrase = partial(Phrase, context=Context.HMI_CONTROL)
_programs = partial(Text, context=Context.HMI_PROGRAMS)
_programs_phrase = partial(Phrase, context=Context.HMI_PROGRAMS)
_prediction = partial(Text, context=Context.HMI_PREDICTION)
_prediction_phrase = partial(Phrase, context=Context.HMI_PREDICTION)
_trend = partial(Text, context=Context.HMI_TREND)
_trend_phrase = partial(Phrase, context=Context.HMI_TREND)
_alarms = partial(Text, context=Context.HMI_ALARMS)

# ── login ────────────────────────────────────────────────────────────────────────────────────────
LOGIN = _login("Log in")
USER = _login("User")
PASSWORD = _login("Password")
WRONG_LOGIN = _login("Wrong user or password.")
TWIN_UNREACHABLE = _login("The twin does not answer. It may be starting; try again in a moment.")
FAREWELL = {
    "idle": _login("Logged out because nobody used the page for a while."),
    "again": _login("The connection ended and could not be rebuilt. Please log in again."),
    "restarted": _login("The pages were started again. Please log in once more."),
    "bye": _login("You are logged out."),
}
NO_SUCH_PAGE = _login("There is no such page.")
TO_OVERVIEW = _login("To the overview")


def refused_by_twin(status: str) -> Text:
    """Return the sentence for the status with which the twin refused a connection."""
    return _LOGIN_REASONS.get(status) or _login_phrase(
        "The twin refuses the connection ({status}).", status=status
    )


_TOO_MANY_ATTEMPTS = _login(
    "Too many failed attempts: for a while, five minutes at most, the password is not looked at. "
    "Try again then."
)
_NOT_TRUSTED = _login(
    "The twin does not trust this HMI's certificate. "
    "Ask an administrator to trust it: `hptwin cert list`."
)
_LOGIN_REASONS = {
    "BadTooManyOperations": _TOO_MANY_ATTEMPTS,
    "BadResourceUnavailable": _TOO_MANY_ATTEMPTS,
    "BadTooManySessions": _login("Too many people are logged in. Close another session first."),
    "BadSecurityChecksFailed": _NOT_TRUSTED,
    "BadCertificateUntrusted": _NOT_TRUSTED,
}

# ── shell ────────────────────────────────────────────────────────────────────────────────────────
OVERVIEW = _shell("Overview")
ALARMS = _shell("Alarms")
LOG_OUT = _shell("Log out")
LINK = {
    "connected": _shell("Connected"),
    "lost": _shell("No connection"),
    "closed": _shell("Logged out"),
}
LANGUAGE = _shell("Language")
NAMES_OF_LANGUAGES = {"en": "English", "es": "Español", "ca": "Català", "de": "Deutsch"}
"""Each in itself, for whoever looks for their own."""
THEME = _shell("Light or dark")
NO_ALARMS = _shell("No active alarms")
ALARMS_UNKNOWN = _shell("Alarms are not known yet")
ALARMS_OLD = _shell("as last known")
STALE = _shell("No news from the twin: the values shown are old")
EMULATED = _shell("Emulated")
EMULATED_DEVICES = _shell("Devices are emulated: what is shown is not that of a machine.")
SIMULATED = _shell("Simulated")


def simulated_until(time: str) -> Phrase:
    """Return the sentence of history that nobody has recorded."""
    return _shell_phrase("History up to {time} was simulated.", time=time)


NO_VALUE = "—"
LOADING = "…"
QUALITY = {
    "good": _shell("Good"),
    "uncertain": _shell("Uncertain"),
    "bad": _shell("Bad"),
    "stale": _shell("Stale"),
}
QUALITY_REASONS = {
    "BadNoCommunication": _shell("The device cannot be reached."),
    "BadNotConnected": _shell("The device cannot be reached."),
    "BadTimeout": _shell("The device did not answer in time."),
    "BadDeviceFailure": _shell("The device refuses this value: it reports a failure of its own."),
    "BadConfigurationError": _shell(
        "The device refuses this value: it does not know the register that the profile names."
    ),
    "BadNotSupported": _shell(
        "The device refuses this value: it cannot be asked for it in this way."
    ),
    "BadResourceUnavailable": _shell("The device was too busy to give this value."),
    "BadSensorFailure": _shell("The device gives something that is no number: a failed sensor."),
    "BadOutOfRange": _shell("What the device gives is beyond what it can be."),
    "BadNoData": _shell("There is nothing to show: no such sensor, or it has no meaning now."),
    "BadOutOfService": _shell("It is switched off, or its model is not in use."),
    "BadWaitingForInitialData": _shell("Nothing has been read yet."),
    "BadInvalidState": _shell("In the present state of the machine it has no meaning."),
    "BadAggregateInvalidInputs": _shell("What it is computed from is not known."),
    "BadInternalError": _shell("The twin failed to compute it. Tell your administrator."),
    "BadNodeIdUnknown": _shell("The twin has this value no longer. Load the page again."),
    "BadUserAccessDenied": _shell("You are not allowed to see this value."),
    "UncertainLastUsableValue": _shell("It is the last value that could be used, and may be old."),
    "UncertainSensorNotAccurate": _shell("The sensor is not plausible."),
    "UncertainEngineeringUnitsExceeded": _shell("It is outside what the sensor can measure."),
    "UncertainSubNormal": _shell("It stands on less than it needs, or on something uncertain."),
    "UncertainDataSubNormal": _shell("Only a part of the data that it needs was there."),
    "UncertainInitialValue": _shell("It is an initial value, not one that was measured."),
    "Uncertain": _shell("An estimate or a prediction: to be used with care."),
    "Bad": _shell("It is not usable."),
}
"""Why a value is Bad or Uncertain, by the name of its status."""
NOT_FOUND = _unit("There is no such heat pump.")
NO_UNITS = _unit("The twin has no heat pumps yet.")

# ── heat pump ────────────────────────────────────────────────────────────────────────────────────
SUPPLY = _unit("Supply")
RETURN = _unit("Return")
POWER = _unit("Power")
HEAT = _unit("Heat")
FLOW = _unit("Flow")
COP = _unit("COP")
SETPOINT = _unit("Setpoint")
OUTDOOR = _unit("Outdoor")
ROOM = _unit("Room")
HOT_WATER = _unit("Hot water")
OUTDOOR_UNIT = _unit("Outdoor unit")
EXCHANGER = _unit("Condenser")
PRESSURE = _unit("Pressure")
HUMIDITY = _unit("Humidity")
TODAY = _unit("Today")
ELECTRICITY = _unit("Electricity")
BUILDING = _unit("Building")
DEFROST = _unit("Defrost")
PARAMETERS = _unit("Parameters")
FILTER = _unit("Filter by name, group or state")
COLUMNS = (
    _unit("Parameter"),
    _unit("Value"),
    _unit("Unit"),
    _unit("Normal range"),
    _unit("Quality"),
    _unit("Source time"),
)
OTHER_GROUP = _unit("Other")

# ── control ──────────────────────────────────────────────────────────────────────────────────────
CONTROL = _control("Control")
READ_ONLY = _control("You may look, but not change anything here. An operator can.")
NEW_VALUE = _control("New value")
OUTSIDE = _control("Outside the limits")
TOO_FINE = _control("Finer than the device can take")
ENTER_VALUE = _control("Enter a value first")
CHOOSE_VALUE = _control("Choose a value first")
WRITE = _control("Write")
CONFIRM = _control("Confirm")
CANCEL = _control("Cancel")
WRITING = _control("Writing, then reading back …")
DONE = _control("Done.")
NO_ANSWER = _control(
    "No answer from the twin. Whether the command arrived is not known: check the value."
)
ACTIONS = {
    "Start": _control("Start"),
    "Stop": _control("Stop"),
    "ResetFault": _control("Reset fault"),
}


def write(value: str) -> Phrase:
    """Return the label of a write button; the value has its unit."""
    return _control_phrase("Write {value}", value=value)


def limits(low: str, high: str, unit: str) -> Phrase:
    """Return the text of an input's limits."""
    if not unit:
        return _control_phrase("{low} to {high}", low=low, high=high)
    return _control_phrase("{low} to {high} {unit}", low=low, high=high, unit=unit)


def ask(what: str, heat_pump: str) -> Phrase:
    """Return the question before a command that starts, stops or switches a machine."""
    return _control_phrase("{what}: {heat_pump}?", what=what, heat_pump=heat_pump)


def written(value: str) -> Phrase:
    """Return the text of a read-back after a write; the value has its unit."""
    return _control_phrase("Reads back {value}", value=value)


def reason(status: str) -> Text:
    """Return the sentence for the status of a failed command."""
    return _REASONS.get(status) or _control_phrase("The twin refused: {status}.", status=status)


_NOT_VALID = _control("The value is not valid. Nothing was written.")
_REASONS = {
    "BadUserAccessDenied": _control("You are not allowed to do this."),
    "BadOutOfRange": _control("The value is outside the limits. Nothing was written."),
    "BadInvalidArgument": _NOT_VALID,
    "BadTypeMismatch": _NOT_VALID,
    "BadNoCommunication": _control(
        "The device cannot be reached. Check its connection and try again."
    ),
    "BadTimeout": _control("The device did not answer in time. Check the value, then try again."),
    "BadDeviceFailure": _control("The device reports a failure."),
    "BadNotWritable": _control("The device does not accept writes to this value."),
    "BadNotExecutable": _control("This action is not available now."),
    "BadConditionBranchAlreadyAcked": _alarms("Somebody else acknowledged it already."),
    "BadEventIdUnknown": _alarms("The alarm has changed meanwhile. Look again, then acknowledge."),
}

# ── what the twin does by itself ─────────────────────────────────────────────────────────────────
PROGRAMS = _programs("Overrides and programs")
NO_PROGRAMS = _programs("Nothing is overridden, scheduled or under way.")
PROGRAM_METHODS = {
    "ReleaseOverride": _programs("Release override"),
    "CancelSchedule": _programs("Cancel schedule"),
    "ScheduleReady": _programs("Water ready at a time"),
    "StartDhwBoost": _programs("Hot water boost"),
}
READY_AT = _programs("Ready at")
TARGET = _programs("Target")
CHOOSE_TIME = _programs("Choose a time first")
TANK_BUSY = _programs("A program heats the tank already: release the override first")
START_PROGRAM = _programs("Start")
TANK_PROGRAMS = {
    1: _programs("Hot water boost"),
    2: _programs("Disinfection"),
}


def overridden(title: str, before: str) -> Phrase:
    """Return the sentence of an override and of the value that a release returns to."""
    return _programs_phrase(
        "{setting} is overridden; a release returns it to {before}.",
        setting=title,
        before=before,
    )


def scheduled(target: str, ready_at: str, start_at: str) -> Phrase:
    """Return the sentence of a schedule, with its start where that is known."""
    if not start_at:
        return _programs_phrase(
            "Water at {target} scheduled for {ready_at}.",
            target=target,
            ready_at=ready_at,
        )
    return _programs_phrase(
        "Water at {target} scheduled for {ready_at}, starts about {start_at}.",
        target=target,
        ready_at=ready_at,
        start_at=start_at,
    )


def tank_program(what: str, target: str, until: str) -> Phrase:
    """Return the sentence of a running tank program."""
    return _programs_phrase(
        "{what} to {target}, until {until} at the latest.",
        what=what,
        target=target,
        until=until,
    )


# ── prediction ───────────────────────────────────────────────────────────────────────────────────
PREDICTED = _prediction("predicted")
PREDICTION = _prediction("Prediction")
PROVENANCE = {
    "ModelName": _prediction("Model"),
    "ModelVersion": _prediction("version"),
    "TrainingSource": _prediction("trained on"),
    "TrainingStart": _prediction("from"),
    "TrainingEnd": _prediction("to"),
    "Horizon": _prediction("looks ahead"),
}
ISSUED = _prediction("issued")


def interval(low: str, high: str, unit: str) -> Phrase:
    """Return the text of an 80 % prediction interval."""
    return _prediction_phrase(
        "80 % between {low} and {high} {unit}",
        low=low,
        high=high,
        unit=unit,
    )


# ── trend ────────────────────────────────────────────────────────────────────────────────────────
TREND = _trend("Trend")
POINTS = _trend("Points")
RANGES = {1: "1 h", 6: "6 h", 24: "24 h", 168: "7 d"}
TREND_EMPTY = _trend("Nothing recorded in this span")
TREND_READING = _trend("Reading history …")


def trend_failed(why: str) -> Phrase:
    """Return the sentence that history cannot be read, with the reason."""
    return _trend_phrase("History cannot be read: {why}", why=why)


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────
PRIORITY = {
    "urgent": _alarms("Urgent"),
    "high": _alarms("High"),
    "medium": _alarms("Medium"),
    "low": _alarms("Low"),
}
PRIORITY_SHAPE = {"urgent": "■", "high": "▲", "medium": "▼", "low": "◆"}
ALARM_STATE = {
    "unacknowledged": _alarms("Active, not acknowledged"),
    "acknowledged": _alarms("Active, acknowledged"),
    "returned": _alarms("Returned, not acknowledged"),
    "confirm": _alarms("Returned, not confirmed"),
    "reset": _alarms("Returned, waits for a reset"),
    "quiet": _alarms("Shelved or suppressed"),
    "normal": _alarms("Back to normal"),
}
ALARM_COLUMNS = {
    "priority": _alarms("Priority"),
    "state": _alarms("State"),
    "time": _alarms("Time"),
    "source": _alarms("Source"),
    "message": _alarms("Message"),
    "cause": _alarms("Likely cause"),
    "action": _alarms("What to do"),
}
ALARM_TIMES = {
    "value": _alarms("At raising"),
    "acknowledged": _alarms("Acknowledged at"),
    "returned": _alarms("Returned at"),
}
ALARM_ACTS = {
    "acknowledge": _alarms("Acknowledge"),
    "confirm": _alarms("Confirm"),
    "reset": _alarms("Reset"),
}
SHELVING_ACTS = {"shelve": _alarms("Shelve"), "unshelve": _alarms("Unshelve")}
SHELVING_WAYS = {
    "hour": _alarms("For 1 hour"),
    "shift": _alarms("For 8 hours"),
    "day": _alarms("For 24 hours"),
    "once": _alarms("Until it returns to normal"),
}
SHELVED_UNTIL = _alarms("until")
COMMENT = _alarms("Comment")
SHOW_RETURNED = _alarms("Show what returned to normal since login")
