"""EventIds beside the events, so that they can be found by them."""

from __future__ import annotations

import base64
import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_PIECE = 1_000


def upgrade() -> None:
    """Add the column, and fill it from what each event says of itself."""
    connection = op.get_bind()
    # A step that a crash broke off is done again from its begin.
    known = {column["name"] for column in sa.inspect(connection).get_columns("event_record")}
    if "event_id" not in known:
        none = sa.text("''")
        column = sa.Column("event_id", sa.LargeBinary, nullable=False, server_default=none)
        op.add_column("event_record", column)
    event = sa.table(
        "event_record", sa.column("id"), sa.column("data"), sa.column("event_id", sa.LargeBinary)
    )
    oldest = sa.select(event.c.id, event.c.data).order_by(event.c.id).limit(_PIECE)
    here = event.c.id == sa.bindparam("number", type_=sa.BigInteger())
    found = sa.bindparam("found", type_=sa.LargeBinary())
    change = sa.update(event).where(here).values(event_id=found)
    last = -1
    while rows := connection.execute(oldest.where(event.c.id > last)).all():
        connection.execute(change, [{"number": r.id, "found": _event_id(r.data)} for r in rows])
        last = rows[-1].id
    op.create_index("ix_event_record_event_id", "event_record", ["event_id"], if_not_exists=True)


def _event_id(data: str) -> bytes:
    _, fields = json.loads(data)
    return base64.b64decode(fields["EventId"][1])


def downgrade() -> None:
    """Refuse: history is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
