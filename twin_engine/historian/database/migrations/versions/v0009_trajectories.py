"""Forecasts and simulations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS trajectory")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "trajectory",
        sa.Column("id", number, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("scenario", sa.Text, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    columns = ["key", "scenario", "issued"]
    op.create_index("trajectory_of_point", "trajectory", columns, unique=True)
    op.create_index("ix_trajectory_issued", "trajectory", ["issued"])


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
