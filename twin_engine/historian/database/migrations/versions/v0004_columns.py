"""Samples in columns: as they came, and in blocks. A table of single samples is emptied later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables; drop that of single samples where it holds none.

    Where it holds some, they are moved while the twin records: `earlier_samples`.
    """
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS hot_samples")
    op.execute("DROP TABLE IF EXISTS block")
    op.create_table(
        "hot_samples",
        sa.Column("id", number, primary_key=True),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "block",
        sa.Column("id", number, primary_key=True),
        sa.Column("point_id", sa.Integer, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("minimum", sa.Double),
        sa.Column("maximum", sa.Double),
        sa.Column("stepped", sa.Double, nullable=False),
        sa.Column("sloped", sa.Double, nullable=False),
        sa.Column("good", sa.BigInteger, nullable=False),
        sa.Column("sloped_time", sa.BigInteger, nullable=False),
        sa.Column("last_status", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("block_of_point", "block", ["point_id", "first"], unique=True)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in ("hot_samples", "block"):
            # They are compressed already.
            op.execute(f"ALTER TABLE {table} ALTER COLUMN data SET STORAGE EXTERNAL")
    if connection.scalar(sa.text("SELECT 1 FROM sample LIMIT 1")) is None:
        op.drop_table("sample")


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
