"""Where samples came late, for whoever has computed something from what was there before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS late_span")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "late_span",
        sa.Column("id", number, primary_key=True),
        sa.Column("point_id", sa.Integer, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
