"""Journal of alarms, and states of conditions that hold more than one occurrence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_JOURNAL: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("time", sa.BigInteger()),
    ("key", sa.Text()),
    ("kind", sa.Text()),
    ("occurrence", sa.BigInteger()),
    ("branch", sa.Boolean()),
    ("raised", sa.BigInteger()),
    ("severity", sa.Integer()),
    ("value", sa.Double()),
    ("limit", sa.Double()),
    ("user", sa.Text()),
    ("origin", sa.Text()),
    ("comment", sa.Text()),
    ("message", sa.JSON()),
)
_MAY_BE_NULL = ("value", "limit")


def upgrade() -> None:
    """Create the tables, and take over what is known of conditions."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS alarm_journal")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    columns = [sa.Column(n, kind, nullable=n in _MAY_BE_NULL) for n, kind in _JOURNAL]
    op.create_table("alarm_journal", sa.Column("id", number, primary_key=True), *columns)
    op.create_index("ix_alarm_journal_time", "alarm_journal", ["time"])
    op.create_index("alarm_journal_of_key", "alarm_journal", ["key", "time"])
    # Dropped last: while it is there, its rows may not have been taken over.
    if sa.inspect(op.get_bind()).has_table("condition"):
        _take_over()
        op.drop_table("condition")


def _take_over() -> None:
    op.execute("DROP TABLE IF EXISTS condition_state")
    state = op.create_table(
        "condition_state",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("data", sa.JSON(), nullable=False),
    )
    before = sa.table("condition", *map(sa.column, _BEFORE))
    rows = op.get_bind().execute(sa.select(before)).all()
    op.bulk_insert(state, [{"key": row.key, "data": _state(row._asdict())} for row in rows])


_BEFORE = (
    "key", "active", "active_since", "acked", "acked_since", "enabled", "enabled_since",
    "comment", "commented", "user",
)  # fmt: skip


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a condition as the later form has it; the rest is as at first."""
    occurrence = {
        "number": 1 if row["active_since"] else 0,
        "active": bool(row["active"]),
        "raised": row["active_since"],
        "turned": row["active_since"],
        "acked": bool(row["acked"]),
        "acked_since": row["acked_since"],
        "comment": row["comment"],
        "commented": row["commented"],
        "user": row["user"],
    }
    return {
        "enabled": bool(row["enabled"]),
        "enabled_since": row["enabled_since"],
        "trunk": occurrence,
    }


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
