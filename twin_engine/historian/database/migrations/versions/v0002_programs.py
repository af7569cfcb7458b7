"""Overrides that can be released, schedules and tank programs that survive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "override",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("before", sa.Double, nullable=False),
        sa.Column("written", sa.Double),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
    )
    op.create_table(
        "schedule",
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("ready_at", sa.BigInteger, nullable=False),
        sa.Column("target", sa.Double, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
    )
    op.create_table(
        "tank_program",
        sa.Column("asset", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("target", sa.Double, nullable=False),
        sa.Column("deadline", sa.BigInteger, nullable=False),
        sa.Column("hold", sa.Double, nullable=False),
        sa.Column("held_for", sa.Double, nullable=False),
        sa.Column("setpoint", sa.Double),
        sa.Column("restore", sa.JSON, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Refuse: what was promised is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
