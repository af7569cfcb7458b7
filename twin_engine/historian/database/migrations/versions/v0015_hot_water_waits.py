"""Hot water that waits while a room or water is heated, and what has to be given back of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the table."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS hot_water_wait")
    op.create_table(
        "hot_water_wait",
        sa.Column("asset", sa.Text(), primary_key=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
