"""Events of alarms and state machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS event_record")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "event_record",
        sa.Column("id", number, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("ix_event_record_time", "event_record", ["time"])


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
