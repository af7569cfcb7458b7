"""Database tables: samples, audit, conditions, overrides, programs, heat-ups and the rest.

Changed by migrations only.

Times are µs since the Unix epoch, UTC. Values are in the catalogue's unit, NULL where there is
none. A status is an OPC UA StatusCode, stored as the signed 32-bit number with the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from heatpump_twin.twin_engine.historian.database.said_text import SaidText

METADATA = MetaData()

# SQLite counts up by itself only in an INTEGER primary key, hence the variant.
_NUMBER = BigInteger().with_variant(Integer, "sqlite")


def _samples(*more: Column[Any], of_point: bool = True) -> Iterator[Column[Any]]:
    """Yield the columns of a table of samples: where and when they are, and ``more``, then they.

    SQLite keeps the end of a long row on pages of its own, which are not read for what stands
    before it.
    """
    if of_point:
        yield Column("point_id", Integer, nullable=False)
    yield Column("first", BigInteger, nullable=False)
    yield Column("last", BigInteger, nullable=False)
    yield Column("count", Integer, nullable=False)
    yield from more
    yield Column("data", LargeBinary, nullable=False)


POINT = Table(
    "point",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
)

# Samples as they came: one row for each flush, of all its points, until they are in blocks. Blocks:
# the samples of one point over a span, in columns, with their statistics; those of one point never
# overlap. No foreign key: there is only one writer. The codec and the order of what is older and
# newer are in `columns`.
HOT = Table(
    "hot_samples",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    *_samples(of_point=False),
)

BLOCK = Table(
    "block",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    *_samples(
        Column("minimum", Double),
        Column("maximum", Double),
        Column("stepped", Double, nullable=False),
        Column("sloped", Double, nullable=False),
        Column("good", BigInteger, nullable=False),
        Column("sloped_time", BigInteger, nullable=False),
        Column("last_status", Integer, nullable=False),
    ),
    Index("block_of_point", "point_id", "first", unique=True),
)

# Statistics of whole hours, for aggregates of years: what `hourly_statistics` says of the samples
# that are in blocks, all hours of one point and day in a row. It is written in the transaction that
# changes the blocks; an hour without is read sample by sample. The number of a row is that of the
# point, times 2²⁰, plus the day since the Unix epoch, so that a year of one point lies together.
HOURS = Table(
    "hour_statistics",
    METADATA,
    Column("id", _NUMBER, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

# What was corrected: the samples of one point that one correction inserted, or that it replaced or
# deleted, in the same encoding as those of a block.
MODIFIED = Table(
    "modified_samples",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    *_samples(
        Column("change", Integer, nullable=False),
        Column("moment", BigInteger, nullable=False),
        Column("user", Text, nullable=False),
    ),
    Index("modified_of_point", "point_id", "first"),
)

# Where samples came late or were corrected, until what was computed of that time is done again.
LATE = Table(
    "late_span",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("point_id", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
)

# Keys and not row ids of points: the record of an attempt on a point that never existed is wanted
# too. Append-only: triggers of the database refuse every change of a row, so an outcome is a record
# of its own, which names that of its attempt. The view `audit` shows each attempt once, with its
# outcome.
AUDIT = Table(
    "audit_record",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("attempt", BigInteger, index=True),
    Column("time", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("old", Double),
    Column("requested", Double),
    Column("read_back", Double),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# Events that were sent to clients, of alarms and of state machines, and what was put in later. The
# origin is the node that they climb up from, ``hp1`` or ``hp1.operating_state``, the data are all
# fields (`server/history`), of which time and EventId are found here again.
EVENT = Table(
    "event_record",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("time", BigInteger, nullable=False, index=True),
    Column("origin", Text, nullable=False),
    Column("data", Text, nullable=False),
    # Of those that an earlier version has left, a migration has added it.
    Column("event_id", LargeBinary, nullable=False, index=True, server_default=text("''")),
)

# Forecasts and simulations: the quantiles of one predicted point over times to come, as they were
# issued at one moment, in columns as a block has them. The scenario names the simulation; it is
# empty for the forecast itself.
TRAJECTORY = Table(
    "trajectory",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("key", Text, nullable=False),
    Column("scenario", Text, nullable=False),
    Column("issued", BigInteger, nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("trajectory_of_point", "key", "scenario", "issued", unique=True),
)

# Conditions as they are: the present occurrence of each alarm, earlier ones that nobody has
# acknowledged, and what people did about them (`conditions`), as JSON.
CONDITION = Table(
    "condition_state",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("data", JSON, nullable=False),
)

# What happened to alarms, one row for each transition, also of those that no client is told of. It
# is written in the transaction that changes the state of the condition.
ALARM_JOURNAL = Table(
    "alarm_journal",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("time", BigInteger, nullable=False, index=True),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurrence", BigInteger, nullable=False),
    Column("branch", Boolean, nullable=False),
    Column("raised", BigInteger, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("value", Double),
    Column("limit", Double),
    Column("user", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("message", JSON, nullable=False),
    Index("alarm_journal_of_key", "key", "time"),
)

OVERRIDE = Table(
    "override",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("before", Double, nullable=False),
    Column("written", Double),
    Column("since", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
)

# What is to be warm by a time, a row of a heat pump for each quantity, with its present heat-up.
READY_PROGRAM = Table(
    "ready_program",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("asset", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("ready_at", BigInteger, nullable=False),
    Column("target", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("weekdays", Integer, nullable=False),
    Column("hold", Double, nullable=False),
    Column("user", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("begin", BigInteger),
    Column("initial", Double),
    Column("outdoor", Double),
    Column("tank", Double),
    Column("lately", Double),
    Column("told", Double),
    Column("expected", Double),
    Column("reason", SaidText, nullable=False),
    Column("reached", BigInteger),
    Column("held_energy", Double, nullable=False),
    Column("written", JSON, nullable=False),
)

# Heat-ups that are over: what was promised, whether it was kept, and what the next one is learnt
# from.
HEAT_UP = Table(
    "heat_up",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("asset", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("begin", BigInteger, nullable=False, index=True),
    Column("ended", BigInteger, nullable=False),
    Column("initial", Double),
    Column("target", Double, nullable=False),
    Column("outdoor", Double),
    Column("tank", Double),
    Column("lately", Double),
    Column("told", Double),
    Column("expected", Double),
    Column("ready_at", BigInteger),
    Column("probability", Double),
    Column("outcome", Text, nullable=False),
    Column("held_energy", Double),
    Column("reason", SaidText, nullable=False),
    Column("user", Text, nullable=False),
    Index("heat_up_of_quantity", "asset", "quantity", "begin", unique=True),
)

# Hot water that waits while something else is heated: which settings are to be given back.
HOT_WATER_WAIT = Table(
    "hot_water_wait",
    METADATA,
    Column("asset", Text, primary_key=True),
    Column("points", JSON, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("user", Text, nullable=False),
    Column("origin", Text, nullable=False),
)

TANK_PROGRAM = Table(
    "tank_program",
    METADATA,
    Column("asset", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("target", Double, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("hold", Double, nullable=False),
    Column("held_for", Double, nullable=False),
    Column("setpoint", Double),
    Column("restore", JSON, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("user", Text, nullable=False),
    Column("origin", Text, nullable=False),
)
