"""What was corrected, by whom and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS modified_samples")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "modified_samples",
        sa.Column("id", number, primary_key=True),
        sa.Column("point_id", sa.Integer, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("modified_of_point", "modified_samples", ["point_id", "first"])


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
