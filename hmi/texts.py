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
_unit_phrase = partial(Phrase, context=Context.HMI_UNIT)
_control = partial(Text, context=Context.HMI_CONTROL)
_control_phrase = partial(Phrase, context=Context.HMI_CONTROL)
_programs = partial(Text, context=Context.HMI_PROGRAMS)
_programs_phrase = partial(Phrase, context=Context.HMI_PROGRAMS)
_prediction = partial(Text, context=Context.HMI_PREDICTION)
_prediction_phrase = partial(Phrase, context=Context.HMI_PREDICTION)
_trend = partial(Text, context=Context.HMI_TREND)
_trend_phrase = partial(Phrase, context=Context.HMI_TREND)
_alarms = partial(Text, context=Context.HMI_ALARMS)
_changes = partial(Text, context=Context.HMI_SHELL)
_changes_phrase = partial(Phrase, context=Context.HMI_SHELL)
_behaviour = partial(Text, context=Context.HMI_ALARMS)
_alarms_phrase = partial(Phrase, context=Context.HMI_ALARMS)

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


def too_early(span: str) -> Phrase:
    """Return that no password is looked at for a while, and for how long."""
    return Phrase(
        "Too many failed attempts: no password is looked at for now. Try again in {span}.",
        context=Context.HMI_LOGIN,
        span=span,
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
UNITS = _shell("Units")
NAMES_OF_LANGUAGES = {"en": "English", "es": "Español", "ca": "Català", "de": "Deutsch"}
"""Each in itself, for whoever looks for their own."""
THEME = _shell("Light or dark")
SOUND = _shell("Sound for new alarms")
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
    # A status stands for one exception of Modbus or for a few; which, `drivers/modbus/wire` says.
    "BadDeviceFailure": _shell(
        "The device refuses this value: it reports a failure of its own "
        "(Modbus exception 4, or one that only its maker knows)."
    ),
    "BadConfigurationError": _shell(
        "The device refuses this value: it does not know the register that the profile names "
        "(Modbus exception 2 or 3)."
    ),
    "BadNotSupported": _shell(
        "The device refuses this value: it cannot be asked for it in this way (Modbus exception 1)."
    ),
    "BadResourceUnavailable": _shell(
        "The device was too busy to give this value (Modbus exception 5 or 6)."
    ),
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
HEAT_PUMP = _unit("Heat pump")
SOURCE = _unit("Source")
SOURCES = {"brine": _unit("Brine"), "water": _unit("Water")}
SOURCE_IN = _unit("In")
SOURCE_OUT = _unit("Out")
BUFFER = _unit("Buffer")
CIRCUIT_1 = _unit("Circuit 1")
CIRCUIT_2 = _unit("Circuit 2")
PRESSURE = _unit("Pressure")
HUMIDITY = _unit("Humidity")
TODAY = _unit("Today")
ELECTRICITY = _unit("Electricity")
BUILDING = _unit("Building")
ELECTRICITY_TODAY = _unit("Electricity today")
FOR_HEATING = _unit("Heating")
FOR_COOLING = _unit("Cooling")
AT_REST = _unit("At rest")
OF_WHICH_HEATERS = _unit("of which heaters")
DAY_AHEAD = _unit("The next 24 hours")
NOTHING_FORECAST = _unit("Nothing is forecast now.")
EIGHT_OF_TEN = _unit("range in which eight of ten values should lie")
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

# ── faceplate ────────────────────────────────────────────────────────────────────────────────────
AGE = _unit("Age")
EXPECTED = _unit("Expected")
RESIDUAL = _unit("Deviation from expected")
CLOSE = _unit("Close")
NO_OWN_ALARMS = _unit("This value has no alarm now.")
TO_CONTROL = _unit("Change it in the control panel")


def last_hour(low: str, high: str, unit: str) -> Phrase:
    """Return the sentence of the lowest and the highest average of a minute in the last hour."""
    return _unit_phrase("Last hour: {low} to {high} {unit}", low=low, high=high, unit=unit)


# ── site ─────────────────────────────────────────────────────────────────────────────────────────
HEAT_PUMPS = _unit("Heat pumps")
DOING = {
    "running": _unit("Running"),
    "standby": _unit("At rest"),
    "fault": _unit("In fault"),
    "unreachable": _unit("Not reachable"),
    "unknown": _unit("Not known"),
    "alarms": _unit("With alarms"),
}
NOW = _unit("Now")
THIS_MONTH = _unit("This month")
TARIFF = _unit("Tariff")
WEATHER = _unit("Weather")
COST = _unit("Cost")
CO2 = _unit("CO₂")
SPF = _unit("SPF")
PRICE = _unit("Price")
NEXT_PRICE = _unit("Next price")
PRICE_CHANGE = _unit("Changes in")
FORECAST_NOW = _unit("Forecast of now")
EXPECTED_COP = _unit("COP expected")
SPF_MONTH = _unit("SPF this month")
EXPECTED_SPF = _unit("SPF expected")
DEVIATION = _unit("COP of the latest run, against expected")
POWER_DAY = _unit("Electrical power of the last 24 hours")
FIND_UNIT = _unit("Find a heat pump by name, group, model or state")
GROUP = _unit("Group")
ALL_GROUPS = _unit("All groups")
WITHOUT_GROUP = _unit("Without a group")
NO_UNIT_PASSES = _unit("No heat pump passes the filter.")


# ── control ──────────────────────────────────────────────────────────────────────────────────────
CONTROL = _control("Control")
READ_ONLY = _control("You may look, but not change anything here. An operator can.")
NEW_VALUE = _control("New value")
OUTSIDE = _control("Outside the limits")
TOO_FINE = _control("Finer than the device can take")
ENTER_VALUE = _control("Enter a value first")
CHOOSE_VALUE = _control("Choose a value first")
WRITE = _control("Write")
WHY = _control("Reason, if there is one")
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
    "StartDhwBoost": _programs("Hot water boost"),
}
READY_AT = _programs("Ready at")
TARGET = _programs("Target")
CHOOSE_TIME = _programs("Choose a time first")
TANK_BUSY = _programs("A program heats the tank already: release the override first")
START_PROGRAM = _programs("Start")
READY_QUANTITIES = {
    1: _programs("Water"),
    2: _programs("Room"),
    3: _programs("Hot water"),
}
TANK_PROGRAMS = {
    1: _programs("Hot water boost"),
    2: _programs("Disinfection"),
}


