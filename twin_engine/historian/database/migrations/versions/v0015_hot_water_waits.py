"""Hot water that waits while a room or water is heated, and what has to be given back of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_PROGRAM = sa.table(
    "ready_program",
    *(sa.column(name) for name in ("key", "asset", "quantity", "begin", "user", "origin")),
    sa.column("written", sa.JSON()),
)


def upgrade() -> None:
    """Create the table, with what waits for a heat-up that is under way."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS hot_water_wait")
    wait = op.create_table(
        "hot_water_wait",
        sa.Column("asset", sa.Text(), primary_key=True),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
    )
    # Before, it stood among what the program that it waits for had written; of one at a time.
    connection = op.get_bind()
    lowering = sa.select(_PROGRAM).where(_PROGRAM.c.quantity != "tank")
    for row in connection.execute(lowering).mappings().all():
        left = {point: value for point, value in row["written"].items() if point != "dhw_setpoint"}
        if left == row["written"]:
            continue
        held = {name: row[name] for name in ("asset", "user", "origin")}
        since = {"points": ["dhw_setpoint"], "since": row["begin"] or 0}
        connection.execute(sa.delete(wait).where(wait.c.asset == row["asset"]))
        connection.execute(sa.insert(wait), {**held, **since})
        own = sa.update(_PROGRAM).where(_PROGRAM.c.key == row["key"])
        connection.execute(own.values(written=left))


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
