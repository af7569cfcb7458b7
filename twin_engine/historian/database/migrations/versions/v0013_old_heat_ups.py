"""An index by which old heat-ups are found, so that they can go."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the index."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP INDEX IF EXISTS ix_heat_up_begin")
    op.create_index("ix_heat_up_begin", "heat_up", ["begin"])


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