# ── smart start ──────────────────────────────────────────────────────────────────────────────────
SMART_START = _programs("Smart start")
ASK_FOR = _programs("Ask for it")
READY_WHAT = _programs("What shall be warm")
ONCE = _programs("Once")
WEEKLY = _programs("Every week")
DAY = _programs("Day")
WEEKDAYS = _programs("Days of the week")
PROBABILITY = _programs("In time with")
HOLD = _programs("Hold for")
HOLD_UNTIL_RELEASED = _programs("until somebody releases it")
PLAN_IT = _programs("Plan it")
CHOOSE_DAYS = _programs("Choose a day of the week first")
CHOOSE_HOLD = _programs("Choose how long it is held: every week it must end")
WITHIN_A_WEEK = _programs("The time must lie ahead, within seven days")
PLANNED = _programs("Planned")
NOTHING_PLANNED = _programs("Nothing is planned.")
STARTS_AT = _programs("Starts at about")
PHASE = _programs("How far it is")
READY_PHASES = {
    0: _programs("Nothing"),
    1: _programs("Waiting"),
    2: _programs("Heating up"),
    3: _programs("Holding"),
    4: _programs("Returning to what was before"),
}
OTHER_SCHEDULES = _programs("After that")
KEPT_WORD = _programs("Whether it kept its word")
ON_TIME = _programs("In time")
LATENESS = _programs("Mean lateness")
EXCESS = _programs("Median too early")
HOLDING_ENERGY = _programs("Energy of being early")
LAST_HEAT_UPS = _programs("The latest heat-ups")
NO_HEAT_UPS = _programs("No heat-up is on record yet.")
HEAT_UP_COLUMNS = (
    _programs("Ready by"),
    _programs("What"),
    _programs("From, to"),
    _programs("Took"),
    _programs("Outcome"),
    _programs("Before its time"),
    _programs("Energy until then"),
)
HEAT_UP_OUTCOMES = {
    "on time": _programs("In time"),
    "late": _programs("Late"),
    "not reached": _programs("Not reached"),
    "overridden": _programs("Overridden by hand"),
    "observed": _programs("Only observed"),
}


