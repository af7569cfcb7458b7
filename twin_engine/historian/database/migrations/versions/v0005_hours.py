"""Statistics of whole hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the table; it is filled as samples are put into blocks."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS hour_statistics")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "hour_statistics",
        sa.Column("id", number, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
