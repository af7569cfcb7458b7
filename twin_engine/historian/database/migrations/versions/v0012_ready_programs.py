"""Ready programs of several quantities and days, and the heat-ups that came of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_Columns = tuple[tuple[str, sa.types.TypeEngine[Any], bool], ...]
"""Name, type, and whether it may be null."""
_PROGRAM: _Columns = (
    ("asset", sa.Text(), False),
    ("quantity", sa.Text(), False),
    ("ready_at", sa.BigInteger(), False),
    ("target", sa.Double(), False),
    ("probability", sa.Double(), False),
    ("weekdays", sa.Integer(), False),
    ("hold", sa.Double(), False),
    ("user", sa.Text(), False),
    ("origin", sa.Text(), False),
    ("phase", sa.Text(), False),
    ("begin", sa.BigInteger(), True),
    ("initial", sa.Double(), True),
    ("outdoor", sa.Double(), True),
    ("told", sa.Double(), True),
    ("expected", sa.Double(), True),
    ("reason", sa.Text(), False),
    ("reached", sa.BigInteger(), True),
    ("held_energy", sa.Double(), False),
    ("written", sa.JSON(), False),
)
_HEAT_UP: _Columns = (
    ("asset", sa.Text(), False),
    ("quantity", sa.Text(), False),
    ("begin", sa.BigInteger(), False),
    ("ended", sa.BigInteger(), False),
    ("initial", sa.Double(), True),
    ("target", sa.Double(), False),
    ("outdoor", sa.Double(), True),
    ("told", sa.Double(), True),
    ("expected", sa.Double(), True),
    ("ready_at", sa.BigInteger(), True),
    ("probability", sa.Double(), True),
    ("outcome", sa.Text(), False),
    ("held_energy", sa.Double(), True),
    ("reason", sa.Text(), False),
    ("user", sa.Text(), False),
)


def upgrade() -> None:
    """Create the tables, and take over schedules of water."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS ready_program")
    op.execute("DROP TABLE IF EXISTS heat_up")
    key = sa.Column("key", sa.Text(), primary_key=True)
    program = op.create_table("ready_program", key, *_columns(_PROGRAM))
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table("heat_up", sa.Column("id", number, primary_key=True), *_columns(_HEAT_UP))
    index = ["asset", "quantity", "begin"]
    op.create_index("heat_up_of_quantity", "heat_up", index, unique=True)
    # Dropped last: while it is there, its rows may not have been taken over.
    if sa.inspect(op.get_bind()).has_table("schedule"):
        before = sa.table("schedule", *map(sa.column, _BEFORE))
        rows = op.get_bind().execute(sa.select(before)).all()
        op.bulk_insert(program, [{**row._asdict(), **_rest(row.asset)} for row in rows])
        op.drop_table("schedule")


_BEFORE = ("asset", "ready_at", "target", "user", "origin")


def _rest(asset: str) -> dict[str, Any]:
    """Return what a schedule of water, once, did not say."""
    return {
        "key": f"{asset}.water",
        "quantity": "water",
        "probability": 0.9,
        "weekdays": 0,
        "hold": 0.0,
        "phase": "waiting",
        "reason": "",
        "held_energy": 0.0,
        "written": {},
    }


def _columns(columns: _Columns) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=null) for name, kind, null in columns]


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