def overridden(title: str, before: str) -> Phrase:
    """Return the sentence of an override and of the value that a release returns to."""
    return _programs_phrase(
        "{setting} is overridden; a release returns it to {before}.",
        setting=title,
        before=before,
    )


def scheduled(what: str, target: str, ready_at: str, start_at: str) -> Phrase:
    """Return the sentence of a schedule, with its start where that is known."""
    if not start_at:
        return _programs_phrase(
            "{what} at {target} scheduled for {ready_at}.",
            what=what,
            target=target,
            ready_at=ready_at,
        )
    return _programs_phrase(
        "{what} at {target} scheduled for {ready_at}, starts about {start_at}.",
        what=what,
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
FORECASTS_OF_NOW = _prediction("What forecasts say of now")
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
TRENDS = _trend("Trends")
WEEKS = _trend("This week against last")
TREND_HOURS = {
    1: _trend("The last hour"),
    6: _trend("The last 6 hours"),
    24: _trend("The last 24 hours"),
    168: _trend("The last 7 days"),
    720: _trend("The last 30 days"),
    8760: _trend("The last year"),
}
OWN_RANGE = _trend("From … to …")
EARLIER = {
    "day": _trend("a day before"),
    "week": _trend("a week before"),
    "month": _trend("four weeks before"),
    "year": _trend("52 weeks before"),
}
NO_EARLIER = _trend("nothing")
FORECAST = _trend("forecast")
TREND_TOOLS = {
    "range": _trend("Range"),
    "from": _trend("From"),
    "to": _trend("To"),
    "with": _trend("Compare with"),
    "ahead": _trend("Forecast"),
    "marks": _trend("Alarms and changes"),
    "back": _trend("Earlier"),
    "on": _trend("Later"),
    "add": _trend("Add points"),
    "save": _trend("Save view"),
    "forget": _trend("Delete view"),
    "csv": _trend("Export as CSV"),
    "png": _trend("Export as picture"),
    "unit": _trend("Heat pump"),
    "search": _trend("Search"),
    "points": _trend("Points (several with Ctrl or Shift)"),
    "pane": _trend("Pane"),
    "name": _trend("Name of the view"),
}
TREND_WORDS = {
    "point": _trend("Point"),
    "cursor": _trend("At the cursor"),
    "least": _trend("Least"),
    "average": _trend("Average"),
    "greatest": _trend("Greatest"),
    "pane": TREND_TOOLS["pane"],
    "remove": _trend("Remove"),
    "views": _trend("Saved views"),
    "time": _trend("Time"),
    "noRange": _trend("A range ends after it begins."),
}
PANE_BY_UNIT = _trend("by unit")
THE_SITE = _trend("The site")
NO_POINTS = _trend("No points are chosen yet.")
VIEW_SAVED = _trend("The view is saved.")
VIEW_NOT_SAVED = _trend("The view cannot be saved: there are too many, or the name is empty.")


def view_not_written(why: str) -> Phrase:
    """Return the sentence that a view could not be written to the disk."""
    return _trend_phrase("The view cannot be saved: {why}", why=why)


def not_in_trend(keys: str) -> Phrase:
    """Return the sentence about points that are not shown."""
    return _trend_phrase("Not shown, as the twin has no history of it: {keys}", keys=keys)


def trend_failed(why: str) -> Phrase:
    """Return the sentence that history cannot be read, with the reason."""
    return _trend_phrase("History cannot be read: {why}", why=why)


def happened(count: int) -> Phrase:
    """Return how many alarms and changes are marked."""
    return _trend_phrase("Alarms and changes: {count}", count=count)


def happened_and_more(count: int) -> Phrase:
    """Return how many alarms and changes are marked, where there are more of them."""
    return _trend_phrase("Alarms and changes: the latest {count}, there are more", count=count)


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
    "shelved": _alarms("Shelved"),
    "suppressed": _alarms("Suppressed"),
    "out_of_service": _alarms("Out of service"),
    "normal": _alarms("Back to normal"),
}
ALARM_COLUMNS = {
    "priority": _alarms("Priority"),
    "state": _alarms("State"),
    "time": _alarms("Raised"),
    "source": _alarms("Source"),
    "message": _alarms("Message"),
    "cause": _alarms("Likely cause"),
    "action": _alarms("What to do"),
    "value": _alarms("At raising"),
    "acknowledged": _alarms("Acknowledged"),
    "by": _alarms("By"),
    "returned": _alarms("Returned"),
    "comment": _alarms("Comment"),
    "acts": _alarms("Actions"),
}
FIRST_OUT = _alarms("First of its heat pump")
ALARM_ACTS = {
    "acknowledge": _alarms("Acknowledge"),
    "confirm": _alarms("Confirm"),
    "reset": _alarms("Reset"),
    "shelve": _alarms("Shelve"),
    "unshelve": _alarms("Unshelve"),
    "suppress": _alarms("Suppress"),
    "unsuppress": _alarms("Unsuppress"),
    "remove": _alarms("Take out of service"),
    "place": _alarms("Put back into service"),
}
SHELVING_WAYS = {
    "hour": _alarms("For 1 hour"),
    "shift": _alarms("For 8 hours"),
    "day": _alarms("For 24 hours"),
    "once": _alarms("Until it returns to normal"),
}
SHELVED_UNTIL = _alarms("until")
COMMENT = _alarms("Comment")
ALARM_FILTERS = {
    "state": _alarms("State"),
    "unit": _alarms("Heat pump"),
    "priority": _alarms("Priority"),
    "text": _alarms("Search in all texts"),
    "from": _alarms("Raised from"),
    "to": _alarms("Raised to"),
}
PRESENT = _alarms("Present: active, waiting, put away")
ALL_STATES = _alarms("All, with the past")
ALL_UNITS = _alarms("All heat pumps")
ALL_PRIORITIES = _alarms("All priorities")
SELECT_FIRST = _alarms("Select alarms to do something about several at once.")
MAY_NOTHING = _alarms("You may look, but not act on alarms. An operator can.")
NOTHING_FOR_THESE = _alarms("Nothing can be done about those that are selected.")
NONE_PASSES = _alarms("No alarm passes the filters.")
EXPORT = _alarms("Export as CSV")
JOURNAL_READING = _alarms("Reading the journal …")
PERFORMANCE = _alarms("How the alarms behave")
TO_ALARMS = _alarms("Back to the alarms")
SELECT_ROW = _alarms("Select this alarm")
SELECT_ALL = _alarms("Select all alarms that are shown")
ALARMS_SHOWN = _alarms_phrase("{shown} of {all} alarms", shown="{shown}", all="{all}")
"""A form, which the page's script fills in."""


