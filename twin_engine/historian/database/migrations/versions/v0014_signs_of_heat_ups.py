"""How warm the hot water tank was when a heat-up began, and the room over the day before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add columns to heat-ups and to the programs that may be heating."""
    for table in ("ready_program", "heat_up"):
        # A step that a crash broke off is done again from its begin.
        known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}
        for name in ("tank", "lately"):
            if name not in known:
                op.add_column(table, sa.Column(name, sa.Double()))


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