def several(count: int) -> Phrase:
    """Return the title of a question about several alarms."""
    return _alarms_phrase("{count} alarms", count=count)


def acted(done: int, refused: int, why: str) -> Phrase:
    """Return what became of an act about several alarms."""
    if not refused:
        return _alarms_phrase("{done} done.", done=done)
    return _alarms_phrase(
        "{done} done, {refused} refused: {why}", done=done, refused=refused, why=why
    )


def journal_failed(why: str) -> Phrase:
    """Return the sentence that the journal cannot be read, with the reason."""
    return _alarms_phrase("The journal cannot be read: {why}", why=why)


def journal_from(time: str) -> Phrase:
    """Return the sentence that older entries of the range are not shown."""
    return _alarms_phrase(
        "Only what was reported since {time} is read: choose a shorter range for what is older.",
        time=time,
    )


# ── how the alarms behave ────────────────────────────────────────────────────────────────────────
BEHAVIOUR_COLUMNS = (
    _behaviour("Figure"),
    _behaviour("Value"),
    _behaviour("Manageable"),
    _behaviour("Verdict"),
)
NOW_FIGURES = _behaviour("Now")
SPANS = {1: "24 h", 7: "7 d", 30: "30 d"}
"""Of the figures of a while, by days."""
SPAN_FIGURES = {
    "alarms_a_day": _behaviour("Alarms a day, on the average"),
    "peak": _behaviour("Most alarms in ten minutes"),
    "flooded": _behaviour("Share of the time in floods"),
    "stale": _behaviour("Most alarms that were stale at once"),
    "chattering": _behaviour("Most alarms that chattered within a day"),
}
MANAGEABLE = {
    "alarms_a_day": _behaviour("at most 150"),
    "alarms_in_a_day": _behaviour("at most 150"),
    "peak": _behaviour("at most 10"),
    "alarms_in_ten_minutes": _behaviour("about 1, at most 10"),
    "flooded": _behaviour("less than 1 %"),
    "alarm_flood": _behaviour("none"),
    "stale": _behaviour("fewer than 5"),
    "stale_alarms": _behaviour("fewer than 5"),
    "chattering": _behaviour("none"),
    "chattering_alarms": _behaviour("none"),
}
VERDICTS = {
    True: _behaviour("kept"),
    False: _behaviour("exceeded"),
    None: _behaviour("not known"),
}
RAISED_BY_TIME = _behaviour("Alarms raised")
MOST_FREQUENT = _behaviour("The most frequent alarms")
FREQUENT_COLUMNS = (
    _behaviour("Alarm"),
    _behaviour("Source"),
    _behaviour("Times"),
    _behaviour("Share"),
)
NONE_RAISED = _behaviour("No alarm was raised.")
FIGURES_READING = _behaviour("Reading …")
NOTHING_RECORDED = _behaviour("Nothing is recorded of it in this while.")
BY_ISA = _behaviour(
    "By ISA-18.2 and IEC 62682. Alarms that were shelved, suppressed or out of service when they "
    "came are not counted."
)

# ── changes ──────────────────────────────────────────────────────────────────────────────────────
CHANGES = _changes("Changes")
CHANGE_KINDS = {
    "value": _changes("Value written"),
    "device": _changes("Changed at the device itself"),
    "program": _changes("Program or command"),
    "alarm": _changes("Alarm"),
    "history": _changes("History corrected"),
    "login": _changes("Log-in"),
    "user": _changes("User"),
    "certificate": _changes("Certificate"),
    "reload": _changes("Configuration"),
    "run": _changes("Start or stop of the twin"),
}
AUDIT_WORDS = {
    "acknowledge": _changes("Acknowledged"),
    "comment": _changes("Commented"),
    "confirm": _changes("Confirmed"),
    "enable": _changes("Enabled"),
    "disable": _changes("Disabled"),
    "shelve": _changes("Put on the shelf"),
    "unshelve": _changes("Taken off the shelf"),
    "suppress": _changes("Suppressed by a person"),
    "unsuppress": _changes("No longer suppressed"),
    "reset": _changes("Reset"),
    "silence": _changes("Silenced"),
    "remove from service": _changes("Taken out of service"),
    "place in service": _changes("Put back into service"),
    "logged in": _changes("Logged in"),
    "log-in": CHANGE_KINDS["login"],
    "session ended: the user was removed": _changes("Session ended, as the user was removed"),
}
"""By what the audit of the server says of what people do about alarms, and of log-ins."""
CHANGE_COLUMNS = {
    "time": _changes("Time"),
    "who": _changes("Who"),
    "origin": _changes("From where"),
    "unit": _changes("Heat pump"),
    "unitName": _changes("Heat pump"),
    "what": _changes("What"),
    "old": _changes("Before"),
    "new": _changes("After"),
    "result": _changes("Result"),
    "kind": _changes("Kind"),
    "done": _changes("Result"),
    "why": _changes("Reason"),
    "message": _changes("As recorded"),
}
CHANGE_FILTERS = {
    "kind": _changes("Kind"),
    "unit": _changes("Heat pump"),
    "text": _changes("Search: who, from where, what"),
    "from": _changes("From"),
    "to": _changes("To"),
}
ALL_CHANGES = _changes("All kinds")
SETTINGS_ONLY = _changes("Settings, by whomever")
CHANGE_DONE = _changes("Done")
CHANGE_REFUSED = _changes("Refused or failed")
CHANGE_SEEN = _changes("Seen by the twin")
NOT_KNOWN_WHO = _changes("not known")
NO_CHANGES = _changes("Nothing was changed in this time.")
NO_CHANGE_PASSES = _changes("No change passes the filters.")
CHANGES_READING = _changes("Reading the changes …")
CHANGES_SHOWN = _changes_phrase("{shown} of {all} changes", shown="{shown}", all="{all}")
"""A form, which the page's script fills in."""
AUDIT_NOT_YOURS = _changes(
    "The audit is for engineers and administrators: you see the settings of heat pumps that have "
    "changed, and who had the twin change them."
)


def changes_failed(why: str) -> Phrase:
    """Return the sentence that the changes cannot be read, with the reason."""
    return _changes_phrase("The changes cannot be read: {why}", why=why)


def changes_from(time: str) -> Phrase:
    """Return the sentence that older changes of the range are not shown."""
    return _changes_phrase(
        "Only what was changed since {time} is read: choose a shorter range for what is older.",
        time=time,
    )
